import { beforeEach, describe, expect, test } from 'vitest';
import { createGuest, DATA, type Guest } from '../cpu/guest.ts';

/** What system software decides about x87 and MMX (SDM volume 3, 2.5 and 13.1): not to be seen from a user program. */

const CR0_MP = 2n;
const CR0_EM = 4n;
const CR0_TS = 8n;

const INVALID_OPCODE = 6;
const DEVICE_NOT_AVAILABLE = 7;
const FPU_FAULT = 16;

const hlt = 0xf4;
const fld1 = [0xd9, 0xe8];
const fnstswAx = [0xdf, 0xe0];
const fnstcw = [0xd9, 0x38]; // [rax]
const fninit = [0xdb, 0xe3];
const fnclex = [0xdb, 0xe2];
const fwait = [0x9b];
const paddb = [0x0f, 0xfc, 0xc1];
const emms = [0x0f, 0x77];

let guest: Guest;
beforeEach(() => {
  guest = createGuest();
  guest.machine.writeRegister('rax', BigInt(DATA));
});

const read = (name: string): bigint => guest.machine.readRegister(name);
const write = (name: string, value: bigint): void => guest.machine.writeRegister(name, value);

function vectorOf(...code: readonly (readonly number[])[]): number | undefined {
  guest.code([...code.flat(), hlt]);
  return guest.run().vector;
}

describe.each(Object.entries({ fld1, fnstswAx, fnstcw, fninit }))('%s', (_name, code) => {
  test('runs', () => expect(vectorOf(code)).toBeUndefined());
  test.each([CR0_EM, CR0_TS])('raises #NM with CR0 bit 0x%x', (bit) => {
    write('cr0', read('cr0') | bit);
    expect(vectorOf(code)).toBe(DEVICE_NOT_AVAILABLE);
  });
});

test('FWAIT raises #NM only with both TS and MP', () => {
  write('cr0', (read('cr0') & ~CR0_MP) | CR0_TS | CR0_EM);
  expect(vectorOf(fwait)).toBeUndefined();
  write('cr0', read('cr0') | CR0_MP);
  expect(vectorOf(fwait)).toBe(DEVICE_NOT_AVAILABLE);
});

describe.each(Object.entries({ paddb, emms }))('%s', (_name, code) => {
  test('is an invalid opcode with CR0.EM, even with TS', () => {
    write('cr0', read('cr0') | CR0_EM | CR0_TS);
    expect(vectorOf(code)).toBe(INVALID_OPCODE);
  });
  test('raises #NM with CR0.TS', () => {
    write('cr0', read('cr0') | CR0_TS);
    expect(vectorOf(code)).toBe(DEVICE_NOT_AVAILABLE);
  });
});

describe('an unmasked exception', () => {
  /** fldz; fld1; fdivrp: 1 ÷ 0. */
  const divideByZero = [0xd9, 0xee, 0xd9, 0xe8, 0xde, 0xf1];
  beforeEach(() => write('fctrl', 0x37bn));

  test.each(Object.entries({ fld1, fwait, paddb, emms }))('waits for %s', (_name, code) => {
    expect(vectorOf(divideByZero)).toBeUndefined();
    expect(read('fstat') & 0x8084n).toBe(0x8084n);
    expect(vectorOf(code)).toBe(FPU_FAULT);
  });
  test.each(Object.entries({ fnstswAx, fninit, fnclex }))('does not concern %s', (_name, code) => {
    expect(vectorOf(divideByZero, code)).toBeUndefined();
  });
  test('returns to the instruction that waited, and is gone with FNCLEX', () => {
    expect(vectorOf(divideByZero, fwait)).toBe(FPU_FAULT);
    const [rip] = guest.stack(1);
    expect(guest.machine.readVirtual(rip, 1)).toEqual(Uint8Array.of(0x9b));
    expect(vectorOf(fnclex, fwait)).toBeUndefined();
  });
});
