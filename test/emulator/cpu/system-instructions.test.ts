import { beforeEach, describe, expect, test } from 'vitest';
import {
  CODE,
  createGuest,
  DATA,
  type Guest,
  KERNEL_CODE,
  STACK_TOP,
  USER_CODE,
  USER_DATA,
} from './guest.ts';

let guest: Guest;
beforeEach(() => {
  guest = createGuest();
});
const register = (name: string): bigint => guest.machine.readRegister(name);
const set = (name: string, value: bigint | number): void => guest.machine.writeRegister(name, BigInt(value));
const HLT = 0xf4;

describe('CPUID', () => {
  const cpuid = (leaf: number, subleaf = 0): number[] => {
    set('rax', BigInt(leaf) | (1n << 40n));
    set('rcx', subleaf);
    guest.code([0x0f, 0xa2, HLT]);
    guest.run();
    return ['rax', 'rbx', 'rcx', 'rdx'].map((name) => Number(register(name)));
  };
  test('names the vendor and the highest leaves', () => {
    const [highest, ...vendor] = cpuid(0);
    expect(highest).toBeGreaterThanOrEqual(1);
    const [b, c, d] = vendor;
    expect(new TextDecoder().decode(Uint32Array.of(b, d, c))).toBe('GenuineIntel');
    expect(cpuid(0x8000_0000)[0]).toBe(0x8000_0008);
  });
  test('presents what x86-64-v1 has; cpu-models.test.ts asks for the rest', () => {
    const [, , , d] = cpuid(1);
    // FPU TSC MSR PAE CX8 APIC CMOV MMX FXSR SSE SSE2
    for (const bit of [0, 4, 5, 6, 8, 9, 15, 23, 24, 25, 26]) expect(d & (1 << bit)).not.toBe(0);
    const [, , , extended] = cpuid(0x8000_0001);
    // SYSCALL NX 1G pages RDTSCP long mode
    for (const bit of [11, 20, 26, 27, 29]) expect(extended & (1 << bit)).not.toBe(0);
    expect(cpuid(0x8000_0008)[0]).toBe(46 | (48 << 8));
  });
  test('beyond the highest leaves it shows the highest basic one, as Intel’s do', () => {
    for (const leaf of [0x17, 0x4000_0001, 0x8000_0009, 0x8765_4321])
      expect(cpuid(leaf)).toEqual(cpuid(0x16));
  });
  test('caches have the sizes of their sets, ways and lines, the same in leaves 4 and 8000_0006', () => {
    const bytes = (subleaf: number): number => {
      const [a, b, c] = cpuid(4, subleaf);
      if ((a & 31) === 0) return 0;
      return ((b & 0xfff) + 1) * (((b >>> 12) & 0x3ff) + 1) * ((b >>> 22) + 1) * (c + 1);
    };
    expect([0, 1, 2, 3, 4].map(bytes)).toEqual([32, 32, 256, 8192, 0].map((kibibytes) => kibibytes * 1024));
    expect(cpuid(0x8000_0006)[2] >>> 16).toBe(256);
  });
  test('the topology is one thread of one core', () => {
    expect([0, 1, 2].map((level) => cpuid(0xb, level))).toEqual([
      [0, 1, 0x100, 0],
      [0, 1, 0x201, 0],
      [0, 0, 2, 0],
    ]);
  });
});

describe('the time-stamp counter', () => {
  test('RDTSC counts instructions', () => {
    // rdtsc; mov rbx, rax; nop; nop; rdtsc; hlt
    guest.code([0x0f, 0x31, 0x48, 0x89, 0xc3, 0x90, 0x90, 0x0f, 0x31, HLT]);
    set('rdx', -1n);
    const before = guest.machine.instructionCount;
    guest.run();
    expect(register('rbx')).toBe(BigInt(before));
    expect(register('rax') - register('rbx')).toBe(4n);
    expect(register('rdx')).toBe(0n);
  });
  test('RDTSCP adds TSC_AUX', () => {
    set('tsc_aux', 77);
    guest.code([0x0f, 0x01, 0xf9, HLT]);
    guest.run();
    expect(register('rcx')).toBe(77n);
  });
  test('can be written', () => {
    // wrmsr (10 instructions' distance does not matter); rdtsc; hlt
    set('rcx', 0x10);
    set('rdx', 5);
    set('rax', 0xffff_ffff);
    guest.code([0x0f, 0x30, 0x0f, 0x31, HLT]);
    guest.run();
    expect((register('rdx') << 32n) | register('rax')).toBe(0x6_0000_0000n);
  });
  test('CR4.TSD keeps it from ring 3', () => {
    set('cr4', register('cr4') | 4n);
    guest.user();
    guest.code([0x0f, 0x31]);
    expect(guest.run().vector).toBe(13);
  });
});

describe('INT1, INT3', () => {
  test.each([
    [0xf1, 1],
    [0xcc, 3],
  ])('opcode 0x%x', (opcode, vector) => {
    guest.code([opcode]);
    expect(guest.run().vector).toBe(vector);
    expect(guest.stack(1)[0]).toBe(BigInt(CODE + 1));
  });
});

describe('descriptor tables', () => {
  test.each([
    ['SGDT', [0x0f, 0x01, 0x03], 63, 0x2000n],
    ['SIDT', [0x0f, 0x01, 0x0b], 4095, 0x3000n],
  ])('%s stores limit and base', (_, code, limit, base) => {
    set('rbx', DATA + 3);
    guest.code([...code, HLT]);
    guest.run();
    const bytes = guest.machine.readPhysical(DATA + 3, 10);
    expect(bytes[0] | (bytes[1] << 8)).toBe(limit);
    expect(new DataView(bytes.slice(2).buffer).getBigUint64(0, true)).toBe(base);
  });
  test.each([
    ['LGDT', [0x0f, 0x01, 0x13], 'gdtr'],
    ['LIDT', [0x0f, 0x01, 0x1b], 'idtr'],
  ])('%s loads them', (_, code, table) => {
    guest.machine.writePhysical(DATA, Uint8Array.of(0x34, 0x12));
    guest.write64(DATA + 2, 0xffff_8000_1234_5678n);
    set('rbx', DATA);
    guest.code([...code, HLT]);
    guest.machine.run(1);
    expect([register(`${table}_limit`), register(`${table}_base`)]).toEqual([
      0x1234n,
      0xffff_8000_1234_5678n,
    ]);
  });
  test('a non-canonical base is #GP', () => {
    guest.write64(DATA + 2, 0x8000_0000_0000n);
    set('rbx', DATA);
    guest.code([0x0f, 0x01, 0x1b]);
    expect(guest.run().vector).toBe(13);
    expect(register('idtr_base')).toBe(0x3000n);
  });
  test.each([
    ['a base that is not canonical', 0x8000n],
    ['a type in its second half', 0x900n << 32n],
  ])('LTR of a descriptor with %s is #GP(selector)', (_, second) => {
    // The TSS of the guest, available again.
    guest.write64(0x2030, guest.read64(0x2030) & ~(0x200n << 32n));
    guest.write64(0x2038, second);
    set('rax', 0x30);
    guest.code([0x0f, 0x00, 0xd8, HLT]);
    expect(guest.run().vector).toBe(13);
    expect(guest.stack(1)).toEqual([0x30n]);
  });
  test('STR, SLDT, LTR of a busy TSS', () => {
    // str eax; sldt ecx; ltr ax: busy since the guest was made
    guest.code([0x0f, 0x00, 0xc8, 0x0f, 0x00, 0xc1, 0x0f, 0x00, 0xd8]);
    expect(guest.run().vector).toBe(13);
    expect([register('rax'), register('rcx')]).toEqual([0x30n, 0n]);
    expect(guest.stack(1)).toEqual([0x30n]);
  });
});

describe('LSS, LFS, LGS', () => {
  test.each([
    ['LSS', 0xb2, 'ss', 0x10n],
    ['LFS', 0xb4, 'fs', 0x23n],
    ['LGS', 0xb5, 'gs', 0x23n],
  ])('%s loads offset and selector', (_, opcode, name, selector) => {
    guest.write64(DATA, 0x1122_3344_5566_7788n);
    guest.write64(DATA + 8, selector);
    set('rbx', DATA);
    guest.code([0x48, 0x0f, opcode, 0x0b, HLT]); // rcx, [rbx]
    guest.run();
    expect(register('rcx')).toBe(0x1122_3344_5566_7788n);
    expect(register(name)).toBe(selector);
  });
  test('a bad selector changes neither', () => {
    guest.write64(DATA, 5n);
    guest.write64(DATA + 8, 0x100n);
    set('rbx', DATA);
    set('rcx', 9);
    guest.code([0x48, 0x0f, 0xb4, 0x0b]);
    expect(guest.run().vector).toBe(13);
    expect(register('rcx')).toBe(9n);
    expect(guest.stack(1)).toEqual([0x100n]);
  });
  test('FS and GS: a descriptor’s base is loaded, a null selector clears it', () => {
    // mov fs, eax; with data at base 0x12345678
    guest.write64(0x2018, 0x12cf_9334_5678_ffffn);
    set('fs_base', 5);
    set('rax', 0x18);
    guest.code([0x8e, 0xe0, HLT]);
    guest.run();
    expect(register('fs_base')).toBe(0x1234_5678n);
    set('rax', 0);
    guest.code([0x8e, 0xe0, HLT]);
    guest.run();
    expect(register('fs_base')).toBe(0n);
  });
});

describe('far transfers', () => {
  const TARGET = CODE + 0x800;
  beforeEach(() => {
    guest.machine.writePhysical(TARGET, Uint8Array.of(HLT));
    guest.write64(DATA, BigInt(TARGET));
    guest.write64(DATA + 8, BigInt(KERNEL_CODE));
    set('rbx', DATA);
  });
  test('JMP', () => {
    guest.code([0x48, 0xff, 0x2b]);
    guest.run();
    expect(register('rip')).toBe(BigInt(TARGET + 1));
    expect(register('rsp')).toBe(BigInt(STACK_TOP));
  });
  test('CALL pushes CS and the return address, RET takes them back', () => {
    guest.machine.writePhysical(TARGET, Uint8Array.of(0x48, 0xca, 8, 0)); // retfq 8
    guest.code([0x50, 0x48, 0xff, 0x1b, HLT]); // push rax; call far [rbx]; hlt
    expect(guest.machine.run(2).kind).toBe('budget');
    expect(guest.stack(2)).toEqual([BigInt(CODE + 4), BigInt(KERNEL_CODE)]);
    expect(guest.run().stop.kind).toBe('halted');
    expect(register('rip')).toBe(BigInt(CODE + 5));
    expect(register('rsp')).toBe(BigInt(STACK_TOP));
  });
  test('RET to ring 3 restores the stack', () => {
    guest.machine.writePhysical(TARGET, Uint8Array.of(0x0f, 0x0b));
    const frame = [BigInt(TARGET), BigInt(USER_CODE), BigInt(STACK_TOP - 32), BigInt(USER_DATA)];
    frame.forEach((word, n) => {
      guest.write64(DATA + n * 8, word);
    });
    set('rsp', DATA);
    guest.code([0x48, 0xcb]);
    expect(guest.run().vector).toBe(6);
    expect(guest.stack(5)).toEqual([frame[0], frame[1], expect.anything(), frame[2], frame[3]]);
  });
  test('to a more privileged segment are #GP', () => {
    guest.user();
    guest.code([0x48, 0xff, 0x2b]);
    expect(guest.run().vector).toBe(13);
    expect(guest.stack(1)).toEqual([BigInt(KERNEL_CODE)]);
  });
  test('to a non-canonical address are #GP(0) at the instruction', () => {
    guest.write64(DATA, 0x8000_0000_0000n);
    guest.code([0x48, 0xff, 0x2b]);
    expect(guest.run().vector).toBe(13);
    expect(guest.stack(2)).toEqual([0n, BigInt(CODE)]);
  });
});

describe('IRETQ', () => {
  const TARGET = CODE + 0x800;
  /** Puts a frame at DATA, points RSP to it and returns from `level`. */
  function iret(
    level: 0 | 3,
    cs: number,
    ss: number,
    options: { flags?: bigint; rip?: bigint } = {},
  ): number | undefined {
    guest.machine.writePhysical(TARGET, Uint8Array.of(0x0f, 0x0b));
    const frame = [
      options.rip ?? BigInt(TARGET),
      BigInt(cs),
      options.flags ?? 2n,
      BigInt(STACK_TOP - 64),
      BigInt(ss),
    ];
    frame.forEach((word, n) => {
      guest.write64(DATA + n * 8, word);
    });
    if (level === 3) guest.user();
    set('rsp', DATA);
    guest.code([0x48, 0xcf]);
    return guest.run().vector;
  }
  test.each([
    ['0 to 0', 0 as const, KERNEL_CODE, 0x10],
    ['0 to 0 with a null SS', 0 as const, KERNEL_CODE, 0],
    ['0 to 3', 0 as const, USER_CODE, USER_DATA],
    ['3 to 3', 3 as const, USER_CODE, USER_DATA],
  ])('%s', (_, level, cs, ss) => {
    expect(iret(level, cs, ss)).toBe(6);
    const [rip, savedCs, , rsp, savedSs] = guest.stack(5);
    expect([rip, savedCs, rsp, savedSs]).toEqual([
      BigInt(TARGET),
      BigInt(cs),
      BigInt(STACK_TOP - 64),
      BigInt(ss),
    ]);
  });
  test.each([
    ['3 to 0', 3 as const, KERNEL_CODE, 0x10, 8n],
    ['a null CS', 0 as const, 0, 0x10, 0n],
    ['a CS that is data', 0 as const, 0x10, 0x10, 0x10n],
    ['a CS beyond the table', 0 as const, 0x200, 0x10, 0x200n],
    ['a null SS for ring 3', 0 as const, USER_CODE, 3, 0n],
    ['an SS of another privilege', 0 as const, USER_CODE, 0x10, 0x10n],
  ])('%s: #GP', (_, level, cs, ss, code) => {
    expect(iret(level, cs, ss)).toBe(13);
    expect(guest.stack(2)).toEqual([code, BigInt(CODE)]);
  });
  test('ring 3 can change neither IF nor IOPL, ring 0 both', () => {
    expect(iret(3, USER_CODE, USER_DATA, { flags: 0x3ed7n & ~0x100n })).toBe(6);
    expect(guest.stack(3)[2] & 0x3200n).toBe(0n);
    guest = createGuest();
    expect(iret(0, USER_CODE, USER_DATA, { flags: 0x3202n })).toBe(6);
    expect(guest.stack(3)[2] & 0x3200n).toBe(0x3200n);
  });
  test('a non-canonical RIP is #GP(0) before anything changes', () => {
    expect(iret(0, USER_CODE, USER_DATA, { rip: 0x8000_0000_0000n })).toBe(13);
    expect(guest.stack(3)).toEqual([0n, BigInt(CODE), BigInt(KERNEL_CODE)]);
  });
  test('with NT set is #GP(0)', () => {
    set('rflags', 0x4002);
    expect(iret(0, KERNEL_CODE, 0x10)).toBe(13);
    expect(guest.stack(1)).toEqual([0n]);
  });
});

describe('control registers', () => {
  test('CR8 is the task priority of the local APIC', () => {
    set('rax', 7);
    // mov cr8, rax; mov rcx, cr8; hlt
    guest.code([0x44, 0x0f, 0x22, 0xc0, 0x44, 0x0f, 0x20, 0xc1, HLT]);
    guest.run();
    expect([register('rcx'), register('cr8')]).toEqual([7n, 7n]);
    set('rax', 16);
    guest.code([0x44, 0x0f, 0x22, 0xc0]);
    expect(guest.run().vector).toBe(13);
  });
  test('CLTS, SMSW, LMSW', () => {
    set('cr0', register('cr0') | 8n);
    // smsw eax; clts; smsw ecx; lmsw dx; hlt
    set('rdx', 0xe);
    guest.code([0x0f, 0x01, 0xe0, 0x0f, 0x06, 0x0f, 0x01, 0xe1, 0x0f, 0x01, 0xf2, HLT]);
    guest.run();
    expect(register('rax') & 0xffffn).toBe(0x3bn);
    expect(register('rcx') & 0xffffn).toBe(0x33n);
    // PE cannot be cleared; MP, EM, TS are taken.
    expect(register('cr0') & 0xfn).toBe(0xfn);
  });
  test('DR6 and DR7 have fixed bits', () => {
    set('rax', 0);
    // mov dr7, rax; mov rcx, dr7; mov dr6, rax; mov rdx, dr6; hlt
    guest.code([0x0f, 0x23, 0xf8, 0x0f, 0x21, 0xf9, 0x0f, 0x23, 0xf0, 0x0f, 0x21, 0xf2, HLT]);
    guest.run();
    expect([register('rcx'), register('rdx')]).toEqual([0x400n, 0xffff_0ff0n]);
  });
});
