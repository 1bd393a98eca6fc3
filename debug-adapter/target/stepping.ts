/**
 * Steps as errands: by instruction, by line, out of a frame. A step belongs to the process in which it began (`process`;
 * undefined while there is none): what other processes and interrupt handlers do meanwhile runs through, and the step
 * ends in its own process.
 */
import type { Machine } from '../../emulator/machine-api.ts';
import { type DecodedInstruction, disassemble } from '../disassembly/disassembler.ts';
import type { AddressRange, FrameContext, ProgramSymbols, SourceLocation } from '../symbols/symbol-api.ts';
import { inlinedCallsBeginningAt, shownLine } from './inlined-calls.ts';
import type { Advance, Errand } from './run-control.ts';

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

type Part<Result = void> = Generator<Advance, Result, void>;

interface Place {
  readonly pc: bigint;
  readonly stackPointer: bigint;
  readonly user: boolean;
}

/** What one instruction with everything it called led to. */
type Passage =
  /** In the same process and mode; calls have returned. */
  | 'along'
  /** At the first instruction of a function just called (only if asked not to pass over calls). */
  | 'called'
  /** In the kernel, by `syscall` (only if asked not to pass over calls). */
  | 'entered-kernel'
  /** Back in user code of the stepping process. */
  | 'left-kernel';

const LONGEST_INSTRUCTION = 15n;
/** From the system call's entry to C++ code: far more than any entry stub takes. */
const LONGEST_ENTRY_STUB = 2000;

/** A line that has not ended after so many instructions loops. */
const PATIENCE = 200;

/** One instruction; with `over`, also everything it calls, the kernel included. */
export function* stepInstruction(view: SteppingView, process: bigint | undefined, over: boolean): Errand {
  view.showInlinedCalls(0);
  yield* passInstruction(view, process, over);
}

/** To the start of another source line. Without line information: one instruction. */
export function* stepLine(view: SteppingView, process: bigint | undefined, into: boolean): Errand {
  const start = place(view);
  const symbols = view.symbolsAt(start.pc);
  const hidden = view.hiddenInlinedCalls();
  const startLine = symbols && shownLine(symbols, start.pc, hidden);
  if (symbols === undefined || startLine === undefined) {
    yield* passInstruction(view, process, !into);
    return;
  }
  const startDepth = symbols.framesAt(start.pc).length - hidden;
  if (into && hidden > 0) {
    view.showInlinedCalls(inlinedCallsBeginningAt(symbols, start.pc) - hidden + 1);
    return;
  }
  view.showInlinedCalls(0);
  const startFrame = frameAddress(view, symbols);
  const beganInAssembly = isAssembly(startLine.path);
  let range = symbols.lineRange(start.pc);
  for (let previous = start.pc, passed = 0; ; previous = view.machine.readRegister('rip'), passed++) {
    const passage =
      passed < PATIENCE || (into && isCallInstruction(view.machine, previous))
        ? yield* passInstruction(view, process, !into, range)
        : yield* runWithinFunction(view, process, (instruction) => {
            if (into && instruction.calls) return true;
            const pc = instruction.address;
            if (!symbols.isStatementStart(pc)) return false;
            const beginning = inlinedCallsBeginningAt(symbols, pc);
            const deeper = symbols.framesAt(pc).length - beginning > startDepth;
            return (into || !deeper) && !isSameLine(shownLine(symbols, pc, beginning), startLine);
          });
    if (passage === 'entered-kernel') {
      yield* throughEntryStub(view, process);
      return;
    }
    if (passage === 'called') {
      if (yield* stopInCalled(view, process)) return;
      continue;
    }
    let { pc } = place(view);
    if (range !== undefined && pc > previous && pc < range.end && pc >= range.start) continue;
    if (view.symbolsAt(pc) === undefined) {
      // Code without symbols: only a return from here can lead back to a line.
      if (!(yield* toCaller(view, process))) return;
      pc = view.machine.readRegister('rip');
    }
    const now = view.symbolsAt(pc);
    const beginning = now === undefined ? 0 : inlinedCallsBeginningAt(now, pc);
    const line = now && shownLine(now, pc, beginning);
    if (now === undefined || line === undefined) continue;
    if (passage === 'left-kernel') return;
    if (isAssembly(line.path) && !beganInAssembly && view.machine.privilegeLevel === 0) {
      // Back in the entry stub: what follows is the way out to the process.
      yield* toUserMode(view, process);
      return;
    }
    range = now.lineRange(pc);
    const frame = frameAddress(view, now);
    const depth = now.framesAt(pc).length - beginning;
    const sameFrame = frame === undefined || startFrame === undefined || frame === startFrame;
    if (!sameFrame && frame > startFrame) return;
    if (sameFrame && depth > startDepth && !into) continue;
    const otherLine = line.line !== startLine.line || line.path !== startLine.path || depth !== startDepth;
    if (otherLine && line.line !== 0 && now.isStatementStart(pc)) return;
    if (into && beginning > 0) {
      view.showInlinedCalls(1);
      return;
    }
  }
}

/** One way out of a frame: where its caller goes on. */
export interface ReturnPoint {
  readonly address: bigint;
  /** The stack pointer is at or above this when the frame has ended. */
  readonly stackPointer: bigint;
  readonly user: boolean;
}

/** Until the stepping process reaches one of the return points. */
export function* stepOut(
  view: SteppingView,
  process: bigint | undefined,
  points: readonly ReturnPoint[],
): Errand {
  view.showInlinedCalls(0);
  yield* runUntil(
    points.map((point) => point.address),
    () => {
      const here = place(view);
      return points.some(
        (point) =>
          here.pc === point.address &&
          here.user === point.user &&
          here.stackPointer >= point.stackPointer &&
          (!point.user || view.currentProcess() === process),
      );
    },
  );
}

/** Until the code of one inlined call is left, in the frame that contains it. */
export function* stepOutOfInlined(
  view: SteppingView,
  process: bigint | undefined,
  ranges: readonly AddressRange[],
): Errand {
  view.showInlinedCalls(0);
  const inside = (pc: bigint) => ranges.some((range) => pc >= range.start && pc < range.end);
  do yield* passInstruction(view, process, true);
  while (inside(view.machine.readRegister('rip')));
}

/** Until a process that is not on the CPU runs in user mode. */
export function* untilOnCpu(view: SteppingView, process: bigint | undefined): Errand {
  const resume = process === undefined ? undefined : view.resumeAddress(process);
  if (resume === undefined) return;
  yield* runUntil([resume], () => view.machine.privilegeLevel === 3 && view.currentProcess() === process);
}

/** Until `process` runs in user mode again. */
export function* toUserMode(view: SteppingView, process: bigint | undefined): Part {
  for (let guard = 0; guard < LONGEST_ENTRY_STUB && view.machine.privilegeLevel === 0; guard++)
    yield { kind: 'step' };
  yield* awaitProcess(view, process);
}

/**
 * Executes the current instruction. Interrupts that arrive first are handled and the instruction is still executed; with `over`,
 * calls and kernel calls run to their return. `range`: as long as the machine stays inside there is nothing to look at.
 */
function* passInstruction(
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
function* runWithinFunction(
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
function* awaitReturn(view: SteppingView, process: bigint | undefined, inCallee: Place): Part {
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
function* awaitProcess(view: SteppingView, process: bigint | undefined): Part {
  if (process === undefined || view.currentProcess() === process) return;
  const resume = view.resumeAddress(process);
  if (resume === undefined) return;
  yield* runUntil([resume], () => view.machine.privilegeLevel === 3 && view.currentProcess() === process);
}

/** After `syscall`: to the first C++ statement of the kernel. */
function* throughEntryStub(view: SteppingView, process: bigint | undefined): Part {
  for (let guard = 0; guard < LONGEST_ENTRY_STUB; guard++) {
    if (view.machine.privilegeLevel === 3) {
      yield* awaitProcess(view, process);
      return;
    }
    const pc = view.machine.readRegister('rip');
    const symbols = view.symbolsAt(pc);
    const line = symbols?.lineAt(pc);
    if (symbols === undefined) return; // A kernel without symbols: its first instruction is the place to stop.
    if (line !== undefined && !isAssembly(line.path) && line.line !== 0) {
      yield* afterPrologue(view, symbols);
      return;
    }
    yield { kind: 'step' };
  }
}

/** At the entry of a called function. True: it has lines, and the step ends after its prologue. */
function* stopInCalled(view: SteppingView, process: bigint | undefined): Part<boolean> {
  const here = place(view);
  const symbols = view.symbolsAt(here.pc);
  if (symbols?.lineAt(here.pc) !== undefined) {
    yield* afterPrologue(view, symbols);
    return true;
  }
  yield* awaitReturn(view, process, here);
  return false;
}

function* afterPrologue(view: SteppingView, symbols: ProgramSymbols): Part {
  const here = place(view);
  const process = view.currentProcess();
  const callee = symbols.functionAt(here.pc);
  if (callee === undefined || callee.entry !== here.pc) return;
  const target = symbols.afterPrologue(callee);
  if (target === here.pc) return;
  yield* runUntil([target], () => {
    const now = place(view);
    return now.user === here.user && (!now.user || view.currentProcess() === process);
  });
}

/** False if the caller is not known. */
function* toCaller(view: SteppingView, process: bigint | undefined): Part<boolean> {
  const here = place(view);
  const returnAddress = readWord(view.machine, here.stackPointer);
  if (
    returnAddress === undefined ||
    view.symbolsAt(returnAddress)?.functionAt(returnAddress - 1n) === undefined
  )
    return false;
  yield* awaitReturn(view, process, here);
  return true;
}

function* runUntil(addresses: readonly bigint[], arrived: () => boolean): Part {
  do yield { kind: 'run', until: addresses };
  while (!arrived());
}

function place(view: SteppingView): Place {
  const { machine } = view;
  return {
    pc: machine.readRegister('rip'),
    stackPointer: machine.readRegister('rsp'),
    user: machine.privilegeLevel === 3,
  };
}

function frameAddress(view: SteppingView, symbols: ProgramSymbols): bigint | undefined {
  return symbols.canonicalFrameAddress(view.innermostFrame());
}

/** Assembler sources by their names: the entry stubs around the kernel's C++ code. */
export function isAssembly(path: string): boolean {
  return /\.(s|asm)$/i.test(path);
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

function isCallInstruction(machine: Machine, pc: bigint): boolean {
  return disassemble(machine.readVirtual(pc, Number(LONGEST_INSTRUCTION)), pc, 1)[0]?.calls === true;
}

function isSameLine(a: SourceLocation | undefined, b: SourceLocation): boolean {
  return a?.line === b.line && a.path === b.path;
}

function isFollower(pc: bigint, address: bigint): boolean {
  return address > pc && address <= pc + LONGEST_INSTRUCTION;
}

/** Where an instruction at `pc` could end, its length being unknown: a trap returns behind it. */
function followers(pc: bigint): bigint[] {
  return Array.from({ length: Number(LONGEST_INSTRUCTION) }, (_, index) => pc + 1n + BigInt(index));
}

function readWord(machine: Machine, address: bigint): bigint | undefined {
  const bytes = machine.readVirtual(address, 8);
  return bytes.length === 8 ? new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true) : undefined;
}
