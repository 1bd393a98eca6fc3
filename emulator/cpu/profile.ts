/**
 * Counts executed instructions by address and address space, exactly: the sum over all addresses, deliveries and idle time is
 * what virtual time has advanced. Blocks are counted as they are left; addresses come of it when somebody looks.
 */
import type { AddressSpaceProfile } from '../machine-api.ts';
import type { Block } from './code-cache.ts';
import type { Cpu } from './cpu.ts';
import { CR3, RETIRED } from './state.ts';

/** Blocks kept apart before they are added up; distinct addresses and address spaces: a guest cannot make the host grow. */
const MAX_BLOCKS = 20_000;
const MAX_ADDRESSES = 2_000_000;
const MAX_SPACES = 1024;

interface Space {
  readonly root: number;
  /** For a block of n instructions: how often it was left after 1…n of them, then the further iterations of each. */
  readonly blocks: Map<Block, Float64Array>;
  readonly addresses: Map<bigint, number>;
  deliveries: number;
  elsewhere: number;
}

/** Where more address spaces are counted than are told apart. */
const OTHERS = -1;

export class ProfileCounter {
  readonly #spaces = new Map<number, Space>();
  #space: Space | undefined;
  #low = 0;
  #high = 0;
  #begin = 0;
  #blocks = 0;
  #addresses = 0;

  /** Before a block: it counts for the address space that it begins in. */
  enter(cpu: Cpu): void {
    const s = cpu.i32;
    if (this.#space === undefined || this.#low !== s[CR3] || this.#high !== s[CR3 + 1]) {
      this.#low = s[CR3];
      this.#high = s[CR3 + 1];
      this.#space = this.#find((s[CR3 + 1] & 0xf_ffff) * 0x1_0000_0000 + ((s[CR3] & ~0xfff) >>> 0));
    }
    this.#begin = cpu.f64[RETIRED];
  }

  /**
   * After so many instructions of a block, when they have been counted as retired. What is retired beyond them are iterations
   * of instruction `repeated`.
   */
  leave(cpu: Cpu, block: Block, executed: number, repeated: number): void {
    const space = this.#space;
    if (space === undefined) return;
    const size = block.instructions.length;
    let counts = space.blocks.get(block);
    if (counts === undefined) {
      if (this.#blocks === MAX_BLOCKS) this.#addUp();
      this.#blocks++;
      counts = new Float64Array(2 * size + 1);
      space.blocks.set(block, counts);
    }
    counts[executed]++;
    const further = cpu.f64[RETIRED] - this.#begin - executed;
    if (further > 0) counts[size + 1 + repeated] += further;
  }

  /** The delivery of an exception or interrupt, which counts as one instruction. */
  delivered(cpu: Cpu): void {
    this.enter(cpu);
    if (this.#space !== undefined) this.#space.deliveries++;
  }

  read(): AddressSpaceProfile[] {
    this.#addUp();
    return [...this.#spaces.values()].map(({ root, addresses, deliveries, elsewhere }) => {
      const sorted = [...addresses].sort(([a], [b]) => (a < b ? -1 : 1));
      return {
        root: root === OTHERS ? undefined : root,
        addresses: BigUint64Array.from(sorted, ([address]) => address),
        counts: Float64Array.from(sorted, ([, count]) => count),
        deliveries,
        elsewhere,
      };
    });
  }

  #find(root: number): Space {
    const known = this.#spaces.get(root) ?? (this.#spaces.size < MAX_SPACES ? undefined : this.#others());
    if (known !== undefined) return known;
    return this.#add(root);
  }

  #others(): Space {
    return this.#spaces.get(OTHERS) ?? this.#add(OTHERS);
  }

  #add(root: number): Space {
    const space: Space = { root, blocks: new Map(), addresses: new Map(), deliveries: 0, elsewhere: 0 };
    this.#spaces.set(root, space);
    return space;
  }

  #addUp(): void {
    for (const space of this.#spaces.values()) {
      for (const [block, counts] of space.blocks) this.#addBlock(space, block, counts);
      space.blocks.clear();
    }
    this.#blocks = 0;
  }

  #addBlock(space: Space, block: Block, counts: Float64Array): void {
    const size = block.instructions.length;
    // Instruction n was executed whenever the block was left behind it.
    let executed = 0;
    for (let n = size - 1; n >= 0; n--) {
      executed += counts[n + 1];
      const count = executed + counts[size + 1 + n];
      if (count === 0) continue;
      const { ripLow, ripHigh } = block.instructions[n];
      const low = (block.base + ripLow) >>> 0;
      const address = (BigInt(ripHigh >>> 0) << 32n) | BigInt(low);
      const before = space.addresses.get(address);
      if (before === undefined && this.#addresses === MAX_ADDRESSES) space.elsewhere += count;
      else {
        if (before === undefined) this.#addresses++;
        space.addresses.set(address, (before ?? 0) + count);
      }
    }
  }
}
