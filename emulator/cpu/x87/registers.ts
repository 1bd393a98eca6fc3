/** x87 and MMX registers by name. */
import {
  FPU_CONTROL,
  FPU_DATA,
  FPU_INSTRUCTION,
  FPU_OCCUPIED,
  FPU_OPCODE,
  FPU_REGISTERS,
  FPU_STATUS,
} from '../state.ts';
import { occupy, st } from './stack.ts';
import { normaliseControl, setStatus } from './status.ts';
import { occupiedBy, tagWord } from './tag-word.ts';

interface Register {
  read(s: Int32Array): bigint;
  write(s: Int32Array, value: bigint): void;
}

const low32 = (value: bigint): number => Number(BigInt.asIntN(32, value));
const read64 = (s: Int32Array, at: number): bigint => (BigInt(s[at + 1] >>> 0) << 32n) | BigInt(s[at] >>> 0);
function write64(s: Int32Array, at: number, value: bigint): void {
  s[at] = low32(value);
  s[at + 1] = low32(value >> 32n);
}

const control: Register = {
  read: (s) => BigInt(s[FPU_CONTROL]),
  write: (s, value) => {
    s[FPU_CONTROL] = normaliseControl(low32(value));
    setStatus(s, s[FPU_STATUS]);
  },
};
const status: Register = {
  read: (s) => BigInt(s[FPU_STATUS] & 0xffff),
  write: (s, value) => setStatus(s, low32(value) & 0xffff),
};
const masked = (at: number, mask: number): Register => ({
  read: (s) => BigInt(s[at] & mask),
  write: (s, value) => {
    s[at] = low32(value) & mask;
  },
});
const address = (at: number): Register => ({
  read: (s) => read64(s, at),
  write: (s, value) => write64(s, at, value),
});
const fullTag: Register = {
  read: (s) => BigInt(tagWord(s)),
  write: (s, value) => {
    s[FPU_OCCUPIED] = occupiedBy(low32(value));
  },
};

/** ST(n): 80 bits. Writing it makes it not empty. */
const stackRegister = (n: number): Register => ({
  read: (s) => (BigInt(s[st(s, n) + 2] & 0xffff) << 64n) | read64(s, st(s, n)),
  write: (s, value) => {
    write64(s, st(s, n), value);
    s[st(s, n) + 2] = Number(BigInt.asUintN(16, value >> 64n));
    occupy(s, n);
  },
});

/** Written as an MMX instruction would. */
const mmx = (n: number): Register => ({
  read: (s) => read64(s, FPU_REGISTERS + 4 * n),
  write: (s, value) => {
    write64(s, FPU_REGISTERS + 4 * n, value);
    s[FPU_REGISTERS + 4 * n + 2] = 0xffff;
  },
});

const numbered = (prefix: string, of: (n: number) => Register): [string, Register][] =>
  Array.from({ length: 8 }, (_, n) => [`${prefix}${n}`, of(n)]);

/** All of the state; written in this order, the values that were read make the same state. `ftw` is abridged, as FXSAVE
 * stores it: a bit for each register that is not empty. */
export const X87_REGISTERS: ReadonlyMap<string, Register> = new Map<string, Register>([
  ['fcw', control],
  ['fsw', status],
  ['fop', masked(FPU_OPCODE, 0x7ff)],
  ['fip', address(FPU_INSTRUCTION)],
  ['fdp', address(FPU_DATA)],
  ...numbered('st', stackRegister),
  ['ftw', masked(FPU_OCCUPIED, 0xff)],
]);

/** The same in parts, and by the names that GDB gives them. */
const OTHER_NAMES: ReadonlyMap<string, Register> = new Map<string, Register>([
  ...numbered('mm', mmx),
  ['fctrl', control],
  ['fstat', status],
  ['ftag', fullTag],
  ['fioff', address(FPU_INSTRUCTION)],
  ['fooff', address(FPU_DATA)],
]);

export const x87Register = (name: string): Register | undefined =>
  X87_REGISTERS.get(name) ?? OTHER_NAMES.get(name);
