import { randomNumbers } from '../../random.ts';

/** A supply of decisions, the same for the same seed. */
export interface Choices {
  /** 0 ≤ n < limit; 0 if limit is 0. */
  below(limit: number): number;
  chance(percent: number): boolean;
  /** Undefined for an empty list. */
  pick<T>(items: readonly T[]): T | undefined;
  /** One of the values, each as often as its weight says. */
  weighted<T>(...items: readonly (readonly [weight: number, value: T])[]): T;
  /** Any word, small ones often. */
  word(): bigint;
}

/** `seed` has 32 bits; neighbouring ones have nothing in common. */
export function createChoices(seed: number): Choices {
  const next = randomNumbers((Math.imul(seed, 0x9e3779b1) ^ (seed >>> 15)) | 1);
  next();
  const below = (limit: number) => (limit > 0 ? next() % limit : 0);
  const choices: Choices = {
    below,
    chance: (percent) => below(100) >= 100 - percent,
    pick: (items) => items[below(items.length)],
    weighted(...items) {
      let at = below(items.reduce((sum, [weight]) => sum + weight, 0));
      const found = items.find(([weight]) => {
        at -= weight;
        return at < 0;
      });
      return (found ?? items[0])[1];
    },
    word() {
      const bits = choices.weighted([4, 4], [2, 12], [1, 48], [2, 64]);
      return BigInt.asUintN(bits, (BigInt(next()) << 32n) | BigInt(next()));
    },
  };
  return choices;
}
