import type { Machine } from '../machine-api.ts';

/**
 * Sets the CPU as a 64-bit boot loader leaves it: long mode, the first 4 GiB identity-mapped by 1 GiB pages, flat
 * segments, interrupts off, a small stack.
 */
export interface Entry {
  /** Physical address of the first instruction. */
  readonly entry: number;
  /** First argument (RDI). */
  readonly argument: number;
}

const PAGE = 4096;
const GIBIBYTE = 2 ** 30;
const PRESENT_WRITABLE = 3n;
const LARGE = 0x80n;
const CODE_SELECTOR = 0x08n;
const DATA_SELECTOR = 0x10n;

/** Uses four pages at `address`: PML4, PDPT, descriptor table, stack. */
export function writeLongModeEntry(machine: Machine, address: number, { entry, argument }: Entry): void {
  const [pml4, pdpt, descriptors, stack] = [0, 1, 2, 3].map((index) => address + index * PAGE);
  machine.writePhysical(pml4, words64([BigInt(pdpt) | PRESENT_WRITABLE]));
  machine.writePhysical(
    pdpt,
    words64([0, 1, 2, 3].map((index) => BigInt(index * GIBIBYTE) | PRESENT_WRITABLE | LARGE)),
  );
  // Null, 64-bit code, data: flat, privilege level 0.
  machine.writePhysical(descriptors, words64([0n, 0x00af_9b00_0000_ffffn, 0x00cf_9300_0000_ffffn]));

  const registers: [name: string, value: bigint][] = [
    ['cr3', BigInt(pml4)],
    ['cr4', 0x620n], // PAE, OSFXSR, OSXMMEXCPT
    ['efer', 0x500n], // LME, LMA
    ['cr0', 0x8001_0033n], // PG, WP, NE, ET, MP, PE
    ['gdtr_base', BigInt(descriptors)],
    ['gdtr_limit', 23n],
    ['cs', CODE_SELECTOR],
    ['ss', DATA_SELECTOR],
    ['ds', DATA_SELECTOR],
    ['es', DATA_SELECTOR],
    ['rflags', 0x2n],
    // As after a call: the return address would be at RSP, which is 8 below a multiple of 16.
    ['rsp', BigInt(stack + PAGE - 8)],
    ['rdi', BigInt(argument)],
    ['rip', BigInt(entry)],
  ];
  for (const [name, value] of registers) machine.writeRegister(name, value);
}

function words64(values: readonly bigint[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(values).buffer);
}
