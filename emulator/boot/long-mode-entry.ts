import type { Machine, RegisterName } from '../machine-api.ts';

/**
 * Sets the CPU as a 64-bit boot loader leaves it: long mode, the first 4 GiB identity-mapped by 1 GiB pages, flat
 * segments, interrupts off, a small stack.
 */
export interface Entry {
  /** Physical address of the first instruction. */
  readonly entry: number;
  /** First argument (RDI). */
  readonly argument?: number;
  /** Further registers, by name. */
  readonly registers?: Readonly<Record<RegisterName, bigint>>;
  /** Selector of the code segment; the data segment's is the next one. Default 0x08, as A9N has it. */
  readonly codeSelector?: number;
}

const PAGE = 4096;
const GIBIBYTE = 2 ** 30;
const PRESENT_WRITABLE = 3n;
const LARGE = 0x80n;
const CODE_DESCRIPTOR = 0x00af_9b00_0000_ffffn;
const DATA_DESCRIPTOR = 0x00cf_9300_0000_ffffn;

export const ENTRY_STATE_SIZE = 4 * PAGE;

/** Uses four pages at `address`: PML4, PDPT, descriptor table, stack. */
export function writeLongModeEntry(machine: Machine, address: number, state: Entry): void {
  const { entry, argument = 0, registers = {}, codeSelector = 0x08 } = state;
  const [pml4, pdpt, descriptors, stack] = [0, 1, 2, 3].map((index) => address + index * PAGE);
  machine.writePhysical(pml4, words64([BigInt(pdpt) | PRESENT_WRITABLE]));
  machine.writePhysical(
    pdpt,
    words64([0, 1, 2, 3].map((index) => BigInt(index * GIBIBYTE) | PRESENT_WRITABLE | LARGE)),
  );
  // 64-bit code, data: flat, privilege level 0.
  machine.writePhysical(descriptors + codeSelector, words64([CODE_DESCRIPTOR, DATA_DESCRIPTOR]));
  const dataSelector = BigInt(codeSelector + 8);

  const values: [name: RegisterName, value: bigint][] = [
    ['cr3', BigInt(pml4)],
    ['cr4', 0x620n], // PAE, OSFXSR, OSXMMEXCPT
    ['efer', 0x500n], // LME, LMA
    ['cr0', 0x8001_0033n], // PG, WP, NE, ET, MP, PE
    ['gdtr_base', BigInt(descriptors)],
    ['gdtr_limit', dataSelector + 7n],
    ['cs', BigInt(codeSelector)],
    ['ss', dataSelector],
    ['ds', dataSelector],
    ['es', dataSelector],
    ['rflags', 0x2n],
    // As after a call: the return address would be at RSP, which is 8 below a multiple of 16.
    ['rsp', BigInt(stack + PAGE - 8)],
    ['rdi', BigInt(argument)],
    ['rip', BigInt(entry)],
    ...Object.entries(registers),
  ];
  for (const [name, value] of values) machine.writeRegister(name, value);
}

function words64(values: readonly bigint[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(values).buffer);
}
