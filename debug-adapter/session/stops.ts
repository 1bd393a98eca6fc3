/** Starting the machine, and telling the client when and why it rests. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { integer, object } from '../protocol/argument-shape.ts';
import type { SourceLocation } from '../symbols/symbol-api.ts';
import { inlinedCallsBeginningAt, shownLine } from '../target/inlined-calls.ts';
import type { Errand, GuestEnd, StopCause } from '../target/run-control.ts';
import { KERNEL_THREAD } from '../target/target.ts';
import { describeDeadlock } from './process-watch.ts';
import { flushSerial } from './serial.ts';
import type { Session } from './session.ts';

type StoppedBody = DebugProtocol.StoppedEvent['body'];

/** Lets the machine run. `steppingProcess`: the process in which a step begins. */
export function startRun(session: Session, errand: Errand, steppingProcess?: bigint): void {
  const { run, target } = session.requireStopped();
  session.forgetStop();
  target.showLine(undefined);
  session.steppingProcess = steppingProcess;
  run.start(errand);
}

/** The machine rests at the kernel's first instruction. */
export function reportEntry(session: Session): void {
  sendStopped(session, { reason: 'entry', description: 'Stopped at the kernel entry' });
}

/** Never throws: it is called from the event loop. */
export function reportStop(session: Session, cause: StopCause): void {
  try {
    report(session, cause);
  } catch (error) {
    session.server.tell(`Internal error of the debugger at a stop: ${detailOf(error)}`, 'stderr');
    session.server.sendEvent('stopped', {
      reason: 'pause',
      threadId: KERNEL_THREAD,
      allThreadsStopped: true,
    });
  }
}

function detailOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function report(session: Session, cause: StopCause): void {
  const { target } = session.requireLaunched();
  flushSerial(session, true);
  if (cause.kind !== 'errand-done') target.showInlinedCalls(0);
  if (cause.kind === 'guest') {
    reportGuestEnd(session, cause.reason);
    return;
  }
  if (cause.kind === 'breakpoint') showWhereBreakpointIs(session, cause.ids);
  if (cause.kind === 'failed') {
    session.server.tell(
      `Internal error of the debugger while the machine ran: ${detailOf(cause.error)}`,
      'stderr',
    );
  }
  sendStopped(session, describeStop(session, cause));
}

function describeStop(session: Session, cause: Exclude<StopCause, { kind: 'guest' }>): StoppedBody {
  switch (cause.kind) {
    case 'errand-done':
      return { reason: 'step' };
    case 'paused':
      return { reason: 'pause' };
    case 'breakpoint':
      return breakpointStop(session, cause.ids);
    case 'failed':
      return {
        reason: 'pause',
        description: 'Paused after an internal error of the debugger',
        text: cause.error instanceof Error ? cause.error.message : String(cause.error),
      };
  }
}

/**
 * Several lines and inlined calls may begin at one address. The breakpoint says which line the user means, and whether the call or
 * the function.
 */
function showWhereBreakpointIs(session: Session, ids: readonly number[]): void {
  const { target } = session.requireLaunched();
  const pc = target.machine.readRegister('rip');
  const symbols = target.symbolsAt(pc);
  if (symbols === undefined) return;
  const beginning = inlinedCallsBeginningAt(symbols, pc);
  const breakpoints = session.breakpoints.all().filter(({ id }) => ids.includes(id));
  const lines = breakpoints.flatMap(({ places }) =>
    places.flatMap(({ address, location }) =>
      address === pc && location !== undefined ? [location.location] : [],
    ),
  );
  const names = breakpoints.flatMap(({ request }) => (request.kind === 'function' ? [request.name] : []));
  const frames = symbols.framesAt(pc);
  for (let hidden = beginning; hidden >= 0; hidden--) {
    const line = shownLine(symbols, pc, hidden);
    const name = frames[hidden]?.functionName;
    const isMeant =
      names.length > 0
        ? names.some((each) => name === each || name?.endsWith(`::${each}`))
        : lines.some((each) => isSameLine(each, line));
    if (!isMeant) continue;
    target.showInlinedCalls(beginning - hidden);
    return;
  }
  const meant = symbols.linesAt(pc).find((each) => lines.some((line) => isSameLine(line, each)));
  if (names.length === 0) target.showLine(meant);
}

function isSameLine(a: SourceLocation, b: SourceLocation | undefined): boolean {
  return a.line === b?.line && a.path === b.path;
}

function breakpointStop(session: Session, ids: readonly number[]): StoppedBody {
  const kinds = session.breakpoints
    .all()
    .flatMap(({ id, request }) => (ids.includes(id) ? [request.kind] : []));
  const reason = kinds.includes('source')
    ? 'breakpoint'
    : kinds.includes('function')
      ? 'function breakpoint'
      : 'instruction breakpoint';
  return { reason, hitBreakpointIds: [...ids] };
}

function reportGuestEnd(session: Session, reason: GuestEnd): void {
  if (reason.kind === 'exit' || reason.kind === 'power-off') {
    session.server.sendEvent('exited', { exitCode: reason.kind === 'exit' ? reason.code : 0 });
    session.server.sendEvent('terminated');
    return;
  }
  session.guestEnd = reason;
  const { title, explanation } = describeGuestEnd(session, reason);
  session.server.tell(explanation, 'important');
  sendStopped(session, { reason: 'exception', description: title, text: explanation });
}

interface GuestEndDescription {
  readonly id: string;
  readonly title: string;
  /** Cause and remedy. */
  readonly explanation: string;
}

function describeGuestEnd(
  session: Session,
  reason: Exclude<GuestEnd, { kind: 'exit' | 'power-off' }>,
): GuestEndDescription {
  switch (reason.kind) {
    case 'triple-fault':
      return {
        id: 'triple fault',
        title: 'Triple fault',
        explanation:
          `Triple fault: the CPU could not deliver exception ${reason.vector} (${exceptionName(reason.vector)}) ` +
          `raised at 0x${reason.address.toString(16)}, nor the double fault that followed. Check the IDT, the TSS stacks and ` +
          'whether the handlers are mapped; registers and memory show the state at the fault.',
      };
    case 'reset':
      return {
        id: 'reset',
        title: 'Reset',
        explanation:
          'The guest reset the machine. The call stack shows who asked for it; restart to boot again.',
      };
    case 'halted': {
      const { target } = session.requireLaunched();
      return {
        id: 'halted',
        title: 'Halted',
        explanation:
          describeDeadlock(target, target.threads()) ??
          'The CPU executed HLT with interrupts disabled, so nothing can wake it: this is how a kernel ends after a panic. ' +
            'Read its last message on the serial console; the call stack shows who called it. Restart to run again.',
      };
    }
    case 'unknown-opcode': {
      const bytes = [...reason.bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
      return {
        id: 'unknown opcode',
        title: 'Unknown opcode',
        explanation:
          `The CPU does not know the instruction ${bytes} at 0x${reason.address.toString(16)}. Build the guest for a model that ` +
          'there is (-march=x86-64-v3 at most, and "cpu" as high), or set "stopOnUnknownOpcode" to false to raise #UD in the guest.',
      };
    }
  }
}

const EXCEPTION_NAMES: Readonly<Record<number, string>> = {
  0: 'divide error',
  1: 'debug',
  3: 'breakpoint',
  6: 'invalid opcode',
  7: 'device not available',
  8: 'double fault',
  10: 'invalid TSS',
  11: 'segment not present',
  12: 'stack fault',
  13: 'general protection',
  14: 'page fault',
  16: 'x87 error',
  17: 'alignment check',
  18: 'machine check',
  19: 'SIMD error',
};

function exceptionName(vector: number): string {
  return EXCEPTION_NAMES[vector] ?? 'interrupt';
}

function sendStopped(session: Session, body: Omit<StoppedBody, 'threadId' | 'allThreadsStopped'>): void {
  const { target } = session.requireLaunched();
  const threadId = target.threadId(target.processOnCpu());
  session.server.sendEvent('stopped', { ...body, threadId, allThreadsStopped: true });
  session.shownMemory.announceChange(session);
}

export function registerExceptionInfo(session: Session): void {
  session.server.onRequest('exceptionInfo', object({ threadId: integer }), () => {
    session.requireStopped();
    const reason = session.guestEnd;
    if (reason === undefined || reason.kind === 'exit' || reason.kind === 'power-off') {
      return {
        exceptionId: 'none',
        breakMode: 'always',
        description: 'The machine did not stop for an exception.',
      };
    }
    const { id, explanation } = describeGuestEnd(session, reason);
    return { exceptionId: id, breakMode: 'always', description: explanation };
  });
}
