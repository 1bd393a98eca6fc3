import { beforeEach, describe, expect, test } from 'vitest';
import { CODE, createGuest, DATA, type Guest, KERNEL_DATA, STACK_TOP } from './guest.ts';

/** Traps by TF: after which instructions, with what in the frame. */

const TF = 0x100n;
const RF = 0x1_0000n;
const STEP = 0x4000n;

let guest: Guest;
beforeEach(() => {
  guest = createGuest();
});

/** Runs code with TF set to the first exception: its vector, and the distance of the return address from the code's start. */
function firstTrap(code: readonly number[], flags = 0x102n): { vector: number | undefined; offset: number } {
  guest.machine.writeRegister('rflags', flags);
  guest.code(code);
  const { vector } = guest.run();
  return { vector, offset: Number(guest.stack(1)[0]) - CODE };
}

test('POPF that clears TF is still stepped', () => {
  guest.machine.writeRegister('rsp', BigInt(STACK_TOP - 8));
  guest.write64(STACK_TOP - 8, 2n);
  expect(firstTrap([0x9d, 0x90])).toEqual({ vector: 1, offset: 1 });
  expect(guest.stack(3)[2] & TF).toBe(0n);
});

test('POPF that sets TF is not', () => {
  guest.machine.writeRegister('rsp', BigInt(STACK_TOP - 8));
  guest.write64(STACK_TOP - 8, 0x102n);
  expect(firstTrap([0x9d, 0x90], 2n)).toEqual({ vector: 1, offset: 2 });
});

test('a load of SS is not, the instruction behind it is', () => {
  guest.machine.writeRegister('rax', BigInt(KERNEL_DATA));
  expect(firstTrap([0x8e, 0xd0, 0x90, 0x90])).toEqual({ vector: 1, offset: 3 });
});

test('STI is, although interrupts wait', () => {
  expect(firstTrap([0xfb, 0x90])).toEqual({ vector: 1, offset: 1 });
});

test('HLT is: the processor does not stay halted', () => {
  expect(firstTrap([0xf4, 0x90])).toEqual({ vector: 1, offset: 1 });
});

test('INT n is not: delivery clears TF', () => {
  expect(firstTrap([0xcd, 0x80])).toEqual({ vector: 0x80, offset: 2 });
  expect(guest.stack(3)[2] & TF).toBe(TF);
});

test('a faulting instruction is not', () => {
  expect(firstTrap([0x0f, 0x0b])).toEqual({ vector: 6, offset: 0 });
  expect(guest.stack(3)[2] & (TF | RF)).toBe(TF | RF);
});

test('each iteration of a repeated instruction is, with RF in the frame until the last', () => {
  guest.machine.writeRegister('rcx', 2n);
  guest.machine.writeRegister('rdi', BigInt(DATA));
  expect(firstTrap([0xf3, 0xaa])).toEqual({ vector: 1, offset: 0 });
  expect(guest.stack(3)[2] & RF).toBe(RF);
  guest.machine.writeRegister('rsp', BigInt(STACK_TOP));
  expect(firstTrap([0xf3, 0xaa])).toEqual({ vector: 1, offset: 2 });
  expect(guest.stack(3)[2] & RF).toBe(0n);
});

test('INT1 from ring 3 needs no gate of DPL 3 and leaves DR6', () => {
  guest.user();
  expect(firstTrap([0xf1], 2n)).toEqual({ vector: 1, offset: 1 });
  expect(guest.machine.readRegister('dr6')).toBe(0xffff_0ff0n);
});

describe('SYSCALL and SYSRET are stepped by TF as they leave it', () => {
  const handler = BigInt(DATA);
  beforeEach(() => {
    guest.machine.writeRegister('star', 0x001b_0008n << 32n);
    guest.machine.writeRegister('lstar', handler);
    guest.machine.writePhysical(DATA, Uint8Array.of(0x90, 0xf4));
  });
  test('SYSCALL whose mask has TF is not stepped', () => {
    guest.machine.writeRegister('sfmask', TF);
    guest.user();
    guest.machine.writeRegister('rflags', 0x102n);
    guest.code([0x0f, 0x05]);
    expect(guest.run().vector).toBeUndefined();
    expect(guest.machine.readRegister('rip')).toBe(handler + 2n);
    expect(guest.machine.readRegister('r11') & TF).toBe(TF);
  });
  test('SYSCALL whose mask has not is stepped in the kernel', () => {
    guest.machine.writeRegister('sfmask', 0n);
    guest.user();
    guest.machine.writeRegister('rflags', 0x102n);
    guest.code([0x0f, 0x05]);
    expect(guest.run().vector).toBe(1);
    expect(guest.stack(1)[0]).toBe(handler);
    expect(guest.machine.readRegister('dr6') & STEP).toBe(STEP);
  });
  test('SYSRET that sets TF is stepped before the next instruction', () => {
    guest.machine.writeRegister('rcx', handler);
    guest.machine.writeRegister('r11', 0x102n);
    guest.code([0x48, 0x0f, 0x07]);
    expect(guest.run().vector).toBe(1);
    expect(guest.stack(1)[0]).toBe(handler);
  });
});
