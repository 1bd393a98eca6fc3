/** Code of 16 and 32 bits: segments, stacks and addresses of their sizes. */
import { beforeEach, describe, expect, test } from 'vitest';
import { createMachine, type Machine } from '../../../emulator/index.ts';

const CODE = 0x1_0000;
const DATA = 0x2_0000;
const STACK_TOP = 0x3_0000;
const FLAT_32 = 0xcf_0000n;

let machine: Machine;

/** Flat 32-bit protected mode at privilege level 0, without paging. */
beforeEach(() => {
  machine = createMachine({ memoryBytes: 2 * 2 ** 20 });
  const registers: Record<string, bigint> = {
    cr0: 0x11n,
    cs: 0x08n,
    cs_attributes: FLAT_32 | 0x9b00n,
    ss: 0x10n,
    rsp: BigInt(STACK_TOP),
    rip: BigInt(CODE),
  };
  for (const [name, value] of Object.entries(registers)) machine.writeRegister(name, value);
});

const run = (code: readonly number[]): string => {
  machine.writePhysical(CODE, Uint8Array.from(code));
  return machine.run(1000).kind;
};
const register = (name: string): bigint => machine.readRegister(name);

describe('32-bit code', () => {
  test('calls, returns, pushes and pops 4 bytes', () => {
    // push 7; call +2; hlt; hlt; pop ebx; pop eax; push ebx; inc eax; ret
    expect(run([0x6a, 7, 0xe8, 2, 0, 0, 0, 0xf4, 0xf4, 0x5b, 0x58, 0x53, 0x40, 0xc3])).toBe('halted');
    expect(register('rax')).toBe(8n);
    expect(register('rbx')).toBe(BigInt(CODE + 7));
    expect(register('rsp')).toBe(BigInt(STACK_TOP));
    expect(machine.codeBits).toBe(32);
  });
  test('a breakpoint is a linear address', () => {
    machine.writeRegister('cs_base', 0x8000n);
    machine.writeRegister('rip', BigInt(CODE - 0x8000));
    machine.setBreakpoints([BigInt(CODE + 1)]);
    expect(run([0x40, 0x40, 0xf4])).toBe('breakpoint');
    expect(register('rip')).toBe(BigInt(CODE - 0x8000 + 1));
    expect(machine.codeAddress).toBe(BigInt(CODE + 1));
    expect(machine.run(10).kind).toBe('halted');
  });
  test('strings use ES and DS with their bases', () => {
    machine.writeRegister('es_base', BigInt(DATA));
    machine.writePhysical(0x100, Uint8Array.of(1, 2, 3, 4));
    // mov esi, 0x100; mov edi, 8; mov ecx, 4; rep movsb; hlt
    const code = [0xbe, 0, 1, 0, 0, 0xbf, 8, 0, 0, 0, 0xb9, 4, 0, 0, 0, 0xf3, 0xa4, 0xf4];
    expect(run(code)).toBe('halted');
    expect(Array.from(machine.readPhysical(DATA + 8, 4))).toEqual([1, 2, 3, 4]);
    expect(register('rdi')).toBe(12n);
  });
  test('with a 16-bit address size addresses wrap at 64 KiB', () => {
    machine.writeRegister('ds_base', BigInt(DATA));
    machine.writeRegister('rbx', 0xffffn);
    machine.writeRegister('rsi', 3n);
    machine.writePhysical(DATA + 2, Uint8Array.of(0x5a));
    // mov al, [bx + si]; hlt
    expect(run([0x67, 0x8a, 0x00, 0xf4])).toBe('halted');
    expect(register('rax')).toBe(0x5an);
  });
});

describe('paging outside of IA-32e mode', () => {
  const PRESENT = 1;
  const WRITABLE = 2;
  const DIRECTORY = 0x4_0000;
  const TABLE = 0x4_1000;
  const words = (address: number, ...values: number[]): void =>
    machine.writePhysical(address, new Uint8Array(Uint32Array.from(values).buffer));
  const wordAt = (address: number): number =>
    new DataView(machine.readPhysical(address, 4).buffer).getUint32(0, true);
  /** mov eax, cr0; or eax, 1 << 31; mov cr0, eax */
  const PAGING_ON = [0x0f, 0x20, 0xc0, 0x0d, 0, 0, 0, 0x80, 0x0f, 0x22, 0xc0];
  /** mov eax, [0x0080_1234]; hlt */
  const LOAD = [0xa1, 0x34, 0x12, 0x80, 0, 0xf4];

  test('32-bit: 4 KiB and 4 MiB pages, accessed and dirty bits', () => {
    machine.writeRegister('cr4', 0x10n);
    machine.writeRegister('cr3', BigInt(DIRECTORY));
    words(DIRECTORY, 0x83, 0, TABLE | PRESENT | WRITABLE);
    words(TABLE + 4, (DATA + 0x1000) | PRESENT | WRITABLE);
    words(DATA + 0x1234, 0x1234_5678);
    // inc eax; mov [0x0080_1234], eax
    const code = [...PAGING_ON, ...LOAD.slice(0, 5), 0x40, 0xa3, 0x34, 0x12, 0x80, 0, 0xf4];
    expect(run(code)).toBe('halted');
    expect(wordAt(DATA + 0x1234)).toBe(0x1234_5679);
    expect(wordAt(DIRECTORY) & 0xff).toBe(0xa3);
    expect(wordAt(DIRECTORY + 8) & 0xff).toBe(0x23);
    expect(wordAt(TABLE + 4) & 0xff).toBe(0x63);
    expect(machine.translate(0x80_1234n)).toMatchObject({
      physicalAddress: DATA + 0x1234,
      pageSize: 4096,
      writable: true,
      user: false,
    });
    expect(machine.translate(0x1234n)).toMatchObject({ physicalAddress: 0x1234, pageSize: 4 * 2 ** 20 });
    expect(machine.translate(0x80_1234n).walk.map(({ level }) => level)).toEqual([2, 1]);
  });

  test('PAE: the pointer table is read when paging begins', () => {
    machine.writeRegister('cr4', 0x20n);
    const pointers = 0x4_2000;
    machine.writeRegister('cr3', BigInt(pointers));
    words(pointers, DIRECTORY | PRESENT);
    words(DIRECTORY, 0x83, 0, 0, 0, 0, 0, 0, 0, TABLE | PRESENT | WRITABLE);
    words(TABLE + 8, (DATA + 0x1000) | PRESENT | WRITABLE);
    words(DATA + 0x1234, 0x1234_5678);
    // mov dword [pointers], 0: the processor does not look again
    const forget = [0xc7, 0x05, 0, 0x20, 4, 0, 0, 0, 0, 0];
    expect(run([...PAGING_ON, ...forget, ...LOAD])).toBe('halted');
    expect(register('rax')).toBe(0x1234_5678n);
    words(pointers, DIRECTORY | PRESENT);
    expect(machine.translate(0x80_1234n)).toMatchObject({ physicalAddress: DATA + 0x1234, writable: true });
    expect(machine.translate(0x80_1234n).walk.map(({ level }) => level)).toEqual([3, 2, 1]);
  });
});

describe('real mode', () => {
  test('after reset: F000:FFF0, segments by selector × 16, interrupts through the vector table', () => {
    machine = createMachine({ memoryBytes: 2 * 2 ** 20, start: 'hardware' });
    expect([machine.codeBits, machine.codeAddress]).toEqual([16, 0xffff_fff0n]);
    // int 0x20 at 1000:0000; its handler at 1000:0100 is mov [bx], ds; iret
    machine.writePhysical(0x20 * 4, Uint8Array.of(0, 1, 0, 0x10));
    machine.writePhysical(CODE, Uint8Array.of(0xcd, 0x20, 0xf4));
    machine.writePhysical(CODE + 0x100, Uint8Array.of(0x8c, 0x1f, 0xcf));
    const state: Record<string, bigint> = { cs: 0x1000n, ds: 0x2000n, rip: 0n, rsp: 0x100n, rbx: 2n };
    for (const [name, value] of Object.entries(state)) machine.writeRegister(name, value);
    expect(machine.run(100).kind).toBe('halted');
    expect(register('rip')).toBe(3n);
    expect(Array.from(machine.readPhysical(DATA + 2, 2))).toEqual([0, 0x20]);
    expect(Array.from(machine.readPhysical(0xfa, 6))).toEqual([2, 0, 0, 0x10, 2, 0]);
  });
});
