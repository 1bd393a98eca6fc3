/** While the machine runs: notices that what the user waits for cannot come any more, and says so. */
import type { KernelProcess } from '../kernel-model/kernel-model.ts';
import type { Target, TargetThread } from '../target/target.ts';
import type { Session } from './session.ts';

const CHECK_INTERVAL_MILLISECONDS = 500;

/** To be called now and then while the machine runs. */
export function processWatch(session: Session, target: Target): () => void {
  let lastCheck = Number.NEGATIVE_INFINITY;
  let deadlockIsKnown = false;
  return () => {
    const now = performance.now();
    if (now - lastCheck < CHECK_INTERVAL_MILLISECONDS) return;
    lastCheck = now;
    const processes = target.model.processes();
    if (!deadlockIsKnown) deadlockIsKnown = tellOfDeadlock(session, target, processes);
    endStepOfEndedProcess(session, processes);
  };
}

/** Every process is suspended, for example after init's first fault. */
function tellOfDeadlock(session: Session, target: Target, processes: readonly KernelProcess[]): boolean {
  if (processes.length === 0 || processes.some(({ state }) => state !== 'BLOCKED_SUSPEND')) return false;
  const threads = target.threads().filter(({ process }) => process !== undefined);
  const places = threads.map((thread) => `${thread.name} at ${placeOf(target, thread)}`).join(', ');
  session.server.tell(
    `Every process is suspended, so nothing will run any more: ${places}. A process is suspended by a fault that no resolver ` +
      "port takes: the kernel's last line on the terminal names the fault. Pause to look at the process, then correct it " +
      'or give it a resolver port.',
    'important',
  );
  return true;
}

function endStepOfEndedProcess(session: Session, processes: readonly KernelProcess[]): void {
  const { launched, steppingProcess } = session;
  if (launched === undefined || steppingProcess === undefined) return;
  if (processes.some(({ address }) => address === steppingProcess)) return;
  session.server.tell('The process in which the step began has ended; paused.', 'console');
  launched.run.pause();
}

function placeOf(target: Target, thread: TargetThread): string {
  const frame = target.stackOf(thread)[0];
  if (frame?.kind !== 'code') return 'an unknown place';
  const file = frame.location?.path.split('/').pop();
  return file === undefined ? frame.name : `${frame.name} (${file}:${frame.location?.line})`;
}
