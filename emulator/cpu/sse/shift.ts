/** Packed shifts, by an immediate or by the low quadword of a vector. */
import type { Cpu } from '../cpu.ts';
import type { Handler, Instruction } from '../instruction.ts';
import { always, type Opcode } from '../opcode.ts';
import { byCount, requireSse, row, type VectorOperation } from './operands.ts';
import { clearUpper, copy128, copy256, requireAvx, vexRow } from './vex.ts';

/** Shifts all lanes of the vector at a word index; `count` is at most 255, which is more than any lane has bits. */
type Shift = (cpu: Cpu, at: number, count: number) => void;

const shiftWords =
  (shift: (value: number, count: number) => number): Shift =>
  (cpu, at, count) => {
    for (let k = 2 * at; k < 2 * at + 8; k++) cpu.u16[k] = shift(cpu.u16[k], count);
  };

const shiftDoublewords =
  (shift: (value: number, count: number) => number): Shift =>
  (cpu, at, count) => {
    for (let k = at; k < at + 4; k++) cpu.i32[k] = shift(cpu.i32[k], count);
  };

const psrlq: Shift = (cpu, at, count) => {
  const s = cpu.i32;
  for (let k = at; k < at + 4; k += 2) {
    const low = s[k];
    const high = s[k + 1];
    s[k] =
      count === 0
        ? low
        : count < 32
          ? (low >>> count) | (high << (32 - count))
          : count < 64
            ? high >>> (count - 32)
            : 0;
    s[k + 1] = count < 32 ? high >>> count : 0;
  }
};

const psllq: Shift = (cpu, at, count) => {
  const s = cpu.i32;
  for (let k = at; k < at + 4; k += 2) {
    const low = s[k];
    const high = s[k + 1];
    s[k + 1] =
      count === 0
        ? high
        : count < 32
          ? (high << count) | (low >>> (32 - count))
          : count < 64
            ? low << (count - 32)
            : 0;
    s[k] = count < 32 ? low << count : 0;
  }
};

const psrldq: Shift = (cpu, at, count) => {
  const start = 4 * at;
  const bytes = Math.min(count, 16);
  cpu.u8.copyWithin(start, start + bytes, start + 16);
  cpu.u8.fill(0, start + 16 - bytes, start + 16);
};

const pslldq: Shift = (cpu, at, count) => {
  const start = 4 * at;
  const bytes = Math.min(count, 16);
  cpu.u8.copyWithin(start + bytes, start, start + 16 - bytes);
  cpu.u8.fill(0, start, start + bytes);
};

const psrlw = shiftWords((value, count) => (count < 16 ? value >>> count : 0));
const psraw = shiftWords((value, count) => (value << 16) >> (16 + Math.min(count, 15)));
const psllw = shiftWords((value, count) => (count < 16 ? value << count : 0));
const psrld = shiftDoublewords((value, count) => (count < 32 ? value >>> count : 0));
const psrad = shiftDoublewords((value, count) => value >> Math.min(count, 31));
const pslld = shiftDoublewords((value, count) => (count < 32 ? value << count : 0));

const byVector =
  (shift: Shift): VectorOperation =>
  (cpu, destination, source) => {
    const s = cpu.i32;
    const tooMuch = s[source + 1] !== 0 || s[source] >>> 0 > 255;
    shift(cpu, destination, tooMuch ? 255 : s[source]);
  };

const byImmediate = (shift: Shift) =>
  always((cpu: Cpu, i: Instruction): void => {
    requireSse(cpu);
    shift(cpu, i.rm, i.immediateLow & 255);
  });

// With VEX the destination is in VEX.vvvv.

const byImmediate128 =
  (shift: Shift): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    copy128(cpu.i32, i.vvvv, i.rm);
    clearUpper(cpu.i32, i.vvvv);
    shift(cpu, i.vvvv, i.immediateLow & 255);
  };

const byImmediate256 =
  (shift: Shift): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    copy256(cpu.i32, i.vvvv, i.rm);
    shift(cpu, i.vvvv, i.immediateLow & 255);
    shift(cpu, i.vvvv + 4, i.immediateLow & 255);
  };

const immediate = (opcode: number, extension: number, shift: Shift): Opcode[] => {
  const rest = { extension, only: 'register', immediate: 'byte' } as const;
  return [
    row(opcode, 0x66, byImmediate(shift), rest),
    vexRow(opcode, 0x66, { length: 128, vvvv: 'vector' }, byImmediate128(shift), rest),
    vexRow(opcode, 0x66, { length: 256, vvvv: 'vector' }, byImmediate256(shift), {
      ...rest,
      feature: 'avx2',
    }),
  ];
};

const vector = (opcode: number, shift: Shift) => row(opcode, 0x66, byCount(byVector(shift)));

export const SSE_SHIFT_OPCODES = [
  ...immediate(0x71, 2, psrlw),
  ...immediate(0x71, 4, psraw),
  ...immediate(0x71, 6, psllw),
  ...immediate(0x72, 2, psrld),
  ...immediate(0x72, 4, psrad),
  ...immediate(0x72, 6, pslld),
  ...immediate(0x73, 2, psrlq),
  ...immediate(0x73, 3, psrldq),
  ...immediate(0x73, 6, psllq),
  ...immediate(0x73, 7, pslldq),
  vector(0xd1, psrlw),
  vector(0xd2, psrld),
  vector(0xd3, psrlq),
  vector(0xe1, psraw),
  vector(0xe2, psrad),
  vector(0xf1, psllw),
  vector(0xf2, pslld),
  vector(0xf3, psllq),
];
