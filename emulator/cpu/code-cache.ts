/** Decoded basic blocks, found by physical address and start address, dropped when their page is written. */
import type { Instruction } from './instruction.ts';

export interface Block {
  readonly ripLow: number;
  readonly ripHigh: number;
  /** Physical address of the first byte. */
  readonly physical: number;
  /** Physical page of the rest, if its only instruction crosses into another page; else −1. */
  readonly secondPage: number;
  readonly instructions: readonly Instruction[];
  /** `run` stops before this block. */
  readonly breakpoint: boolean;
  /** False once its bytes have been written. */
  valid: boolean;
}

/** Slots of the table in front of the pages' own maps. */
const FAST_SLOTS = 8192;

const slotOf = (physical: number): number => (physical ^ (physical >>> 13)) & (FAST_SLOTS - 1);

export class CodeCache {
  /** Bit per physical page of RAM: it has decoded code. */
  readonly #codePages: Uint8Array;
  readonly #pages = new Map<number, Map<number, Block>>();
  readonly #fast: (Block | undefined)[] = new Array(FAST_SLOTS).fill(undefined);

  constructor(ramBytes: number) {
    this.#codePages = new Uint8Array(ramBytes >>> 12);
  }

  holdsCode(page: number): boolean {
    return this.#codePages[page] !== 0;
  }

  find(physical: number, ripLow: number, ripHigh: number): Block | undefined {
    const slot = slotOf(physical);
    const fast = this.#fast[slot];
    if (
      fast !== undefined &&
      fast.physical === physical &&
      fast.ripLow === ripLow &&
      fast.ripHigh === ripHigh &&
      fast.valid
    ) {
      return fast;
    }
    const block = this.#pages.get(physical >>> 12)?.get(physical & 0xfff);
    if (block === undefined || block.ripLow !== ripLow || block.ripHigh !== ripHigh) return undefined;
    this.#fast[slot] = block;
    return block;
  }

  /** Adds a block; one at the same physical address for another virtual address is replaced.
   * Returns the pages that now hold code and did not before. */
  add(block: Block): number[] {
    const fresh: number[] = [];
    const first = block.physical >>> 12;
    for (const page of block.secondPage < 0 ? [first] : [first, block.secondPage]) {
      let blocks = this.#pages.get(page);
      if (blocks === undefined) {
        blocks = new Map();
        this.#pages.set(page, blocks);
        this.#codePages[page] = 1;
        fresh.push(page);
      }
      // In its second page a block is listed only to be dropped with it: key outside of the page's offsets.
      blocks.set(page === first ? block.physical & 0xfff : 0x1000 + first, block);
    }
    this.#fast[slotOf(block.physical)] = block;
    return fresh;
  }

  /** Forgets all blocks with bytes in a physical page. */
  dropPage(page: number): void {
    const blocks = this.#pages.get(page);
    if (blocks === undefined) return;
    for (const block of blocks.values()) {
      block.valid = false;
      const first = block.physical >>> 12;
      if (first !== page) this.#pages.get(first)?.delete(block.physical & 0xfff);
    }
    this.#pages.delete(page);
    this.#codePages[page] = 0;
  }

  /** Forgets blocks for which `unwanted` holds: when breakpoints change. */
  dropWhere(unwanted: (block: Block) => boolean): void {
    for (const blocks of this.#pages.values()) {
      for (const [key, block] of blocks) {
        if (unwanted(block)) {
          block.valid = false;
          blocks.delete(key);
        }
      }
    }
  }
}
