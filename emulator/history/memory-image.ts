/**
 * All pages of a memory as they were at a moment. Images are immutable and share what is alike: an image made from
 * another costs the pages that differ, and a directory of chunks. A page is copied when the memory is first written after that
 * moment.
 */

export const PAGE_BYTES = 4096;
const CHUNK_PAGES = 256;
const ZEROS = new Uint8Array(PAGE_BYTES);

/** Pages of one buffer at most: allocating them one by one would cost as much again as copying them. */
const BUFFER_PAGES = 64;

/**
 * Copies of the pages that changed between two snapshots. They share a buffer only where they also change again
 * between the same two, so that no page keeps others in memory that no snapshot needs any more.
 */
export class PageCopies {
  readonly #now: () => number;
  #buffer = new Uint8Array(0);
  #used = 0;
  #time = -1;

  /** `now` is another number after each snapshot. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Returns a buffer, and where in it the copy is. */
  copy(page: Uint8Array): [Uint8Array, number] {
    const now = this.#now();
    if (this.#used === this.#buffer.length || this.#time !== now) {
      const pages = this.#time === now ? (2 * this.#buffer.length) / PAGE_BYTES : 1;
      this.#buffer = new Uint8Array(Math.min(BUFFER_PAGES, pages) * PAGE_BYTES);
      this.#used = 0;
      this.#time = now;
    }
    const at = this.#used;
    this.#buffer.set(page, at);
    this.#used += PAGE_BYTES;
    return [this.#buffer, at];
  }
}

/** 4096 bytes as they were at a moment. */
export class Page {
  /** Where they are: in the memory itself, or in a copy. */
  #memory: Uint8Array;
  #at: number;
  /** Undefined once the bytes are where nobody else writes. */
  #copies: PageCopies | undefined;

  /** With `copies`, `keep` must be called before the memory is written. */
  constructor(memory: Uint8Array, at: number, copies?: PageCopies) {
    this.#memory = memory;
    this.#at = at;
    this.#copies = copies;
  }

  /** To be read at once: they may be the memory's own. */
  get bytes(): Uint8Array {
    return this.#memory.subarray(this.#at, this.#at + PAGE_BYTES);
  }

  /** Lets go of the memory, which may be written from now on. */
  keep(): void {
    if (this.#copies === undefined) return;
    const { bytes } = this;
    [this.#memory, this.#at] = isZero(bytes) ? [ZEROS, 0] : this.#copies.copy(bytes);
    this.#copies = undefined;
  }
}

export function isZero(page: Uint8Array): boolean {
  const words = new Int32Array(page.buffer, page.byteOffset, PAGE_BYTES / 4);
  for (let n = 0; n < words.length; n++) if (words[n] !== 0) return false;
  return true;
}

/** Undefined: nothing but zeros. */
type Chunk = readonly (Page | undefined)[];

export interface MemoryImage {
  readonly pageCount: number;
  readonly chunks: readonly Chunk[];
}

const ZERO_CHUNK: Chunk = new Array<undefined>(CHUNK_PAGES).fill(undefined);

/** Of memory that is all zero. */
export function zeroImage(pageCount: number): MemoryImage {
  return { pageCount, chunks: new Array<Chunk>(Math.ceil(pageCount / CHUNK_PAGES)).fill(ZERO_CHUNK) };
}

/** Undefined if it is nothing but zeros and never was anything else. */
export const pageOf = (image: MemoryImage, page: number): Page | undefined =>
  image.chunks[Math.floor(page / CHUNK_PAGES)][page % CHUNK_PAGES];

/** To be read at once. */
export const bytesOf = (image: MemoryImage, page: number): Uint8Array => pageOf(image, page)?.bytes ?? ZEROS;

/** The image with some pages replaced by what `content` says. */
export function withPages(
  image: MemoryImage,
  replaced: Iterable<number>,
  content: (page: number) => Page,
): MemoryImage {
  const chunks = [...image.chunks];
  const own = new Map<number, (Page | undefined)[]>();
  for (const page of replaced) {
    const index = Math.floor(page / CHUNK_PAGES);
    let chunk = own.get(index);
    if (chunk === undefined) {
      chunk = [...image.chunks[index]];
      own.set(index, chunk);
      chunks[index] = chunk;
    }
    chunk[page % CHUNK_PAGES] = content(page);
  }
  return { pageCount: image.pageCount, chunks };
}

/** Numbers of the pages that two images of the same size do not share. */
export function differingPages(a: MemoryImage, b: MemoryImage): number[] {
  const pages: number[] = [];
  a.chunks.forEach((chunk, index) => {
    const other = b.chunks[index];
    if (chunk === other) return;
    for (let n = 0; n < CHUNK_PAGES; n++) if (chunk[n] !== other[n]) pages.push(index * CHUNK_PAGES + n);
  });
  return pages;
}
