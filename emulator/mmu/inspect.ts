/** Page tables and memory as a debugger reads them: no faults, no accessed bits, no TLB. */
import { isIa32e } from '../cpu/code-mode.ts';
import type { Cpu } from '../cpu/cpu.ts';
import { CR0, CR0_PG, CR3, CR4, CR4_PAE, CR4_PSE } from '../cpu/state.ts';
import type { PageTableEntry, Translation } from '../machine-api.ts';
import { RAM } from '../memory-layout.ts';

const PRESENT = 1n;
const WRITABLE = 2n;
const USER = 4n;
const PAGE_SIZE = 0x80n;
const NO_EXECUTE = 1n << 63n;
const ADDRESS_MASK = 0x000f_ffff_ffff_f000n;

interface Level {
  readonly level: PageTableEntry['level'];
  /** The lowest bit of the linear address that chooses an entry, and how many do. */
  readonly shift: bigint;
  readonly bits: bigint;
  /** An entry with PAGE_SIZE maps a page. */
  readonly mapsLargePages: boolean;
  /** Entries say nothing of rights: those of PAE's page-directory-pointer table. */
  readonly isBare?: boolean;
}
/** The kinds of paging, by the tables' levels from the root on. */
interface Paging {
  readonly levels: readonly Level[];
  readonly entryBytes: 4 | 8;
  readonly rootAlignment: number;
}
const wide = (level: Level['level'], mapsLargePages: boolean): Level => ({
  level,
  shift: BigInt(12 + 9 * (level - 1)),
  bits: 9n,
  mapsLargePages,
});
const FOUR_LEVELS: Paging = {
  levels: [wide(4, false), wide(3, true), wide(2, true), wide(1, false)],
  entryBytes: 8,
  rootAlignment: 4096,
};
const PAE: Paging = {
  levels: [
    { level: 3, shift: 30n, bits: 2n, mapsLargePages: false, isBare: true },
    wide(2, true),
    wide(1, false),
  ],
  entryBytes: 8,
  rootAlignment: 32,
};
const shortPaging = (mapsLargePages: boolean): Paging => ({
  levels: [
    { level: 2, shift: 22n, bits: 10n, mapsLargePages },
    { level: 1, shift: 12n, bits: 10n, mapsLargePages: false },
  ],
  entryBytes: 4,
  rootAlignment: 4096,
});

function pagingOf(cpu: Cpu): Paging {
  if (isIa32e(cpu)) return FOUR_LEVELS;
  const control = cpu.i32[CR4];
  return (control & CR4_PAE) !== 0 ? PAE : shortPaging((control & CR4_PSE) !== 0);
}

/** Frame of a large page of 32-bit paging, whose bits 13…20 are bits 32…39 of it. */
const shortFrame = (value: bigint): bigint => (value & 0xffc0_0000n) | (((value >> 13n) & 0xffn) << 32n);

/** CR3's page table, as a physical address. */
export const currentRoot = (cpu: Cpu, alignment = 4096): number =>
  (cpu.i32[CR3 + 1] & 0xf_ffff) * 0x1_0000_0000 + ((cpu.i32[CR3] & -alignment) >>> 0);

/** Walks the page tables at `root`; with paging off and no root given, addresses are physical. */
export function inspectTranslation(cpu: Cpu, address: bigint, root?: number): Translation {
  const linear = BigInt.asUintN(64, address);
  const walk: PageTableEntry[] = [];
  const unmapped: Translation = {
    walk,
    physicalAddress: undefined,
    pageSize: 0,
    writable: false,
    user: false,
    executable: false,
  };
  if (root === undefined && (cpu.i32[CR0] & CR0_PG) === 0) {
    return {
      walk,
      physicalAddress: Number(linear & 0xf_ffff_ffff_ffffn),
      pageSize: 4096,
      writable: true,
      user: true,
      executable: true,
    };
  }
  const { levels, entryBytes, rootAlignment } = pagingOf(cpu);
  const isAddress = isIa32e(cpu)
    ? BigInt.asUintN(64, BigInt.asIntN(48, linear)) === linear
    : linear >> 32n === 0n;
  if (!isAddress) return unmapped;

  const top = root ?? currentRoot(cpu, rootAlignment);
  let table = top - (top % rootAlignment);
  let all = WRITABLE | USER;
  let executable = true;
  for (const { level, shift, bits, mapsLargePages, isBare } of levels) {
    const index = Number((linear >> shift) & ((1n << bits) - 1n));
    const entryAddress = table + index * entryBytes;
    if (entryAddress + entryBytes > cpu.ramBytes) return unmapped;
    const at = RAM + entryAddress;
    const value = entryBytes === 8 ? cpu.view.getBigUint64(at, true) : BigInt(cpu.view.getUint32(at, true));
    walk.push({ level, index, entryAddress, value });
    if ((value & PRESENT) === 0n) return unmapped;
    if (!isBare) all &= value;
    if ((value & NO_EXECUTE) !== 0n) executable = false;
    if (level === 1 || (mapsLargePages && (value & PAGE_SIZE) !== 0n)) {
      const offset = linear & ((1n << shift) - 1n);
      const frame =
        entryBytes === 4 && level > 1 ? shortFrame(value) : value & ADDRESS_MASK & ~((1n << shift) - 1n);
      return {
        walk,
        physicalAddress: Number(frame | offset),
        pageSize: 2 ** Number(shift),
        writable: (all & WRITABLE) !== 0n,
        user: (all & USER) !== 0n,
        executable,
      };
    }
    table = Number(value & ADDRESS_MASK);
  }
  return unmapped;
}

/**
 * Calls `visit` for each run of bytes within a page, until `length` bytes are done or an address is not mapped to
 * RAM. `visit` gets the physical address and the offset from the start. Returns the number of bytes visited.
 */
export function visitVirtual(
  cpu: Cpu,
  address: bigint,
  length: number,
  root: number | undefined,
  visit: (physical: number, bytes: number, offset: number) => void,
): number {
  let done = 0;
  while (done < length) {
    const { physicalAddress } = inspectTranslation(cpu, address + BigInt(done), root);
    if (physicalAddress === undefined || physicalAddress >= cpu.ramBytes) break;
    const bytes = Math.min(4096 - (physicalAddress % 4096), length - done);
    visit(physicalAddress, bytes, done);
    done += bytes;
  }
  return done;
}
