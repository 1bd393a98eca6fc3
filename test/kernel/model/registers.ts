/** The register context of a process (section 11). */
import type { Process } from './model.ts';

/** Words of the context (section 11). */
export const CONTEXT = {
  RAX: 0,
  RCX: 2,
  R11: 10,
  RIP: 15,
  CS: 16,
  RFLAGS: 17,
  RSP: 18,
  SS: 19,
  GS_BASE: 20,
  FS_BASE: 21,
  ENTER_FROM: 22,
} as const;
export const CONTEXT_WORDS = 23;

/** ENTER_FROM: 0 after a kernel call, which destroys RCX and R11; 1 if every register counts. */
export const ENTERED_BY_CALL = 0n;
export const ENTERED_OTHERWISE = 1n;

const USER_CODE = 0x2bn;
const USER_DATA = 0x23n;
/** CF PF AF ZF SF, TF, DF, OF, RF, AC, ID. */
const USER_FLAGS = 0x25_0dd5n;
const FIXED_FLAGS = 0x202n;

export function newRegisters(): bigint[] {
  const registers = new Array<bigint>(CONTEXT_WORDS).fill(0n);
  registers[CONTEXT.RFLAGS] = FIXED_FLAGS;
  registers[CONTEXT.CS] = USER_CODE;
  registers[CONTEXT.SS] = USER_DATA;
  registers[CONTEXT.ENTER_FROM] = ENTERED_OTHERWISE;
  return registers;
}

/** What WRITE_REGISTER accepts: RIP, RSP and the bases are user addresses. */
export function areRegistersValid(values: readonly bigint[]): boolean {
  return [CONTEXT.RIP, CONTEXT.RSP, CONTEXT.GS_BASE, CONTEXT.FS_BASE].every(
    (word) => word >= values.length || values[word]! < 0x7fff_ffff_ffffn,
  );
}

/** CS, SS and ENTER_FROM are ignored. The process then resumes with exactly these registers. */
export function writeRegisters(process: Process, values: readonly bigint[]): void {
  values.forEach((value, word) => {
    if (word === CONTEXT.RFLAGS) {
      process.registers[word] = (value & USER_FLAGS) | FIXED_FLAGS;
    } else if (word !== CONTEXT.CS && word !== CONTEXT.SS && word !== CONTEXT.ENTER_FROM) {
      process.registers[word] = value;
    }
  });
  process.registers[CONTEXT.ENTER_FROM] = ENTERED_OTHERWISE;
}
