import { beforeEach, describe, expect, test } from 'vitest';
import { createGuest, DATA, type Guest } from '../cpu/guest.ts';

/** What system software decides about AVX and XSAVE (SDM volume 1, 13 and 14.3): not to be seen from a user program. */

const CR0_EM = 4n;
const CR0_TS = 8n;
const CR4_OSXSAVE = 0x4_0000n;

const INVALID_OPCODE = 6;
const DEVICE_NOT_AVAILABLE = 7;
const GENERAL_PROTECTION = 13;

const hlt = 0xf4;
const cpuid = [0x0f, 0xa2, hlt];
const xgetbv = [0x0f, 0x01, 0xd0, hlt];
const xsetbv = [0x0f, 0x01, 0xd1, hlt];

const AVX = {
  vaddps: [0xc5, 0xf0, 0x58, 0xc2, hlt],
  'vmovaps to memory': [0xc5, 0xfc, 0x29, 0x03, hlt], // [rbx]
  vpxor: [0xc5, 0xfd, 0xef, 0xc0, hlt],
  vzeroupper: [0xc5, 0xf8, 0x77, hlt],
  vfmadd132sd: [0xc4, 0xe2, 0xf1, 0x99, 0xc9, hlt],
  vcvtph2ps: [0xc4, 0xe2, 0x79, 0x13, 0xc9, hlt],
  vpgatherdd: [0xc4, 0xe2, 0x69, 0x90, 0x04, 0x0b, hlt], // [rbx + xmm1]
};
const XSAVE = {
  xsave: [0x0f, 0xae, 0x23, hlt], // [rbx]
  xsaveopt: [0x0f, 0xae, 0x33, hlt],
  xsavec: [0x0f, 0xc7, 0x23, hlt],
  xrstor: [0x0f, 0xae, 0x2b, hlt],
};

let guest: Guest;
beforeEach(() => {
  guest = createGuest();
  const { machine } = guest;
  machine.writeRegister('cr4', machine.readRegister('cr4') | CR4_OSXSAVE);
  machine.writeRegister('xcr0', 7n);
  set({ rax: 7n, rcx: 0n, rdx: 0n, rbx: BigInt(DATA) });
});

function set(registers: Readonly<Record<string, bigint>>): void {
  for (const [name, value] of Object.entries(registers)) guest.machine.writeRegister(name, value);
}

function setBits(register: string, bits: bigint): void {
  guest.machine.writeRegister(register, guest.machine.readRegister(register) | bits);
}

function vectorOf(code: readonly number[]): number | undefined {
  guest.code(code);
  return guest.run().vector;
}

function withoutOsxsave(): void {
  guest.machine.writeRegister('cr4', guest.machine.readRegister('cr4') & ~CR4_OSXSAVE);
}

describe.each(Object.entries(AVX))('%s', (_name, code) => {
  test('runs when the system has enabled AVX, whatever CR0.EM says', () => {
    setBits('cr0', CR0_EM);
    expect(vectorOf(code)).toBeUndefined();
  });
  test('is an invalid opcode without CR4.OSXSAVE', () => {
    withoutOsxsave();
    setBits('cr0', CR0_TS);
    expect(vectorOf(code)).toBe(INVALID_OPCODE);
  });
  test('is an invalid opcode without the AVX component', () => {
    guest.machine.writeRegister('xcr0', 3n);
    expect(vectorOf(code)).toBe(INVALID_OPCODE);
  });
  test('raises #NM with CR0.TS', () => {
    setBits('cr0', CR0_TS);
    expect(vectorOf(code)).toBe(DEVICE_NOT_AVAILABLE);
  });
});

describe.each(Object.entries(XSAVE))('%s', (_name, code) => {
  test('needs CR4.OSXSAVE only', () => {
    guest.machine.writeRegister('xcr0', 1n);
    expect(vectorOf(code)).toBeUndefined();
    withoutOsxsave();
    expect(vectorOf(code)).toBe(INVALID_OPCODE);
  });
  test('raises #NM with CR0.TS', () => {
    setBits('cr0', CR0_TS);
    expect(vectorOf(code)).toBe(DEVICE_NOT_AVAILABLE);
  });
});

describe('XCR0', () => {
  test.each([1n, 3n, 7n])('takes the components 0x%x', (components) => {
    set({ rax: components, xcr0: 1n });
    expect(vectorOf(xsetbv)).toBeUndefined();
    expect(guest.machine.readRegister('xcr0')).toBe(components);
    set({ rax: 0x1234n });
    expect(vectorOf(xgetbv)).toBeUndefined();
    expect(guest.machine.readRegister('rax')).toBe(components);
  });
  test.each([
    ['nothing', { rax: 0n }],
    ['no x87', { rax: 6n }],
    ['AVX without SSE', { rax: 5n }],
    ['what is not there', { rax: 0xfn }],
    ['upper bits', { rdx: 1n }],
    ['another register', { rcx: 1n }],
  ])('does not take %s', (_name, registers) => {
    set(registers);
    expect(vectorOf(xsetbv)).toBe(GENERAL_PROTECTION);
  });
  test('its instructions need CR4.OSXSAVE', () => {
    withoutOsxsave();
    expect(vectorOf(xsetbv)).toBe(INVALID_OPCODE);
    expect(vectorOf(xgetbv)).toBe(INVALID_OPCODE);
  });
});

describe('CPUID', () => {
  function leaf(number: number, subleaf: number): readonly number[] {
    set({ rax: BigInt(number), rcx: BigInt(subleaf) });
    vectorOf(cpuid);
    return ['rax', 'rbx', 'rcx', 'rdx'].map((name) => Number(guest.machine.readRegister(name)));
  }
  const OSXSAVE = 1 << 27;

  test('says whether CR4.OSXSAVE is set', () => {
    expect(leaf(1, 0)[2] & OSXSAVE).toBe(OSXSAVE);
    withoutOsxsave();
    expect(leaf(1, 0)[2] & OSXSAVE).toBe(0);
  });
  test('has the components and the size of the area for those that are enabled', () => {
    expect(leaf(0xd, 0)).toEqual([7, 832, 832, 0]);
    expect(leaf(0xd, 2)).toEqual([256, 576, 0, 0]);
    guest.machine.writeRegister('xcr0', 3n);
    expect(leaf(0xd, 0)).toEqual([7, 576, 832, 0]);
    expect(leaf(0xd, 1)[1]).toBe(576);
  });
});

test('xsave and xrstor carry the whole state, what is not asked for stays', () => {
  const { machine } = guest;
  const value = (i: number): bigint => (BigInt(i + 1) << 200n) | BigInt(0x1000 + i);
  for (let i = 0; i < 16; i++) machine.writeRegister(`ymm${i}`, value(i));
  machine.writeRegister('mxcsr', 0x7fbfn);
  expect(vectorOf(XSAVE.xsave)).toBeUndefined();
  for (let i = 0; i < 16; i++) machine.writeRegister(`ymm${i}`, 0n);
  machine.writeRegister('mxcsr', 0x1f80n);
  set({ rax: 4n });
  expect(vectorOf(XSAVE.xrstor)).toBeUndefined();
  expect(machine.readRegister('ymm1')).toBe((value(1) >> 128n) << 128n);
  set({ rax: 7n });
  expect(vectorOf(XSAVE.xrstor)).toBeUndefined();
  for (let i = 0; i < 16; i++) expect(machine.readRegister(`ymm${i}`)).toBe(value(i));
  expect(machine.readRegister('mxcsr')).toBe(0x7fbfn);
});
