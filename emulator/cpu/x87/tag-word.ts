/** The tag word as programs see it (SDM volume 1, 8.1.7). The state keeps a bit for each register: not empty. */
import { FPU_OCCUPIED, FPU_REGISTERS } from '../state.ts';
import { kindOf, NORMAL, ZERO } from './extended.ts';

/** Two bits per register, from R0: valid, zero, special or empty. */
export function tagWord(s: Int32Array): number {
  let tags = 0;
  for (let register = 0; register < 8; register++) {
    let tag = 3;
    if ((s[FPU_OCCUPIED] & (1 << register)) !== 0) {
      const kind = kindOf(s, FPU_REGISTERS + 4 * register);
      tag = kind === NORMAL ? 0 : kind === ZERO ? 1 : 2;
    }
    tags |= tag << (2 * register);
  }
  return tags;
}

/** Of a tag word only emptiness is kept: the rest follows from the registers. */
export function occupiedBy(tags: number): number {
  let occupied = 0;
  for (let register = 0; register < 8; register++) {
    if (((tags >> (2 * register)) & 3) !== 3) occupied |= 1 << register;
  }
  return occupied;
}
