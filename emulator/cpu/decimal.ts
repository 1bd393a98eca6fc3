/** DAA, DAS, AAA, AAS, AAM, AAD and SALC, outside of 64-bit mode. Undefined flags follow Intel's processors. */
import type { Cpu } from './cpu.ts';
import { DIVIDE_ERROR, raise } from './fault.ts';
import { AF, arithmeticFlags, CF, OF, setResultFlags } from './flags.ts';
import type { Handler } from './instruction.ts';
import { always, type Opcode } from './opcode.ts';
import { RAX } from './state.ts';

const AL = RAX * 4;
const AH = AL + 1;

/** Sets AL, with SF, ZF and PF by it. */
function setAl(cpu: Cpu, value: number, flags: number): void {
  cpu.u8[AL] = value;
  const result = (value << 24) >> 24;
  setResultFlags(cpu.i32, result, result >> 31, flags);
}

/** Adds (DAA) or subtracts (DAS) the corrections for two decimal digits. */
const adjustPacked =
  (sign: 1 | -1): Handler =>
  (cpu) => {
    const old = cpu.u8[AL];
    const flags = arithmeticFlags(cpu.i32);
    let value = old;
    let result = 0;
    if ((old & 15) > 9 || (flags & AF) !== 0) {
      value += 6 * sign;
      result |= AF;
      // The borrow of DAS counts, the carry of DAA is that of the second correction too.
      if (sign < 0 && value < 0) result |= CF;
    }
    if (old > 0x99 || (flags & CF) !== 0) {
      value += 0x60 * sign;
      result |= CF;
    }
    setAl(cpu, value & 0xff, result);
  };

/** AAA, AAS: one digit in AL, with the carry into AH. */
const adjustUnpacked =
  (sign: 1 | -1): Handler =>
  (cpu) => {
    const adjusts = (cpu.u8[AL] & 15) > 9 || (arithmeticFlags(cpu.i32) & AF) !== 0;
    if (adjusts) cpu.u16[RAX * 2] += 0x106 * sign;
    setAl(cpu, cpu.u8[AL] & 15, adjusts ? AF | CF : 0);
  };

const aam: Handler = (cpu, i) => {
  const base = i.immediateLow & 0xff;
  if (base === 0) raise(cpu, DIVIDE_ERROR);
  const value = cpu.u8[AL];
  cpu.u8[AH] = Math.floor(value / base);
  setAl(cpu, value % base, 0);
};
/** The undefined flags are those of the addition. */
const aad: Handler = (cpu, i) => {
  const ones = cpu.u8[AL];
  const tens = (cpu.u8[AH] * i.immediateLow) & 0xff;
  const sum = ones + tens;
  const overflows = (ones ^ sum) & (tens ^ sum) & 0x80;
  cpu.u8[AH] = 0;
  setAl(cpu, sum & 0xff, (sum > 0xff ? CF : 0) | ((ones ^ tens ^ sum) & AF) | (overflows !== 0 ? OF : 0));
};

const salc: Handler = (cpu) => {
  cpu.u8[AL] = (arithmeticFlags(cpu.i32) & CF) !== 0 ? 0xff : 0;
};

const legacy = { mode: 'legacy' } as const;

export const DECIMAL_OPCODES: readonly Opcode[] = [
  { opcode: 0x27, ...legacy, handler: always(adjustPacked(1)) },
  { opcode: 0x2f, ...legacy, handler: always(adjustPacked(-1)) },
  { opcode: 0x37, ...legacy, handler: always(adjustUnpacked(1)) },
  { opcode: 0x3f, ...legacy, handler: always(adjustUnpacked(-1)) },
  { opcode: 0xd4, ...legacy, immediate: 'byte', handler: always(aam) },
  { opcode: 0xd5, ...legacy, immediate: 'byte', handler: always(aad) },
  { opcode: 0xd6, ...legacy, handler: always(salc) },
];
