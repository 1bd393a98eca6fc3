/**
 * `memoryReference` texts. A user address means something only with its address space, so it carries the page-table root:
 * `401000@1a2000`, without `0x` so that a client that picks hexadecimal numbers out of texts cannot reach another process's
 * memory by the bare address. Bare numbers (`0x401000`) mean the address space that is active when they are used;
 * `physical:1a2000` is physical memory.
 */
import { RequestError } from '../protocol/protocol-server.ts';
import { USER_ADDRESS_END } from './program.ts';

export type MemoryPlace =
  /** `root` undefined: the active address space. */
  | { readonly kind: 'virtual'; readonly address: bigint; readonly root: number | undefined }
  | { readonly kind: 'physical'; readonly address: bigint };

export function virtualReference(address: bigint, root: number): string {
  // The kernel half is the same in every address space.
  return address >= USER_ADDRESS_END ? hexadecimal(address) : `${address.toString(16)}@${root.toString(16)}`;
}

export function physicalReference(address: number | bigint): string {
  return `physical:${address.toString(16)}`;
}

export function hexadecimal(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}

/** Throws RequestError for any other text. */
export function parseMemoryReference(text: string): MemoryPlace {
  const trimmed = text.trim();
  const physical = /^physical:(?:0x)?([0-9a-f]{1,16})$/i.exec(trimmed);
  if (physical) return { kind: 'physical', address: BigInt(`0x${physical[1]}`) };
  const spaced = /^(?:0x)?([0-9a-f]{1,16})@(?:0x)?([0-9a-f]{1,13})$/i.exec(trimmed);
  if (spaced) {
    return { kind: 'virtual', address: BigInt(`0x${spaced[1]}`), root: Number.parseInt(spaced[2], 16) };
  }
  if (/^0x[0-9a-f]{1,16}$/i.test(trimmed) || /^\d{1,20}$/.test(trimmed)) {
    return { kind: 'virtual', address: BigInt.asUintN(64, BigInt(trimmed)), root: undefined };
  }
  throw new RequestError(
    `"${text}" is no memory reference. Use an address such as 0x401000, or one that this adapter gave.`,
  );
}
