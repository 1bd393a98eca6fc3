/** INVLPG, INVPCID (Intel SDM volume 3, 4.10.4), and INVD, WBINVD, which have no caches to empty. */
import { flushAll, flushAllPcids, flushPcid, flushPcidPage } from '../mmu/address-space.ts';
import { isCanonical } from '../mmu/page-walk.ts';
import { flushPage } from '../mmu/tlb.ts';
import { GENERAL_PROTECTION, raiseWithCode } from './fault.ts';
import type { Handler } from './instruction.ts';
import { effectiveAddress, load64 } from './memory-access.ts';
import { always, type Opcode } from './opcode.ts';
import { requireSupervisor } from './privilege.ts';
import { CR4, CR4_PCIDE, HIGH } from './state.ts';

const invlpg: Handler = (cpu, i) => {
  requireSupervisor(cpu);
  const low = effectiveAddress(cpu, i);
  // Outside of 64-bit mode the high half stands for the segment.
  flushPage(cpu.i32, low, cpu.mode.bits === 64 ? cpu.i32[HIGH] : 0);
};

const ONE_PAGE = 0;
const ONE_CONTEXT = 1;
const ALL_CONTEXTS = 2;
const ALL_BUT_GLOBAL = 3;

/** The type is in a register; the descriptor in memory has the PCID in its first 64 bits, an address in the second. */
const invpcid: Handler = (cpu, i) => {
  requireSupervisor(cpu);
  const s = cpu.i32;
  const isWide = cpu.mode.bits === 64 && s[i.reg + 1] !== 0;
  const type = isWide ? -1 : s[i.reg] >>> 0;
  const at = effectiveAddress(cpu, i);
  const atHigh = s[HIGH];
  const descriptor = load64(cpu, at, atHigh);
  const descriptorHigh = s[HIGH];
  const second = (at + 8) | 0;
  const low = load64(cpu, second, atHigh + (second >>> 0 < 8 ? 1 : 0));
  const high = s[HIGH];
  const pcid = descriptor & 0xfff;
  const isValid =
    type >= ONE_PAGE &&
    type <= ALL_BUT_GLOBAL &&
    descriptorHigh === 0 &&
    descriptor === pcid &&
    (type !== ONE_PAGE || isCanonical(high)) &&
    (type >= ALL_CONTEXTS || pcid === 0 || (s[CR4] & CR4_PCIDE) !== 0);
  if (!isValid) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  if (type === ONE_PAGE) flushPcidPage(s, pcid, low, high);
  else if (type === ONE_CONTEXT) flushPcid(s, pcid);
  else if (type === ALL_CONTEXTS) flushAll(s);
  else flushAllPcids(s);
};

const emptyCaches: Handler = (cpu) => requireSupervisor(cpu);

const plain = { endsBlock: 'plain' } as const;

export const INVALIDATION_OPCODES: readonly Opcode[] = [
  { opcode: 0x0f01, extension: 7, only: 'memory', ...plain, handler: always(invlpg) },
  {
    opcode: 0x0f3882,
    prefix: 0x66,
    feature: 'invpcid',
    modrm: true,
    only: 'memory',
    ...plain,
    size: 'near',
    handler: always(invpcid),
  },
  { opcode: 0x0f08, handler: always(emptyCaches) },
  { opcode: 0x0f09, handler: always(emptyCaches) },
];
