import { beforeEach, describe, expect, test } from 'vitest';
import { CODE, createGuest, DATA, type Guest, KERNEL_DATA, STACK_TOP } from './guest.ts';

/** Breakpoints of the debug registers: on instructions, data and ports; general detection; DR6 and RF. */

const DEBUG = 1;
const HLT = 0xf4;
const RF = 0x1_0000n;
const TF = 0x100n;
const DR6_CLEAR = 0xffff_0ff0n;
const LOAD = [0x48, 0x8b, 0x03]; // mov rax, [rbx]
const STORE = [0x48, 0x89, 0x03]; // mov [rbx], rax
const ADD = [0x48, 0x01, 0x03]; // add [rbx], rax

const EXECUTE = 0;
const WRITE = 1;
const PORT = 2;
const ACCESS = 3;
/** LEN by bytes. */
const LENGTHS: Readonly<Record<number, number>> = { 1: 0, 2: 1, 4: 3, 8: 2 };

let guest: Guest;
beforeEach(() => {
  guest = createGuest();
});

function arm(n: number, address: number | bigint, kind: number, length = 1): void {
  const { machine } = guest;
  machine.writeRegister(`dr${n}`, BigInt(address));
  const bits = (1 << (2 * n)) | (((LENGTHS[length] << 2) | kind) << (16 + 4 * n));
  machine.writeRegister('dr7', machine.readRegister('dr7') | BigInt(bits >>> 0));
}

interface Hit {
  readonly vector: number | undefined;
  /** Return address less CODE. */
  readonly offset: number;
  /** Bits of DR6 that are not always 1. */
  readonly dr6: number;
}

function execute(code: readonly number[], registers: Record<string, bigint> = {}): Hit | undefined {
  const { machine } = guest;
  machine.writeRegister('rsp', BigInt(STACK_TOP));
  machine.writeRegister('dr6', DR6_CLEAR);
  for (const [name, value] of Object.entries(registers)) machine.writeRegister(name, value);
  guest.code([...code, HLT]);
  const { vector, stop } = guest.run();
  expect(stop.kind).toBe('halted');
  if (vector === undefined) return undefined;
  return {
    vector,
    offset: Number(guest.stack(1)[0]) - CODE,
    dr6: Number(machine.readRegister('dr6') - DR6_CLEAR),
  };
}

describe('on instructions', () => {
  test('fault before it, without RF in the frame', () => {
    arm(1, CODE + 2, EXECUTE);
    expect(execute([0x90, 0x90, 0x90])).toEqual({ vector: DEBUG, offset: 2, dr6: 2 });
    expect(guest.stack(3)[2] & RF).toBe(0n);
  });
  test('code that is decoded already takes them', () => {
    expect(execute([0x90, 0x90, 0x90])).toBeUndefined();
    arm(0, CODE + 1, EXECUTE);
    expect(execute([0x90, 0x90, 0x90])?.offset).toBe(1);
    guest.machine.writeRegister('dr7', 0x400n);
    expect(execute([0x90, 0x90, 0x90])).toBeUndefined();
  });
  test('are passed with RF, for one instruction', () => {
    // The handler sets RF in the frame and returns; the loop comes by again.
    guest.gate(DEBUG, { target: BigInt(DATA) });
    // or dword [rsp + 16], 0x10000; inc edi; iretq
    guest.machine.writePhysical(
      DATA,
      Uint8Array.of(0x81, 0x4c, 0x24, 0x10, 0, 0, 1, 0, 0xff, 0xc7, 0x48, 0xcf),
    );
    arm(0, CODE + 5, EXECUTE);
    // mov ecx, 3; nop; loop -3; hlt
    expect(execute([0xb9, 3, 0, 0, 0, 0x90, 0xe2, 0xfd], { rdi: 0n })).toBeUndefined();
    expect(guest.machine.readRegister('rdi')).toBe(3n);
  });
  test('with RF all iterations of a repeated instruction are passed', () => {
    guest.gate(DEBUG, { target: BigInt(DATA) });
    guest.machine.writePhysical(
      DATA,
      Uint8Array.of(0x81, 0x4c, 0x24, 0x10, 0, 0, 1, 0, 0xff, 0xc6, 0x48, 0xcf), // inc esi
    );
    arm(0, CODE, EXECUTE);
    guest.machine.writeRegister('rcx', 40n);
    guest.machine.writeRegister('rdi', BigInt(DATA + 0x100));
    guest.machine.writeRegister('rsi', 0n);
    guest.code([0xf3, 0xaa, HLT]);
    // In slices that end within it.
    for (let n = 0; n < 40 && guest.machine.run(3).kind === 'budget'; n++);
    expect(guest.machine.readRegister('rcx')).toBe(0n);
    expect(guest.machine.readRegister('rsi')).toBe(1n);
  });
  test('come before a page fault of the fetch', () => {
    arm(0, 0x7000_0000, EXECUTE);
    expect(execute([0xff, 0xe3], { rbx: 0x7000_0000n })).toMatchObject({ vector: DEBUG, dr6: 1 });
  });
  test('wait behind a load of SS, and are gone then', () => {
    arm(0, CODE + 2, EXECUTE);
    expect(execute([0x8e, 0xd0, 0x90], { rax: BigInt(KERNEL_DATA) })).toBeUndefined();
  });
  test('do not disturb those of the debugger', () => {
    arm(0, CODE + 1, EXECUTE);
    guest.machine.setBreakpoints([BigInt(CODE + 1), BigInt(CODE + 2)]);
    guest.code([0x90, 0x90, 0x90, HLT]);
    expect(guest.run().stop).toMatchObject({ kind: 'breakpoint', address: BigInt(CODE + 1) });
    expect(guest.run().vector).toBe(DEBUG);
  });
  test('only while they are enabled', () => {
    arm(0, CODE, EXECUTE);
    guest.machine.writeRegister('dr7', 0x400n);
    expect(execute([0x90])).toBeUndefined();
  });
});

describe('on data', () => {
  test.each([
    ['a write to one of writes', WRITE, STORE, true],
    ['a read of one of writes', WRITE, LOAD, false],
    ['a read of one of accesses', ACCESS, LOAD, true],
    ['a write to one of accesses', ACCESS, STORE, true],
    ['a read-modify-write', WRITE, ADD, true],
  ])('%s', (_, kind, code, isHit) => {
    arm(2, DATA + 8, kind, 4);
    // Filled before, the TLB knows the page.
    for (const other of [LOAD, STORE]) expect(execute(other, { rbx: BigInt(DATA + 64) })).toBeUndefined();
    const expected = isHit ? { vector: DEBUG, offset: 3, dr6: 4 } : undefined;
    expect(execute([...code, 0x90], { rbx: BigInt(DATA + 8) })).toEqual(expected);
    if (isHit) expect(guest.stack(3)[2] & RF).toBe(0n);
  });
  test('the access is done by then', () => {
    arm(0, DATA, WRITE, 8);
    execute(STORE, { rbx: BigInt(DATA), rax: 0x77n });
    expect(guest.read64(DATA)).toBe(0x77n);
  });
  test.each([
    [DATA + 7, 1, -7, true],
    [DATA + 8, 1, -8, false],
    [DATA + 0xff8, 8, -0, true],
    [DATA + 8, 8, 7, true],
    [DATA + 8, 4, 4, false],
    // The address is aligned to the length.
    [DATA + 0xb, 4, -3, true],
  ])('at %i of %i bytes, an access of 8 bytes at an offset of %i', (address, length, offset, isHit) => {
    arm(0, address, ACCESS, length);
    const hit = execute(LOAD, { rbx: BigInt(address + offset) });
    expect(hit !== undefined).toBe(isHit);
  });
  test('accesses across a page boundary', () => {
    guest.map(BigInt(DATA + 0x1000), DATA + 0x1000, 7);
    arm(3, DATA + 0x1000, WRITE, 2);
    expect(execute(STORE, { rbx: BigInt(DATA + 0xffc) })).toEqual({ vector: DEBUG, offset: 3, dr6: 8 });
  });
  test('vector accesses', () => {
    arm(0, DATA + 12, WRITE, 4);
    // movups [rbx], xmm0
    expect(execute([0x0f, 0x11, 0x03, 0x90], { rbx: BigInt(DATA) })?.offset).toBe(3);
  });
  test('several at once', () => {
    arm(0, DATA, WRITE, 4);
    arm(1, DATA + 4, ACCESS, 4);
    arm(2, DATA, EXECUTE);
    arm(3, DATA + 8, ACCESS, 4);
    expect(execute(STORE, { rbx: BigInt(DATA) })?.dr6).toBe(3);
  });
  test('trap after the iteration of a repeated instruction, with RF', () => {
    arm(0, DATA + 16, WRITE, 8);
    expect(execute([0xf3, 0x48, 0xab], { rdi: BigInt(DATA), rcx: 6n })).toEqual({
      vector: DEBUG,
      offset: 0,
      dr6: 1,
    });
    expect(guest.machine.readRegister('rcx')).toBe(3n);
    expect(guest.stack(3)[2] & RF).toBe(RF);
  });
  test('together with a single step', () => {
    arm(0, DATA, WRITE, 8);
    expect(execute(STORE, { rbx: BigInt(DATA), rflags: 2n | TF })?.dr6).toBe(0x4001);
  });
  test('of an instruction that faults are forgotten', () => {
    arm(0, DATA, ACCESS, 8);
    // movsq: the read is done, the write faults
    expect(execute([0x48, 0xa5], { rsi: BigInt(DATA), rdi: 0x7000_0000n })).toMatchObject({
      vector: 14,
      dr6: 0,
    });
  });
  test('of a load of SS are delivered behind the next instruction', () => {
    arm(0, DATA, ACCESS, 2);
    guest.write64(DATA, BigInt(KERNEL_DATA));
    // mov ss, [rbx]; nop
    expect(execute([0x8e, 0x13, 0x90, 0x90], { rbx: BigInt(DATA) })).toEqual({
      vector: DEBUG,
      offset: 3,
      dr6: 1,
    });
  });
  test('of a load of SS before INT n are delivered at its handler', () => {
    arm(0, DATA, ACCESS, 2);
    guest.write64(DATA, BigInt(KERNEL_DATA));
    guest.gate(0x80, { target: BigInt(DATA + 0x100) });
    expect(execute([0x8e, 0x13, 0xcd, 0x80], { rbx: BigInt(DATA) })).toEqual({
      vector: DEBUG,
      offset: DATA + 0x100 - CODE,
      dr6: 1,
    });
  });
  test('by the delivery of an exception are delivered at its handler', () => {
    arm(0, STACK_TOP - 8, WRITE, 8);
    guest.gate(6, { target: BigInt(DATA + 0x100) });
    expect(execute([0x0f, 0x0b])).toEqual({ vector: DEBUG, offset: DATA + 0x100 - CODE, dr6: 1 });
  });
  test('a stack that is hit by each delivery does not hang the host', () => {
    guest.gate(DEBUG, { ist: 1 });
    arm(0, 0x10_a000 - 8, WRITE, 8);
    arm(1, DATA, WRITE, 8);
    guest.machine.writeRegister('rbx', BigInt(DATA));
    guest.code([...STORE, HLT]);
    expect(guest.machine.run(10_000).kind).toBe('budget');
  });
  test('any slicing gives the same machine', () => {
    const digests = [1, 2, 1000].map((slice) => {
      guest = createGuest();
      arm(0, DATA, ACCESS, 8);
      guest.gate(DEBUG, { target: BigInt(DATA + 0x100) });
      guest.machine.writePhysical(DATA + 0x100, Uint8Array.of(0xff, 0xc7, 0x48, 0xcf)); // inc edi; iretq
      guest.machine.writeRegister('rbx', BigInt(DATA));
      guest.machine.writeRegister('rflags', 2n | TF);
      guest.code([...LOAD, ...STORE, ...ADD, 0x90, HLT]);
      while (guest.machine.instructionCount < 60) {
        const left = 60 - guest.machine.instructionCount;
        if (guest.machine.run(Math.min(slice, left)).kind === 'halted') break;
      }
      return guest.machine.digest();
    });
    expect(new Set(digests).size).toBe(1);
  });
});

describe('on ports', () => {
  const DE = 0x6a8n;
  test.each([
    ['OUT', [0xe6, 0x80], 2],
    ['IN', [0xe4, 0x80], 2],
    ['a wider access', [0xe5, 0x7e], 2],
    ['OUTS', [0x6e], 1],
  ])('%s', (_, code, offset) => {
    guest.machine.writeRegister('cr4', DE);
    arm(0, 0x80, PORT);
    const hit = execute(code, { rdx: 0x80n, rsi: BigInt(DATA) });
    expect(hit).toEqual({ vector: DEBUG, offset, dr6: 1 });
  });
  test('another port is none', () => {
    guest.machine.writeRegister('cr4', DE);
    arm(0, 0x80, PORT);
    expect(execute([0xe6, 0x81])).toBeUndefined();
  });
  test('need CR4.DE', () => {
    arm(0, 0x80, PORT);
    expect(execute([0xe6, 0x80])).toBeUndefined();
  });
});

describe('the registers themselves', () => {
  const FROM_DR7 = [0x0f, 0x21, 0xf8];
  const TO_DR7 = [0x0f, 0x23, 0xf8];
  test('MOV to DR7 arms', () => {
    expect(execute(TO_DR7, { rax: 0x403n, dr0: BigInt(CODE + 3) })).toMatchObject({
      vector: DEBUG,
      offset: 3,
      dr6: 1,
    });
  });
  test('general detection faults at the move, with RF, and ends', () => {
    guest.machine.writeRegister('dr7', 0x2400n);
    expect(execute(FROM_DR7)).toEqual({ vector: DEBUG, offset: 0, dr6: 0x2000 });
    expect(guest.stack(3)[2] & RF).toBe(RF);
    expect(guest.machine.readRegister('dr7')).toBe(0x400n);
    expect(execute(FROM_DR7)).toBeUndefined();
  });
  test('privilege comes before general detection', () => {
    guest.machine.writeRegister('dr7', 0x2400n);
    guest.user();
    expect(execute(FROM_DR7)?.vector).toBe(13);
  });
  test('DR4 and DR5 are DR6 and DR7, unless CR4.DE is set', () => {
    expect(execute([0x0f, 0x21, 0xe8])).toBeUndefined();
    expect(guest.machine.readRegister('rax')).toBe(0x400n);
    guest.machine.writeRegister('cr4', 0x6a8n);
    expect(execute([0x0f, 0x21, 0xe8])?.vector).toBe(6);
  });
  test('the high halves of DR6 and DR7 must be 0', () => {
    expect(execute(TO_DR7, { rax: 1n << 32n })?.vector).toBe(13);
  });
});
