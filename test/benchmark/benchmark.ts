import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createBootedMachine, DEFAULT_MEMORY_BYTES } from '../../emulator/boot/create.ts';
import { tinyInit } from '../emulator/boot/tiny-guest.ts';
import { measureInterruptLatency } from '../kernel/interrupt-latency.ts';
import { buildPreset } from '../system/build-preset.ts';
import { compileKernel } from '../system/compile-kernel.ts';
import { findGuest, type GuestPaths, readGuest } from '../system/guest-images.ts';
import { findQemu, QEMU_MISSING, runOnQemu } from '../system/qemu.ts';
import { measureTimeTravel } from './history.ts';
import { COUNTING_RULE, kernelRows, measureKernel } from './kernel.ts';
import { measureMemory, memoryRows } from './memory.ts';

/**
 * npm run bench: how fast the emulator is, as instructions per second and as a ratio to QEMU's translator on the same
 * images in the same run. Times are taken between two marks in the serial output, so that neither loading nor
 * firmware counts. It compares and prints; it never fails on a time. Then what the kernel's operations cost, counted:
 * npm run bench -- kernel prints only that; npm run bench -- memory what the memory server's requests and policies cost.
 */

const ROOT = resolve(fileURLToPath(new URL('.', import.meta.url)), '../..');
const RUNS = 3;
const SLICE = 2_000_000;

interface Workload {
  readonly name: string;
  readonly paths: GuestPaths;
  /** Serial output from which and up to which time is taken. */
  readonly begin: string;
  readonly end: string;
  /** Sent when it has begun. A guest that waits for it cannot run ahead of the clock on a busy host. */
  readonly go?: string;
}

interface Measurement {
  readonly instructions: number;
  readonly milliseconds: number;
}

/** Watches serial output for the two marks of a workload. */
function createStopwatch({ begin, end }: Workload) {
  let text = '';
  let began = 0;
  let ended = 0;
  return {
    add(piece: string): void {
      text += piece;
      if (began === 0 && text.includes(begin)) began = performance.now();
      if (ended === 0 && text.includes(end)) ended = performance.now();
    },
    get hasBegun() {
      return began !== 0;
    },
    get hasEnded() {
      return ended !== 0;
    },
    get milliseconds() {
      return ended - began;
    },
  };
}

function measureEmulator(workload: Workload): Measurement {
  const machine = createBootedMachine({ memoryBytes: DEFAULT_MEMORY_BYTES }, readGuest(workload.paths));
  const stopwatch = createStopwatch(workload);
  let beginCount = 0;
  let endCount = 0;
  machine.serial.onOutput = (byte) => {
    const hadBegun = stopwatch.hasBegun;
    stopwatch.add(String.fromCharCode(byte));
    if (!hadBegun) {
      beginCount = machine.instructionCount;
      if (stopwatch.hasBegun && workload.go !== undefined)
        machine.serial.send(new TextEncoder().encode(workload.go));
    }
    if (stopwatch.hasEnded && endCount === 0) endCount = machine.instructionCount;
  };
  while (!stopwatch.hasEnded) {
    const reason = machine.run(SLICE);
    const goesOn = reason.kind === 'budget' || (reason.kind === 'idle' && reason.until !== undefined);
    if (!goesOn && !stopwatch.hasEnded) {
      throw new Error(
        `${workload.name}: the guest ended (${reason.kind}) before it printed "${workload.end}"`,
      );
    }
  }
  return { instructions: endCount - beginCount, milliseconds: stopwatch.milliseconds };
}

async function measureQemu(workload: Workload): Promise<number> {
  const stopwatch = createStopwatch(workload);
  const { serial } = await runOnQemu(workload.paths, {
    onOutput(text) {
      const hadBegun = stopwatch.hasBegun;
      stopwatch.add(text);
      return !hadBegun && stopwatch.hasBegun ? workload.go : undefined;
    },
    isDone: () => stopwatch.hasEnded,
  });
  if (!stopwatch.hasEnded) {
    throw new Error(
      `${workload.name}: on QEMU the guest ended before "${workload.end}"; serial log:\n${serial}`,
    );
  }
  return stopwatch.milliseconds;
}

const COMPUTATIONS = [
  ['SORT', 'integer sort'],
  ['MIX', '64-bit mixing'],
  ['WALK', 'walk over 16 MiB'],
  ['MATRIX', 'SSE2 matrix product'],
] as const;

/** Compiles the computing kernels; none, with a reason printed, where there is no compiler. */
function buildComputations(folder: string, loader: string): Workload[] {
  const init = join(folder, 'init.elf');
  writeFileSync(init, tinyInit());
  const workloads: Workload[] = [];
  for (const [work, name] of COMPUTATIONS) {
    const kernel = join(folder, `${work}.elf`);
    const problem = compileKernel(join(ROOT, 'test/benchmark/compute.c'), kernel, [`-D${work}`]);
    if (problem !== undefined) {
      console.log(`skipped: ${name}: ${problem}`);
      continue;
    }
    workloads.push({ name, paths: { kernel, init, loader }, begin: '<S>', end: '<E>', go: '.' });
  }
  return workloads;
}

async function measure(workload: Workload, withQemu: boolean): Promise<string[]> {
  const own = Array.from({ length: RUNS }, () => measureEmulator(workload));
  const best = Math.min(...own.map((run) => run.milliseconds));
  const [{ instructions, milliseconds: first }] = own;
  const mips = (milliseconds: number) => (instructions / milliseconds / 1000).toFixed(1);
  const row = [workload.name, (instructions / 1e6).toFixed(1), mips(first), mips(best)];
  if (!withQemu) return [...row, '-', '-'];
  const theirs: number[] = [];
  for (let run = 0; run < RUNS; run++) theirs.push(await measureQemu(workload));
  const qemu = Math.min(...theirs);
  // Both marks may come in one piece of output.
  return qemu < 1 ? [...row, '(< 1 ms)', '-'] : [...row, mips(qemu), (best / qemu).toFixed(2)];
}

function printTable(rows: string[][]): void {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) {
    console.log(
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
        .join('   '),
    );
  }
}

async function printKernelFigures(): Promise<void> {
  const folder = await buildPreset(ROOT, 'gcc-release');
  const figures = measureKernel(ROOT, folder);
  console.log(`\nA9N, the gcc-release build\n${COUNTING_RULE}\n`);
  printTable(kernelRows(figures));
  console.log(`
instructions from the kernel's first to init's first, ${DEFAULT_MEMORY_BYTES / 2 ** 20} MiB of RAM: ${figures.boot}
bytes of code: ${figures.textBytes}
lines of C++ and assembly without blank lines and comments: ${figures.lines}
`);
  printTable([
    ['instructions that an interrupt waits for the kernel', 'interrupts', 'at most'],
    ...measureInterruptLatency(folder).map(({ operation, interrupts, most }) => [
      operation,
      String(interrupts),
      String(most),
    ]),
  ]);
}

async function printMemoryFigures(): Promise<void> {
  const folder = await buildPreset(ROOT, 'gcc-release');
  console.log('\nULMM, the gcc-release build: the server and the kernel together\n');
  printTable(memoryRows(measureMemory(folder)));
}

async function printSpeeds(): Promise<void> {
  const guest = findGuest(ROOT);
  const qemu = findQemu();
  console.log(`Node ${process.version}; ${qemu ?? `no comparison: ${QEMU_MISSING}`}; best of ${RUNS} runs`);
  console.log(`kernel: ${guest.kernel}`);

  const folder = mkdtempSync(join(tmpdir(), 'a9n-benchmark-'));
  try {
    const workloads: Workload[] = [
      {
        name: "boot to the client's last line",
        paths: guest,
        begin: '\n',
        end: 'memory-tour exited with code',
      },
      ...buildComputations(folder, guest.loader),
    ];
    const rows = [['', 'M instructions', 'MIPS, first run', 'MIPS', 'QEMU TCG MIPS', 'time ÷ QEMU']];
    for (const workload of workloads) rows.push(await measure(workload, qemu !== undefined));
    printTable(rows);
    measureTimeTravel();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [part, ...rest] = process.argv.slice(2);
if (rest.length > 0 || (part !== undefined && part !== 'kernel' && part !== 'memory')) {
  console.error('usage: npm run bench [-- kernel|memory]');
  process.exitCode = 2;
} else {
  if (part === undefined) await printSpeeds();
  if (part !== 'memory') await printKernelFigures();
  if (part !== 'kernel') await printMemoryFigures();
}
