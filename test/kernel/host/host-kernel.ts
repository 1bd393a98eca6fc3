import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Effect, KernelEvent, KernelState } from '../model/kernel-state.ts';
import { buildHostProgram, type HostProgram, sourcesBeside } from './build.ts';
import { createReader, createWriter, decodeState } from './state-words.ts';

/**
 * The kernel on the host HAL as a program that is driven from here: events in, effects and states out. All calls are synchronous.
 * Registers of a process change by kernel calls only as the kernel says; RIP, RCX and R11 stay as they are.
 * A byte of I/O port p reads as written last, before that as (p ^ p >> 8) & 0xff.
 */
export interface HostKernel {
  readonly booted: KernelState;
  /** Back to the state after boot. */
  reset(): void;
  perform(event: KernelEvent): Step<KernelState>;
  performAll(events: readonly KernelEvent[]): Step<KernelState>[];
  /** The same with hashState(…) of each state, and many times faster. */
  hashAll(events: readonly KernelEvent[]): Step<bigint>[];
  /** The same with an interrupt waiting wherever the kernel looks for one: calls are left unfinished and made again. */
  hashAllInterrupted(events: readonly KernelEvent[]): Step<bigint>[];
  /** As hashAll, without the fast path of IPC. */
  hashAllSlowly(events: readonly KernelEvent[]): Step<bigint>[];
  close(): void;
}

export interface Step<State> {
  /**
   * 'halted': the kernel stopped in this entry; 'impossible': nothing happened, because no process runs, the line is masked,…;
   * 'unfinished': another process runs before the call, or what it started, has ended, which only interrupted calls do.
   */
  readonly outcome: Outcome;
  readonly effects: readonly Effect[];
  readonly state: State;
}

export type Outcome = (typeof outcomes)[number];

const outcomes = ['entered', 'halted', 'impossible', 'malformed', 'unfinished'] as const;

export interface HostMachine {
  /** Bytes of RAM. */
  readonly memorySize: number;
  /** Pages of the init image, which lies at 0x10000: at least 3; page 1 is the IPC buffer. */
  readonly imagePages: number;
  readonly devices: readonly { readonly start: number; readonly pageCount: number }[];
}

export const defaultMachine: HostMachine = {
  memorySize: 16 * 2 ** 20,
  imagePages: 4,
  devices: [{ start: 0xfee0_0000, pageCount: 16 }],
};

export const driverProgram: HostProgram = {
  name: 'driver',
  sources: sourcesBeside(['boot-image', 'driver', 'events', 'inventory', 'memory-guard', 'state-words']),
  observers: sourcesBeside(['inventory', 'memory-guard', 'state-words']),
};

/** What is asked of the driver. */
const [HASHES, WHOLE_STATES, INTERRUPTED, SLOW] = [0, 1, 2, 4];

/** Events that a report of a crash shows. */
const SHOWN_EVENTS = 20;

/** Builds the driver if need be, and boots. Throws if that does not work; later faults of the kernel throw with the sanitizer's report. */
export async function startHostKernel(
  machine: HostMachine = defaultMachine,
  program: HostProgram = driverProgram,
): Promise<HostKernel> {
  const driver = openDriver(await buildHostProgram(program));
  let recent: readonly KernelEvent[] = [];
  let batch: readonly KernelEvent[] = [];

  const ask = (command: number, words: Uint32Array): Answer => {
    const answer = driver.ask(command, words);
    if (answer !== undefined) return createReader(answer);
    const report = driver.close();
    const last = Number(/at event (\d+)/.exec(report)?.[1] ?? batch.length - 1);
    const shown = [...recent, ...batch.slice(0, last + 1)].slice(-SHOWN_EVENTS);
    const lines = shown.map((event) => `  ${describeEvent(event)}`);
    throw new Error(['the kernel on the host failed:', report, 'last events:', ...lines].join('\n'));
  };
  const takeWholeState = (answer: Answer) => decodeState(answer.part(answer.number()));

  const performEvents = <T>(
    events: readonly KernelEvent[],
    report: number,
    takeState: (answer: Answer) => T,
  ): Step<T>[] => {
    const words = createWriter();
    words.put(report);
    words.list(events, (event) => putEvent(words, event));
    batch = events;
    const answer = ask(2, words.finish());
    recent = [...recent, ...events.slice(-SHOWN_EVENTS)].slice(-SHOWN_EVENTS);
    batch = [];
    return events.map(() => ({
      outcome: answer.oneOf(outcomes),
      effects: answer.list(() => takeEffect(answer)),
      state: takeState(answer),
    }));
  };

  const description = createWriter();
  description.put(machine.memorySize);
  description.put(machine.imagePages);
  for (const { start, pageCount } of machine.devices) {
    description.put(start);
    description.put(pageCount);
  }
  const booted = takeWholeState(ask(0, description.finish()));

  return {
    booted,
    reset() {
      recent = [];
      const words = createWriter();
      words.put(0);
      ask(1, words.finish());
    },
    perform: (event) => performEvents([event], WHOLE_STATES, takeWholeState)[0],
    performAll: (events) => performEvents(events, WHOLE_STATES, takeWholeState),
    hashAll: (events) => performEvents(events, HASHES, (answer) => answer.word()),
    hashAllInterrupted: (events) => performEvents(events, HASHES | INTERRUPTED, (answer) => answer.word()),
    hashAllSlowly: (events) => performEvents(events, HASHES | SLOW, (answer) => answer.word()),
    close: () => {
      driver.close();
    },
  };
}

type Answer = ReturnType<typeof createReader>;

function putEvent(words: ReturnType<typeof createWriter>, event: KernelEvent) {
  switch (event.kind) {
    case 'call':
      words.put(0);
      words.put(event.callType);
      for (let i = 0; i < 10; i++) words.put(event.registers[i] ?? 0);
      break;
    case 'fault':
      words.put(1);
      words.put(event.type);
      words.put(event.detail);
      words.put(event.code);
      break;
    case 'tick':
      words.put(2);
      break;
    case 'interrupt':
      words.put(3);
      words.put(event.irq);
      break;
    case 'write':
      words.put(4);
      words.put(event.address);
      words.list(event.words, words.put);
      break;
  }
}

function takeEffect(answer: Answer): Effect {
  const what = answer.number();
  const value = answer.word();
  const kind = what & 0xff;
  if (kind === 0) return { kind: 'console', character: Number(value) };
  return {
    kind: 'io',
    isWrite: kind === 2,
    port: Math.floor(what / 2 ** 16),
    width: (what >>> 8) & 0xff,
    value,
  };
}

export function describeEvent(event: KernelEvent): string {
  const list = (values: readonly bigint[]) => values.map((value) => `0x${value.toString(16)}`).join(' ');
  switch (event.kind) {
    case 'call':
      return `call ${BigInt.asIntN(64, event.callType)}: ${list(event.registers)}`;
    case 'fault':
      return `fault ${event.type}: ${list([event.detail, event.code])}`;
    case 'tick':
      return 'tick';
    case 'interrupt':
      return `interrupt ${event.irq}`;
    case 'write':
      return `write 0x${event.address.toString(16)}: ${list(event.words)}`;
  }
}

// ---- The driver as a process ------------------------------------------------------------------------------------------

/** Named pipes instead of Node's own, because they can be read and written synchronously. */
function openDriver(program: string) {
  const directory = mkdtempSync(join(tmpdir(), 'a9n-host-'));
  const [input, output, errors] = ['input', 'output', 'errors'].map((name) => join(directory, name));
  execFileSync('mkfifo', [input, output]);
  // The shell opens the pipes, so that what is opened here has another end even if the program cannot start.
  const script = 'exec "$0" <"$1" >"$2" 2>"$3"';
  const child = spawn('sh', ['-c', script, program, input, output, errors], { stdio: 'ignore' });
  child.unref();
  const requests = openSync(input, 'w');
  const answers = openSync(output, 'r');
  let isOpen = true;

  /** Undefined if the program ended before that many bytes came. */
  const read = (bytes: number): Uint8Array | undefined => {
    const buffer = new Uint8Array(bytes);
    for (let at = 0; at < bytes; ) {
      const count = readSync(answers, buffer, at, bytes - at, null);
      if (count === 0) return undefined;
      at += count;
    }
    return buffer;
  };

  return {
    /** The words of the answer; undefined if the program ended instead. */
    ask(command: number, words: Uint32Array): Uint32Array | undefined {
      if (!isOpen) throw new Error('the kernel on the host is closed');
      const request = new Uint32Array(4 + words.length);
      request.set([command, 0, words.length / 2]);
      request.set(words, 4);
      const bytes = new Uint8Array(request.buffer);
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(requests, bytes, at);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
        return undefined;
      }
      const header = read(8);
      const length = header === undefined ? 0 : new Uint32Array(header.buffer)[0];
      const answer = header === undefined ? undefined : read(8 * length);
      return answer === undefined ? undefined : new Uint32Array(answer.buffer);
    },
    /** What it wrote on standard error. */
    close(): string {
      if (!isOpen) return '';
      isOpen = false;
      closeSync(requests);
      closeSync(answers);
      const report = readFileSync(errors, 'utf8');
      rmSync(directory, { recursive: true, force: true });
      return report;
    },
  };
}
