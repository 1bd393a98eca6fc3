/** Requests that let the machine run: continue, pause, steps. */
import { integer, object, text } from '../protocol/argument-shape.ts';
import { RequestError } from '../protocol/protocol-server.ts';
import { RSP } from '../symbols/register-numbers.ts';
import { type Errand, runFreely } from '../target/run-control.ts';
import type { CodeFrame, StackFrame } from '../target/stack.ts';
import {
  isAssembly,
  type ReturnPoint,
  stepInstruction,
  stepLine,
  stepOut,
  stepOutOfInlined,
  untilOnCpu,
} from '../target/stepping.ts';
import type { Target, TargetThread } from '../target/target.ts';
import type { Session } from './session.ts';
import { startRun } from './stops.ts';

const threadArguments = object({ threadId: integer });
const stepArguments = object({ threadId: integer }, { granularity: text });

export function registerExecution(session: Session): void {
  const { server } = session;
  server.onRequest('continue', threadArguments, () => {
    session.requireStopped();
    startRun(session, runFreely());
    return { allThreadsContinued: true };
  });
  server.onRequest('pause', threadArguments, () => {
    session.requireLaunched().run.pause();
    return undefined;
  });
  server.onRequest('next', stepArguments, ({ threadId, granularity }) => {
    const { target } = session.requireStopped();
    step(session, threadId, (process) =>
      granularity === 'instruction'
        ? stepInstruction(target, process, true)
        : stepLine(target, process, false),
    );
    return undefined;
  });
  server.onRequest('stepIn', stepArguments, ({ threadId, granularity }) => {
    const { target } = session.requireStopped();
    step(session, threadId, (process) =>
      granularity === 'instruction'
        ? stepInstruction(target, process, false)
        : stepLine(target, process, true),
    );
    return undefined;
  });
  server.onRequest('stepOut', stepArguments, ({ threadId }) => {
    const { target } = session.requireStopped();
    const thread = session.requireThread(threadId);
    const errand = outOfInnermostFrame(target, thread);
    step(session, threadId, () => errand);
    return undefined;
  });
}

/** Starts a step of the thread; one that is not on the CPU first waits until it is. */
function step(session: Session, threadId: number, errand: (process: bigint | undefined) => Errand): void {
  const { target } = session.requireStopped();
  const { process, onCpu } = session.requireThread(threadId);
  const whole = onCpu ? errand(process) : afterwards(untilOnCpu(target, process), () => errand(process));
  startRun(session, whole, process);
}

function* afterwards(first: Errand, second: () => Errand): Errand {
  yield* first;
  yield* second();
}

/** Throws RequestError if the frame has no caller. */
function outOfInnermostFrame(target: Target, thread: TargetThread): Errand {
  const stack = target.stackOf(thread);
  const innermost = stack[0];
  if (innermost?.kind !== 'code') throw new RequestError('This thread has no stack to step out of.');
  const { sourceFrame } = innermost;
  if (sourceFrame?.inlined) return stepOutOfInlined(target, thread.process, sourceFrame.ranges);
  const points = returnPoints(stack, innermost);
  if (points.length === 0) {
    throw new RequestError('This is the outermost frame: there is no caller to step out to.');
  }
  return stepOut(target, thread.process, points);
}

function returnPoints(stack: readonly StackFrame[], innermost: CodeFrame): ReturnPoint[] {
  const callers = stack.filter(
    (frame): frame is CodeFrame => frame.kind === 'code' && frame.physicalIndex > innermost.physicalIndex,
  );
  const caller = callers[0];
  if (caller === undefined) return [];
  if (innermost.user) return [returnPoint(caller)];
  // The entry stub has nothing to show, and a kernel function need not return to it: the process itself is the caller.
  const user = callers.find((frame) => frame.user);
  const points = user === undefined ? [] : [{ ...returnPoint(user), stackPointer: 0n }];
  const callerIsStub = caller.location === undefined || isAssembly(caller.location.path);
  if (!caller.user && (!callerIsStub || user === undefined)) points.unshift(returnPoint(caller));
  return points;
}

function returnPoint(caller: CodeFrame): ReturnPoint {
  return {
    address: caller.context.pc,
    stackPointer: caller.context.readRegister(RSP) ?? 0n,
    user: caller.user,
  };
}
