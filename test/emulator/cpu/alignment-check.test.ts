import { beforeEach, describe, expect, test } from 'vitest';
import { CODE, createGuest, DATA, type Guest, STACK_TOP } from './guest.ts';

/** #AC: where the real CPU raises it is a matter of test/emulator/native; here is who may be checked at all. */

const AC = 17;
const AM = 0x8005_0033n;
const LOAD = [0x48, 0x8b, 0x03]; // mov rax, [rbx]

let guest: Guest;
beforeEach(() => {
  guest = createGuest();
  guest.machine.writeRegister('cr0', AM);
  guest.machine.writeRegister('rbx', BigInt(DATA + 1));
});

function execute(code: readonly number[], flags = 0x4_0002n): number | undefined {
  guest.machine.writeRegister('rsp', BigInt(STACK_TOP));
  guest.machine.writeRegister('rflags', flags);
  guest.code([...code, 0x0f, 0x0b]);
  return guest.run().vector;
}

test('in ring 3 with CR0.AM and EFLAGS.AC: error code 0, RIP of the instruction', () => {
  guest.user();
  expect(execute(LOAD)).toBe(AC);
  expect(guest.stack(2)).toEqual([0n, BigInt(CODE)]);
});

describe('not', () => {
  test('without CR0.AM', () => {
    guest.machine.writeRegister('cr0', 0x8001_0033n);
    guest.user();
    expect(execute(LOAD)).toBe(6);
  });
  test('without EFLAGS.AC', () => {
    guest.user();
    expect(execute(LOAD, 2n)).toBe(6);
  });
  test('in ring 0', () => {
    expect(execute(LOAD)).toBe(6);
  });
  test('of bytes, of vectors, of aligned words', () => {
    guest.user();
    expect(execute([0x8a, 0x03])).toBe(6);
    guest.user();
    expect(execute([0x0f, 0x10, 0x03, 0x0f, 0x11, 0x03])).toBe(6); // movups there and back
    guest.user();
    expect(execute([0x66, 0x8b, 0x43, 0x01])).toBe(6); // mov ax, [rbx + 1]
  });
  test('of what the processor reads for itself', () => {
    // Descriptors at an odd address: mov ds, ax reads one of 8 bytes.
    const table = guest.machine.readPhysical(0x2000, 64);
    guest.machine.writePhysical(0x2101, table);
    guest.machine.writeRegister('gdtr_base', 0x2101n);
    guest.machine.writeRegister('rax', 0x23n);
    guest.user();
    expect(execute([0x8e, 0xd8])).toBe(6);
  });
});

test('begins and ends with POPF', () => {
  guest.user();
  // push 0x40002; popfq; mov
  expect(execute([0x68, 2, 0, 4, 0, 0x9d, ...LOAD], 2n)).toBe(AC);
  guest.user();
  expect(execute([0x6a, 2, 0x9d, ...LOAD])).toBe(6);
});
