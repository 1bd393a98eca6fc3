/** Who runs (section 18). A running process is in no queue. */
import { FULL_QUANTUM, type Model, type Process } from './model.ts';

/** Puts a process that was blocked at the tail of its queue; its quantum stays. */
export function makeReady(model: Model, process: Process): void {
  process.state = 'READY';
  queueOf(model, process).push(process);
}

/** Takes a ready process out of its queue; the current one is in none. */
export function remove(model: Model, process: Process): void {
  const queue = queueOf(model, process);
  if (queue.includes(process)) {
    queue.splice(queue.indexOf(process), 1);
  }
}

/** Rule: a queued process goes to the tail of its new queue; one that keeps its priority keeps its place. */
export function setPriority(model: Model, process: Process, priority: number): void {
  const isQueued = queueOf(model, process).includes(process);
  if (isQueued && priority !== process.priority) {
    remove(model, process);
    model.readyQueues[priority].push(process);
  }
  process.priority = priority;
}

/**
 * CALL and faults: the current process has blocked on `target`, which runs now if nobody ready is more important.
 * Rule: what it gains with the caller's quantum ends at the full quantum.
 */
export function switchDirectly(model: Model, target: Process): void {
  const rival = mostImportant(model);
  if (rival !== undefined && rival.priority > target.priority) {
    makeReady(model, target);
    return;
  }
  target.quantum = Math.min(FULL_QUANTUM, target.quantum + model.current!.quantum);
  target.state = 'READY';
  model.current = target;
}

/** YIELD, and the end of a quantum. */
export function giveUp(model: Model): void {
  const process = model.current!;
  model.current = undefined;
  process.quantum = FULL_QUANTUM;
  queueOf(model, process).push(process);
}

export function tick(model: Model): void {
  if (model.current === undefined) {
    return;
  }
  if (model.current.quantum > 1) {
    model.current.quantum--;
  } else {
    giveUp(model);
  }
}

/**
 * The end of every kernel entry: a strictly more important process runs. Rule: the one it preempts keeps its quantum and its turn, at
 * the head of its queue.
 */
export function choose(model: Model): void {
  if (model.current !== undefined && model.current.state !== 'READY') {
    model.current = undefined;
  }
  const candidate = mostImportant(model);
  if (
    candidate === undefined ||
    (model.current !== undefined && candidate.priority <= model.current.priority)
  ) {
    return;
  }
  if (model.current !== undefined) {
    queueOf(model, model.current).unshift(model.current);
  }
  remove(model, candidate);
  model.current = candidate;
}

const queueOf = (model: Model, process: Process): Process[] => model.readyQueues[process.priority];

function mostImportant(model: Model): Process | undefined {
  return model.readyQueues.findLast((queue) => queue.length > 0)?.[0];
}
