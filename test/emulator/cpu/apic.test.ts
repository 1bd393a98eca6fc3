import { describe, expect, test } from 'vitest';
import { createGuest, type Guest, KERNEL_CODE, PRESENT, STACK_TOP, WRITABLE } from './guest.ts';

/** The local APIC as the CPU sees it: base register, x2APIC registers, TSC deadline, messages to itself. */

const APIC_BASE = 0x1b;
const TSC = 0x10;
const TSC_DEADLINE = 0x6e0;
const [XAPIC, X2APIC, DISABLED] = [0xfee0_0900n, 0xfee0_0d00n, 0xfee0_0100n];
const GENERAL_PROTECTION = 13;
const APIC = 0xfee0_0000;
const HLT = 0xf4;
const STI_HLT = [0xfb, HLT];
const [RDMSR, WRMSR] = [
  [0x0f, 0x32],
  [0x0f, 0x30],
];

function run(guest: Guest, code: readonly number[]) {
  const { machine } = guest;
  machine.writeRegister('rsp', BigInt(STACK_TOP));
  machine.writeRegister('cs', BigInt(KERNEL_CODE));
  machine.writeRegister('rflags', 2n);
  guest.code(code);
  return guest.run();
}

function writeThen(guest: Guest, index: number, value: bigint, then: readonly number[]) {
  const { machine } = guest;
  machine.writeRegister('rcx', BigInt(index));
  machine.writeRegister('rax', value & 0xffff_ffffn);
  machine.writeRegister('rdx', value >> 32n);
  return run(guest, [...WRMSR, ...then]);
}

/** The vector of the exception that the access raises, undefined if none. */
const write = (guest: Guest, index: number, value: bigint): number | undefined =>
  writeThen(guest, index, value, [HLT]).vector;

function read(guest: Guest, index: number): bigint | 'fault' {
  const { machine } = guest;
  machine.writeRegister('rcx', BigInt(index));
  if (run(guest, [...RDMSR, HLT]).vector === GENERAL_PROTECTION) return 'fault';
  return (machine.readRegister('rdx') << 32n) | machine.readRegister('rax');
}

function createX2Guest(): Guest {
  const guest = createGuest();
  expect(write(guest, APIC_BASE, X2APIC)).toBeUndefined();
  return guest;
}

/** Maps the page of registers for accesses through [rbx + offset]. */
function mapRegisters(guest: Guest, physical = APIC): void {
  guest.map(BigInt(APIC), physical, PRESENT | WRITABLE);
  guest.machine.writeRegister('rbx', BigInt(APIC));
}

/** mov eax, [rbx + offset] */
const load = (offset: number) => [0x8b, 0x83, offset & 0xff, offset >> 8, 0, 0];

describe('IA32_APIC_BASE', () => {
  test('leads to an enabled xAPIC of the bootstrap processor', () => {
    expect(read(createGuest(), APIC_BASE)).toBe(XAPIC);
  });

  test.each<[string, bigint[], boolean]>([
    ['xAPIC to x2APIC', [X2APIC], true],
    ['x2APIC to off', [X2APIC, DISABLED], true],
    ['off to xAPIC', [DISABLED, XAPIC], true],
    ['x2APIC to xAPIC', [X2APIC, XAPIC], false],
    ['off to x2APIC', [DISABLED, X2APIC], false],
    ['x2APIC without enable', [0xfee0_0500n], false],
    ['reserved low bits', [XAPIC | 1n], false],
    ['bit 9', [XAPIC | 0x200n], false],
    ['an address of 46 bits', [XAPIC | (0x3fffn << 32n)], true],
    ['an address of 47 bits', [XAPIC | (0x4000n << 32n)], false],
  ])('%s', (_name, values, works) => {
    const guest = createGuest();
    for (const value of values.slice(0, -1)) expect(write(guest, APIC_BASE, value)).toBeUndefined();
    const before = read(guest, APIC_BASE);
    const last = values[values.length - 1];
    expect(write(guest, APIC_BASE, last)).toBe(works ? undefined : GENERAL_PROTECTION);
    expect(read(guest, APIC_BASE)).toBe(works ? last : before);
  });

  test('moves the registers', () => {
    const guest = createGuest();
    mapRegisters(guest, 0xd123_4000);
    run(guest, [...load(0x30), HLT]);
    expect(guest.machine.readRegister('rax')).toBe(0xffff_ffffn);
    write(guest, APIC_BASE, 0xd123_4900n);
    run(guest, [...load(0x30), HLT]);
    expect(guest.machine.readRegister('rax')).toBe(0x5_0014n);
    mapRegisters(guest);
    run(guest, [...load(0x30), HLT]);
    expect(guest.machine.readRegister('rax')).toBe(0xffff_ffffn);
  });

  test('a disabled APIC is not in CPUID, has forgotten its state, and lets the 8259 pair through', () => {
    const guest = createGuest();
    const hasApic = () => {
      guest.machine.writeRegister('rax', 1n);
      run(guest, [0x0f, 0xa2, HLT]);
      return (guest.machine.readRegister('rdx') & (1n << 9n)) !== 0n;
    };
    mapRegisters(guest);
    run(guest, [0xc7, 0x83, 0x80, 0, 0, 0, 0x40, 0, 0, 0, HLT]); // mov dword [rbx + 0x80], 0x40
    expect(hasApic()).toBe(true);
    write(guest, APIC_BASE, DISABLED);
    expect(hasApic()).toBe(false);
    // The timer's line 0 through the 8259: mov al, 0xfe; out 0x21, al; mode 0, count 0x0101; sti; hlt
    const timer = [0xb0, 0xfe, 0xe6, 0x21, 0xb0, 0x30, 0xe6, 0x43, 0xb0, 0x01, 0xe6, 0x40, 0xe6, 0x40];
    guest.gate(8, {});
    run(guest, [...timer, ...STI_HLT]);
    expect(guest.run(100_000).vector).toBe(8);
    write(guest, APIC_BASE, XAPIC);
    mapRegisters(guest);
    run(guest, [...load(0x80), HLT]);
    expect(guest.machine.readRegister('rax')).toBe(0n);
    run(guest, [...load(0xf0), HLT]);
    expect(guest.machine.readRegister('rax')).toBe(0xffn);
  });

  test('a model without x2APIC has the bit reserved', () => {
    const guest = createGuest({ cpu: 'x86-64-v1' });
    expect(write(guest, APIC_BASE, X2APIC)).toBe(GENERAL_PROTECTION);
    expect(read(guest, TSC_DEADLINE)).toBe('fault');
  });
});

describe('x2APIC registers', () => {
  test('are there in x2APIC mode only, and then not in memory', () => {
    const guest = createGuest();
    expect(read(guest, 0x803)).toBe('fault');
    expect(write(guest, 0x80b, 0n)).toBe(GENERAL_PROTECTION);
    write(guest, APIC_BASE, X2APIC);
    expect(read(guest, 0x803)).toBe(0x5_0014n);
    mapRegisters(guest);
    run(guest, [...load(0x30), HLT]);
    expect(guest.machine.readRegister('rax')).toBe(0xffff_ffffn);
  });

  /** By MSR: R readable, W writable with these bits. The manual's table 11-6. */
  const expected = new Map<number, { readable: boolean; writable: bigint | undefined }>([
    [0x802, { readable: true, writable: undefined }],
    [0x803, { readable: true, writable: undefined }],
    [0x808, { readable: true, writable: 0xffn }],
    [0x80a, { readable: true, writable: undefined }],
    [0x80b, { readable: false, writable: 0n }],
    [0x80d, { readable: true, writable: undefined }],
    [0x80f, { readable: true, writable: 0x1ffn }],
    ...Array.from({ length: 24 }, (_, n): [number, { readable: boolean; writable: undefined }] => [
      0x810 + n,
      { readable: true, writable: undefined },
    ]),
    [0x828, { readable: true, writable: 0n }],
    [0x830, { readable: true, writable: 0xffff_ffff_000c_cfffn }],
    [0x832, { readable: true, writable: 0x7_50ffn }],
    [0x833, { readable: true, writable: 0x1_57ffn }],
    [0x834, { readable: true, writable: 0x1_57ffn }],
    [0x835, { readable: true, writable: 0x1_f7ffn }],
    [0x836, { readable: true, writable: 0x1_f7ffn }],
    [0x837, { readable: true, writable: 0x1_50ffn }],
    [0x838, { readable: true, writable: 0xffff_ffffn }],
    [0x839, { readable: true, writable: undefined }],
    [0x83e, { readable: true, writable: 0xbn }],
    [0x83f, { readable: false, writable: 0xffn }],
  ]);

  test('those that exist can be read and written as far as they can, all others raise #GP', () => {
    const guest = createX2Guest();
    for (let index = 0x800; index < 0x900; index++) {
      const { readable, writable } = expected.get(index) ?? { readable: false, writable: undefined };
      expect(read(guest, index) !== 'fault', `read ${index.toString(16)}`).toBe(readable);
      for (let bit = 0n; bit < 64n; bit += writable === undefined ? 21n : 1n) {
        // What the command register sends must reach nobody: to them leads the shorthand "all but self".
        const value = (1n << bit) | (index === 0x830 ? 0xc_0000n : 0n);
        const isAllowed = writable !== undefined && (value & ~writable) === 0n;
        const vector = write(guest, index, value);
        expect(vector, `write ${index.toString(16)} bit ${bit}`).toBe(
          isAllowed ? undefined : GENERAL_PROTECTION,
        );
      }
    }
  });

  test('identify processor 0 of cluster 0', () => {
    const guest = createX2Guest();
    expect(read(guest, 0x802)).toBe(0n);
    expect(read(guest, 0x80d)).toBe(1n);
  });

  test('the self-interrupt register and the command register interrupt this processor', () => {
    const self = 0x4_0000n;
    const logical = 0x800n;
    for (const [index, value] of [
      [0x83f, 0x55n],
      [0x830, 0x55n | self],
      [0x830, 0x55n],
      [0x830, 0x55n | logical | (1n << 32n)],
      [0x830, 0x55n | (0xffff_ffffn << 32n)],
    ] as const) {
      const guest = createX2Guest();
      write(guest, 0x80f, 0x1ffn);
      guest.gate(0x55, {});
      expect(writeThen(guest, index, value, STI_HLT).vector).toBe(0x55);
      expect(read(guest, 0x812)).toBe(0x20_0000n);
      expect(write(guest, 0x80b, 0n)).toBeUndefined();
      expect(read(guest, 0x812)).toBe(0n);
    }
    for (const value of [
      0x55n | (0xffn << 32n),
      0x55n | logical | (0x1_0001n << 32n),
      0x55n | logical | (2n << 32n),
    ]) {
      const guest = createX2Guest();
      write(guest, 0x80f, 0x1ffn);
      expect(writeThen(guest, 0x830, value, STI_HLT).stop.kind).toBe('idle');
      expect(read(guest, 0x830)).toBe(value);
      expect(read(guest, 0x822)).toBe(0n);
    }
  });

  test('CR8 and the task priority are one', () => {
    const guest = createX2Guest();
    write(guest, 0x808, 0x50n);
    expect(guest.machine.readRegister('cr8')).toBe(5n);
  });
});

describe('the TSC deadline', () => {
  const DEADLINE_MODE = 0x4_0000n;
  const VECTOR = 0x61;

  function createTimerGuest(): Guest {
    const guest = createX2Guest();
    guest.gate(VECTOR, {});
    write(guest, 0x80f, 0x1ffn);
    write(guest, 0x832, DEADLINE_MODE | BigInt(VECTOR));
    return guest;
  }

  test('interrupts when the counter reaches it, to the instruction, and then is 0', () => {
    const guest = createTimerGuest();
    const deadline = guest.machine.instructionCount + 5000;
    const { stop } = writeThen(guest, TSC_DEADLINE, BigInt(deadline), STI_HLT);
    expect(stop).toEqual({ kind: 'idle', until: deadline });
    expect(guest.run(100).vector).toBe(VECTOR);
    // The delivery counts as one, and so does the handler's HLT.
    expect(guest.machine.instructionCount).toBe(deadline + 2);
    expect(read(guest, TSC_DEADLINE)).toBe(0n);
  });

  test('that is past interrupts at once', () => {
    const guest = createTimerGuest();
    expect(writeThen(guest, TSC_DEADLINE, 1n, STI_HLT).vector).toBe(VECTOR);
  });

  test('can be read back, moved and taken back', () => {
    const guest = createTimerGuest();
    const far = 1n << 62n;
    write(guest, TSC_DEADLINE, far | 5n);
    expect(read(guest, TSC_DEADLINE)).toBe(far | 5n);
    expect(writeThen(guest, TSC_DEADLINE, 0n, STI_HLT).stop).toEqual({ kind: 'idle', until: undefined });
  });

  test('follows the counter when that is written', () => {
    const guest = createTimerGuest();
    write(guest, TSC_DEADLINE, 0x1234_0000_0000_1000n);
    const before = guest.machine.instructionCount;
    const { stop } = writeThen(guest, TSC, 0x1234_0000_0000_0000n, STI_HLT);
    expect(stop).toEqual({ kind: 'idle', until: before + 0x1000 });
  });

  test('is 0 and ignores writes in the other modes; changing the mode disarms the timer', () => {
    const guest = createTimerGuest();
    write(guest, TSC_DEADLINE, 1n << 40n);
    write(guest, 0x832, BigInt(VECTOR));
    expect(read(guest, TSC_DEADLINE)).toBe(0n);
    write(guest, TSC_DEADLINE, 1n << 40n);
    expect(read(guest, TSC_DEADLINE)).toBe(0n);
    write(guest, 0x838, 1_000_000n);
    expect(read(guest, 0x839)).not.toBe(0n);
    write(guest, 0x832, DEADLINE_MODE | BigInt(VECTOR));
    expect(read(guest, 0x839)).toBe(0n);
    write(guest, 0x838, 777n);
    expect(read(guest, 0x838)).toBe(1_000_000n);
    expect(read(guest, 0x839)).toBe(0n);
  });
});

describe('messages to this processor', () => {
  test.each([
    ['INIT', 0x4500n, 'reset'],
    ['the end of an INIT', 0x8500n, 'halted'],
    ['start-up', 0x4608n, 'halted'],
    ['INIT to all but itself', 0xc_4500n, 'halted'],
  ])('%s', (_name, command, kind) => {
    const guest = createX2Guest();
    guest.machine.writeRegister('rcx', 0x830n);
    guest.machine.writeRegister('rax', command);
    guest.machine.writeRegister('rdx', 0n);
    expect(run(guest, [...WRMSR, HLT]).stop.kind).toBe(kind);
  });
});
