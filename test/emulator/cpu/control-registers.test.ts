import { beforeEach, describe, expect, test } from 'vitest';
import { CODE, createGuest, DATA, type Guest, STACK_TOP } from './guest.ts';

/** Which values control registers and EFER take, and which raise #GP. */

const GP = 13;
const UD = 6;
const RESERVED = 1n << 46n;

let guest: Guest;
beforeEach(() => {
  guest = createGuest();
});

function execute(code: readonly number[], rax = 0n): number | undefined {
  guest.machine.writeRegister('rsp', BigInt(STACK_TOP));
  guest.machine.writeRegister('rax', rax);
  guest.code([...code, 0xf4]);
  return guest.run().vector;
}
const moveToControl = (register: number, value: bigint): number | undefined =>
  execute([0x0f, 0x22, 0xc0 | (register << 3)], value);

describe('CR0', () => {
  test.each([
    ['PG without PE', 0x8001_0032n, GP],
    ['NW without CD', 0xa001_0033n, GP],
    ['CD and NW', 0xe001_0033n, undefined],
    ['CD alone', 0xc001_0033n, undefined],
    ['paging off in 64-bit mode', 0x0001_0033n, GP],
    ['bit 32', 0x1_8001_0033n, GP],
    ['a reserved bit below, which is ignored', 0x8001_0073n, undefined],
  ])('%s', (_, value, vector) => {
    expect(moveToControl(0, value)).toBe(vector);
    const expected = vector === undefined ? value & 0xe005_003fn : 0x8001_0033n;
    expect(guest.machine.readRegister('cr0')).toBe(expected);
  });
});

describe('CR3', () => {
  test('address bits that the processor does not have', () => {
    const root = guest.machine.readRegister('cr3');
    expect(moveToControl(3, root | RESERVED)).toBe(GP);
    expect(moveToControl(3, root | (1n << 63n))).toBe(GP);
    expect(moveToControl(3, root | 0xfffn)).toBeUndefined();
  });
});

describe('CR4', () => {
  test.each([
    ['VMX', 0x2000n],
    ['57-bit addresses', 0x1000n],
    ['protection keys', 0x40_0000n],
    ['bit 32', 1n << 32n],
  ])('%s is not there', (_, bit) => {
    expect(moveToControl(4, 0x6a0n | bit)).toBe(GP);
  });
  test.each([
    ['UMIP', 0x800n, [7, 'rcx', 2]],
    ['FSGSBASE', 0x1_0000n, [7, 'rbx', 0]],
    ['PCIDE', 0x2_0000n, [1, 'rcx', 17]],
    ['SMEP', 0x10_0000n, [7, 'rbx', 7]],
    ['SMAP', 0x20_0000n, [7, 'rbx', 20]],
  ] as const)('%s is, where CPUID presents it', (_, bit, [leaf, register, position]) => {
    for (const cpu of ['x86-64-v2', 'x86-64-v3'] as const) {
      guest = createGuest({ cpu });
      guest.machine.writeRegister('rcx', 0n);
      expect(execute([0x0f, 0xa2], BigInt(leaf))).toBeUndefined();
      const isPresented = ((guest.machine.readRegister(register) >> BigInt(position)) & 1n) === 1n;
      expect(isPresented).toBe(cpu === 'x86-64-v3');
      // One step: with SMEP nothing more could run on these pages of the user.
      guest.machine.writeRegister('rax', 0x6a0n | bit);
      guest.code([0x0f, 0x22, 0xe0, 0xf4]);
      guest.machine.step();
      expect(guest.machine.readRegister('cr4')).toBe(isPresented ? 0x6a0n | bit : 0x6a0n);
    }
  });
  test('PAE stays in long mode', () => {
    expect(moveToControl(4, 0x680n)).toBe(GP);
  });
  test('PCIDE begins only with a PCID of 0', () => {
    const root = guest.machine.readRegister('cr3');
    guest.machine.writeRegister('cr3', root | 8n);
    expect(moveToControl(4, 0x2_06a0n)).toBe(GP);
    guest.machine.writeRegister('cr3', root);
    expect(moveToControl(4, 0x2_06a0n)).toBeUndefined();
    // Now bits 0…11 are the PCID, and bit 63 is legal.
    expect(moveToControl(3, root | 8n | (1n << 63n))).toBeUndefined();
    expect(guest.machine.readRegister('cr3')).toBe(root | 8n);
    expect(moveToControl(4, 0x6a0n)).toBeUndefined();
  });
});

describe('EFER', () => {
  const writeEfer = (low: number): number | undefined =>
    // mov ecx, 0xc0000080; xor edx, edx; wrmsr
    execute([0xb9, 0x80, 0, 0, 0xc0, 0x31, 0xd2, 0x0f, 0x30], BigInt(low));
  test.each([
    ['LME off while paging is on', 0x801, GP],
    ['a bit that is not there', 0x1d01, GP],
    ['SCE and NXE off', 0x500, undefined],
    ['LMA, which is read-only', 0x901, undefined],
  ])('%s', (_, value, vector) => {
    expect(writeEfer(value)).toBe(vector);
    expect(guest.machine.readRegister('efer')).toBe(vector === undefined ? BigInt(value) | 0x400n : 0xd01n);
  });
});

describe('RDFSBASE and its kin', () => {
  const FSGSBASE = 0x1_06a0n;
  const RDFSBASE = [0xf3, 0x48, 0x0f, 0xae, 0xc0];
  const WRGSBASE = [0xf3, 0x48, 0x0f, 0xae, 0xd8];
  test('need CR4.FSGSBASE', () => {
    expect(execute(RDFSBASE)).toBe(UD);
    guest.machine.writeRegister('cr4', FSGSBASE);
    guest.machine.writeRegister('fs_base', 0xffff_8000_0000_1234n);
    expect(execute(RDFSBASE)).toBeUndefined();
    expect(guest.machine.readRegister('rax')).toBe(0xffff_8000_0000_1234n);
  });
  test('move 32 bits without REX.W', () => {
    guest.machine.writeRegister('cr4', FSGSBASE);
    guest.machine.writeRegister('gs_base', -1n);
    expect(execute([0xf3, 0x0f, 0xae, 0xd8], 0x1_8000_0000n)).toBeUndefined();
    expect(guest.machine.readRegister('gs_base')).toBe(0x8000_0000n);
    expect(execute([0xf3, 0x0f, 0xae, 0xc8], -1n)).toBeUndefined();
    expect(guest.machine.readRegister('rax')).toBe(0x8000_0000n);
  });
  test('check that the address is canonical', () => {
    guest.machine.writeRegister('cr4', FSGSBASE);
    expect(execute(WRGSBASE, 1n << 47n)).toBe(GP);
  });
  test('may be used in ring 3', () => {
    guest.machine.writeRegister('cr4', FSGSBASE);
    guest.machine.writeRegister('rax', 0x5000n);
    guest.user();
    guest.code([...WRGSBASE, 0x0f, 0x0b]);
    expect(guest.run().vector).toBe(UD);
    expect(guest.stack(1)[0]).toBe(BigInt(CODE + 5));
    expect(guest.machine.readRegister('gs_base')).toBe(0x5000n);
  });
});

describe('SYSENTER and SYSEXIT', () => {
  const SYSENTER = [0x0f, 0x34];
  const SYSEXIT = [0x48, 0x0f, 0x35];
  const writeMsr = (index: number, value: bigint): void => {
    guest.machine.writeRegister('rcx', BigInt(index));
    guest.machine.writeRegister('rdx', value >> 32n);
    expect(execute([0x0f, 0x30], BigInt.asUintN(32, value))).toBeUndefined();
  };
  beforeEach(() => {
    guest.machine.writePhysical(DATA, Uint8Array.of(0xf4));
    writeMsr(0x174, 8n);
    writeMsr(0x175, BigInt(STACK_TOP - 64));
    writeMsr(0x176, BigInt(DATA));
  });
  test('enter ring 0 with interrupts off, saving nothing', () => {
    guest.user();
    guest.machine.writeRegister('rflags', 0x246n);
    guest.code(SYSENTER);
    expect(guest.run().vector).toBeUndefined();
    expect(guest.machine.privilegeLevel).toBe(0);
    expect(guest.machine.readRegister('rip')).toBe(BigInt(DATA + 1));
    expect(guest.machine.readRegister('rsp')).toBe(BigInt(STACK_TOP - 64));
    expect(guest.machine.readRegister('rflags')).toBe(0x46n);
    expect([guest.machine.readRegister('cs'), guest.machine.readRegister('ss')]).toEqual([8n, 0x10n]);
  });
  test('leave for ring 3 by RDX and RCX', () => {
    guest.machine.writePhysical(DATA, Uint8Array.of(0x0f, 0x0b));
    guest.machine.writeRegister('rdx', BigInt(DATA));
    guest.machine.writeRegister('rcx', BigInt(STACK_TOP - 8));
    guest.code(SYSEXIT);
    expect(guest.run().vector).toBe(UD);
    expect(guest.stack(5).map(Number)).toEqual([DATA, 8 + 32 + 3, 0x1_0002, STACK_TOP - 8, 8 + 40 + 3]);
  });
  test('without a selector are #GP', () => {
    writeMsr(0x174, 3n);
    expect(execute(SYSENTER)).toBe(GP);
    expect(execute(SYSEXIT)).toBe(GP);
  });
  test('SYSEXIT is privileged, and checks both addresses', () => {
    guest.machine.writeRegister('rdx', 1n << 47n);
    guest.machine.writeRegister('rcx', 0n);
    expect(execute(SYSEXIT)).toBe(GP);
    guest.machine.writeRegister('rdx', 0n);
    guest.machine.writeRegister('rcx', 1n << 47n);
    expect(execute(SYSEXIT)).toBe(GP);
    guest.user();
    expect(execute(SYSEXIT)).toBe(GP);
  });
});

test('RDPMC has no counter to read', () => {
  expect(execute([0x0f, 0x33])).toBe(GP);
});
