/** Runs a machine from one kernel exit to the next. */
import { createKernelModel } from '../../debug-adapter/kernel-model/create-kernel-model.ts';
import type { KernelModel } from '../../debug-adapter/kernel-model/kernel-model.ts';
import { parseElf } from '../../debug-adapter/symbols/elf.ts';
import { loadProgramSymbols } from '../../debug-adapter/symbols/program-symbols.ts';
import type { Machine, StopReason, WatchHit } from '../../emulator/machine-api.ts';

const SLICE = 1_000_000;
const SYSRETQ = [0x48, 0x0f, 0x07];
const IRETQ = [0x48, 0xcf];

/** Throws if the kernel's debug information does not describe its objects. */
export function modelOf(machine: Machine, kernel: Uint8Array): KernelModel {
  const symbols = loadProgramSymbols(parseElf(kernel, 'kernel'));
  return createKernelModel(machine, symbols, (problem) => {
    throw new Error(problem);
  });
}

/**
 * Where the kernel leaves to user code, and where it idles. Found by the bytes of the instructions: a place inside of another
 * instruction is among them, too, but is never stopped at.
 */
export function exitAddresses(kernel: Uint8Array): bigint[] {
  const elf = parseElf(kernel, 'kernel');
  const idle = elf.symbols.find(({ name }) => name === 'idle');
  if (idle === undefined) throw new Error('the kernel has no symbol "idle"');
  const exits = elf.segments
    .filter(({ executable }) => executable)
    .flatMap(({ bytes, virtualAddress }) =>
      [SYSRETQ, IRETQ].flatMap((code) =>
        indexesOf(bytes, code).map((index) => virtualAddress + BigInt(index)),
      ),
    );
  return [...exits, idle.address];
}

function indexesOf(bytes: Uint8Array, wanted: readonly number[]): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(wanted[0]); at >= 0; at = bytes.indexOf(wanted[0], at + 1)) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) found.push(at);
  }
  return found;
}

export interface ExitVisits {
  readonly stride: number;
  readonly maxInstructions: number;
  readonly onWatch?: (hits: readonly WatchHit[]) => void;
}

/**
 * Calls `visit` at kernel exits, `stride` instructions apart (0: at every exit), until the guest stops, which it returns. `onWatch` gets
 * what the machine's watches report. Throws after `maxInstructions`.
 */
export function visitExits(
  machine: Machine,
  kernel: Uint8Array,
  { stride, maxInstructions, onWatch }: ExitVisits,
  visit: () => void,
): StopReason {
  const exits = exitAddresses(kernel);
  let next = machine.instructionCount;
  let areSet = false;
  while (machine.instructionCount < maxInstructions) {
    const isDue = machine.instructionCount >= next;
    if (isDue !== areSet) machine.setBreakpoints(isDue ? exits : []);
    areSet = isDue;
    const reason = machine.run(isDue ? SLICE : next - machine.instructionCount);
    if (reason.kind === 'breakpoint') {
      visit();
      next = machine.instructionCount + stride;
    } else if (reason.kind === 'watch' && onWatch !== undefined) {
      onWatch(reason.hits);
    } else if (reason.kind !== 'budget' && (reason.kind !== 'idle' || reason.until === undefined)) {
      return reason;
    }
  }
  throw new Error(`not at its end after ${maxInstructions} instructions`);
}
