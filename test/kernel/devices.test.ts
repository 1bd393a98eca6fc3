import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBootedMachine } from '../../emulator/boot/create.ts';
import {
  type Machine,
  NANOSECONDS_PER_INSTRUCTION,
  type Watch,
  type WatchHit,
} from '../../emulator/machine-api.ts';
import { buildElf } from '../emulator/boot/elf-builder.ts';
import type { GuestPaths } from '../system/guest-images.ts';
import { findQemu, QEMU_MISSING, runOnQemu } from '../system/qemu.ts';
import { INTERRUPT_MASK_WATCHES, interruptMasks } from './interrupt-masks.ts';
import { findConformance } from './kernel-images.ts';

/** What the kernel does with the devices of a real machine, of which a portable program sees the effects only. */

const LIMIT = 400_000_000;
const TIMEOUT = 60_000;
const TIMER_VECTOR = 0xf0;
const TICK = 4_000_000 / NANOSECONDS_PER_INSTRUCTION;
/** Instructions for which an interrupt may wait (test/kernel/interrupt-latency.test.ts). */
const LATENCY = 14_000;

/** The I/O APIC's input of IRQ 0, and nobody's line. */
const TIMER_INPUT = 2;

const guest = findConformance();

interface IdleState {
  readonly privilegeLevel: number;
  readonly interrupts: boolean;
}

/** Runs to the exit and reports what was watched, with the instruction counts; and how the processor idled. */
function watch(paths: GuestPaths, watches: readonly Watch[]) {
  const images = { kernel: readFileSync(paths.kernel), init: readFileSync(paths.init) };
  const machine: Machine = createBootedMachine({ memoryBytes: 128 * 2 ** 20 }, images);
  const seen: { readonly at: number; readonly hit: WatchHit }[] = [];
  const idle: IdleState[] = [];
  machine.setWatches([...watches]);
  while (machine.instructionCount < LIMIT) {
    const reason = machine.run(1_000_000);
    if (reason.kind === 'watch') {
      for (const hit of reason.hits) seen.push({ at: machine.instructionCount, hit });
    } else if (reason.kind === 'idle') {
      const interrupts = ((machine.readRegister('rflags') >> 9n) & 1n) === 1n;
      idle.push({ privilegeLevel: machine.privilegeLevel, interrupts });
      if (reason.until === undefined) throw new Error('idle for ever');
    } else if (reason.kind !== 'budget') return { reason, seen, idle };
  }
  throw new Error(`not at its end after ${LIMIT} instructions`);
}

const NOTHING = 0xf0f0;

/** Data ports of the two interrupt controllers of old: their masks. */
const PIC_MASKS = [0x21, 0xa1];

describe('the conformance program on the emulator', () => {
  let run: ReturnType<typeof watch>;
  beforeAll(() => {
    run = watch(guest, [
      { kind: 'interrupt' },
      { kind: 'port', first: NOTHING - 8, last: NOTHING + 8, access: 'read-write' },
      ...PIC_MASKS.map((first): Watch => ({ kind: 'port', first, access: 'write' })),
    ]);
  }, TIMEOUT);

  test('ends', () => expect(run.reason).toEqual({ kind: 'exit', code: 0 }));

  test('the timer ticks each 4 ms', () => {
    const ticks = run.seen.flatMap(({ at, hit }) =>
      hit.kind === 'interrupt' && hit.vector === TIMER_VECTOR ? [at] : [],
    );
    expect(ticks.length).toBeGreaterThan(20);
    for (const [index, at] of ticks.entries()) {
      expect(Math.abs(at - ticks[0] - index * TICK)).toBeLessThan(LATENCY);
    }
  });

  const portAccesses = (isMeant: (port: number) => boolean) =>
    run.seen.flatMap(({ hit }) => (hit.kind === 'port' && isMeant(hit.port) ? [hit] : []));

  test('I/O accesses have exactly the width asked for', () => {
    const accesses = portAccesses((port) => !PIC_MASKS.includes(port));
    expect(accesses.map(({ access, size, port }) => `${access} ${size} at ${port}`)).toEqual(
      [1, 2, 4].flatMap((size) => ['read', 'write'].map((access) => `${access} ${size} at ${NOTHING}`)),
    );
  });

  test('the PIC is masked before the first interrupt', () => {
    const isInterrupt = (hit: WatchHit) => hit.kind === 'interrupt' && !hit.software;
    const first = run.seen.findIndex(({ hit }) => isInterrupt(hit));
    for (const pic of PIC_MASKS) {
      const writes = portAccesses((port) => port === pic);
      expect(writes.at(-1)?.value).toBe(0xff);
      expect(run.seen.findLastIndex(({ hit }) => hit === writes.at(-1))).toBeLessThan(first);
    }
  });
});

/** Init images of a few kernel calls, one after the other. */
const bytesOf = (value: bigint, count: number) =>
  Array.from({ length: count }, (_, index) =>
    Number((BigInt.asUintN(64, value) >> BigInt(8 * index)) & 0xffn),
  );
/** MOV of a 64-bit constant to RAX, RDI, RSI, RDX, R8, R9, R10, R12. */
const MOVES = [
  [0x48, 0xb8],
  [0x48, 0xbf],
  [0x48, 0xbe],
  [0x48, 0xba],
  [0x49, 0xb8],
  [0x49, 0xb9],
  [0x49, 0xba],
  [0x49, 0xbc],
];
const SYSCALL = [0x0f, 0x05];
const kernelCall = (...messageRegisters: readonly bigint[]) => [
  ...[-1n, ...messageRegisters].flatMap((value, index) => [...MOVES[index], ...bytesOf(value, 8)]),
  ...SYSCALL,
];

const slot = (index: bigint) => 0x0800_0000_0000_0000n + (index << 48n);
const [ROOT, REGION, IO_PORTS, BELL, LINE] = [3n, 8n, 9n, 20n, 21n].map(slot);
const FIRST_GENERIC = 0x0f07_0000_0000_0000n;
const [CONVERT, IDENTIFY, MAKE_PORT, WAIT, WRITE] = [0n, 4n, 1n, 2n, 2n];
const [BIND, UNBIND, ACK] = [1n, 2n, 3n];
const NOTIFICATION_PORT = 9n;
/** The interval timer: channel 0 interrupts once, after 0x1000 of its ticks. */
const TIMER_COMMAND = 0x43n;
const TIMER_COUNT = 0x40n;
const EXIT = 0xf4n;
const writePort = (port: bigint, value: bigint) => kernelCall(IO_PORTS, WRITE, port, 1n, value);

const bellIn20 = [
  ...kernelCall(FIRST_GENERIC, CONVERT, NOTIFICATION_PORT, 0n, 1n, ROOT, 20n),
  ...kernelCall(BELL, IDENTIFY, 1n),
];
const lineIn21 = (irq: bigint) => kernelCall(REGION, MAKE_PORT, irq, ROOT, 21n);

const waitsForTimer = [
  ...bellIn20,
  ...lineIn21(0n),
  ...kernelCall(LINE, BIND, BELL),
  ...writePort(TIMER_COMMAND, 0x30n),
  ...writePort(TIMER_COUNT, 0n),
  ...writePort(TIMER_COUNT, 0x10n),
  ...kernelCall(BELL, WAIT),
  ...writePort(EXIT, 0n),
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'a9n-devices-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function imageOf(code: readonly number[]): GuestPaths {
  const init = join(folder, 'init.elf');
  const start = 0x1_0000;
  const segments = [{ virtualAddress: start, bytes: Uint8Array.from(code), memorySize: 0x7000 }];
  const symbols = { __init_info_start: start + 0x5008, __init_ipc_buffer_start: start + 0x6000 };
  writeFileSync(init, buildElf({ entry: start, segments, symbols }));
  return { ...guest, init };
}

describe('IRQ 0, which the ACPI tables say is another input of the I/O APIC, wakes an idle system', () => {
  test('on the emulator; it idles in kernel mode with interrupts on', () => {
    const { reason, idle } = watch(imageOf(waitsForTimer), []);
    expect(reason).toEqual({ kind: 'exit', code: 0 });
    expect(idle.length).toBeGreaterThan(0);
    for (const state of idle) expect(state).toEqual({ privilegeLevel: 0, interrupts: true });
  });

  const qemu = findQemu();
  test.skipIf(qemu === undefined)(`on ${qemu ?? QEMU_MISSING}`, async () => {
    const { exitCode } = await runOnQemu(imageOf(waitsForTimer), { timeoutMilliseconds: TIMEOUT });
    expect(exitCode).toBe(0);
  });
});

describe('other lines are the inputs of their numbers, masked unless they are bound', () => {
  const [bind, unbind, acknowledge] = [
    kernelCall(LINE, BIND, BELL),
    kernelCall(LINE, UNBIND),
    kernelCall(LINE, ACK),
  ];
  test.each([
    { irq: 4, what: 'bound', calls: [bind], unmasked: [4] },
    { irq: 17, what: 'bound', calls: [bind], unmasked: [17] },
    { irq: 23, what: 'bound', calls: [bind], unmasked: [23] },
    { irq: 200, what: 'bound, without an input', calls: [bind], unmasked: [] },
    { irq: 17, what: 'not bound', calls: [], unmasked: [] },
    { irq: 17, what: 'acknowledged, not bound', calls: [acknowledge], unmasked: [] },
    { irq: 17, what: 'unbound', calls: [bind, unbind], unmasked: [] },
    { irq: 17, what: 'unbound, then acknowledged', calls: [bind, unbind, acknowledge], unmasked: [] },
  ])('line $irq, $what', ({ irq, calls, unmasked }) => {
    const code = [...bellIn20, ...lineIn21(BigInt(irq)), ...calls.flat(), ...writePort(EXIT, 0n)];
    const { reason, seen } = watch(imageOf(code), INTERRUPT_MASK_WATCHES);
    expect(reason).toEqual({ kind: 'exit', code: 0 });
    const masks = interruptMasks();
    masks.note(seen.map(({ hit }) => hit));
    const lines = Array.from({ length: 256 }, (_, line) => line).filter((line) => line !== TIMER_INPUT);
    expect(lines.filter((line) => !masks.isMasked(line))).toEqual(unmasked);
  });
});
