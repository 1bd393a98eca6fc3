/** A guest full of garbage must not crash the host, hang it, or reach outside its memory. */

import { describe, expect, test } from 'vitest';
import { GENERAL_REGISTERS } from '../../../emulator/machine-api.ts';
import { randomNumbers } from '../../random.ts';
import { CODE, createGuest, DATA, type Guest, PRESENT, STACK_TOP, USER, WRITABLE } from './guest.ts';

const REGISTERS = GENERAL_REGISTERS.filter((name) => name !== 'rsp');
const SLICE = 2_000;

/** Runs garbage for a while; every exception handler is garbage too. */
function torture(seed: number, ring: 0 | 3, ruin: (guest: Guest, next: () => number) => void): void {
  const next = randomNumbers(seed);
  const guest = createGuest();
  const { machine } = guest;
  for (let page = 0; page < 0x10; page++) {
    guest.map(BigInt(CODE + page * 0x1000), CODE + page * 0x1000, PRESENT | WRITABLE | USER);
  }
  for (let round = 0; round < 12; round++) {
    const bytes = Uint8Array.from({ length: 0x4000 }, () => next() >>> 8);
    machine.writePhysical(CODE, bytes);
    for (let vector = 0; vector < 256; vector++) {
      guest.gate(vector, {
        target: BigInt(CODE + (next() % 0x4000)),
        ist: next() % 3 === 0 ? 1 : 0,
        dpl: next() & 3,
      });
    }
    if (ring === 3) guest.user();
    for (const name of REGISTERS) {
      const value = [BigInt(CODE + (next() % 0x5000)), BigInt(DATA), BigInt(next()), -BigInt(next()), 3n][
        next() % 5
      ];
      machine.writeRegister(name, BigInt.asUintN(64, value));
    }
    machine.writeRegister('rsp', BigInt(STACK_TOP - 64));
    machine.writeRegister('rip', BigInt(CODE + (next() % 0x1000)));
    ruin(guest, next);
    for (let slice = 0; slice < 5; slice++) {
      const before = machine.instructionCount;
      const { kind } = machine.run(SLICE);
      expect(machine.instructionCount).toBeGreaterThanOrEqual(before);
      if (kind !== 'idle')
        expect(machine.instructionCount).toBeLessThanOrEqual(before + SLICE + 1_000_000_000);
      if (kind !== 'budget' && kind !== 'idle') break;
    }
    expect(machine.readPhysical(0, 16).length).toBe(16);
  }
}

describe('garbage', () => {
  test.each(Array.from({ length: 12 }, (_, n) => n + 1))('in ring 0, seed %i', (seed) => {
    torture(seed, 0, () => {});
  });
  test.each(Array.from({ length: 12 }, (_, n) => n + 101))('in ring 3, seed %i', (seed) => {
    torture(seed, 3, () => {});
  });
  test.each(Array.from({ length: 8 }, (_, n) => n + 201))('with garbage page tables, seed %i', (seed) => {
    torture(seed, 0, (guest, next) => {
      const tables = guest.machine.translate(BigInt(CODE)).walk;
      for (let n = 0; n < 40; n++) {
        const table = tables[next() % tables.length].entryAddress & ~0xfff;
        guest.write64(table + (next() % 512) * 8, (BigInt(next()) << 32n) | BigInt(next() | 7));
      }
    });
  });
  test.each(Array.from({ length: 8 }, (_, n) => n + 301))(
    'with garbage control registers, seed %i',
    (seed) => {
      torture(seed, 0, (guest, next) => {
        for (const name of [
          'cr3',
          'idtr_base',
          'gdtr_base',
          'tr_base',
          'fs_base',
          'gs_base',
          'lstar',
          'star',
        ]) {
          if (next() % 3 === 0) guest.machine.writeRegister(name, (BigInt(next()) << 32n) | BigInt(next()));
        }
        guest.machine.writeRegister('idtr_limit', BigInt(next() & 0xffff));
      });
    },
  );
});

test('device pages with every size of access', () => {
  const guest = createGuest();
  const next = randomNumbers(77);
  for (const [n, physical] of [0xfee0_0000, 0xfec0_0000, 0xfed0_0000, 0xffff_f000].entries()) {
    guest.map(0x6000_0000n + BigInt(n * 0x1000), physical, PRESENT | WRITABLE);
  }
  // add [rbx], al / ax / eax / rax; movups [rbx], xmm0; cmpxchg16b [rbx]; rep movsq; xchg; bts
  const accesses = [
    [0x00, 0x03],
    [0x66, 0x01, 0x03],
    [0x01, 0x03],
    [0x48, 0x01, 0x03],
    [0x0f, 0x11, 0x03],
    [0x0f, 0x10, 0x03],
    [0x48, 0x87, 0x03],
    [0x48, 0x0f, 0xab, 0x03],
    [0xf3, 0x48, 0xa5],
  ];
  for (let n = 0; n < 3000; n++) {
    const address = 0x6000_0000n + BigInt(next() % 0x4000);
    for (const name of ['rbx', 'rsi', 'rdi']) guest.machine.writeRegister(name, address);
    guest.machine.writeRegister('rcx', BigInt(next() % 20));
    guest.machine.writeRegister('rax', BigInt(next()));
    guest.machine.writeRegister('rsp', BigInt(STACK_TOP));
    guest.code([...accesses[next() % accesses.length], 0xf4]);
    expect(['halted', 'budget']).toContain(guest.machine.run(200).kind);
  }
});
