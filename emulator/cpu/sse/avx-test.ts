/** VTESTPS, VTESTPD, VPTEST: ZF says that all bits of the AND are zero, CF that all of the ANDN are. */

import { CF, setArithmeticFlags, ZF } from '../flags.ts';
import type { Handler } from '../instruction.ts';
import type { Opcode } from '../opcode.ts';
import { fetch128 } from './operands.ts';
import { fetch256, requireAvx, sourceOperand, vexRow } from './vex.ts';

/** `low` and `high`: the bits that count of even and odd words. */
const testBits =
  (low: number, high: number): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    const s = cpu.i32;
    const source = sourceOperand(cpu, i, i.vectorLength === 32 ? fetch256 : fetch128);
    let and = 0;
    let andNot = 0;
    for (let word = 0; word < i.vectorLength >> 2; word++) {
      const mask = (word & 1) === 0 ? low : high;
      and |= s[i.reg + word] & s[source + word] & mask;
      andNot |= ~s[i.reg + word] & s[source + word] & mask;
    }
    setArithmeticFlags(s, (and === 0 ? ZF : 0) | (andNot === 0 ? CF : 0));
  };

const SIGN = 0x8000_0000 | 0;

export const AVX_TEST_OPCODES: readonly Opcode[] = [
  vexRow(0x380e, 0x66, {}, testBits(SIGN, SIGN), { w: 0 }),
  vexRow(0x380f, 0x66, {}, testBits(0, SIGN), { w: 0 }),
  vexRow(0x3817, 0x66, {}, testBits(-1, -1)),
];
