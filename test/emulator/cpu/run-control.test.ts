import { beforeEach, describe, expect, test } from 'vitest';
import { writeLongModeEntry } from '../../../emulator/boot/long-mode-entry.ts';
import { createMachine } from '../../../emulator/machine.ts';
import { CODE, createGuest, DATA, type Guest, PRESENT, STACK_TOP, WRITABLE } from './guest.ts';

let guest: Guest;
beforeEach(() => {
  guest = createGuest();
});
const register = (name: string): bigint => guest.machine.readRegister(name);
/** inc rax four times, then jump back. */
const COUNTER = [0x48, 0xff, 0xc0, 0x48, 0xff, 0xc0, 0x48, 0xff, 0xc0, 0x48, 0xff, 0xc0, 0xeb, 0xf2];

describe('budget', () => {
  test('is kept to the instruction, wherever it falls in a block', () => {
    guest.code(COUNTER);
    const start = guest.machine.instructionCount;
    for (let n = 1; n <= 12; n++) {
      expect(guest.machine.run(1)).toEqual({ kind: 'budget' });
      expect(guest.machine.instructionCount).toBe(start + n);
      expect(register('rip')).toBe(BigInt(CODE + [0, 3, 6, 9, 12][n % 5]));
    }
  });
  test('iterations of a repeated instruction count one each', () => {
    guest.machine.writeRegister('rcx', 100n);
    guest.machine.writeRegister('rdi', BigInt(DATA));
    guest.code([0xf3, 0xaa, 0xf4]);
    const start = guest.machine.instructionCount;
    guest.machine.run(30);
    expect([register('rcx'), register('rdi'), register('rip')]).toEqual([
      70n,
      BigInt(DATA + 30),
      BigInt(CODE),
    ]);
    expect(guest.run().stop.kind).toBe('halted');
    expect(guest.machine.instructionCount - start).toBe(101);
  });
  test('a repetition of zero counts one', () => {
    guest.code([0xf3, 0xaa, 0xf4]);
    const start = guest.machine.instructionCount;
    guest.run();
    expect(guest.machine.instructionCount - start).toBe(2);
  });
});

describe('breakpoints', () => {
  test('stop before the instruction, and are passed when the run goes on', () => {
    guest.code(COUNTER);
    guest.machine.setBreakpoints([BigInt(CODE + 6)]);
    expect(guest.machine.run(1000)).toEqual({ kind: 'breakpoint', address: BigInt(CODE + 6) });
    expect(register('rax')).toBe(2n);
    expect(guest.machine.run(1000)).toEqual({ kind: 'breakpoint', address: BigInt(CODE + 6) });
    expect(register('rax')).toBe(6n);
  });
  test('can be set and removed in code that has been decoded', () => {
    guest.code(COUNTER);
    guest.machine.run(1000);
    guest.machine.setBreakpoints([BigInt(CODE + 3), BigInt(CODE + 9)]);
    expect(guest.machine.run(1000).kind).toBe('breakpoint');
    expect(guest.machine.run(1000).kind).toBe('breakpoint');
    guest.machine.setBreakpoints([]);
    expect(guest.machine.run(1000).kind).toBe('budget');
  });
  test('do not disturb single steps', () => {
    guest.code(COUNTER);
    guest.machine.setBreakpoints([BigInt(CODE), BigInt(CODE + 3)]);
    expect(guest.machine.step()).toEqual({ kind: 'step' });
    expect(guest.machine.step()).toEqual({ kind: 'step' });
    expect(register('rip')).toBe(BigInt(CODE + 6));
  });
  test('are passed although the instruction faults first and is run again', () => {
    // mov [rbx], rax on an absent page; the handler maps the page, drops the error code and returns.
    guest.map(0x4000_0000n, 0, 0);
    const entry = guest.entry(0x4000_0000n);
    guest.machine.writeRegister('rbx', 0x4000_0000n);
    guest.machine.writeRegister('rcx', BigInt(entry));
    guest.gate(14, { target: BigInt(CODE + 0x100) });
    // mov qword [rcx], 0x200003; add rsp, 8; iretq
    const handler = [0x48, 0xc7, 0x01, PRESENT | WRITABLE, 0, 0x20, 0, 0x48, 0x83, 0xc4, 8, 0x48, 0xcf];
    guest.machine.writePhysical(CODE + 0x100, Uint8Array.from(handler));
    guest.code([0x90, 0x48, 0x89, 0x03, 0xf4]);
    guest.machine.setBreakpoints([BigInt(CODE + 1)]);
    expect(guest.machine.run(1000).kind).toBe('breakpoint');
    expect(guest.machine.run(1000)).toEqual({ kind: 'halted' });
  });
  test('work at addresses of the upper half', () => {
    const address = 0xffff_8000_0000_1000n;
    guest.map(address, CODE, PRESENT);
    guest.code(COUNTER);
    guest.machine.writeRegister('rip', address);
    guest.machine.setBreakpoints([address + 3n]);
    expect(guest.machine.run(100)).toEqual({ kind: 'breakpoint', address: address + 3n });
  });
});

describe('HLT', () => {
  test('with interrupts disabled ends the machine', () => {
    guest.code([0xf4]);
    expect(guest.machine.run(10)).toEqual({ kind: 'halted' });
    expect(guest.machine.run(10)).toEqual({ kind: 'halted' });
  });
  test('with nothing to wait for is idle without end', () => {
    guest.code([0xfb, 0xf4]);
    expect(guest.machine.run(10)).toEqual({ kind: 'idle', until: undefined });
    expect(guest.machine.run(10)).toEqual({ kind: 'idle', until: undefined });
  });
  test('waits for the timer: virtual time jumps, the interrupt is delivered', () => {
    // Local APIC: enabled, timer one-shot on vector 0x40, divided by 1, count 5000.
    const lapic = 0xfee0_0000;
    guest.map(BigInt(lapic), lapic, PRESENT | WRITABLE);
    const store = (offset: number, value: number): number[] => [
      ...[0xc7, 0x83, offset & 255, offset >> 8, 0, 0],
      ...[value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24],
    ];
    guest.machine.writeRegister('rbx', BigInt(lapic));
    guest.code([
      ...store(0xf0, 0x1ff),
      ...store(0x3e0, 0xb),
      ...store(0x320, 0x40),
      ...store(0x380, 5000),
      0xfb,
      0xf4,
    ]);
    const idle = guest.machine.run(1000);
    expect(idle.kind).toBe('idle');
    const until = idle.kind === 'idle' ? idle.until : undefined;
    expect(until).toBeGreaterThan(guest.machine.instructionCount + 1000);
    const { stop, vector } = guest.run();
    expect([stop.kind, vector]).toEqual(['halted', 0x40]);
    expect(guest.machine.instructionCount).toBeGreaterThanOrEqual(until ?? Number.POSITIVE_INFINITY);
    expect(guest.stack(1)[0]).toBe(BigInt(CODE + 42));
  });
});

describe('self-modifying code', () => {
  test('a store into the next instruction of the same block takes effect at once', () => {
    // mov byte [rip+1], 0x2a; mov al, 1 (becomes mov al, 0x2a); hlt
    guest.code([0xc6, 0x05, 1, 0, 0, 0, 0x2a, 0xb0, 1, 0xf4]);
    guest.run();
    expect(register('rax') & 0xffn).toBe(0x2an);
  });
  test('code written through another mapping is decoded anew', () => {
    guest.map(0x5000_0000n, CODE, PRESENT | WRITABLE);
    guest.code([0xb0, 1, 0xf4]);
    guest.run();
    // mov byte [rbx+1], 2; jmp CODE
    guest.machine.writeRegister('rbx', 0x5000_0000n);
    const at = CODE + 0x1000;
    guest.code([0xc6, 0x43, 1, 2, 0xe9, ...new Uint8Array(Int32Array.of(CODE - (at + 9)).buffer)], at);
    guest.run();
    expect(register('rax') & 0xffn).toBe(2n);
  });
  test('writes from outside count too', () => {
    guest.code([0xb0, 1, 0xf4]);
    guest.run();
    guest.machine.writeVirtual(BigInt(CODE + 1), Uint8Array.of(3));
    guest.machine.writeRegister('rip', BigInt(CODE));
    guest.run();
    expect(register('rax') & 0xffn).toBe(3n);
  });
  test('data beside code is written without ado', () => {
    // inc dword [CODE + 0x400]; dec ecx; jnz; hlt, 5000 times
    guest.machine.writeRegister('rcx', 5000n);
    guest.machine.writeRegister('rbx', BigInt(CODE + 0x400));
    guest.code([0xff, 0x03, 0xff, 0xc9, 0x75, 0xfa, 0xf4]);
    expect(guest.run(100_000).stop.kind).toBe('halted');
    expect(guest.read64(CODE + 0x400)).toBe(5000n);
  });
  test('code that overwrites itself in a loop runs as written', () => {
    // CODE: mov eax, 0; inc byte [CODE + 1] (the immediate); dec ecx; jnz CODE; hlt
    guest.machine.writeRegister('rcx', 200n);
    guest.machine.writeRegister('rbx', BigInt(CODE + 1));
    guest.code([0xb8, 0, 0, 0, 0, 0xfe, 0x03, 0xff, 0xc9, 0x75, 0xf5, 0xf4]);
    expect(guest.run(100_000).stop.kind).toBe('halted');
    expect(register('rax')).toBe(199n);
  });
  test('REP MOVS over code', () => {
    guest.machine.writePhysical(DATA, Uint8Array.of(0xb0, 9, 0xf4));
    guest.machine.writeRegister('rsi', BigInt(DATA));
    guest.machine.writeRegister('rdi', BigInt(CODE + 2));
    guest.machine.writeRegister('rcx', 3n);
    guest.code([0xf3, 0xa4, 0xb0, 1, 0xf4]);
    guest.run();
    expect(register('rax') & 0xffn).toBe(9n);
  });
});

describe('unknown opcodes', () => {
  test('stop the machine before the instruction if asked to', () => {
    guest = createGuest({ stopOnUnknownOpcode: true });
    guest.code([0x90, 0x0f, 0x3a, 0xff, 0xc0, 0x01]);
    const { stop } = guest.run();
    expect(stop).toMatchObject({ kind: 'unknown-opcode', address: BigInt(CODE + 1) });
    expect(stop.kind === 'unknown-opcode' && [...stop.bytes.subarray(0, 4)]).toEqual([
      0x0f, 0x3a, 0xff, 0xc0,
    ]);
    expect(stop.kind === 'unknown-opcode' && stop.bytes.length).toBe(15);
  });
  test('but UD2 is meant', () => {
    guest = createGuest({ stopOnUnknownOpcode: true });
    guest.code([0x0f, 0x0b]);
    expect(guest.run().vector).toBe(6);
  });
});

/** mov al, value; out port, al */
const out = (port: number, value: number): number[] => [0xb0, value, 0xe6, port];

/** 8259: unmasked IRQ 0, vectors from 0x20; PIT channel 0 with that period. */
const startTimer = (period: number): number[] => [
  ...out(0x20, 0x11),
  ...out(0x21, 0x20),
  ...out(0x21, 4),
  ...out(0x21, 1),
  ...out(0x21, 0xfe),
  ...out(0x43, 0x34),
  ...out(0x40, period),
  ...out(0x40, 0),
];

test('STI delays interrupts by one instruction', () => {
  // sti; cli in a loop never lets an interrupt in, sti; nop; cli does.
  guest.code([...startTimer(20), 0xfb, 0xfa, 0xeb, 0xfc]);
  expect(guest.run(20_000).stop.kind).toBe('budget');
  guest.code([0xfb, 0x90, 0xfa, 0xeb, 0xfb]);
  expect(guest.run(20_000).vector).toBe(0x20);
});

describe('determinism', () => {
  /** A guest with a timer, string operations, faults and flags, run in slices; its digest in the end. */
  function digestAfter(total: number, slice: (n: number) => number): { digest: string; count: number } {
    const g = createGuest();
    g.gate(0x20, { target: BigInt(CODE + 0x200) });
    g.gate(6, { target: BigInt(CODE + 0x300) });
    // Timer: count it, read the time stamp, end of interrupt.
    g.machine.writePhysical(
      CODE + 0x200,
      Uint8Array.from([
        0x50,
        0x52,
        0x49,
        0xff,
        0xc0,
        0x0f,
        0x31,
        0x41,
        0x01,
        0xc1,
        ...out(0x20, 0x20),
        0x5a,
        0x58,
        0x48,
        0xcf,
      ]),
    );
    // #UD: skip two bytes.
    g.machine.writePhysical(CODE + 0x300, Uint8Array.from([0x48, 0x83, 0x04, 0x24, 2, 0x48, 0xcf]));
    const setup = [...startTimer(100), 0xfb];
    const body = [
      0xbf,
      ...new Uint8Array(Int32Array.of(DATA).buffer), // mov edi, DATA
      0xb9,
      200,
      0,
      0,
      0, // mov ecx, 200
      0xf3,
      0xaa, // rep stosb
      0x48,
      0x0f,
      0xaf,
      0xc7, // imul rax, rdi
      0x48,
      0xc1,
      0xc0,
      7, // rol rax, 7
      0x0f,
      0x0b, // ud2
      0x48,
      0x11,
      0xc3, // adc rbx, rax
    ];
    g.code([...setup, ...body, 0xeb, 256 - body.length - 2]);
    const start = g.machine.instructionCount;
    for (let n = 0; ; n++) {
      const left = start + total - g.machine.instructionCount;
      if (left <= 0) break;
      g.machine.run(Math.min(left, slice(n)));
    }
    return { digest: g.machine.digest(), count: g.machine.instructionCount };
  }

  test('any slicing gives the same machine', () => {
    const whole = digestAfter(50_000, () => 50_000);
    expect(digestAfter(50_000, () => 1)).toEqual(whole);
    expect(digestAfter(50_000, (n) => 1 + ((n * 7919) % 311))).toEqual(whole);
    expect(digestAfter(49_999, () => 50_000)).not.toEqual(whole);
  });
});

describe('a repeated comparison that faults', () => {
  /** Flags in the frame of the #PF that REPE CMPSB ends in, run in slices; `flags` are those before it. */
  function pushedFlags(flags: number, slice: number): bigint {
    const g = createGuest();
    g.machine.writeRegister('rsi', BigInt(DATA + 0xf00));
    g.machine.writeRegister('rdi', BigInt(DATA));
    g.machine.writeRegister('rcx', 1000n);
    g.machine.writeRegister('rflags', BigInt(flags));
    g.code([0xf3, 0xa6]);
    let stop = g.machine.run(slice);
    while (stop.kind === 'budget') stop = g.machine.run(slice);
    expect(g.machine.readRegister('cr2')).toBe(BigInt(DATA + 0x1000));
    expect(g.machine.readRegister('rcx')).toBe(744n);
    return g.stack(4)[3] & 0x8d5n;
  }
  test.each([0x2, 0x8d7])('has the flags from before, however it is sliced: %i', (flags) => {
    for (const slice of [10_000, 1, 7, 200]) expect(pushedFlags(flags, slice)).toBe(BigInt(flags & 0x8d5));
  });
});

describe('the machine’s edges', () => {
  test.each([0, -1, 1000, 2 ** 21 + 4096, 3 * 2 ** 30 + 2 ** 21, Number.NaN])(
    '%f bytes of memory are refused',
    (memoryBytes) => {
      expect(() => createMachine({ memoryBytes })).toThrow(/multiple of 2 MiB/);
    },
  );
  test('3 GiB of memory, all of it usable', () => {
    const machine = createMachine({ memoryBytes: 3 * 2 ** 30 });
    const code = 0xbfff_f000;
    writeLongModeEntry(machine, 0x1_0000, { entry: code, argument: 0xbfff_fff8 });
    machine.writeRegister('rsp', 0xb000_0000n);
    // lea rsi, [rip - 7]; push rsi; mov ecx, 4; sub rdi, 32; rep movsb; inc qword [rdi]; hlt
    const bytes = [
      0x48, 0x8d, 0x35, 0xf9, 0xff, 0xff, 0xff, 0x56, 0xb9, 4, 0, 0, 0, 0x48, 0x83, 0xef, 32, 0xf3, 0xa4,
      0x48, 0xff, 0x07, 0xf4,
    ];
    machine.writePhysical(code, Uint8Array.from(bytes));
    expect(machine.run(100)).toEqual({ kind: 'halted' });
    expect(machine.readRegister('rsi')).toBe(BigInt(code + 4));
    expect([...machine.readPhysical(0xbfff_ffd8, 5)]).toEqual([0x48, 0x8d, 0x35, 0xf9, 1]);
    expect([...machine.readPhysical(0xafff_fff8, 8)]).toEqual([0, 0xf0, 0xff, 0xbf, 0, 0, 0, 0]);
  });
  test('physical access', () => {
    const end = guest.machine.memoryBytes;
    expect(guest.machine.readPhysical(end - 4, 100).length).toBe(4);
    expect(guest.machine.readPhysical(end + 4096, 4).length).toBe(0);
    expect(() => guest.machine.writePhysical(end - 2, Uint8Array.of(1, 2, 3))).toThrow(/not all in RAM/);
  });
  test('registers', () => {
    for (const [name, value] of [
      ['r15', 2n ** 64n - 1n],
      ['xmm15', 2n ** 128n - 5n],
      ['mxcsr', 0x1f80n],
      ['kernel_gs_base', 0xffff_ffff_8000_0000n],
      ['rflags', 0xed7n],
    ] as const) {
      guest.machine.writeRegister(name, value);
      expect(register(name)).toBe(value);
    }
    expect(() => guest.machine.readRegister('eax')).toThrow(/no register 'eax'/);
    expect(register('rsp')).toBe(BigInt(STACK_TOP));
  });
});
