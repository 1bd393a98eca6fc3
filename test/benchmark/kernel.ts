import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseElf, SHF_EXECINSTR } from '../../debug-adapter/symbols/elf.ts';
import { createBootedMachine, DEFAULT_MEMORY_BYTES } from '../../emulator/boot/create.ts';
import type { Machine, StopReason } from '../../emulator/machine-api.ts';
import { countLines } from '../kernel/source-lines.ts';

/**
 * What A9N's operations cost, in instructions. The emulator counts them exactly, so two runs give the same; there is no time
 * in it. The operations are performed by userland/apps/call-costs, which says on the console when.
 */

export const COUNTING_RULE =
  'Counted: instructions executed in ring 0 from the first after SYSCALL (or a trap) to SYSRET (or IRET), both included, of all\n' +
  'kernel entries of an operation together. Not counted: user instructions, DEBUG calls, timer ticks in between. Of a repeated\n' +
  'string instruction each repetition counts.';

/** What an operation takes: the fewest and the most of some repetitions, which are equal as a rule. */
export interface OperationCost {
  readonly name: string;
  readonly kernelEntries: number;
  readonly least: number;
  readonly most: number;
}

export interface KernelFigures {
  readonly operations: readonly OperationCost[];
  /** From the kernel's first instruction to init's first. */
  readonly boot: number;
  /** Bytes of all executable sections. */
  readonly textBytes: number;
  readonly lines: number;
}

/** Measures the kernel and the program call-costs of a folder. `root` is that of the repository. */
export function measureKernel(root: string, folder: string): KernelFigures {
  const kernel = readFileSync(join(folder, 'kernel.elf'));
  const init = readFileSync(join(folder, 'call-costs.elf'));
  const machine = createBootedMachine({ memoryBytes: DEFAULT_MEMORY_BYTES }, { kernel, init });
  const boot = bootToInit(machine, parseElf(init, 'call-costs.elf').entry);
  return {
    operations: countOperations(machine),
    boot,
    textBytes: parseElf(kernel, 'kernel.elf')
      .sections.filter(({ flags }) => (flags & SHF_EXECINSTR) !== 0)
      .reduce((sum, { size }) => sum + size, 0),
    lines: countLines(join(root, 'kernel')),
  };
}

const SLICE = 2_000_000;

function bootToInit(machine: Machine, entry: bigint): number {
  machine.setBreakpoints([entry]);
  let reason: StopReason = { kind: 'budget' };
  while (reason.kind === 'budget') reason = machine.run(SLICE);
  machine.setBreakpoints([]);
  if (reason.kind !== 'breakpoint') throw new Error(`the kernel ended before init: ${reason.kind}`);
  return machine.instructionCount;
}

interface KernelEntry {
  readonly isTimer: boolean;
  readonly instructions: number;
  readonly changesAddressSpace: boolean;
}

/** RAX at SYSCALL of a DEBUG call, by which the program marks what it does. */
const DEBUG_CALL = -3n;

/** Goes on until the guest ends itself. */
function countOperations(machine: Machine): OperationCost[] {
  const costs: OperationCost[] = [];
  let name: string | undefined;
  let entries: KernelEntry[] = [];
  let line = '';
  machine.serial.onOutput = (byte) => {
    if (byte !== 10) {
      line += String.fromCharCode(byte);
      return;
    }
    const mark = /^(begin|end) (.*?)\r?$/.exec(line);
    if (mark === null) throw new Error(`call-costs says: ${line}`);
    if (mark[1] === 'begin') {
      name = mark[2];
      entries = [];
    } else if (name !== undefined) {
      costs.push(...costsOf(name, Number(mark[2]), entries));
      name = undefined;
    }
    line = '';
  };
  machine.setWatches([{ kind: 'syscall' }, { kind: 'exception' }, { kind: 'interrupt' }]);
  for (;;) {
    const reason = machine.run(SLICE);
    if (reason.kind === 'budget') continue;
    if (reason.kind === 'exit' && reason.code === 0) break;
    if (reason.kind !== 'watch') throw new Error(`call-costs ended: ${reason.kind}, after: ${line}`);
    const [hit] = reason.hits;
    const isDebug = hit.kind === 'syscall' && BigInt.asIntN(64, machine.readRegister('rax')) === DEBUG_CALL;
    const isTimer = hit.kind === 'interrupt';
    const root = machine.readRegister('cr3');
    // A fault is reported before the processor enters the kernel.
    if (machine.privilegeLevel === 3) machine.step();
    const begin = machine.instructionCount;
    let step: StopReason = { kind: 'step' };
    while (machine.privilegeLevel === 0 && step.kind === 'step') step = machine.step();
    if (step.kind === 'exit' && step.code === 0) break;
    if (step.kind !== 'step') throw new Error(`call-costs ended in the kernel: ${step.kind}`);
    const changesAddressSpace = machine.readRegister('cr3') !== root;
    if (!isDebug)
      entries.push({ isTimer, instructions: machine.instructionCount - begin, changesAddressSpace });
  }
  machine.setWatches([]);
  return costs;
}

function costsOf(name: string, repetitions: number, entries: readonly KernelEntry[]): OperationCost[] {
  const ticks = entries.filter(({ isTimer }) => isTimer);
  if (name === 'timer') {
    return [
      spread('timer tick, the process goes on', each(ticks.filter((tick) => !tick.changesAddressSpace))),
      spread(
        'timer tick that switches address spaces',
        each(ticks.filter((tick) => tick.changesAddressSpace)),
      ),
    ];
  }
  const calls = entries.filter(({ isTimer }) => !isTimer);
  const perOperation = calls.length / repetitions;
  if (!Number.isInteger(perOperation)) {
    throw new Error(`${name}: ${calls.length} kernel entries are not ${repetitions} times the same`);
  }
  const groups = Array.from({ length: repetitions }, (_, n) =>
    calls.slice(n * perOperation, (n + 1) * perOperation).reduce((sum, entry) => sum + entry.instructions, 0),
  );
  return [spread(name, groups, perOperation)];
}

const each = (entries: readonly KernelEntry[]): number[] => entries.map(({ instructions }) => instructions);

function spread(name: string, counts: readonly number[], kernelEntries = 1): OperationCost {
  if (counts.length === 0) throw new Error(`${name}: nothing was counted`);
  return { name, kernelEntries, least: Math.min(...counts), most: Math.max(...counts) };
}

/** Rows for a table: name, kernel entries, instructions. */
export function kernelRows({ operations }: KernelFigures): string[][] {
  return [
    ['A9N, instructions per operation', 'kernel entries', 'instructions'],
    ...operations.map(({ name, kernelEntries, least, most }) => [
      name,
      String(kernelEntries),
      least === most ? String(least) : `${least}–${most}`,
    ]),
  ];
}
