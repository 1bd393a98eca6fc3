/** Page tables and memory as a debugger reads them: no faults, no accessed bits, no TLB. */
import type { Cpu } from '../cpu/cpu.ts';
import { CR0, CR0_PG, CR3 } from '../cpu/state.ts';
import type { PageTableEntry, Translation } from '../machine-api.ts';
import { RAM } from '../memory-layout.ts';

const PRESENT = 1n;
const WRITABLE = 2n;
const USER = 4n;
const PAGE_SIZE = 0x80n;
const NO_EXECUTE = 1n << 63n;
const ADDRESS_MASK = 0x000f_ffff_ffff_f000n;

const LEVELS = [4, 3, 2, 1] as const;

/** CR3's page table, as a physical address. */
export const currentRoot = (cpu: Cpu): number =>
  (cpu.i32[CR3 + 1] & 0xf_ffff) * 0x1_0000_0000 + ((cpu.i32[CR3] & ~0xfff) >>> 0);

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
  if (BigInt.asUintN(64, BigInt.asIntN(48, linear)) !== linear) return unmapped;

  const top = root ?? currentRoot(cpu);
  let table = top - (top % 4096);
  let all = WRITABLE | USER;
  let executable = true;
  for (const level of LEVELS) {
    const shift = BigInt(12 + 9 * (level - 1));
    const index = Number((linear >> shift) & 0x1ffn);
    const entryAddress = table + index * 8;
    if (entryAddress + 8 > cpu.ramBytes) return unmapped;
    const value = cpu.view.getBigUint64(RAM + entryAddress, true);
    walk.push({ level, index, entryAddress, value });
    if ((value & PRESENT) === 0n) return unmapped;
    all &= value;
    if ((value & NO_EXECUTE) !== 0n) executable = false;
    if (level === 1 || ((value & PAGE_SIZE) !== 0n && level < 4)) {
      const offset = linear & ((1n << shift) - 1n);
      const frame = value & ADDRESS_MASK & ~((1n << shift) - 1n);
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
