import type { DebugProtocol } from '@vscode/debugprotocol';
import { describe, expect, it } from 'vitest';
import {
  echoUntilEnd,
  exit,
  halt,
  haltForever,
  loopForever,
  out,
  powerOff,
  print,
  undefinedOpcode,
} from '../../emulator/boot/tiny-guest.ts';
import { start, testClient, tinyLaunch } from '../support/tiny-session.ts';

/** The 32-bit displacement of a jump backwards by `bytes`. */
function jumpBack(bytes: number): number[] {
  const displacement = new Uint8Array(4);
  new DataView(displacement.buffer).setInt32(0, -bytes, true);
  return [...displacement];
}

describe('how a guest ends, as a client sees it', () => {
  it("reports the guest's exit code and ends the session", async () => {
    const client = testClient();
    const exited = client.nextEvent('exited');
    const terminated = client.nextEvent('terminated');
    await start(client, tinyLaunch({ code: [...print('hello\n'), ...exit(42)] }));
    expect((await exited).body).toEqual({ exitCode: 42 });
    await terminated;
    expect(client.serial).toBe('hello\n');
  });

  it('ends the session when the guest switches the machine off', async () => {
    const client = testClient();
    const exited = client.nextEvent('exited');
    const terminated = client.nextEvent('terminated');
    await start(client, tinyLaunch({ code: [...powerOff, ...haltForever] }));
    expect((await exited).body).toEqual({ exitCode: 0 });
    await terminated;
  });

  it('stops at a reset, with the one who asked for it to look at', async () => {
    const client = testClient();
    const stop = client.nextStop();
    await start(client, tinyLaunch({ code: [...out(0xcf9, 6), ...loopForever] }));
    expect((await stop).body).toMatchObject({ reason: 'exception', description: 'Reset' });
  });

  it('stops at a triple fault with the state to look at', async () => {
    const client = testClient();
    const stop = client.nextStop();
    await start(client, tinyLaunch({ code: undefinedOpcode }));
    const { body } = await stop;
    expect(body).toMatchObject({ reason: 'exception', description: 'Triple fault' });
    expect(body.text).toMatch(/could not deliver exception \d+ .* Check the IDT/);
    const threadId = body.threadId ?? 0;
    const info = await client.succeed<DebugProtocol.ExceptionInfoResponse['body']>('exceptionInfo', {
      threadId,
    });
    expect(info.exceptionId).toBe('triple fault');
    const { stackFrames } = await client.succeed<DebugProtocol.StackTraceResponse['body']>('stackTrace', {
      threadId,
    });
    expect(stackFrames.length).toBeGreaterThan(0);
    const { scopes } = await client.succeed<DebugProtocol.ScopesResponse['body']>('scopes', {
      frameId: stackFrames[0].id,
    });
    const registers = scopes.find((scope) => scope.name === 'Registers');
    const { variables } = await client.succeed<DebugProtocol.VariablesResponse['body']>('variables', {
      variablesReference: registers?.variablesReference ?? 0,
    });
    expect(variables.find((each) => each.name === 'rip')?.value).toMatch(/^0x10000/);
    // Going on is refused by the machine, not by a hang.
    const again = client.nextStop();
    await client.succeed('continue', { threadId });
    expect((await again).body.description).toBe('Triple fault');
  });

  it('stops at a halt that nothing can end', async () => {
    const client = testClient();
    const stop = client.nextStop();
    await start(client, tinyLaunch({ code: haltForever }));
    expect((await stop).body).toMatchObject({ reason: 'exception', description: 'Halted' });
  });

  it('can stop at an opcode that the emulator does not know', async () => {
    const client = testClient();
    const stop = client.nextStop();
    // 0F 0A is no instruction.
    await start(client, { ...tinyLaunch({ code: [0x90, 0x0f, 0x0a] }), stopOnUnknownOpcode: true });
    const { body } = await stop;
    expect(body.description).toBe('Unknown opcode');
    expect(body.text).toMatch(/0f 0a.* at 0x100001/);
  });

  it('passes typed text to the guest, waking it', async () => {
    const client = testClient();
    const exited = client.nextEvent('exited');
    await start(client, tinyLaunch({ code: echoUntilEnd(5) }));
    await client.succeed('a9n/serialInput', { text: 'Grüße 🐘' });
    await client.serialOutput('Grüße 🐘');
    await client.succeed('a9n/serialInput', { text: '\u0004' });
    expect((await exited).body).toEqual({ exitCode: 5 });
  });

  it('does not flood the client with what a guest prints without end', async () => {
    const client = testClient();
    await start(
      client,
      tinyLaunch({ code: [...print('x'.repeat(50)), 0xe9, ...jumpBack(50 * print('x').length + 5)] }),
    );
    await client.serialOutput('x');
    const before = client.events.length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    const events = client.events.length - before;
    expect(client.serial.length).toBeGreaterThan(1000);
    // Two for each piece, since this client is not VS Code.
    expect(events).toBeLessThan(2 * 25);
    await client.succeed('pause', { threadId: 1 });
  });

  it('terminates a guest that computes, and one that sleeps', async () => {
    for (const code of [loopForever, [0xfb, ...halt, ...loopForever]]) {
      const client = testClient();
      await start(client, tinyLaunch({ code }));
      const terminated = client.nextEvent('terminated');
      await client.succeed('terminate');
      await terminated;
      await client.succeed('disconnect');
    }
  });

  it('restarts with the breakpoints it has', async () => {
    const client = testClient();
    const launch = { ...tinyLaunch({ code: [...print('again\n'), ...loopForever] }), stopOnEntry: true };
    const entry = client.nextStop();
    await start(client, launch);
    expect((await entry).body.reason).toBe('entry');
    const { breakpoints } = await client.succeed<DebugProtocol.SetInstructionBreakpointsResponse['body']>(
      'setInstructionBreakpoints',
      { breakpoints: [{ instructionReference: '0x100006' }] },
    );
    expect(breakpoints[0].verified).toBe(true);
    for (const round of [1, 2, 3]) {
      const hit = client.nextStop();
      await client.succeed('continue', { threadId: 1 });
      expect((await hit).body, `round ${round}`).toMatchObject({
        reason: 'instruction breakpoint',
        hitBreakpointIds: [breakpoints[0].id],
      });
      const entryAgain = client.nextStop();
      await client.succeed('restart');
      expect((await entryAgain).body.reason).toBe('entry');
    }
  });
});
