/**
 * The x87 state in memory: its part of the FXSAVE and XSAVE area (SDM volume 1, 10.5.1). As on Intel's CPUs that
 * deprecate FCS and FDS, both are stored as zero and not restored.
 */
import {
  FPU_CONTROL,
  FPU_DATA,
  FPU_INSTRUCTION,
  FPU_OCCUPIED,
  FPU_OPCODE,
  FPU_REGISTERS,
  FPU_STATUS,
} from '../state.ts';
import { top } from './stack.ts';
import { normaliseControl, setStatus } from './status.ts';

/** Word index of ST(0) in the area; four words each. */
const AREA_REGISTERS = 32 / 4;

/** Writes words 0…5 and 8…39 of the area. `wide`: with REX.W, which stores 64-bit addresses. */
export function saveX87(s: Int32Array, area: Int32Array, wide: boolean): void {
  area[0] = s[FPU_CONTROL] | (s[FPU_STATUS] << 16);
  area[1] = s[FPU_OCCUPIED] | (s[FPU_OPCODE] << 16);
  area[2] = s[FPU_INSTRUCTION];
  area[3] = wide ? s[FPU_INSTRUCTION + 1] : 0;
  area[4] = s[FPU_DATA];
  area[5] = wide ? s[FPU_DATA + 1] : 0;
  for (let n = 0; n < 8; n++) {
    const from = FPU_REGISTERS + 4 * ((top(s) + n) & 7);
    const to = AREA_REGISTERS + 4 * n;
    area[to] = s[from];
    area[to + 1] = s[from + 1];
    area[to + 2] = s[from + 2];
    area[to + 3] = 0;
  }
}

export function restoreX87(s: Int32Array, area: Int32Array, wide: boolean): void {
  s[FPU_CONTROL] = normaliseControl(area[0]);
  setStatus(s, area[0] >>> 16);
  s[FPU_OCCUPIED] = area[1] & 0xff;
  s[FPU_OPCODE] = (area[1] >>> 16) & 0x7ff;
  s[FPU_INSTRUCTION] = area[2];
  // 57 significant bits, whatever the paging.
  s[FPU_INSTRUCTION + 1] = wide ? (area[3] << 7) >> 7 : 0;
  s[FPU_DATA] = area[4];
  s[FPU_DATA + 1] = wide ? area[5] : 0;
  for (let n = 0; n < 8; n++) {
    const to = FPU_REGISTERS + 4 * ((top(s) + n) & 7);
    const from = AREA_REGISTERS + 4 * n;
    s[to] = area[from];
    s[to + 1] = area[from + 1];
    s[to + 2] = area[from + 2] & 0xffff;
  }
}

/** All of the state as after FNINIT but the registers, which it keeps. */
export function initialise(s: Int32Array): void {
  s[FPU_CONTROL] = 0x37f;
  s[FPU_STATUS] = 0;
  s[FPU_OCCUPIED] = 0;
  s[FPU_OPCODE] = 0;
  s[FPU_INSTRUCTION] = s[FPU_INSTRUCTION + 1] = 0;
  s[FPU_DATA] = s[FPU_DATA + 1] = 0;
}

/** As after reset: FNINIT, and all registers zero. */
export function clearX87(s: Int32Array): void {
  initialise(s);
  s.fill(0, FPU_REGISTERS, FPU_REGISTERS + 32);
}

export function isX87Initial(s: Int32Array): boolean {
  if (s[FPU_CONTROL] !== 0x37f || s[FPU_STATUS] !== 0 || s[FPU_OCCUPIED] !== 0) return false;
  for (const word of [FPU_OPCODE, FPU_INSTRUCTION, FPU_INSTRUCTION + 1, FPU_DATA, FPU_DATA + 1]) {
    if (s[word] !== 0) return false;
  }
  for (let word = FPU_REGISTERS; word < FPU_REGISTERS + 32; word++) if (s[word] !== 0) return false;
  return true;
}
