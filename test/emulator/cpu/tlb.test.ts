import { beforeEach, describe, expect, test } from 'vitest';
import { CODE, createGuest, DATA, GLOBAL, type Guest, PRESENT, STACK_TOP, WRITABLE } from './guest.ts';

/**
 * How stale the TLB may be: what was changed in the page tables does not count until it is invalidated (this emulator
 * keeps what a processor may keep), and does from then on.
 */

const TARGET = 0x4000_0000n;
const OLD = 0x20_0000;
const NEW = 0x30_0000;
const LOAD = [0x48, 0x8b, 0x03]; // mov rax, [rbx]
const STORE = [0x48, 0x89, 0x03]; // mov [rbx], rax
const HLT = 0xf4;
const INVLPG = [0x0f, 0x01, 0x3b]; // invlpg [rbx]
const INVPCID = [0x66, 0x0f, 0x38, 0x82, 0x0e]; // invpcid rcx, [rsi]
const MOV_CR3 = [0x0f, 0x22, 0xda]; // mov cr3, rdx
const MOV_CR4 = [0x0f, 0x22, 0xe2]; // mov cr4, rdx
const PCIDE = 0x2_0000n;
const KEEP = 1n << 63n;

let guest: Guest;
let root: bigint;
beforeEach(() => {
  guest = createGuest();
  root = guest.machine.readRegister('cr3');
  guest.write64(OLD, 1n);
  guest.write64(NEW, 2n);
});

function execute(code: readonly number[], registers: Record<string, bigint> = {}): number | undefined {
  guest.machine.writeRegister('rsp', BigInt(STACK_TOP));
  for (const [name, value] of Object.entries(registers)) guest.machine.writeRegister(name, value);
  guest.code([...code, HLT]);
  const { stop, vector } = guest.run();
  expect(stop.kind).toBe('halted');
  return vector;
}

/** 1 or 2: through the old or the new entry. */
function seen(address = TARGET): bigint {
  expect(execute(LOAD, { rbx: address })).toBeUndefined();
  return guest.machine.readRegister('rax');
}

/** Maps the page, fills the TLB, and changes the mapping behind its back. */
function becomeStale(flags = PRESENT | WRITABLE): void {
  guest.map(TARGET, OLD, flags);
  expect(seen()).toBe(1n);
  guest.map(TARGET, NEW, flags);
  expect(seen()).toBe(1n);
}

describe('of one address space', () => {
  test.each([
    ['INVLPG', INVLPG, {}],
    ['a load of CR3', MOV_CR3, {}],
    ['INVPCID of the page', INVPCID, { rcx: 0n }],
    ['INVPCID of the context', INVPCID, { rcx: 1n }],
    ['INVPCID of all', INVPCID, { rcx: 2n }],
    ['INVPCID of all but global', INVPCID, { rcx: 3n }],
  ])('%s invalidates', (_, code, registers) => {
    becomeStale();
    guest.write64(DATA, 0n);
    guest.write64(DATA + 8, TARGET);
    execute(code, { rbx: TARGET, rdx: root, rsi: BigInt(DATA), ...registers });
    expect(seen()).toBe(2n);
  });

  test.each([
    ['INVLPG', INVLPG, 0n, 2n],
    ['a load of CR3', MOV_CR3, 0n, 1n],
    ['INVPCID of the page', INVPCID, 0n, 1n],
    ['INVPCID of the context', INVPCID, 1n, 1n],
    ['INVPCID of all', INVPCID, 2n, 2n],
    ['INVPCID of all but global', INVPCID, 3n, 1n],
  ])('%s and global pages', (_, code, type, value) => {
    becomeStale(PRESENT | WRITABLE | GLOBAL);
    guest.write64(DATA, 0n);
    guest.write64(DATA + 8, TARGET);
    execute(code, { rbx: TARGET, rcx: type, rdx: root, rsi: BigInt(DATA) });
    expect(seen()).toBe(value);
  });

  test('a change of CR4.PGE invalidates global pages', () => {
    becomeStale(PRESENT | WRITABLE | GLOBAL);
    execute(MOV_CR4, { rdx: 0x620n });
    expect(seen()).toBe(2n);
  });

  test.each([[0x20_0000 as const], [0x4000_0000 as const]])('INVLPG covers a page of %i bytes', (size) => {
    const base = 0x8000_0000n;
    const offset = BigInt(size) - 0x1000n;
    guest.map(base, 0, PRESENT | WRITABLE, size);
    guest.map(TARGET, OLD, PRESENT | WRITABLE);
    seen(base + BigInt(DATA));
    seen(TARGET);
    guest.map(base, 0, 0, size);
    guest.write64(guest.entry(TARGET), 0n);
    // The fragment that is named is not the one that has been used.
    execute(INVLPG, { rbx: base + offset });
    expect(execute(LOAD, { rbx: base + BigInt(DATA) })).toBe(14);
    // Small pages beside it stay.
    expect(seen(TARGET)).toBe(1n);
  });

  test('a page fault drops the page: a write that faults takes the entry for reads with it', () => {
    guest.map(TARGET, OLD, PRESENT);
    expect(seen()).toBe(1n);
    guest.map(TARGET, NEW, PRESENT);
    expect(execute(STORE, { rbx: TARGET })).toBe(14);
    expect(seen()).toBe(2n);
  });
});

describe('process-context identifiers', () => {
  const space = (pcid: bigint, keep = 0n): void => {
    expect(execute(MOV_CR3, { rdx: root | pcid | keep })).toBeUndefined();
  };
  beforeEach(() => {
    expect(execute(MOV_CR4, { rdx: 0x6a0n | PCIDE })).toBeUndefined();
    space(1n);
  });

  test('a context is as it was left if CR3 is loaded with bit 63', () => {
    becomeStale();
    space(2n);
    expect(seen()).toBe(2n);
    space(1n, KEEP);
    expect(seen()).toBe(1n);
    expect(guest.machine.readRegister('cr3')).toBe(root | 1n);
    space(2n, KEEP);
    expect(seen()).toBe(2n);
  });
  test('without bit 63 it is invalidated, others are not', () => {
    becomeStale();
    space(2n);
    space(3n);
    space(2n);
    space(1n, KEEP);
    expect(seen()).toBe(1n);
    space(1n);
    expect(seen()).toBe(2n);
  });
  test('global pages are seen in all', () => {
    becomeStale(PRESENT | WRITABLE | GLOBAL);
    space(2n);
    expect(seen()).toBe(1n);
  });
  test('INVLPG leaves the other contexts alone', () => {
    becomeStale();
    space(2n);
    execute(INVLPG, { rbx: TARGET });
    space(1n, KEEP);
    expect(seen()).toBe(1n);
  });
  test.each([
    ['of its page', 0n, 1n, 2n],
    ['of another context’s page', 0n, 2n, 1n],
    ['of it', 1n, 1n, 2n],
    ['of another context', 1n, 2n, 1n],
    ['of all', 2n, 0n, 2n],
    ['of all but global', 3n, 0n, 2n],
  ])('INVPCID %s reaches a context that is not current', (_, type, pcid, value) => {
    becomeStale();
    space(3n);
    guest.write64(DATA, pcid);
    guest.write64(DATA + 8, TARGET + 0x123n);
    expect(execute(INVPCID, { rcx: type, rsi: BigInt(DATA) })).toBeUndefined();
    space(1n, KEEP);
    expect(seen()).toBe(value);
  });
  test('a page that has come to hold code while its context was away is written like any other', () => {
    guest.map(TARGET, CODE, PRESENT | WRITABLE);
    expect(execute(STORE, { rbx: TARGET + 0x800n, rax: 0xf4n })).toBeUndefined();
    space(2n);
    guest.code([0x90, 0xf4], CODE + 0x800);
    guest.run();
    space(1n, KEEP);
    execute(STORE, { rbx: TARGET + 0x800n, rax: 0x0b0fn }); // ud2
    guest.machine.writeRegister('rip', BigInt(CODE + 0x800));
    expect(guest.run().vector).toBe(6);
  });
  test.each([
    ['a type beyond 3', 4n, 0n, 0n],
    ['a reserved bit of the descriptor', 2n, 0x1000n, 0n],
    ['an address that is not canonical', 0n, 1n, 1n << 47n],
  ])('INVPCID with %s is #GP', (_, type, pcid, address) => {
    guest.write64(DATA, pcid);
    guest.write64(DATA + 8, address);
    expect(execute(INVPCID, { rcx: type, rsi: BigInt(DATA) })).toBe(13);
  });
});

test('INVPCID of a PCID while there are none is #GP', () => {
  guest.write64(DATA, 1n);
  expect(execute(INVPCID, { rcx: 1n, rsi: BigInt(DATA) })).toBe(13);
  guest.write64(DATA, 0n);
  expect(execute(INVPCID, { rcx: 1n, rsi: BigInt(DATA) })).toBeUndefined();
});
