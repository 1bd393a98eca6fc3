import { expect, test } from 'vitest';
import { createGuest, type Guest } from '../cpu/guest.ts';

/** The x87 and MMX registers as a debugger sees them. */

const HLT = 0xf4;
const PI = 0x4000_c90f_daa2_2168_c235n;
const ONE = 0x3fff_8000_0000_0000_0000n;

function run(...code: number[]): Guest {
  const guest = createGuest();
  guest.code([...code, HLT]);
  guest.run();
  return guest;
}

test('the stack is read from its top, MMX registers are not', () => {
  const { machine } = run(0xd9, 0xe8, 0xd9, 0xeb); // fld1; fldpi
  expect(machine.readRegister('st0')).toBe(PI);
  expect(machine.readRegister('st1')).toBe(ONE);
  expect(machine.readRegister('mm7')).toBe(BigInt.asUintN(64, ONE));
  expect(machine.readRegister('mm6')).toBe(BigInt.asUintN(64, PI));
  expect(machine.readRegister('fctrl')).toBe(0x37fn);
  expect(machine.readRegister('fstat')).toBe(0x3000n);
  expect(machine.readRegister('ftag')).toBe(0x0fffn);
  expect(machine.readRegister('fioff')).toBe(machine.readRegister('rip') - 3n);
});

test('the tag word tells zeros and special numbers from others', () => {
  // fld1; fldz; fld1; fldz; fdivp (infinite)
  const { machine } = run(0xd9, 0xe8, 0xd9, 0xee, 0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9);
  expect(machine.readRegister('ftag')).toBe(0b00_01_10_11_11_11_11_11n);
});

test('what is written is what code finds', () => {
  const guest = run(0xd9, 0xe8, 0xd9, 0xe8); // fld1; fld1
  const { machine } = guest;
  machine.writeRegister('st1', PI);
  machine.writeRegister('st0', 0x3fff_c000_0000_0000_0000n); // 1.5
  guest.code([0xd8, 0xc1, HLT]); // fadd st, st(1)
  guest.run();
  expect(machine.readRegister('st0')).toBe(0x4001_9487_ed51_10b4_611an);
  machine.writeRegister('ftag', 0xffffn);
  guest.code([0xd8, 0xc1, HLT]);
  guest.run();
  expect(machine.readRegister('fstat') & 0x41n).toBe(0x41n);
});

test('an exception that is unmasked becomes pending', () => {
  const { machine } = run(0xdb, 0xe3); // fninit
  machine.writeRegister('fstat', 0x4n);
  expect(machine.readRegister('fstat')).toBe(0x4n);
  machine.writeRegister('fctrl', 0x37bn);
  expect(machine.readRegister('fstat')).toBe(0x8084n);
});
