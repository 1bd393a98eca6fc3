import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { randomNumbers } from '../../random.ts';
import type { KernelEvent } from '../model/kernel-state.ts';
import { call, descriptor, root } from '../model/scenario.ts';
import { reasonNotToBuild } from './build.ts';
import { driverProgram, type HostKernel, type HostMachine, startHostKernel } from './host-kernel.ts';

/**
 * With the fast path of IPC the kernel does what it does without: after each event of random sequences of messages between
 * four processes, everything is equal. That the sequences reach every condition of the fast path is shown by leaving it out.
 */

const SOURCE = 'kernel/core/ipc_fast_path.cpp';
const SEQUENCES = 200;
const EVENTS = 80;
const TIMEOUT = 240_000;

const machine: HostMachine = { memorySize: 16 * 2 ** 20, imagePages: 4, devices: [] };
/** MR11 in the init process's IPC buffer, where CONFIGURE finds a priority. */
const PRIORITY_REGISTER = 0x1_1000 + 8 * 11;

const [OWN_PROCESS, OWN_SPACE, ROOT, OWN_BUFFER, REGION] = [1, 2, 3, 6, 8];
const GENERIC = descriptor([8, 7], [7, 0]);
const PROCESSES = [10, 11, 12];
const PORTS = [13, 14];
const POWERLESS_PORT = 15;
const BELL = 16;
const BUFFERS = [17, 18];
const INTERRUPT = 19;
const IRQ = 4;

const [PROCESS_TYPE, PORT_TYPE, BELL_TYPE, FRAME_TYPE] = [7, 8, 9, 6];
const [SEND, RECEIVE, CALL, REPLY, REPLY_RECEIVE] = [1, 2, 3, 4, 5];
const [CONFIGURE, RESUME, SUSPEND] = [1, 4, 5];

const on = (slot: number, operation: number, ...rest: readonly (number | bigint)[]) =>
  call(root(slot), operation, ...rest);

const make = (type: number, bits: number, slot: number) => call(GENERIC, 0, type, bits, 1, root(ROOT), slot);

const setPriority = (slot: number, priority: number): KernelEvent[] => [
  { kind: 'write', address: PRIORITY_REGISTER, words: [BigInt(priority)] },
  on(slot, CONFIGURE, 1 << 8),
];

/** Three processes that share the init process's capabilities; the first has no IPC buffer, the second a bound port. */
const preparation: readonly KernelEvent[] = [
  ...PROCESSES.map((slot) => make(PROCESS_TYPE, 0, slot)),
  ...PORTS.map((slot) => make(PORT_TYPE, 0, slot)),
  make(BELL_TYPE, 0, BELL),
  ...BUFFERS.map((slot) => make(FRAME_TYPE, 12, slot)),
  on(PORTS[0], 6, 0x1234),
  on(BELL, 4, 1),
  on(ROOT, 3, POWERLESS_PORT, root(PORTS[0]), 0),
  on(REGION, 1, IRQ, root(ROOT), INTERRUPT),
  on(INTERRUPT, 1, root(BELL)),
  ...PROCESSES.flatMap((slot, i) => {
    const buffer = BUFFERS[i - 1];
    const fields = 0b10011 | (buffer === undefined ? 0 : 0b100) | (i === 1 ? 0b1000 : 0);
    const ports = [BELL, PORTS[1]].map(root);
    return [
      on(slot, CONFIGURE, fields, ...[OWN_SPACE, ROOT, buffer ?? OWN_BUFFER].map(root), ...ports),
      ...setPriority(slot, 10),
      on(slot, RESUME),
    ];
  }),
  ...setPriority(OWN_PROCESS, 10),
];

function messages(seed: number): KernelEvent[] {
  const next = randomNumbers(seed);
  const below = (limit: number) => next() % limit;
  const oneOf = <T>(items: readonly T[]): T => items[below(items.length)];
  const messageInfo = () => {
    const block = below(8) === 0 ? 0 : 1;
    const transfers = below(12) === 0 ? 1 : 0;
    const unused = below(12) === 0 ? 1 << 20 : 0;
    return block | (below(9) << 1) | (transfers << 9) | (below(40) << 13 === 1 << 13 ? 1 << 13 : 0) | unused;
  };
  const payload = () => Array.from({ length: 7 }, () => next());
  const event = (): KernelEvent[] => {
    switch (below(20)) {
      case 0:
      case 7:
        return [on(BELL, oneOf([1, 1, 1, 1, 1, 2, 3]))];
      case 1:
        return [oneOf<KernelEvent>([{ kind: 'tick' }, { kind: 'interrupt', irq: IRQ }, on(INTERRUPT, 3)])];
      case 2:
        return [oneOf([{ kind: 'call', callType: -2n, registers: [] }, on(oneOf(PROCESSES), RESUME)])];
      case 3:
        return [on(oneOf(PROCESSES), oneOf([RESUME, RESUME, SUSPEND]))];
      case 4:
        return setPriority(oneOf([OWN_PROCESS, ...PROCESSES]), 9 + below(3));
      case 5:
        return [{ kind: 'fault', type: 3, detail: BigInt(next()), code: 0n }];
      case 6:
        return [on(oneOf([POWERLESS_PORT, BELL, ...PORTS]), below(7), messageInfo(), ...payload())];
      default: {
        const operation = oneOf([
          CALL,
          CALL,
          REPLY_RECEIVE,
          REPLY_RECEIVE,
          REPLY_RECEIVE,
          RECEIVE,
          SEND,
          REPLY,
        ]);
        return [on(oneOf([PORTS[0], ...PORTS]), operation, messageInfo(), ...payload())];
      }
    }
  };
  return Array.from({ length: EVENTS }, event).flat();
}

/** The first difference between the two ways, as text. */
function findDifference(kernel: HostKernel): string | undefined {
  for (let seed = 1; seed <= SEQUENCES; seed++) {
    const events = [...preparation, ...messages(seed)];
    kernel.reset();
    const fast = kernel.hashAll(events);
    kernel.reset();
    const slow = kernel.hashAllSlowly(events);
    const index = fast.findIndex(({ state }, i) => state !== slow[i].state);
    if (index >= 0) return `seed ${seed}, event ${index - preparation.length}`;
  }
  return undefined;
}

/** Of the kernel with another text of the fast path; also what a sanitizer reports. */
async function differenceWith(source?: string): Promise<string | undefined> {
  const changed = { name: 'driver-without-condition', replaced: new Map([[SOURCE, source ?? '']]) };
  const program = source === undefined ? driverProgram : { ...driverProgram, ...changed };
  const kernel = await startHostKernel(machine, program);
  try {
    return findDifference(kernel);
  } catch (error) {
    return String(error);
  } finally {
    kernel.close();
  }
}

const reason = reasonNotToBuild();
const title = `the fast path of IPC${reason === undefined ? '' : ` (not run: ${reason})`}`;
describe.skipIf(reason !== undefined)(title, { timeout: TIMEOUT }, () => {
  test('does what the kernel does without it', async () => {
    expect(await differenceWith()).toBeUndefined();
  });

  // Each stands in a line of its own.
  const source = readFileSync(SOURCE, 'utf8');
  const conditions = [...source.matchAll(/(?:bool is_fast = |^ +&& )(.+?);?$/gm)];
  test('has conditions', () => expect(conditions.length).toBeGreaterThan(8));
  test.each(conditions.map(({ 1: text, index }) => ({ text, index })))(
    'needs the condition $text',
    async ({ text, index }) => {
      const rest = source.slice(index);
      expect(await differenceWith(source.slice(0, index) + rest.replace(text, 'true'))).toBeDefined();
    },
  );
});
