/**
 * Steps as errands: by instruction, by line, out of a frame. A step belongs to the process in which it began (`process`;
 * undefined while there is none): what other processes and interrupt handlers do meanwhile runs through, and the step
 * ends in its own process.
 */
import type { AddressRange, ProgramSymbols, SourceLocation } from '../symbols/symbol-api.ts';
import { inlinedCallsBeginningAt, shownLine } from './inlined-calls.ts';
import {
  awaitProcess,
  awaitReturn,
  frameAddress,
  isCallInstruction,
  type Part,
  passInstruction,
  place,
  readWord,
  runUntil,
  runWithinFunction,
  type SteppingView,
} from './passage.ts';
import type { Errand } from './run-control.ts';

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

/** Assembler sources by their names: the entry stubs around the kernel's C++ code. */
export function isAssembly(path: string): boolean {
  return /\.(s|asm)$/i.test(path);
}

function isSameLine(a: SourceLocation | undefined, b: SourceLocation): boolean {
  return a?.line === b.line && a.path === b.path;
}
