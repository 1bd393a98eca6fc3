import { beforeEach, describe, expect, test } from 'vitest';
import { CODE, createGuest, DATA, type Guest, PRESENT, RSP0, STACK_TOP, USER, WRITABLE } from './guest.ts';

/** SMEP, SMAP with EFLAGS.AC, UMIP. */

const TARGET = 0x4000_0000n;
const LOAD = [0x48, 0x8b, 0x03, 0xf4];
const STORE = [0x48, 0x89, 0x03, 0xf4];
const JUMP = [0xff, 0xe3];
const CLAC = [0x0f, 0x01, 0xca];
const STAC = [0x0f, 0x01, 0xcb];
const CR4 = 0x6a0n;
const UMIP = 0x800n;
const SMEP = 0x10_0000n;
const SMAP = 0x20_0000n;
const AC = 0x4_0000n;

let guest: Guest;
beforeEach(() => {
  guest = createGuest();
  // Code, data and stack are pages of the user otherwise.
  for (const page of [CODE, DATA, STACK_TOP - 0x1000, RSP0 - 0x1000]) {
    guest.map(BigInt(page), page, PRESENT | WRITABLE);
  }
  guest.map(TARGET, 0x20_0000, PRESENT | WRITABLE | USER);
  guest.machine.writePhysical(0x20_0000, Uint8Array.of(0xf4));
  guest.machine.writeRegister('rbx', TARGET);
});

/** The exception that code ends in; of a page fault the error code too. */
function outcome(code: readonly number[]): number | undefined | { fault: bigint } {
  guest.machine.writeRegister('rsp', BigInt(STACK_TOP));
  guest.code(code);
  const { vector } = guest.run();
  return vector === 14 ? { fault: guest.stack(1)[0] } : vector;
}

describe('SMEP', () => {
  test('forbids fetches from pages of the user, and nothing else', () => {
    guest.machine.writeRegister('cr4', CR4 | SMEP);
    expect(outcome(JUMP)).toEqual({ fault: 0x11n });
    expect(outcome(LOAD)).toBeUndefined();
  });
  test('marks fetches in error codes even without EFER.NXE', () => {
    guest.machine.writeRegister('efer', 0x501n);
    guest.machine.writeRegister('cr4', CR4 | SMEP);
    expect(outcome(JUMP)).toEqual({ fault: 0x11n });
  });
  test('a supervisor entry on the way makes it a page of the supervisor', () => {
    guest.machine.writeRegister('cr4', CR4 | SMEP);
    const [, pdpt] = guest.machine.translate(TARGET).walk;
    guest.write64(pdpt.entryAddress, pdpt.value & ~BigInt(USER));
    expect(outcome(JUMP)).toBeUndefined();
  });
});

describe('SMAP', () => {
  beforeEach(() => guest.machine.writeRegister('cr4', CR4 | SMAP));
  test('forbids data accesses to pages of the user, not fetches', () => {
    expect(outcome(LOAD)).toEqual({ fault: 1n });
    expect(outcome(STORE)).toEqual({ fault: 3n });
    expect(outcome(JUMP)).toBeUndefined();
  });
  test('STAC allows them, CLAC forbids them again', () => {
    expect(outcome([...STAC, ...LOAD])).toBeUndefined();
    expect(guest.machine.readRegister('rflags') & AC).toBe(AC);
    expect(outcome([...STAC, ...LOAD.slice(0, 3), ...CLAC, ...LOAD])).toEqual({ fault: 1n });
  });
  test('so does POPF', () => {
    // push 0x40002; popfq
    expect(outcome([0x68, 2, 0, 4, 0, 0x9d, ...STORE])).toBeUndefined();
    expect(outcome([0x6a, 2, 0x9d, ...STORE])).toEqual({ fault: 3n });
  });
  test('EFLAGS.AC does not count for the processor’s own accesses to descriptor tables', () => {
    guest.map(TARGET, 0x2000, PRESENT | WRITABLE | USER);
    guest.machine.writeRegister('gdtr_base', TARGET);
    // stac; mov eax, 0x10; mov ds, eax. The fault is delivered by means of the same table: #DF, triple fault.
    guest.code([...STAC, 0xb8, 0x10, 0, 0, 0, 0x8e, 0xd8, 0xf4]);
    expect(guest.run().stop).toMatchObject({ kind: 'triple-fault', vector: 14 });
    expect(guest.machine.readRegister('cr2')).toBe(TARGET + 8n);
  });
  test('a user’s accesses are as before', () => {
    for (const page of [CODE, DATA]) guest.map(BigInt(page), page, PRESENT | WRITABLE | USER);
    guest.machine.writeRegister('cr4', CR4 | SMAP | SMEP);
    guest.user();
    expect(outcome([0x48, 0x8b, 0x03, 0x0f, 0x0b])).toBe(6);
  });
  test('STAC and CLAC belong to ring 0: #UD', () => {
    for (const page of [CODE, DATA]) guest.map(BigInt(page), page, PRESENT | WRITABLE | USER);
    guest.user();
    expect(outcome(STAC)).toBe(6);
    guest.user();
    expect(outcome(CLAC)).toBe(6);
  });
  test('without it AC changes nothing for the supervisor', () => {
    guest.machine.writeRegister('cr4', CR4);
    expect(outcome(LOAD)).toBeUndefined();
    expect(outcome([...STAC, ...LOAD])).toBeUndefined();
  });
});

describe('UMIP', () => {
  test.each([
    ['SGDT', [0x0f, 0x01, 0x03]],
    ['SIDT', [0x0f, 0x01, 0x0b]],
    ['SLDT', [0x0f, 0x00, 0xc0]],
    ['STR', [0x0f, 0x00, 0xc8]],
    ['SMSW', [0x0f, 0x01, 0xe0]],
  ])('%s is #GP in ring 3, and only there', (_, code) => {
    const ring3 = [...code, 0x0f, 0x0b];
    for (const page of [CODE, DATA]) guest.map(BigInt(page), page, PRESENT | WRITABLE | USER);
    guest.user();
    expect(outcome(ring3)).toBe(6);
    guest.machine.writeRegister('cr4', CR4 | UMIP);
    guest.user();
    expect(outcome(ring3)).toBe(13);
    expect(outcome([...code, 0xf4])).toBeUndefined();
  });
});
