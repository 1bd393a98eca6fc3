/** Random code of 16 and 32 bits amid random tables: the machine answers with a stop reason, the same however it is sliced. */
import { expect, test } from 'vitest';
import { codeMode } from '../../../emulator/cpu/opcode-table.ts';
import { createMachine, type Machine } from '../../../emulator/index.ts';
import { DEFAULT_CPU_MODEL, GENERAL_REGISTERS } from '../../../emulator/machine-api.ts';
import { randomNumbers } from '../../random.ts';

const MEMORY = 2 * 2 ** 20;
const INSTRUCTIONS = 30_000;

type Next = () => number;
const pick = <T>(next: Next, from: readonly T[]): T => from[next() % from.length];

/** Prefixes, opcodes and operands rather than bytes as they come, of which most are no instruction. */
function garbage(next: Next, length: number): Uint8Array {
  const opcodes = [...codeMode(DEFAULT_CPU_MODEL, 32).opcodes.keys()].filter((opcode) => opcode < 0x1_0000);
  const bytes: number[] = [];
  while (bytes.length < length) {
    if (next() % 4 === 0) bytes.push(pick(next, [0x66, 0x67, 0xf2, 0xf3, 0x2e, 0x36, 0x26, 0x64, 0x65]));
    const opcode = pick(next, opcodes);
    if (opcode > 0xff) bytes.push(0x0f);
    bytes.push(opcode & 0xff, next() & 0xff);
    for (let n = next() % 6; n > 0; n--) bytes.push(pick(next, [0, 1, 8, 0xff, next() & 0xff]));
  }
  return Uint8Array.from(bytes.slice(0, length));
}

const ATTRIBUTES = [0xcf9b00n, 0x9b00n, 0xcf9300n, 0x9300n, 0xcf9700n, 0x9f00n, 0xcff300n, 0xcf9100n, 0n];

function prepare(seed: number): Machine {
  const next = randomNumbers(seed * 31);
  const machine = createMachine({ memoryBytes: MEMORY, start: 'hardware' });
  machine.writePhysical(0, garbage(next, MEMORY));
  // Pointers into what there is: interrupt vectors, descriptors, page tables.
  const words = Uint32Array.from({ length: 1024 }, () =>
    pick(next, [next() % 0x10000, next(), next() & 0x1f_ffff]),
  );
  machine.writePhysical((next() % 8) * 0x1000, new Uint8Array(words.buffer));
  const tables = Uint32Array.from({ length: 4096 }, () => ((next() % 512) << 12) | (next() & 0xe7));
  machine.writePhysical(0x1_0000, new Uint8Array(tables.buffer));
  for (const name of GENERAL_REGISTERS)
    machine.writeRegister(name, BigInt(pick(next, [next(), next() & 0xffff])));
  machine.writeRegister('cs', BigInt(next() & 0xfff));
  const control = pick(next, [0n, 0n, 1n, 1n, 0x8000_0001n, 0x8001_0001n]);
  machine.writeRegister('cr4', pick(next, [0n, 0x10n, 0x20n, 0x3f8n]));
  machine.writeRegister('cr3', 0x1_0000n);
  machine.writeRegister('efer', pick(next, [0n, 0x800n, 0x901n]));
  machine.writeRegister('cr0', control);
  if (control !== 0n) {
    for (const name of ['cs', 'ss', 'ds', 'es', 'fs', 'gs']) {
      machine.writeRegister(`${name}_base`, BigInt(pick(next, [0, next() & 0x1f_fff0, next()])));
      machine.writeRegister(`${name}_limit`, BigInt(pick(next, [0xffff_ffff, 0xffff, 0xfff])));
      const code = name === 'cs' ? ATTRIBUTES.slice(0, 2) : ATTRIBUTES;
      machine.writeRegister(`${name}_attributes`, pick(next, code));
    }
  }
  machine.writeRegister('gdtr_base', BigInt(next() & 0x1f_ffff));
  machine.writeRegister('idtr_base', BigInt(next() % 0x8000));
  machine.writeRegister('rip', BigInt(next() & 0x7fff));
  return machine;
}

function run(machine: Machine, slice: number): string {
  const end = machine.instructionCount + INSTRUCTIONS;
  for (let rounds = 0; machine.instructionCount < end && rounds < INSTRUCTIONS; rounds++) {
    const { kind } = machine.run(Math.min(slice, end - machine.instructionCount));
    if (kind !== 'budget' && kind !== 'idle') break;
  }
  return machine.digest();
}

test.each(Array.from({ length: 12 }, (_, n) => n + Number(process.env['GARBAGE_SEED'] ?? 1)))(
  'seed %i',
  { timeout: 60_000 },
  (seed) => {
    expect(run(prepare(seed), 977)).toBe(run(prepare(seed), INSTRUCTIONS));
  },
);
