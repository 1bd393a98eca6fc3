/**
 * The pieces that steps are made of: one instruction with all that belongs to it, a call until it returns, a process until it is back.
 */
import type { Machine } from '../../emulator/machine-api.ts';
import { type DecodedInstruction, disassemble } from '../disassembly/disassembler.ts';
import type { AddressRange, FrameContext, ProgramSymbols } from '../symbols/symbol-api.ts';
import type { Advance } from './run-control.ts';

/** What stepping needs to see of the target. */
export interface SteppingView {
  readonly machine: Machine;
  /** Identity of the process on the CPU; undefined while there is none (boot, idle). */
  currentProcess(): bigint | undefined;
  /** Where a process that is not on the CPU goes on in user mode. */
  resumeAddress(process: bigint): bigint | undefined;
  /** Symbols of the program whose code lies at `pc` in the current address space. */
  symbolsAt(pc: bigint): ProgramSymbols | undefined;
  /** The machine's registers as the innermost frame. */
  innermostFrame(): FrameContext;
  /** See `Target`. */
  hiddenInlinedCalls(): number;
  showInlinedCalls(count: number): void;
}

export type Part<Result = void> = Generator<Advance, Result, void>;

export interface Place {
  readonly pc: bigint;
  readonly stackPointer: bigint;
  readonly user: boolean;
}

/** What one instruction with everything it called led to. */
export type Passage =
  /** In the same process and mode; calls have returned. */
  | 'along'
  /** At the first instruction of a function just called (only if asked not to pass over calls). */
  | 'called'
  /** In the kernel, by `syscall` (only if asked not to pass over calls). */
  | 'entered-kernel'
  /** Back in user code of the stepping process. */
  | 'left-kernel';

const LONGEST_INSTRUCTION = 15n;

/**
 * Executes the current instruction. Interrupts that arrive first are handled and the instruction is still executed; with `over`,
 * calls and kernel calls run to their return. `range`: as long as the machine stays inside there is nothing to look at.
 */
export function* passInstruction(
  view: SteppingView,
  process: bigint | undefined,
  over: boolean,
  range?: AddressRange,
): Part<Passage> {
  const { machine } = view;
  for (;;) {
    const before = place(view);
    const isKernelCall = before.user && isSyscall(machine, before.pc);
    yield { kind: 'step' };
    const pc = machine.readRegister('rip');
    if (range !== undefined && pc >= range.start && pc < range.end && pc > before.pc) return 'along';
    const after = place(view);
    if (before.user && !after.user) {
      if (isKernelCall && !over) return 'entered-kernel';
      const resume = isKernelCall ? [before.pc + 2n] : [before.pc, ...followers(before.pc)];
      const back = () => machine.privilegeLevel === 3 && view.currentProcess() === process;
      yield* runUntil(resume, back);
      if (machine.readRegister('rip') === before.pc && !isKernelCall) continue;
      return 'along';
    }
    if (!before.user && after.user) {
      yield* awaitProcess(view, process);
      return 'left-kernel';
    }
    if (!isCall(machine, before, after)) return 'along';
    if (!over) return 'called';
    yield* awaitReturn(view, process, after);
    return machine.privilegeLevel === 3 && !before.user ? 'left-kernel' : 'along';
  }
}

/**
 * For lines that loop: runs, instead of stepping, until the function's code gets to an instruction of interest or the
 * function returns.
 */
export function* runWithinFunction(
  view: SteppingView,
  process: bigint | undefined,
  isOfInterest: (instruction: DecodedInstruction) => boolean,
): Part<Passage> {
  const { machine } = view;
  const start = place(view);
  const symbols = view.symbolsAt(start.pc);
  const ranges = symbols?.functionAt(start.pc)?.ranges;
  if (symbols === undefined || ranges === undefined) return yield* passInstruction(view, process, true);
  const addresses = ranges.flatMap((range) => {
    const bytes = machine.readVirtual(range.start, Number(range.end - range.start));
    const instructions = disassemble(bytes, range.start, bytes.length);
    return instructions.filter(isOfInterest).map((instruction) => instruction.address);
  });
  const frame = frameAddress(view, symbols);
  const caller = symbols.unwind(view.innermostFrame());
  if (caller.kind === 'caller') addresses.push(caller.frame.pc);
  const resume = start.user || process === undefined ? undefined : view.resumeAddress(process);
  if (resume !== undefined) addresses.push(resume);
  yield* runUntil(addresses, () => {
    const here = place(view);
    if (here.user && view.currentProcess() !== process) return false;
    if (here.user !== start.user) return here.user;
    const symbolsHere = view.symbolsAt(here.pc);
    const frameHere = symbolsHere && frameAddress(view, symbolsHere);
    // The same function called anew from here lies below.
    return frame === undefined || frameHere === undefined || frameHere >= frame;
  });
  return machine.privilegeLevel === 3 && !start.user ? 'left-kernel' : 'along';
}

/** From the first instruction of a called function until it has returned. */
export function* awaitReturn(view: SteppingView, process: bigint | undefined, inCallee: Place): Part {
  const { machine } = view;
  const returnAddress = readWord(machine, inCallee.stackPointer);
  const resume = inCallee.user || process === undefined ? undefined : view.resumeAddress(process);
  const addresses = [returnAddress, ...(resume === undefined ? [] : [resume])].filter(
    (address) => address !== undefined,
  );
  yield* runUntil(addresses, () => {
    const here = place(view);
    if (here.user) {
      if (view.currentProcess() !== process) return false;
      // A kernel function need not return: the process may leave the kernel by another way.
      return !inCallee.user || here.stackPointer > inCallee.stackPointer;
    }
    return !inCallee.user && here.stackPointer > inCallee.stackPointer;
  });
}

/** The machine is in user mode: if it is another process's, until `process` is there too. */
export function* awaitProcess(view: SteppingView, process: bigint | undefined): Part {
  if (process === undefined || view.currentProcess() === process) return;
  const resume = view.resumeAddress(process);
  if (resume === undefined) return;
  yield* runUntil([resume], () => view.machine.privilegeLevel === 3 && view.currentProcess() === process);
}

export function* runUntil(addresses: readonly bigint[], arrived: () => boolean): Part {
  do yield { kind: 'run', until: addresses };
  while (!arrived());
}

export function place(view: SteppingView): Place {
  const { machine } = view;
  return {
    pc: machine.readRegister('rip'),
    stackPointer: machine.readRegister('rsp'),
    user: machine.privilegeLevel === 3,
  };
}

export function frameAddress(view: SteppingView, symbols: ProgramSymbols): bigint | undefined {
  return symbols.canonicalFrameAddress(view.innermostFrame());
}

function isSyscall(machine: Machine, pc: bigint): boolean {
  const bytes = machine.readVirtual(pc, 2);
  return bytes[0] === 0x0f && bytes[1] === 0x05;
}

/** A call pushes the address that follows it and goes elsewhere. */
function isCall(machine: Machine, before: Place, after: Place): boolean {
  if (after.stackPointer !== before.stackPointer - 8n) return false;
  const pushed = readWord(machine, after.stackPointer);
  return pushed !== undefined && pushed !== after.pc && isFollower(before.pc, pushed);
}

export function isCallInstruction(machine: Machine, pc: bigint): boolean {
  const bytes = machine.readVirtual(pc, Number(LONGEST_INSTRUCTION));
  return disassemble(bytes, pc, 1, machine.codeBits)[0]?.calls === true;
}

function isFollower(pc: bigint, address: bigint): boolean {
  return address > pc && address <= pc + LONGEST_INSTRUCTION;
}

/** Where an instruction at `pc` could end, its length being unknown: a trap returns behind it. */
function followers(pc: bigint): bigint[] {
  return Array.from({ length: Number(LONGEST_INSTRUCTION) }, (_, index) => pc + 1n + BigInt(index));
}

export function readWord(machine: Machine, address: bigint): bigint | undefined {
  const bytes = machine.readVirtual(address, 8);
  return bytes.length === 8 ? new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true) : undefined;
}
