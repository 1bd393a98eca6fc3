/**
 * All pages of a memory as they were at a moment. Images are immutable and share what is alike: an image made from
 * another costs the pages that differ, and a directory of chunks.
 */

export const PAGE_BYTES = 4096;
const CHUNK_PAGES = 256;

/** 4096 bytes; undefined for a page of zeros. */
export type Page = Uint8Array | undefined;
type Chunk = readonly Page[];

export interface MemoryImage {
  readonly pageCount: number;
  readonly chunks: readonly Chunk[];
}

const ZERO_CHUNK: Chunk = new Array<Page>(CHUNK_PAGES).fill(undefined);

/** Of memory that is all zero. */
export function zeroImage(pageCount: number): MemoryImage {
  return { pageCount, chunks: new Array<Chunk>(Math.ceil(pageCount / CHUNK_PAGES)).fill(ZERO_CHUNK) };
}

export const pageOf = (image: MemoryImage, page: number): Page =>
  image.chunks[Math.floor(page / CHUNK_PAGES)][page % CHUNK_PAGES];

/** The image with some pages replaced. */
export function withPages(image: MemoryImage, replaced: Iterable<readonly [number, Page]>): MemoryImage {
  const chunks = [...image.chunks];
  const own = new Map<number, Page[]>();
  for (const [page, bytes] of replaced) {
    const index = Math.floor(page / CHUNK_PAGES);
    let chunk = own.get(index);
    if (chunk === undefined) {
      chunk = [...image.chunks[index]];
      own.set(index, chunk);
      chunks[index] = chunk;
    }
    chunk[page % CHUNK_PAGES] = bytes;
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

/** Pages in one buffer: allocating them one by one would be half of what a snapshot costs. */
const SLAB_PAGES = 16;

/** Copies pages out of memory. Those of one copier share buffers, so it is to be used for one image. */
export class PageCopier {
  #slab = new Int32Array(0);
  #used = SLAB_PAGES;

  /** `words` is the memory, `at` the page's first word. */
  copy(words: Int32Array, at: number): Page {
    const size = PAGE_BYTES / 4;
    let word = at;
    while (word < at + size && words[word] === 0) word++;
    if (word === at + size) return undefined;
    if (this.#used === SLAB_PAGES) {
      this.#slab = new Int32Array(SLAB_PAGES * size);
      this.#used = 0;
    }
    const offset = this.#used++ * PAGE_BYTES;
    this.#slab.set(words.subarray(at, at + size), offset / 4);
    return new Uint8Array(this.#slab.buffer, offset, PAGE_BYTES);
  }
}
