import { describe, expect, it } from 'vitest';
import {
  type Errand,
  RunControl,
  runFreely,
  type StopCause,
} from '../../../debug-adapter/target/run-control.ts';
import { type ScriptedMachine, scriptedMachine } from '../support/scripted-machine.ts';

function control(machine: ScriptedMachine, breakpointIds: (address: bigint) => number[] = () => []) {
  let stopped: (cause: StopCause) => void = () => undefined;
  const run = new RunControl(machine, {
    breakpointsHit: breakpointIds,
    onStop: (cause) => stopped(cause),
    onTurn: () => undefined,
  });
  const stop = () =>
    new Promise<StopCause>((resolve) => {
      stopped = resolve;
    });
  return { run, stop };
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('run control', () => {
  it('answers a pause request within 20 ms while the guest computes', async () => {
    const { run, stop } = control(scriptedMachine(1000n));
    const latencies: number[] = [];
    for (let round = 0; round < 10; round++) {
      const stopped = stop();
      run.start(runFreely());
      await sleep(20);
      const asked = performance.now();
      run.pause();
      expect(await stopped).toEqual({ kind: 'paused' });
      latencies.push(performance.now() - asked);
    }
    expect(latencies.toSorted((a, b) => a - b)[5]).toBeLessThan(20);
  });

  it('stops at a breakpoint that counts, and runs over one that does not', async () => {
    const machine = scriptedMachine(1000n);
    const { run, stop } = control(machine, (address) => (address === 70n ? [4] : []));
    run.setBreakpoints([30n, 70n]);
    const stopped = stop();
    run.start(runFreely());
    expect(await stopped).toEqual({ kind: 'breakpoint', ids: [4] });
    expect(machine.readRegister('rip')).toBe(70n);
  });

  it('leaves the breakpoint at which the machine rests', async () => {
    const machine = scriptedMachine(1000n);
    const { run, stop } = control(machine, () => [1]);
    run.setBreakpoints([70n]);
    for (const count of [70, 1070, 2070]) {
      const stopped = stop();
      run.start(runFreely());
      await stopped;
      expect(machine.instructionCount).toBe(count);
    }
  });

  it('takes breakpoints that are set while it runs', async () => {
    const { run, stop } = control(scriptedMachine(1000n), () => [9]);
    const stopped = stop();
    run.start(runFreely());
    await sleep(10);
    run.setBreakpoints([500n]);
    expect(await stopped).toEqual({ kind: 'breakpoint', ids: [9] });
  });

  it('drives an errand to its end', async () => {
    const machine = scriptedMachine(1000n);
    const { run, stop } = control(machine);
    const seen: bigint[] = [];
    function* errand(): Errand {
      yield { kind: 'step' };
      seen.push(machine.readRegister('rip'));
      yield { kind: 'run', until: [90n] };
      seen.push(machine.readRegister('rip'));
      yield { kind: 'run', until: [90n] };
      seen.push(BigInt(machine.instructionCount));
    }
    const stopped = stop();
    run.start(errand());
    expect(await stopped).toEqual({ kind: 'errand-done' });
    expect(seen).toEqual([1n, 90n, 1090n]);
  });

  it('lets a breakpoint cut an errand short, also in a single step', async () => {
    const machine = scriptedMachine(1000n);
    const { run, stop } = control(machine, () => [2]);
    run.setBreakpoints([3n]);
    function* errand(): Errand {
      for (let step = 0; step < 10; step++) yield { kind: 'step' };
    }
    const stopped = stop();
    run.start(errand());
    expect(await stopped).toEqual({ kind: 'breakpoint', ids: [2] });
    expect(machine.readRegister('rip')).toBe(3n);
  });

  it('sleeps while the guest is idle, about as long as the guest does', async () => {
    const machine = scriptedMachine(1000n);
    machine.script.set(10n, { kind: 'idle', until: 10_000_000 }); // 100 ms of virtual time
    machine.script.set(20n, { kind: 'exit', code: 3 });
    const { run, stop } = control(machine);
    const stopped = stop();
    const wallStart = performance.now();
    const cpuStart = process.cpuUsage();
    run.start(runFreely());
    expect(await stopped).toEqual({ kind: 'guest', reason: { kind: 'exit', code: 3 } });
    expect(performance.now() - wallStart).toBeGreaterThan(90);
    const cpu = process.cpuUsage(cpuStart);
    expect(cpu.user + cpu.system).toBeLessThan(60_000);
  });

  it('pauses an idle guest at once', async () => {
    const machine = scriptedMachine(1000n);
    machine.script.set(10n, { kind: 'idle', until: undefined });
    const { run, stop } = control(machine);
    const stopped = stop();
    run.start(runFreely());
    await sleep(30);
    const asked = performance.now();
    run.pause();
    expect(await stopped).toEqual({ kind: 'paused' });
    expect(performance.now() - asked).toBeLessThan(20);
  });

  it('reports a fault of the debugger instead of dying of it', async () => {
    const { run, stop } = control(scriptedMachine(1000n), () => {
      throw new Error('broken');
    });
    run.setBreakpoints([5n]);
    const stopped = stop();
    run.start(runFreely());
    expect(await stopped).toMatchObject({ kind: 'failed', error: { message: 'broken' } });
    expect(run.running).toBe(false);
  });
});
