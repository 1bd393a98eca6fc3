/** The entry for tests and tools: code in, registers and memory out. */
import { describe, expect, test } from 'vitest';
import { createBareMachine } from '../../emulator/bare-machine.ts';
import { randomNumbers } from '../random.ts';

const CODE = 0x40_0000n;
const DATA = 0x7fff_f000_0000n;

/** A machine with code at CODE and a page of data at DATA. */
function bare(code: readonly number[], options: Parameters<typeof createBareMachine>[0] = {}) {
  const machine = createBareMachine(options);
  machine.map(CODE, Uint8Array.from(code), 'rx');
  machine.map(DATA, 4096, 'rw');
  machine.set({ rip: CODE, rsp: DATA + 0x1000n });
  return machine;
}

test('runs code of a user to an address and shows what it did', () => {
  // add rax, rdi; push rax
  const machine = bare([0x48, 0x01, 0xf8, 0x50, 0x90]);
  machine.set({ rax: 40n, rdi: 2n });
  expect(machine.run({ until: CODE + 4n })).toEqual({ kind: 'address', address: CODE + 4n });
  expect(machine.get('rax')).toBe(42n);
  expect(machine.read(DATA + 0xff8n, 8)).toEqual(Uint8Array.of(42, 0, 0, 0, 0, 0, 0, 0));
  expect(machine.machine.privilegeLevel).toBe(3);
});

test('stops at a count, and goes on', () => {
  const machine = bare([0x48, 0xff, 0xc0, 0xeb, 0xfb]); // inc rax; jmp back
  expect(machine.run({ limit: 1001 })).toEqual({ kind: 'limit' });
  expect(machine.get('rax')).toBe(501n);
  expect(machine.step()).toEqual({ kind: 'limit' });
  expect(machine.get('rip')).toBe(CODE);
});

describe('faults', () => {
  test('are reported with vector, error code and address, and nothing has happened', () => {
    const machine = bare([0x90, 0x89, 0x03]); // mov [rbx], eax
    machine.set({ rbx: 0x1234n });
    const fault = { kind: 'fault', vector: 14, errorCode: 6, address: CODE + 1n, faultAddress: 0x1234n };
    expect(machine.run()).toEqual(fault);
    expect(machine.run()).toEqual(fault);
    machine.map(0x1000n, 1, 'rw');
    machine.run({ until: CODE + 3n });
    expect(machine.get('rip')).toBe(CODE + 3n);
  });
  test.each([
    ['write of a page that may be read', [0x89, 0x03], { vector: 14, errorCode: 7 }],
    ['HLT', [0xf4], { vector: 13, errorCode: 0 }],
    ['UD2', [0x0f, 0x0b], { vector: 6, errorCode: undefined }],
    ['division by zero', [0x31, 0xc9, 0xf7, 0xf1], { vector: 0, address: CODE + 2n }],
    ['INT3', [0xcc], { vector: 3, address: CODE + 1n }],
    ['INT 0x80', [0xcd, 0x80], { vector: 0x80, address: CODE + 2n }],
    ['execution of data', [0xff, 0xe4], { vector: 14, errorCode: 0x15, address: DATA + 0x1000n - 8n }],
  ])('%s', (_name, code, expected) => {
    const machine = bare(code);
    machine.set({ rbx: CODE, rsp: DATA + 0x1000n - 8n });
    expect(machine.run()).toMatchObject({ kind: 'fault', ...expected });
  });
  test('a single-step trap comes behind the instruction', () => {
    const machine = bare([0x90, 0x90]);
    machine.set({ rflags: 0x102n });
    expect(machine.run()).toMatchObject({ kind: 'fault', vector: 1, address: CODE + 1n });
  });
});

test('what the model has is enabled, and nothing else', () => {
  const code = [0xc5, 0xfc, 0x58, 0xc1, 0xf3, 0x48, 0x0f, 0xae, 0xd0]; // vaddps ymm0, ymm0, ymm1; wrfsbase rax
  const machine = bare(code);
  machine.set({ rax: 0x1234n });
  expect(machine.run({ until: CODE + 9n }).kind).toBe('address');
  expect(machine.get('fs_base')).toBe(0x1234n);
  expect(bare(code, { cpu: 'x86-64-v2' }).run()).toMatchObject({ kind: 'fault', vector: 6, address: CODE });
  expect(bare(code.slice(4), { cpu: 'x86-64-v1' }).run()).toMatchObject({ kind: 'fault', vector: 6 });
});

test('code of the kernel may halt', () => {
  const machine = bare([0x0f, 0x20, 0xc0, 0xf4], { mode: 'kernel' }); // mov rax, cr0; hlt
  expect(machine.run()).toEqual({ kind: 'halt' });
  expect(machine.get('rax')).toBe(0x8001_0033n);
  expect(machine.machine.privilegeLevel).toBe(0);
});

test('code of 32 bits', () => {
  // inc eax (in 64-bit code a REX prefix); push eax; int 0x80
  const machine = bare([0x40, 0x50, 0xcd, 0x80], { mode: 'user-32' });
  machine.map(0x8000_0000n, 4096, 'rw');
  machine.set({ rsp: 0x8000_1000n, rax: 0xffff_fffen });
  expect(machine.run()).toMatchObject({ kind: 'fault', vector: 0x80 });
  expect(machine.get('rsp')).toBe(0x8000_0ffcn);
  expect(machine.read(0x8000_0ffcn, 4)).toEqual(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
});

describe('SYSCALL', () => {
  test('stops behind the instruction, ready to go on', () => {
    const machine = bare([0x0f, 0x05, 0x48, 0xff, 0xc0, 0x0f, 0x05]);
    machine.set({ rax: 60n, rflags: 0x203n });
    expect(machine.run()).toEqual({ kind: 'syscall' });
    expect([machine.get('rip'), machine.get('rcx')]).toEqual([CODE + 2n, CODE + 2n]);
    expect([machine.get('rflags'), machine.get('cs')]).toEqual([0x203n, 0x33n]);
    machine.set({ rax: 7n });
    expect(machine.run()).toEqual({ kind: 'syscall' });
    expect(machine.get('rax')).toBe(8n);
    expect(machine.machine.privilegeLevel).toBe(3);
  });
  test('is one step', () => {
    const machine = bare([0x0f, 0x05]);
    expect(machine.step()).toEqual({ kind: 'syscall' });
  });
  test('raises #UD if it is not asked for', () => {
    expect(bare([0x0f, 0x05], { systemCalls: false }).run()).toMatchObject({ kind: 'fault', vector: 6 });
  });
});

test('every register keeps what is written, and all of them together make the state', () => {
  const next = randomNumbers(5);
  const random = (bits: number): bigint => {
    let value = 0n;
    for (let n = 0; n < bits; n += 32) value = (value << 32n) | BigInt(next());
    return BigInt.asUintN(bits, value);
  };
  const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
  const values: Record<string, bigint> = {
    ...{ rip: CODE + 3n, rflags: 0x8d7n, mxcsr: 0x1f85n, fs_base: random(46), gs_base: random(46) },
    ...{ fcw: 0x27fn, fsw: 0x2800n, fop: 0x123n, fip: random(46), fdp: random(46), cr2: random(64) },
    ...Object.fromEntries(names('ymm', 16).map((name) => [name, random(256)])),
    ...Object.fromEntries(names('st', 8).map((name) => [name, random(80)])),
    ...{ rax: random(64), rbx: random(64), rsp: random(64), rbp: random(64), r15: random(64), ftw: 0x5an },
  };
  const machine = bare([0x90]);
  machine.set(values);
  for (const [name, value] of Object.entries(values))
    expect([name, machine.get(name)]).toEqual([name, value]);
  expect(machine.get('xmm3')).toBe(BigInt.asUintN(128, values['ymm3']));
  // TOP is 5: ST(0) is register 5.
  expect(machine.get('mm5')).toBe(BigInt.asUintN(64, values['st0']));

  const other = bare([0x90]);
  other.set(machine.registers());
  expect(other.registers()).toEqual(machine.registers());
  expect(other.machine.digest()).toBe(machine.machine.digest());
  machine.set({ mm2: 0x0123_4567_89ab_cdefn });
  expect(machine.get('st5')).toBe((0xffffn << 64n) | 0x0123_4567_89ab_cdefn);
});

describe('memory', () => {
  test('is mapped anywhere, across pages, and keeps what it holds when its rights change', () => {
    const machine = bare([0x8a, 0x03, 0x88, 0x03, 0x90]); // mov al, [rbx]; mov [rbx], al
    const address = 0xffff_9000_0000_0ffen;
    machine.map(address, Uint8Array.of(1, 2, 3, 4), 'r');
    expect(machine.read(address, 4)).toEqual(Uint8Array.of(1, 2, 3, 4));
    machine.set({ rbx: address + 2n });
    expect(machine.run()).toMatchObject({ kind: 'fault', errorCode: 7, address: CODE + 2n });
    machine.map(address, 4, 'rw');
    expect(machine.run({ until: CODE + 4n }).kind).toBe('address');
    expect(machine.get('rax') & 0xffn).toBe(3n);
  });
  test('is taken away, and comes back empty', () => {
    const machine = bare([0x8a, 0x03]);
    machine.set({ rbx: DATA });
    machine.write(DATA, Uint8Array.of(9));
    machine.unmap(DATA, 1);
    expect(machine.run()).toMatchObject({ kind: 'fault', vector: 14, errorCode: 4 });
    expect(() => machine.read(DATA, 1)).toThrow(RangeError);
    expect(() => machine.write(DATA, Uint8Array.of(1))).toThrow(RangeError);
    machine.map(DATA, 1, 'r');
    expect(machine.read(DATA, 1)).toEqual(Uint8Array.of(0));
  });
  test('that there is not, or that has no address, is refused', () => {
    const machine = createBareMachine({ memoryBytes: 2 * 2 ** 20 });
    expect(() => machine.map(0x1000n, 4 * 2 ** 20, 'rw')).toThrow(/2 MiB/);
    expect(() => machine.map(0x8000_0000_0000n, 1, 'rw')).toThrow(/canonical/);
  });
});

test('a snapshot takes it back', () => {
  const machine = bare([0xfe, 0x03, 0xeb, 0xfc]); // inc byte [rbx]; jmp back
  machine.set({ rbx: DATA });
  const snapshot = machine.machine.takeSnapshot();
  machine.run({ limit: 10 });
  expect(machine.read(DATA, 1)).toEqual(Uint8Array.of(5));
  machine.machine.restoreSnapshot(snapshot);
  expect(machine.read(DATA, 1)).toEqual(Uint8Array.of(0));
});
