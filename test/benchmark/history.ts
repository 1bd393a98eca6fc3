/**
 * What going back in time costs: snapshots of a 256 MiB machine, the history while it runs, and seeking in it; then what
 * watchpoints and profiles cost while they are armed. Times are the process's CPU time. Prints; never fails on a time.
 */

import { writeLongModeEntry } from '../../emulator/boot/long-mode-entry.ts';
import { createMachine } from '../../emulator/machine.ts';
import type { Machine } from '../../emulator/machine-api.ts';
import { randomNumbers } from '../random.ts';

/** With HISTORY_INSTRUCTIONS=1000000000 the history is ten seconds of the guest's time. */
const LENGTH = Number(process.env['HISTORY_INSTRUCTIONS'] ?? 200_000_000);
const SECOND = 50_000_000;
const MEBIBYTE = 2 ** 20;
const REGION = 0x100_0000;
const CODE = 0x20_0000;
const TABLES = 0x1_0000;

const word = (value: number): number[] => [...new Uint8Array(Int32Array.of(value).buffer)];

/** A guest that computes, and writes all over `bytes` of memory (a power of two). */
function writer(bytes: number): Machine {
  const machine = createMachine({ memoryBytes: 256 * MEBIBYTE });
  const body = [
    // imul rbx, rbx, 1103515245; add rbx, 12345; mov rax, rbx; shr rax, 20; and eax, mask; mov [r12+rax], rbx
    ...[0x48, 0x69, 0xdb, ...word(1103515245), 0x48, 0x81, 0xc3, ...word(12345), 0x48, 0x89, 0xd8],
    ...[0x48, 0xc1, 0xe8, 20, 0x25, ...word(bytes - 8), 0x49, 0x89, 0x1c, 0x04],
    // mov ecx, 20; again: add rdx, rbx; rol rdx, 7; dec ecx; jnz again
    ...[0xb9, ...word(20), 0x48, 0x01, 0xda, 0x48, 0xc1, 0xc2, 7, 0xff, 0xc9, 0x75, 0xf5],
  ];
  const code = [...body, 0xe9, ...word(-body.length - 5)];
  machine.writePhysical(CODE, Uint8Array.from(code));
  writeLongModeEntry(machine, TABLES, { entry: CODE, registers: { rbx: 1n, r12: BigInt(REGION) } });
  return machine;
}

/** Milliseconds of CPU time. */
function cost(act: () => void): number {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const best = (times: readonly number[]): number => Math.min(...times);
const ms = (milliseconds: number): string => `${milliseconds.toFixed(1)} ms`;
const run = (machine: Machine, instructions: number): void => {
  const end = machine.instructionCount + instructions;
  while (machine.instructionCount < end) machine.run(Math.min(2_000_000, end - machine.instructionCount));
};

function measureSnapshots(): void {
  for (const mebibytes of [2, 16, 64, 128]) {
    const machine = writer(mebibytes * MEBIBYTE);
    machine.takeSnapshot();
    const times = Array.from({ length: 3 }, () => {
      run(machine, SECOND);
      return cost(() => void machine.takeSnapshot());
    });
    const written = `a second of running that wrote ${mebibytes} MiB`;
    console.log(`snapshot after ${written}: ${times.map(ms).join(', ')}`);
  }
}

function measureHistory(): void {
  const plain = writer(2 * MEBIBYTE);
  const machine = writer(2 * MEBIBYTE);
  run(plain, 10_000_000);
  machine.keepHistory();
  const without = cost(() => run(plain, LENGTH));
  const withHistory = cost(() => run(machine, LENGTH));
  const { snapshots, bytes, begin, end } = machine.history ?? { snapshots: [], bytes: 0, begin: 0, end: 0 };
  console.log(
    `history of ${LENGTH / 1e6} M instructions: ${snapshots.length} snapshots, ${(bytes / MEBIBYTE).toFixed(0)} MiB; ` +
      `running takes ${((withHistory / without - 1) * 100).toFixed(1)} % more (${(LENGTH / without / 1000).toFixed(1)} MIPS without)`,
  );
  const next = randomNumbers(1);
  const times = Array.from({ length: 20 }, () => {
    const target = begin + Math.floor((next() / 2 ** 32) * (end - begin));
    return cost(() => machine.seek(target));
  }).sort((a, b) => a - b);
  console.log(`seek to a random moment of it: median ${ms(times[10])}, longest ${ms(times[19])}`);
  const digest = machine.digest();
  const here = machine.instructionCount;
  const back = Array.from({ length: 10 }, () => cost(() => machine.seek(machine.instructionCount - 1)));
  console.log(`a step back: the first ${ms(back[0])}, the next ${ms(best(back.slice(1)))}`);
  machine.seek(here);
  if (machine.digest() !== digest) throw new Error('the history does not repeat itself');
}

function measureStops(): void {
  const variants: [name: string, arm: (machine: Machine) => void][] = [
    ['nothing armed', () => undefined],
    [
      'watches elsewhere: a page, a port, an MSR, exceptions, system calls',
      (machine) =>
        machine.setWatches([
          { kind: 'memory', space: 'virtual', address: 0x800_0000n, length: 4096, access: 'read-write' },
          { kind: 'port', first: 0x80, access: 'read-write' },
          { kind: 'msr', access: 'write' },
          { kind: 'exception' },
          { kind: 'syscall' },
        ]),
    ],
    [
      'a watched byte on 1 of the 512 pages that are written',
      (machine) =>
        machine.setWatches([
          { kind: 'memory', space: 'virtual', address: BigInt(REGION + 1), length: 1, access: 'read' },
          {
            kind: 'memory',
            space: 'virtual',
            address: BigInt(REGION + 4097),
            length: 1,
            access: 'read-write',
          },
        ]),
    ],
    ['a profile', (machine) => machine.startProfile()],
  ];
  run(writer(2 * MEBIBYTE), SECOND / 2); // Until the host's compiler is done.
  let without = 0;
  for (const [name, arm] of variants) {
    const time = best(
      Array.from({ length: 3 }, () => {
        const machine = writer(2 * MEBIBYTE);
        arm(machine);
        run(machine, 5_000_000);
        return cost(() => run(machine, SECOND / 2));
      }),
    );
    if (without === 0) without = time;
    console.log(`${name}: ${(time / without).toFixed(2)}`);
  }
}

export function measureTimeTravel(): void {
  console.log('\nTime travel, machine of 256 MiB, CPU time');
  measureSnapshots();
  measureHistory();
  console.log('\nRunning time with stops armed, in relation to none');
  measureStops();
}
