/**
 * While the machine runs: tells the client which processes come and go, and notices that what the user waits for cannot
 * come any more.
 */
import type { Target, TargetThread } from '../target/target.ts';
import type { Session } from './session.ts';

const CHECK_INTERVAL_MILLISECONDS = 500;

/** To be called now and then while the machine runs. */
export function processWatch(session: Session, target: Target): () => void {
  let lastCheck = Number.NEGATIVE_INFINITY;
  let deadlockIsKnown = false;
  const announced = new Map<number, string>();
  return () => {
    const now = performance.now();
    if (now - lastCheck < CHECK_INTERVAL_MILLISECONDS) return;
    lastCheck = now;
    const threads = target.threads();
    const deadlock = deadlockIsKnown ? undefined : describeDeadlock(target, threads);
    if (deadlock !== undefined) {
      deadlockIsKnown = true;
      session.server.tell(deadlock, 'important');
    }
    announceThreads(session, threads, announced);
    endStepOfEndedProcess(session, threads);
  };
}

/** A thread is announced again when its name changes: until its program is loaded it has only a number. */
function announceThreads(
  session: Session,
  threads: readonly TargetThread[],
  announced: Map<number, string>,
): void {
  const present = new Set<number>();
  for (const { id, name, process } of threads) {
    if (process === undefined) continue;
    present.add(id);
    if (announced.get(id) === name) continue;
    announced.set(id, name);
    session.server.sendEvent('thread', { reason: 'started', threadId: id });
  }
  for (const id of announced.keys()) {
    if (present.has(id)) continue;
    announced.delete(id);
    session.server.sendEvent('thread', { reason: 'exited', threadId: id });
  }
}

/** Says so if every process is suspended, for example after init's first fault; undefined otherwise. */
export function describeDeadlock(target: Target, threads: readonly TargetThread[]): string | undefined {
  const processes = threads.filter(({ process }) => process !== undefined);
  if (processes.length === 0 || processes.some(({ details }) => details?.state !== 'BLOCKED_SUSPEND')) {
    return undefined;
  }
  const places = processes.map((thread) => `${thread.name} at ${placeOf(target, thread)}`).join(', ');
  return (
    `Every process is suspended, so nothing will run any more: ${places}. A process is suspended by a fault that no resolver ` +
    "port takes: the kernel's last line on the terminal names the fault. Look at the process in the call stack (pause first if " +
    'the machine runs), then correct it or give it a resolver port.'
  );
}

function endStepOfEndedProcess(session: Session, threads: readonly TargetThread[]): void {
  const { launched, steppingProcess } = session;
  if (launched === undefined || steppingProcess === undefined) return;
  if (threads.some(({ process }) => process === steppingProcess)) return;
  session.server.tell('The process in which the step began has ended; paused.', 'console');
  launched.run.pause();
}

/** Where the process itself stands, below the kernel frames that serve it. */
function placeOf(target: Target, thread: TargetThread): string {
  const stack = target.stackOf(thread);
  const frame = stack[stack.findIndex(({ kind }) => kind === 'boundary') + 1];
  if (frame?.kind !== 'code') return 'an unknown place';
  const file = frame.location?.path.split('/').pop();
  return file === undefined ? frame.name : `${frame.name} (${file}:${frame.location?.line})`;
}
