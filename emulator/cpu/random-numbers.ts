/**
 * RDRAND and RDSEED from one deterministic generator (xoshiro128** by Blackman and Vigna): its state is in the machine's
 * memory, its seed an option of the machine. It never runs dry.
 */
import type { Cpu } from './cpu.ts';
import { CF, setArithmeticFlags } from './flags.ts';
import type { Handler } from './instruction.ts';
import { always, type Opcode } from './opcode.ts';
import { writeRegister } from './operands.ts';
import { RANDOM } from './state.ts';

/** Fills the generator's state from a seed (splitmix32). */
export function seedRandomNumbers(s: Int32Array, seed: number): void {
  for (let word = 0; word < 4; word++) {
    seed = (seed + 0x9e37_79b9) | 0;
    let z = seed;
    z = Math.imul(z ^ (z >>> 16), 0x85eb_ca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2_ae35);
    s[RANDOM + word] = z ^ (z >>> 16);
  }
}

const rotateLeft = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

function randomWord(cpu: Cpu): number {
  const s = cpu.i32;
  const result = Math.imul(rotateLeft(Math.imul(s[RANDOM + 1], 5), 7), 9);
  const shifted = s[RANDOM + 1] << 9;
  s[RANDOM + 2] ^= s[RANDOM];
  s[RANDOM + 3] ^= s[RANDOM + 1];
  s[RANDOM + 1] ^= s[RANDOM + 2];
  s[RANDOM] ^= s[RANDOM + 3];
  s[RANDOM + 2] ^= shifted;
  s[RANDOM + 3] = rotateLeft(s[RANDOM + 3], 11);
  return result;
}

const random: Handler = (cpu, i) => {
  const low = randomWord(cpu);
  writeRegister(cpu, i.rm, i.operandSize, low, i.operandSize === 8 ? randomWord(cpu) : 0);
  setArithmeticFlags(cpu.i32, CF);
};

const rows = (extension: number, feature: 'rdrand' | 'rdseed'): Opcode[] =>
  ([0, 0x66] as const).map((prefix) => ({
    opcode: 0x0fc7,
    prefix,
    extension,
    only: 'register',
    feature,
    handler: always(random),
  }));

export const RANDOM_NUMBER_OPCODES: readonly Opcode[] = [...rows(6, 'rdrand'), ...rows(7, 'rdseed')];
