import type { Machine } from '../machine-api.ts';

/** Sets the CPU as a 32-bit boot loader leaves it: protected mode without paging, flat segments, interrupts off. */
export interface ProtectedModeEntry {
  /** Physical address of the first instruction. */
  readonly entry: number;
  /** What a loader passes in these registers. */
  readonly eax?: number;
  readonly ebx?: number;
  readonly stackTop: number;
}

const CODE_SELECTOR = 0x08n;
const DATA_SELECTOR = 0x10n;
/** Present, privilege level 0, granularity and size bits of a flat 32-bit segment. */
const CODE_ATTRIBUTES = 0xcf_9b00n;
/** Null, 32-bit code, data: flat, privilege level 0. */
const DESCRIPTORS = BigUint64Array.of(0n, 0x00cf_9b00_0000_ffffn, 0x00cf_9300_0000_ffffn);

/** Uses 24 bytes at `address` for the descriptor table. */
export function writeProtectedModeEntry(
  machine: Machine,
  address: number,
  { entry, eax = 0, ebx = 0, stackTop }: ProtectedModeEntry,
): void {
  machine.writePhysical(address, new Uint8Array(DESCRIPTORS.buffer));
  const registers: [name: string, value: bigint][] = [
    ['cr0', 0x11n], // ET, PE
    ['cr4', 0n],
    ['efer', 0n],
    ['gdtr_base', BigInt(address)],
    ['gdtr_limit', BigInt(DESCRIPTORS.byteLength - 1)],
    ['cs', CODE_SELECTOR],
    ['cs_attributes', CODE_ATTRIBUTES],
    ...['ss', 'ds', 'es', 'fs', 'gs'].map((name): [string, bigint] => [name, DATA_SELECTOR]),
    ['rflags', 0x2n],
    ['rsp', BigInt(stackTop)],
    ['rax', BigInt(eax)],
    ['rbx', BigInt(ebx)],
    ['rip', BigInt(entry)],
  ];
  for (const [name, value] of registers) machine.writeRegister(name, value);
}
