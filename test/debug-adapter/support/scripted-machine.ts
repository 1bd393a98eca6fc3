/** A machine for tests of run control: its instructions are one byte each, from address 0 to `length`, then over again. */
import type { Machine, StopReason } from '../../../emulator/machine-api.ts';

export interface ScriptedMachine extends Machine {
  /** Instructions that do something else than go on. */
  readonly script: Map<bigint, StopReason>;
}

const notScripted = (): never => {
  throw new Error('the scripted machine cannot do this');
};

export function scriptedMachine(length: bigint): ScriptedMachine {
  const registers = new Map<string, bigint>([['rip', 0n]]);
  const script = new Map<bigint, StopReason>();
  let breakpoints = new Set<bigint>();
  let count = 0;
  let isIdle = false;
  const execute = (): StopReason | undefined => {
    const rip = registers.get('rip') ?? 0n;
    const special = script.get(rip);
    if (special?.kind === 'idle' && special.until !== undefined) {
      if (!isIdle) {
        isIdle = true;
        return special;
      }
      // As the Machine API says: a following run jumps virtual time to the event.
      isIdle = false;
      count = special.until;
      script.delete(rip);
    } else if (special !== undefined) return special;
    registers.set('rip', (rip + 1n) % length);
    count++;
    return undefined;
  };
  return {
    script,
    memoryBytes: 0,
    get instructionCount() {
      return count;
    },
    serial: { onOutput: undefined, send: () => undefined },
    inputLog: [],
    scheduleInput: notScripted,
    takeSnapshot: notScripted,
    restoreSnapshot: notScripted,
    startProfile: notScripted,
    stopProfile: notScripted,
    keepHistory: notScripted,
    recording: notScripted,
    replay: notScripted,
    history: undefined,
    seek: notScripted,
    privilegeLevel: 0,
    codeBits: 64,
    codeAddress: 0n,
    run(maxInstructions) {
      for (let executed = 0; executed < maxInstructions; executed++) {
        const reason = execute();
        if (reason !== undefined) return reason;
        const address = registers.get('rip') ?? 0n;
        if (breakpoints.has(address)) return { kind: 'breakpoint', address };
      }
      return { kind: 'budget' };
    },
    runTo: notScripted,
    step: () => execute() ?? { kind: 'step' },
    readRegister: (name) => registers.get(name) ?? 0n,
    writeRegister: (name, value) => void registers.set(name, value),
    readPhysical: () => new Uint8Array(0),
    writePhysical: () => undefined,
    translate: () => ({
      walk: [],
      physicalAddress: undefined,
      pageSize: 0,
      writable: false,
      user: false,
      executable: false,
    }),
    readVirtual: () => new Uint8Array(0),
    writeVirtual: () => 0,
    setWatches: notScripted,
    setBreakpoints(addresses) {
      breakpoints = new Set(addresses);
    },
    digest: () => '',
  };
}
