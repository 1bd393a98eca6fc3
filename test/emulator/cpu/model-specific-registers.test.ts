import { beforeEach, describe, expect, test } from 'vitest';
import { createGuest, type Guest, STACK_TOP } from './guest.ts';

/** Which MSRs there are, and which values they take. */

const GP = 13;
let guest: Guest;
beforeEach(() => {
  guest = createGuest();
});

function execute(opcode: number, index: number, value = 0n): number | undefined {
  const { machine } = guest;
  machine.writeRegister('rsp', BigInt(STACK_TOP));
  machine.writeRegister('rcx', BigInt(index));
  machine.writeRegister('rax', BigInt.asUintN(32, value));
  machine.writeRegister('rdx', BigInt.asUintN(64, value) >> 32n);
  guest.code([0x0f, opcode, 0xf4]);
  return guest.run().vector;
}
const write = (index: number, value: bigint): number | undefined => execute(0x30, index, value);
/** Undefined for #GP. */
function read(index: number): bigint | undefined {
  const vector = execute(0x32, index);
  if (vector !== undefined) return undefined;
  return (guest.machine.readRegister('rdx') << 32n) | guest.machine.readRegister('rax');
}

describe('hold what is written', () => {
  test.each([
    ['SYSENTER_CS', 0x174, 0xffff_ffffn],
    ['SYSENTER_ESP', 0x175, 0xffff_8000_0000_0008n],
    ['SYSENTER_EIP', 0x176, 0x7fff_ffff_ffffn],
    ['MCG_STATUS', 0x17a, 4n],
    ['MISC_ENABLE', 0x1a0, 0x80_1801n],
    ['PAT', 0x277, 0x0706_0504_0100_0607n],
    ['MTRR_DEF_TYPE', 0x2ff, 0xc00n],
    ['MTRR_FIX64K_00000', 0x250, 0x0605_0401_0006_0606n],
    ['MTRR_FIX4K_F8000', 0x26f, 0n],
    ['MTRR_PHYSBASE7', 0x20e, 0x3fff_ffff_f005n],
    ['MTRR_PHYSMASK7', 0x20f, 0x3fff_ffff_f800n],
    ['STAR', 0xc000_0081, -1n],
    ['LSTAR', 0xc000_0082, 0xffff_8000_0000_0008n],
    ['CSTAR', 0xc000_0083, 8n],
    ['FMASK', 0xc000_0084, 0xffff_ffffn],
    ['KERNEL_GS_BASE', 0xc000_0102, 0xffff_8000_0000_0008n],
    ['TSC_AUX', 0xc000_0103, 0xffff_ffffn],
  ])('%s', (_, index, value) => {
    expect(write(index, value)).toBeUndefined();
    expect(read(index)).toBe(BigInt.asUintN(64, value));
  });
});

describe('do not take', () => {
  test.each([
    ['SYSENTER_ESP that is not canonical', 0x175, 1n << 47n],
    ['LSTAR that is not canonical', 0xc000_0082, 1n << 47n],
    ['CSTAR that is not canonical', 0xc000_0083, 1n << 63n],
    ['FS_BASE that is not canonical', 0xc000_0100, 1n << 47n],
    ['FMASK of 64 bits', 0xc000_0084, 1n << 32n],
    ['TSC_AUX of 64 bits', 0xc000_0103, 1n << 32n],
    ['reserved bits of MISC_ENABLE', 0x1a0, 2n],
    ['PAT types 2 and 3', 0x277, 0x0007_0406_0007_0206n],
    ['PAT types above 7', 0x277, 0x0807_0406_0007_0406n],
    ['UC− in an MTRR', 0x250, 7n],
    ['reserved bits of MTRR_DEF_TYPE', 0x2ff, 0x1006n],
    ['reserved bits of a base', 0x200, 0x106n],
    ['reserved bits of a mask', 0x201, 0x400n],
    ['address bits that the processor does not have', 0x201, (1n << 46n) | 0x800n],
    ['branch tracing', 0x1d9, 2n],
    ['EFER with a reserved bit', 0xc000_0080, 0x1d01n],
  ])('%s', (_, index, value) => {
    const before = read(index);
    expect(write(index, value)).toBe(GP);
    expect(read(index)).toBe(before);
  });
});

test.each([
  ['FEATURE_CONTROL: locked', 0x3a, 1n],
  ['PLATFORM_ID', 0x17, 0n],
  ['PLATFORM_INFO', 0xce, 0x100n],
  ['MTRRCAP', 0xfe, 0x508n],
  ['MCG_CAP', 0x179, 0n],
  ['ARCH_CAPABILITIES', 0x10a, 0xd10_e179n],
])('%s cannot be written', (_, index, value) => {
  expect(read(index)).toBe(value);
  expect(write(index, value)).toBe(GP);
});

test.each([[0x2], [0x48], [0x186], [0x210], [0x251], [0x400], [0x480], [0xc001_0015], [0xffff_ffff]])(
  '%i is unknown',
  (index) => {
    expect(read(index)).toBeUndefined();
    expect(write(index, 0n)).toBe(GP);
  },
);

test('MTRRs as firmware leaves them: write-back, but not the hole below 4 GiB', () => {
  expect(read(0x2ff)).toBe(0xc06n);
  expect(read(0x259)).toBe(0n);
  expect(read(0x268)).toBe(0x0606_0606_0606_0606n);
  expect([read(0x200), read(0x201)]).toEqual([0xc000_0000n, 0x3fff_c000_0800n]);
});

test('the microcode revision is in the high half, whatever was written', () => {
  expect(write(0x8b, 0n)).toBeUndefined();
  expect(read(0x8b)).toBe(1n << 32n);
});

test('TSC_ADJUST and the time-stamp counter move together', () => {
  expect(read(0x3b)).toBe(0n);
  expect(write(0x3b, 1n << 40n)).toBeUndefined();
  expect(read(0x10)! >> 40n).toBe(1n);
  expect(write(0x10, 0n)).toBeUndefined();
  // It went back by what the counter showed, time of its own included.
  const adjust = BigInt.asIntN(64, read(0x3b)!);
  expect(adjust).toBeLessThan(0n);
  expect(adjust).toBeGreaterThan(-1000n);
});

test('TSC_ADJUST and ARCH_CAPABILITIES belong to their features', () => {
  guest = createGuest({ cpu: 'x86-64-v2' });
  expect(read(0x3b)).toBeUndefined();
  expect(read(0x10a)).toBeUndefined();
});
