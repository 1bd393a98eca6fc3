/** Turns of the host's event loop, in Node and in workers alike. */

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => {
  const callback = waiting.shift();
  if (waiting.length === 0) keepAlive('unref');
  callback?.();
};

/** In Node an open port keeps the process alive; here it shall do so only while a turn is awaited. */
function keepAlive(method: 'ref' | 'unref'): void {
  const port: object = channel.port1;
  const change: unknown = Reflect.get(port, method);
  if (typeof change === 'function') Reflect.apply(change, port, []);
}
keepAlive('unref');

/** Calls back in a later turn, after input that has already arrived; unlike `setTimeout(0)` without a delay. */
export function nextTurn(callback: () => void): void {
  if (waiting.push(callback) === 1) keepAlive('ref');
  channel.port2.postMessage(undefined);
}
