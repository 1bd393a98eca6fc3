/**
 * Stacks as a person sees them: innermost frame first, inlined calls as frames of their own, and where a process entered
 * the kernel its kernel frames above, its user frames below a visible boundary.
 */
import type { FrameContext, SourceFrame, SourceLocation } from '../symbols/symbol-api.ts';
import { shownLine } from './inlined-calls.ts';
import { linkAddress, type Program, USER_ADDRESS_END } from './program.ts';

export interface CodeFrame {
  readonly kind: 'code';
  readonly name: string;
  readonly program: Program | undefined;
  /** Undefined where there is no function with debug information. */
  readonly sourceFrame: SourceFrame | undefined;
  readonly location: SourceLocation | undefined;
  /** Shared by a function and all that is inlined into it there. */
  readonly context: FrameContext;
  /** Physical address of the PML4 through which `context` reads. */
  readonly root: number;
  readonly user: boolean;
  /** 0: the registers are the machine's or the saved ones; above: recovered by unwinding. */
  readonly physicalIndex: number;
}

export interface BoundaryFrame {
  readonly kind: 'boundary';
  readonly name: string;
}

export type StackFrame = CodeFrame | BoundaryFrame;

export interface StackStart {
  readonly context: FrameContext;
  readonly root: number;
  /** Inlined calls that begin at the pc and are not shown. */
  readonly hiddenInlinedCalls: number;
  /** Of several lines at the pc, the one that the machine stopped for. */
  readonly line?: SourceLocation | undefined;
}

export interface StackSources {
  programAt(pc: bigint, root: number): Program | undefined;
  /** Where the user half begins if the kernel frames do not lead to it by themselves. */
  readonly userStart: StackStart | undefined;
  /** The process's name, for the boundary. */
  readonly processName: string;
}

const DEEPEST_STACK = 512;

export function walkStack(start: StackStart, sources: StackSources): StackFrame[] {
  const frames: StackFrame[] = [];
  let { context, root } = start;
  let inKernel = isKernelCode(context, sources.programAt(context.pc, root));
  let previousCfa: bigint | undefined;
  for (let physicalIndex = 0; physicalIndex < DEEPEST_STACK; physicalIndex++) {
    const program = sources.programAt(context.pc, root);
    context = withCaller(context, program);
    const hidden = physicalIndex === 0 ? start.hiddenInlinedCalls : 0;
    const [innermost, ...outer] = codeFrames(context, root, program, physicalIndex, hidden);
    const line = physicalIndex === 0 ? start.line : undefined;
    frames.push(line === undefined ? innermost : { ...innermost, location: line }, ...outer);
    let caller = unwindOnce(context, program, previousCfa);
    const leavesKernel =
      caller === undefined || !isKernelCode(caller.context, sources.programAt(caller.context.pc, root));
    if (inKernel && leavesKernel) {
      // A kernel whose entry code says nothing about its caller still has saved the user's registers.
      const { userStart } = sources;
      if (caller === undefined && userStart !== undefined)
        caller = { context: userStart.context, cfa: undefined };
      if (caller === undefined) break;
      if (userStart !== undefined) {
        // The kernel may already have activated another process's address space.
        caller = {
          ...caller,
          context: { ...copyOf(caller.context), readMemory: userStart.context.readMemory },
        };
        root = userStart.root;
      }
      caller = { ...caller, context: atKernelCall(caller.context) };
      frames.push({ kind: 'boundary', name: `── kernel ⇄ ${sources.processName} ──` });
      inKernel = false;
    }
    if (caller === undefined) break;
    context = caller.context;
    previousCfa = caller.cfa;
  }
  return frames;
}

/** Kernel code was entered from user code: the stack has user frames below. */
export function leadsToUser(start: StackStart, programAt: StackSources['programAt']): boolean {
  let context: FrameContext | undefined = start.context;
  let cfa: bigint | undefined;
  for (let depth = 0; context !== undefined && depth < DEEPEST_STACK; depth++) {
    const program = programAt(context.pc, start.root);
    if (!isKernelCode(context, program)) return true;
    const caller = unwindOnce(context, program, cfa);
    context = caller?.context;
    cfa = caller?.cfa;
  }
  return false;
}

/** A user frame that waits in a kernel call is shown at its `syscall`, as any caller is shown at its call. */
export function atKernelCall(context: FrameContext): FrameContext {
  const before = context.readMemory(context.pc - 2n, 2);
  if (before?.[0] !== 0x0f || before[1] !== 0x05) return context;
  return { ...copyOf(context), pcIsExact: false };
}

/** The innermost frame, with its caller where the values at its function's entry are needed. */
function withCaller(context: FrameContext, program: Program | undefined): FrameContext {
  if (context.caller !== undefined) return context;
  return { ...copyOf(context), caller: () => unwindOnce(context, program, undefined)?.context };
}

function copyOf(context: FrameContext): FrameContext {
  const { pc, pcIsExact, readMemory, caller } = context;
  const copy = {
    pc,
    pcIsExact,
    readMemory,
    readRegister: (register: number) => context.readRegister(register),
  };
  return caller === undefined ? copy : { ...copy, caller: () => context.caller?.() };
}

function isKernelCode(context: FrameContext, program: Program | undefined): boolean {
  return context.pc >= USER_ADDRESS_END || program?.isKernel === true;
}

/** Undefined at the end of the stack, or where unwinding would go in circles. */
function unwindOnce(
  context: FrameContext,
  program: Program | undefined,
  previousCfa: bigint | undefined,
): { context: FrameContext; cfa: bigint | undefined } | undefined {
  const result = program?.symbols.unwind(context);
  if (result?.kind !== 'caller' || result.frame.pc === 0n) return undefined;
  if (previousCfa !== undefined && result.cfa <= previousCfa && !result.signalFrame) return undefined;
  return { context: result.frame, cfa: result.signalFrame ? undefined : result.cfa };
}

/** One physical frame: its function and what is inlined into it there, innermost first. Never empty. */
export function codeFrames(
  context: FrameContext,
  root: number,
  program: Program | undefined,
  physicalIndex: number,
  hidden: number,
): CodeFrame[] {
  const linked = program === undefined ? context.pc : linkAddress(program, context.pc);
  const lookupPc = context.pcIsExact ? linked : linked - 1n;
  const user = !isKernelCode(context, program);
  const common = { kind: 'code', program, context, root, user, physicalIndex } as const;
  const sourceFrames = program?.symbols.framesAt(lookupPc).slice(hidden) ?? [];
  if (program !== undefined && sourceFrames.length > 0) {
    return sourceFrames.map((sourceFrame, depth) => ({
      ...common,
      name: sourceFrame.functionName,
      sourceFrame,
      location: depth === 0 ? shownLine(program.symbols, lookupPc, hidden) : sourceFrame.location,
    }));
  }
  const symbol = program?.symbols.symbolAt(lookupPc);
  const name =
    symbol === undefined
      ? `0x${context.pc.toString(16)}`
      : symbol.offset === 0n
        ? symbol.name
        : `${symbol.name}+0x${symbol.offset.toString(16)}`;
  return [{ ...common, name, sourceFrame: undefined, location: program?.symbols.lineAt(lookupPc) }];
}
