import { beforeEach, expect, test } from 'vitest';
import { CODE, createGuest, type Guest, STACK_TOP, USER_CODE, USER_DATA } from './guest.ts';

const HANDLER = CODE + 0x800;
let guest: Guest;
beforeEach(() => {
  guest = createGuest();
  // SYSCALL loads 0x08 and 0x10, SYSRET 0x1b + 16 and + 8.
  guest.machine.writeRegister('star', 0x001b_0008_0000_0000n);
  guest.machine.writeRegister('lstar', BigInt(HANDLER));
  guest.machine.writeRegister('sfmask', 0x4_0700n);
  guest.machine.writeRegister('gs_base', 0x1111n);
  guest.machine.writeRegister('kernel_gs_base', 0xffff_8000_0000_2222n);
});
const register = (name: string): bigint => guest.machine.readRegister(name);

test('SYSCALL saves RIP and RFLAGS, masks flags, changes neither RSP nor GS', () => {
  guest.user();
  guest.machine.writeRegister('rflags', 0x603n);
  guest.code([0x90, 0x0f, 0x05]);
  guest.machine.writePhysical(HANDLER, Uint8Array.of(0xf4));
  expect(guest.run().stop.kind).toBe('halted');
  expect(guest.machine.privilegeLevel).toBe(0);
  expect(register('rcx')).toBe(BigInt(CODE + 3));
  expect(register('r11')).toBe(0x603n);
  expect(register('rflags')).toBe(3n);
  expect([register('cs'), register('ss')]).toEqual([8n, 0x10n]);
  expect(register('rsp')).toBe(BigInt(STACK_TOP));
  expect(register('gs_base')).toBe(0x1111n);
});

test('SWAPGS and SYSRET lead back', () => {
  guest.user();
  guest.machine.writeRegister('rflags', 0x203n);
  guest.code([0x0f, 0x05, 0x0f, 0x0b]); // syscall; ud2
  guest.machine.writePhysical(HANDLER, Uint8Array.of(0x0f, 0x01, 0xf8, 0x48, 0x0f, 0x07));
  expect(guest.run().vector).toBe(6);
  expect(guest.stack(5)).toEqual([
    BigInt(CODE + 2),
    BigInt(USER_CODE),
    0x1_0203n,
    BigInt(STACK_TOP),
    BigInt(USER_DATA),
  ]);
  expect(register('gs_base')).toBe(0xffff_8000_0000_2222n);
  expect(register('kernel_gs_base')).toBe(0x1111n);
});

test('SYSRET to a non-canonical address is #GP in ring 0', () => {
  guest.machine.writeRegister('rcx', 0x8000_0000_0000n);
  guest.machine.writeRegister('r11', 2n);
  guest.code([0x48, 0x0f, 0x07]);
  expect(guest.run().vector).toBe(13);
  expect(guest.stack(3).slice(0, 3)).toEqual([0n, BigInt(CODE), 8n]);
});

test('without EFER.SCE SYSCALL is undefined', () => {
  guest.machine.writeRegister('efer', 0xd00n);
  guest.code([0x0f, 0x05]);
  expect(guest.run().vector).toBe(6);
});

test('SYSRET does not restore RF, VM or reserved flags', () => {
  guest.machine.writeRegister('rcx', BigInt(CODE + 0x100));
  guest.machine.writeRegister('r11', 0xffff_ffff_ffff_feffn);
  guest.machine.writePhysical(CODE + 0x100, Uint8Array.of(0x0f, 0x0b));
  guest.code([0x48, 0x0f, 0x07]);
  expect(guest.run().vector).toBe(6);
  // RF in the image is that of the fault.
  expect(guest.stack(3)[2]).toBe(0x3d_7ed7n);
});
