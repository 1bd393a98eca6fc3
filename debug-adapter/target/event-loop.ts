/** Turns of the host's event loop, in Node and in workers alike. */

/**
 * Calls back in a later turn, after input that has already arrived; unlike `setTimeout(0)` without a delay.
 */
export const nextTurn: (callback: () => void) => void =
  // Node handles up to a thousand messages of a port before it looks at anything else, so there it must be this.
  typeof setImmediate === 'function' ? (callback) => void setImmediate(callback) : messageTurns();

function messageTurns(): (callback: () => void) => void {
  const channel = new MessageChannel();
  const waiting: (() => void)[] = [];
  channel.port1.onmessage = () => waiting.shift()?.();
  return (callback) => {
    waiting.push(callback);
    channel.port2.postMessage(undefined);
  };
}
