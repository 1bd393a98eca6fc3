/** Tells the user when the guest idles because no process will ever run again, for example after init's first fault. */
import type { Target, TargetThread } from '../target/target.ts';
import type { Session } from './session.ts';

const CHECK_INTERVAL_MILLISECONDS = 500;

/** To be called whenever the guest idles. */
export function deadlockWatch(session: Session, target: Target): () => void {
  let lastCheck = Number.NEGATIVE_INFINITY;
  let told = false;
  return () => {
    const now = performance.now();
    if (told || now - lastCheck < CHECK_INTERVAL_MILLISECONDS) return;
    lastCheck = now;
    const threads = target.threads().filter(({ details }) => details !== undefined);
    if (threads.length === 0 || threads.some(({ details }) => details?.state !== 'BLOCKED_SUSPEND')) return;
    told = true;
    const places = threads.map((thread) => `${thread.name} at ${placeOf(target, thread)}`).join(', ');
    session.server.tell(
      `Every process is suspended, so nothing will run any more: ${places}. A process is suspended by a fault that no resolver ` +
        "port takes: the kernel's last line on the terminal names the fault. Pause to look at the process, then correct it " +
        'or give it a resolver port.',
      'important',
    );
  };
}

function placeOf(target: Target, thread: TargetThread): string {
  const frame = target.stackOf(thread)[0];
  if (frame?.kind !== 'code') return 'an unknown place';
  const file = frame.location?.path.split('/').pop();
  return file === undefined ? frame.name : `${frame.name} (${file}:${frame.location?.line})`;
}
