import { beforeEach, describe, expect, test } from 'vitest';
import { createGuest, DATA, type Guest } from '../cpu/guest.ts';

/** What system software decides about SSE (SDM volume 3, chapter 14.1): not to be seen from a user program. */

const CR0_EM = 4n;
const CR0_TS = 8n;
const CR4_OSFXSR = 0x200n;
const CR4_OSXMMEXCPT = 0x400n;

const INVALID_OPCODE = 6;
const DEVICE_NOT_AVAILABLE = 7;
const SIMD_FAULT = 19;

const ONE = 0x3ff0_0000_0000_0000n;

const hlt = 0xf4;
const addsd = [0xf2, 0x0f, 0x58, 0xc1, hlt];
const pxor = [0x66, 0x0f, 0xef, 0xc0, hlt];
const movaps = [0x0f, 0x28, 0xc1, hlt];
const stmxcsr = [0x0f, 0xae, 0x18, hlt]; // [rax]
const fxsave = [0x0f, 0xae, 0x00, hlt];
const fxrstor = [0x0f, 0xae, 0x08, hlt];
const movnti = [0x0f, 0xc3, 0x18, hlt];
const mfence = [0x0f, 0xae, 0xf0, hlt];

let guest: Guest;
beforeEach(() => {
  guest = createGuest();
  guest.machine.writeRegister('rax', BigInt(DATA));
});

function setBits(register: string, bits: bigint): void {
  guest.machine.writeRegister(register, guest.machine.readRegister(register) | bits);
}

function clearBits(register: string, bits: bigint): void {
  guest.machine.writeRegister(register, guest.machine.readRegister(register) & ~bits);
}

function vectorOf(code: readonly number[]): number | undefined {
  guest.code(code);
  return guest.run().vector;
}

const SSE = { addsd, pxor, movaps, stmxcsr };

describe.each(Object.entries(SSE))('%s', (_name, code) => {
  test('runs when the system has enabled SSE', () => {
    expect(vectorOf(code)).toBeUndefined();
  });
  test('is an invalid opcode without CR4.OSFXSR', () => {
    clearBits('cr4', CR4_OSFXSR);
    expect(vectorOf(code)).toBe(INVALID_OPCODE);
  });
  test('is an invalid opcode with CR0.EM', () => {
    setBits('cr0', CR0_EM | CR0_TS);
    expect(vectorOf(code)).toBe(INVALID_OPCODE);
  });
  test('raises #NM with CR0.TS, for lazy switching of the vector state', () => {
    setBits('cr0', CR0_TS);
    expect(vectorOf(code)).toBe(DEVICE_NOT_AVAILABLE);
  });
});

describe.each(Object.entries({ fxsave, fxrstor }))('%s', (_name, code) => {
  test.each([CR0_EM, CR0_TS])('raises #NM with CR0 bit 0x%x', (bit) => {
    setBits('cr0', bit);
    expect(vectorOf(code)).toBe(DEVICE_NOT_AVAILABLE);
  });
});

test.each(Object.entries({ movnti, mfence }))('%s needs nothing enabled', (_name, code) => {
  clearBits('cr4', CR4_OSFXSR);
  setBits('cr0', CR0_EM | CR0_TS);
  expect(vectorOf(code)).toBeUndefined();
});

describe('an unmasked exception', () => {
  beforeEach(() => {
    guest.machine.writeRegister('mxcsr', 0x1f80n & ~(1n << 12n)); // inexact results are reported
    guest.machine.writeRegister('xmm0', ONE);
    guest.machine.writeRegister('xmm1', 1n); // the smallest denormal: the sum is inexact
  });

  test('raises #XM, sets its flag and leaves the destination', () => {
    expect(vectorOf(addsd)).toBe(SIMD_FAULT);
    expect(guest.machine.readRegister('mxcsr') & 0x3fn).toBe(0x22n); // PE, and DE, which is masked
    expect(guest.machine.readRegister('xmm0')).toBe(ONE);
  });
  test('is an invalid opcode without CR4.OSXMMEXCPT', () => {
    clearBits('cr4', CR4_OSXMMEXCPT);
    expect(vectorOf(addsd)).toBe(INVALID_OPCODE);
  });
});

test('fxsave and fxrstor carry the whole vector state', () => {
  const { machine } = guest;
  const value = (i: number): bigint => (BigInt(i + 1) << 100n) | BigInt(0x1000 + i);
  for (let i = 0; i < 16; i++) machine.writeRegister(`xmm${i}`, value(i));
  machine.writeRegister('mxcsr', 0x7fbfn);
  expect(vectorOf(fxsave)).toBeUndefined();
  for (let i = 0; i < 16; i++) machine.writeRegister(`xmm${i}`, 0n);
  machine.writeRegister('mxcsr', 0x1f80n);
  expect(vectorOf(fxrstor)).toBeUndefined();
  for (let i = 0; i < 16; i++) expect(machine.readRegister(`xmm${i}`)).toBe(value(i));
  expect(machine.readRegister('mxcsr')).toBe(0x7fbfn);
});
