/** Decoded basic blocks, found by physical address and start address, dropped when their page is written. */
import type { Instruction } from './instruction.ts';

export interface Block {
  readonly ripLow: number;
  /** Outside of 64-bit mode, where it would be 0, `CodeMode.key`. */
  readonly ripHigh: number;
  /** Of CS; 0 in 64-bit mode. */
  readonly base: number;
  /** Physical address of the first byte. */
  readonly physical: number;
  /** Physical page of the rest, if its only instruction crosses into another page; else −1. */
  readonly secondPage: number;
  readonly instructions: readonly Instruction[];
  /** Their lengths together. */
  readonly bytes: number;
  /** `run` stops before this block. */
  readonly breakpoint: boolean;
  /** False once its bytes have been written. */
  valid: boolean;
}

/** An address as one number, exact because canonical addresses have 48 significant bits. */
export const addressKey = (low: number, high: number): number => high * 0x1_0000_0000 + (low >>> 0);

/** Linear addresses of a block's first byte and of the one behind it, as keys. */
export function extent(block: Block): { readonly first: number; readonly end: number } {
  const last = block.instructions[block.instructions.length - 1];
  // In the code cache the high half tells modes apart; that of addresses is in the instructions.
  const high = block.instructions[0].ripHigh;
  return {
    first: addressKey((block.base + block.ripLow) | 0, high),
    end: addressKey((block.base + last.nextLow) | 0, last.nextHigh),
  };
}

/** A physical page that holds code, or did until it was written. */
interface CodePage {
  /** By offset in the page. */
  readonly blocks: Map<number, Block>;
  /** Since it has none. */
  writes: number;
}

/** Writes to code after which a page counts as data again. Until then decoding anew, which code that writes beside itself makes
 * necessary again and again, costs no search of the TLB. */
const WRITES_OF_CODE = 64;

/** Slots of the table in front of the pages' own maps. */
const FAST_SLOTS = 8192;

/** Bytes of a chunk: a page has 64. */
const CHUNK = 64;
/** Bytes of the longest instruction. */
const MAX_LENGTH = 15;

const slotOf = (physical: number): number => (physical ^ (physical >>> 13)) & (FAST_SLOTS - 1);

/** Decoded instructions kept at most (about 100 MiB): a guest cannot make the host grow. */
const MAX_INSTRUCTIONS = 400_000;

export class CodeCache {
  #instructions = 0;
  /** Two words per physical page of RAM: a bit per 64 bytes with decoded code, so that data beside code can be written. */
  readonly #codeChunks: Int32Array;
  /** 1 for each physical page that is listed in #pages. */
  readonly #isCode: Uint8Array;
  readonly #pages = new Map<number, CodePage>();
  readonly #fast: (Block | undefined)[] = new Array(FAST_SLOTS).fill(undefined);

  constructor(ramBytes: number) {
    this.#codeChunks = new Int32Array((ramBytes / 4096) * 2);
    this.#isCode = new Uint8Array(ramBytes / 4096);
  }

  holdsCode(page: number): boolean {
    return this.#isCode[page] !== 0;
  }

  /** To be told before each write to RAM that does not go through the TLB. Forgets the page's blocks if it may change
   * one, and says so. `size` is at most 64 and within a page. */
  writing(address: number, size: number): boolean {
    const page = Math.floor(address / 4096);
    if (!this.holdsCode(page)) return false;
    const code = this.#pages.get(page);
    if (code === undefined) return false;
    const mayChange = this.#chunkHoldsCode(address) || this.#chunkHoldsCode(address + size - 1);
    if (mayChange) this.#dropBlocks(page, code);
    if (code.blocks.size === 0 && ++code.writes >= WRITES_OF_CODE) this.dropPage(page);
    return mayChange;
  }

  #chunkHoldsCode(address: number): boolean {
    const chunk = Math.floor(address / CHUNK);
    return ((this.#codeChunks[chunk >>> 5] >>> (chunk & 31)) & 1) !== 0;
  }

  #markCode(from: number, to: number): void {
    for (let chunk = Math.floor(from / CHUNK); chunk * CHUNK < to; chunk++) {
      this.#codeChunks[chunk >>> 5] |= 1 << (chunk & 31);
    }
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
    const block = this.#pages.get(physical >>> 12)?.blocks.get(physical & 0xfff);
    if (block === undefined || block.ripLow !== ripLow || block.ripHigh !== ripHigh) return undefined;
    this.#fast[slot] = block;
    return block;
  }

  /** Adds a block; one at the same physical address for another virtual address is replaced.
   * Returns the pages that now hold code and did not before. */
  add(block: Block): number[] {
    if (this.#instructions + block.instructions.length > MAX_INSTRUCTIONS) this.#dropAll();
    this.#instructions += block.instructions.length;
    const fresh: number[] = [];
    const first = block.physical >>> 12;
    for (const page of block.secondPage < 0 ? [first] : [first, block.secondPage]) {
      let code = this.#pages.get(page);
      if (code === undefined) {
        code = { blocks: new Map(), writes: 0 };
        this.#pages.set(page, code);
        this.#isCode[page] = 1;
        fresh.push(page);
      }
      code.writes = 0;
      const { blocks } = code;
      const key = page === first ? block.physical & 0xfff : 0x1000 + block.physical;
      const replaced = blocks.get(key);
      if (replaced?.valid && page === first) {
        this.#instructions -= replaced.instructions.length;
        replaced.valid = false;
      }
      // In its second page a block is listed only to be dropped with it: key outside of the page's offsets.
      blocks.set(key, block);
    }
    const inFirst = Math.min(block.bytes, 4096 - (block.physical % 4096));
    this.#markCode(block.physical, block.physical + inFirst);
    if (block.secondPage >= 0) this.#markCode(block.secondPage * 4096, block.secondPage * 4096 + MAX_LENGTH);
    this.#fast[slotOf(block.physical)] = block;
    return fresh;
  }

  #dropAll(): void {
    for (const page of [...this.#pages.keys()]) this.dropPage(page);
    this.#fast.fill(undefined);
    this.#instructions = 0;
  }

  /** Forgets all blocks with bytes in a physical page, which then counts as data. */
  dropPage(page: number): void {
    const code = this.#pages.get(page);
    if (code === undefined) return;
    this.#dropBlocks(page, code);
    this.#pages.delete(page);
    this.#isCode[page] = 0;
  }

  #dropBlocks(page: number, { blocks }: CodePage): void {
    for (const block of blocks.values()) {
      if (block.valid) this.#instructions -= block.instructions.length;
      block.valid = false;
      const first = block.physical >>> 12;
      const offset = block.physical & 0xfff;
      const home = this.#pages.get(first)?.blocks;
      if (first !== page && home?.get(offset) === block) home.delete(offset);
    }
    blocks.clear();
    this.#codeChunks[page * 2] = 0;
    this.#codeChunks[page * 2 + 1] = 0;
  }

  /** Forgets blocks for which `unwanted` holds: when breakpoints change. */
  dropWhere(unwanted: (block: Block) => boolean): void {
    for (const { blocks } of this.#pages.values()) {
      for (const [key, block] of blocks) {
        if (unwanted(block)) {
          if (block.valid) this.#instructions -= block.instructions.length;
          block.valid = false;
          blocks.delete(key);
        }
      }
    }
  }

  /** Forgets the blocks that breakpoints at some addresses split, or no longer split. */
  dropAt(keys: readonly number[]): void {
    this.dropWhere((block) => {
      const { first, end } = extent(block);
      return keys.some((key) => key >= first && key <= end);
    });
  }
}
