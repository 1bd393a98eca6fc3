import { randomNumbers } from '../../random.ts';
import type { KernelEvent } from '../model/kernel-state.ts';
import { call, descriptor, root, tick } from '../model/scenario.ts';

/** Pseudo-random events that get somewhere: descriptors that mostly lead to something, and operations of all types. */

const GENERIC_NODE = 7;
const RADIX_OF_INIT_NODES = new Map([
  [4, 7],
  [5, 15],
  [GENERIC_NODE, 7],
]);
/** Root slots that the events fill. */
const USED_SLOTS = 24;

export function randomEvents(seed: number, count: number): KernelEvent[] {
  const next = randomNumbers(seed);
  const below = (limit: number) => next() % limit;
  const oneOf = <T>(items: readonly T[]): T => items[below(items.length)];

  const someDescriptor = (): bigint => {
    const slot = below(USED_SLOTS);
    const radix = RADIX_OF_INIT_NODES.get(slot) ?? oneOf([1, 2, 3]);
    return below(3) === 0 ? descriptor([8, slot], [radix, below(4)]) : root(slot);
  };
  const argument = (): bigint => {
    switch (below(6)) {
      case 0:
        return someDescriptor();
      case 1:
        return BigInt(next()) << BigInt(below(32));
      case 2:
        return BigInt(below(8)) << oneOf([12n, 21n, 30n, 39n]);
      case 3:
        return oneOf([12n, 15n, 21n, 7n]);
      default:
        return BigInt(below(USED_SLOTS));
    }
  };
  const convert = () => {
    const generic = oneOf([descriptor([8, GENERIC_NODE], [7, below(3)]), someDescriptor()]);
    const type = oneOf([2, 3, 4, 5, 6, 7, 8, 9]);
    const bits = oneOf(type === 3 || type === 6 ? [12, 13, 21] : [1, 2, 3]);
    return call(generic, 0, type, bits, 1 + below(2), oneOf([root(3), someDescriptor()]), 8 + below(16));
  };
  const nodeOperation = () =>
    call(root(3), 1 + below(6), 8 + below(16), oneOf([argument(), someDescriptor()]), below(16));

  const event = (): KernelEvent => {
    switch (below(12)) {
      case 0:
      case 1:
      case 2:
        return convert();
      case 3:
      case 4:
        return nodeOperation();
      case 5:
        return tick;
      case 6:
        return { kind: 'interrupt', irq: below(16) };
      case 7:
        // The init process's IPC buffer, mostly.
        return {
          kind: 'write',
          address: 0x1_1000 + 8 * below(512),
          words: Array.from({ length: 1 + below(4) }, argument),
        };
      case 8:
        return below(20) === 0
          ? { kind: 'fault', type: 1 + below(7), detail: argument(), code: argument() }
          : {
              kind: 'call',
              callType: oneOf([-2n, -3n, -1n]),
              registers: Array.from({ length: 10 }, argument),
            };
      default:
        return call(someDescriptor(), below(7), ...Array.from({ length: 8 }, argument));
    }
  };
  return Array.from({ length: count }, event);
}
