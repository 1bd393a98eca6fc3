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
