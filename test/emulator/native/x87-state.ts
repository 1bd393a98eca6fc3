import { interestingExtended, type Random } from './random.ts';

/** The x87 and MMX state of a case, as FXSAVE sees it. */
export interface X87State {
  readonly control: number;
  /** With TOP in bits 11…13. */
  readonly status: number;
  /** One bit per register R0…R7 that is not empty. */
  readonly tag: number;
  /** Opcode, address and operand's address of the last instruction, as far as they are kept. */
  readonly opcode: number;
  readonly instruction: bigint;
  readonly data: bigint;
  /** ST(0)…ST(7) at 16 bytes each, of which ten are used. MMX registers are R0…R7, not ST(0)…ST(7). */
  readonly registers: Uint8Array;
}

/** As FNINIT leaves it, with all registers zero. */
export const INITIAL_X87: X87State = {
  control: 0x37f,
  status: 0,
  tag: 0,
  opcode: 0,
  instruction: 0n,
  data: 0n,
  registers: new Uint8Array(128),
};

const REGISTERS = 24;
/** FCW, FSW, FTW, FOP, FIP, FDP, then the registers. */
export const X87_IMAGE_BYTES = REGISTERS + 128;

export function encodeX87(state: X87State): Uint8Array {
  const bytes = new Uint8Array(X87_IMAGE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, state.control, true);
  view.setUint16(2, state.status, true);
  view.setUint8(4, state.tag);
  view.setUint16(6, state.opcode, true);
  view.setBigUint64(8, state.instruction, true);
  view.setBigUint64(16, state.data, true);
  bytes.set(state.registers, REGISTERS);
  return bytes;
}

export function decodeX87(bytes: Uint8Array): X87State {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    control: view.getUint16(0, true),
    status: view.getUint16(2, true),
    tag: view.getUint8(4),
    opcode: view.getUint16(6, true),
    instruction: view.getBigUint64(8, true),
    data: view.getBigUint64(16, true),
    registers: bytes.slice(REGISTERS, X87_IMAGE_BYTES),
  };
}

/** Any rounding, precision and masks, any TOP, full, empty and mixed stacks, all kinds of numbers. */
export function randomX87(random: Random): X87State {
  let control = 0x37f;
  if (random.chance(50)) {
    control = 0x7f | (random.below(4) << 10) | (random.pick([0, 2, 3, 3]) << 8);
    if (random.chance(20)) control &= ~random.below(64);
  }
  let status = (random.below(8) << 11) | (random.u32() & 0x4700);
  // Mostly no exception is pending from before: the next instruction would do nothing but raise it.
  if (random.chance(30)) status |= random.below(64) & (random.chance(90) ? control : 63);
  if (random.chance(10)) status |= 0x41;
  if ((status & ~control & 0x3f) !== 0) status |= 0x8080;
  const tag = random.chance(50) ? 0xff : random.chance(10) ? 0 : random.below(256);
  const registers = new Uint8Array(128);
  for (let i = 0; i < 8; i++) registers.set(interestingExtended(random), 16 * i);
  const opcode = random.below(0x800);
  const instruction = BigInt.asUintN(64, BigInt.asIntN(57, random.u64()));
  const data = random.u64();
  return { control, status, tag, opcode, instruction, data, registers };
}
