import { beforeEach, describe, expect, test } from 'vitest';
import {
  CODE,
  createGuest,
  DATA,
  type Guest,
  IST1,
  KERNEL_CODE,
  KERNEL_DATA,
  PRESENT,
  RSP0,
  STACK_TOP,
  USER_CODE,
  USER_DATA,
  WRITABLE,
} from './guest.ts';

let guest: Guest;
beforeEach(() => {
  guest = createGuest();
});

const INTERRUPT_FLAG = 0x200n;
const RESUME_FLAG = 0x1_0000n;

describe('the frame', () => {
  test('of an exception from ring 3: stack of the TSS, RIP of the instruction', () => {
    guest.user();
    guest.machine.writeRegister('rflags', 0x202n);
    guest.code([0x90, 0x0f, 0x0b]); // nop; ud2
    expect(guest.run().vector).toBe(6);
    expect(guest.machine.readRegister('rsp')).toBe(BigInt(RSP0 - 40));
    expect(guest.stack(5)).toEqual([
      BigInt(CODE + 1),
      BigInt(USER_CODE),
      0x202n | RESUME_FLAG,
      BigInt(STACK_TOP),
      BigInt(USER_DATA),
    ]);
    expect(guest.machine.readRegister('cs')).toBe(BigInt(KERNEL_CODE));
    expect(guest.machine.readRegister('ss')).toBe(0n);
    expect(guest.machine.privilegeLevel).toBe(0);
    expect(guest.machine.readRegister('rflags') & INTERRUPT_FLAG).toBe(0n);
  });
  test('within ring 0: same stack, aligned to 16', () => {
    guest.machine.writeRegister('rsp', BigInt(STACK_TOP - 4));
    guest.code([0x0f, 0x0b]);
    expect(guest.run().vector).toBe(6);
    expect(guest.machine.readRegister('rsp')).toBe(BigInt(STACK_TOP - 16 - 40));
    expect(guest.stack(5)).toEqual([
      BigInt(CODE),
      BigInt(KERNEL_CODE),
      2n | RESUME_FLAG,
      BigInt(STACK_TOP - 4),
      BigInt(KERNEL_DATA),
    ]);
  });
  test('an error code lies below it', () => {
    guest.code([0xb8, 0xff, 0xff, 0, 0, 0x8e, 0xd8]); // mov eax, 0xffff; mov ds, ax
    expect(guest.run().vector).toBe(13);
    expect(guest.stack(2)).toEqual([0xfffcn, BigInt(CODE + 5)]);
  });
  test('on the stack of the IST', () => {
    guest.gate(6, { ist: 1 });
    guest.code([0x0f, 0x0b]);
    expect(guest.run().vector).toBe(6);
    expect(guest.machine.readRegister('rsp')).toBe(BigInt(IST1 - 40));
  });
  test('a trap gate leaves IF', () => {
    guest.gate(6, { trap: true });
    guest.machine.writeRegister('rflags', 0x202n);
    guest.code([0x0f, 0x0b]);
    expect(guest.run().stop.kind).toBe('idle');
    expect(guest.machine.readRegister('rflags') & INTERRUPT_FLAG).toBe(INTERRUPT_FLAG);
  });
});

describe('software interrupts', () => {
  test('return behind the instruction', () => {
    guest.code([0xcd, 0x80]);
    expect(guest.run().vector).toBe(0x80);
    expect(guest.stack(1)).toEqual([BigInt(CODE + 2)]);
  });
  test('need the gate’s privilege: #GP(vector × 8 + 2) at the instruction', () => {
    guest.user();
    guest.code([0x90, 0xcd, 0x80]);
    expect(guest.run().vector).toBe(13);
    expect(guest.stack(2)).toEqual([0x402n, BigInt(CODE + 1)]);
  });
  test('INT3 from ring 3 through a gate of DPL 3', () => {
    guest.gate(3, { dpl: 3 });
    guest.user();
    guest.code([0xcc]);
    expect(guest.run().vector).toBe(3);
    expect(guest.stack(1)).toEqual([BigInt(CODE + 1)]);
  });
  test('an absent gate: #NP', () => {
    guest.gate(0x80, { present: false });
    guest.code([0xcd, 0x80]);
    expect(guest.run().vector).toBe(11);
    expect(guest.stack(1)).toEqual([0x402n]);
  });
  test('INTO, PUSHA and other 32-bit opcodes are undefined', () => {
    for (const opcode of [0xce, 0x60, 0x06, 0x27, 0x9a, 0xea, 0xd4, 0x82]) {
      guest.machine.writeRegister('rsp', BigInt(STACK_TOP));
      guest.code([opcode, 0, 0, 0, 0, 0, 0]);
      expect(guest.run().vector).toBe(6);
    }
  });
});

describe('faults', () => {
  test.each([
    ['division by zero', [0x31, 0xc9, 0xf7, 0xf1], 0],
    ['quotient too large', [0xba, 2, 0, 0, 0, 0xb9, 1, 0, 0, 0, 0xf7, 0xf1], 0],
    ['most negative by −1', [0x31, 0xd2, 0xb8, 0, 0, 0, 0x80, 0x99, 0x83, 0xc9, 0xff, 0xf7, 0xf9], 0],
    ['LOCK with a register operand', [0xf0, 0x01, 0xc0], 6],
    ['LOCK on an instruction that cannot take it', [0xf0, 0x8b, 0x03], 6],
    ['more than 15 bytes', [...Array(15).fill(0x66), 0x90], 13],
    ['RDMSR of an unknown register', [0xb9, 0x34, 0x12, 0, 0, 0x0f, 0x32], 13],
    ['WRMSR of a non-canonical base', [0xb9, 0, 1, 0, 0xc0, 0xba, 0, 0x80, 0, 0, 0x0f, 0x30], 13],
    ['a reserved bit of CR4', [0x48, 0xc7, 0xc0, 0, 0, 0, 0x40, 0x0f, 0x22, 0xe0], 13],
    ['CR0 without paging', [0x0f, 0x20, 0xc0, 0x25, 0xff, 0xff, 0xff, 0x7f, 0x0f, 0x22, 0xc0], 13],
    ['a control register that does not exist', [0x0f, 0x20, 0xc8], 6],
  ])('%s', (_, code, vector) => {
    guest.machine.writeRegister('rbx', BigInt(DATA));
    guest.code([...code, 0xf4]);
    expect(guest.run().vector).toBe(vector);
  });

  test.each([
    ['HLT', [0xf4]],
    ['CLI', [0xfa]],
    ['IN', [0xec]],
    ['OUT', [0xee]],
    ['MOV from CR0', [0x0f, 0x20, 0xc0]],
    ['MOV to CR3', [0x0f, 0x22, 0xd8]],
    ['RDMSR', [0x0f, 0x32]],
    ['WRMSR', [0x0f, 0x30]],
    ['SWAPGS', [0x0f, 0x01, 0xf8]],
    ['INVLPG', [0x0f, 0x01, 0x3b]],
    ['LIDT', [0x0f, 0x01, 0x1b]],
    ['WBINVD', [0x0f, 0x09]],
    ['SYSRET', [0x48, 0x0f, 0x07]],
  ])('%s is privileged', (_, code) => {
    guest.machine.writeRegister('rbx', BigInt(DATA));
    guest.user();
    guest.code(code);
    expect(guest.run().vector).toBe(13);
    expect(guest.stack(2)).toEqual([0n, BigInt(CODE)]);
  });
});

describe('nested faults', () => {
  const unmap = (address: number): void => guest.map(BigInt(address), 0, 0);

  test('#PF while #PF is delivered: double fault with error code 0', () => {
    guest.gate(8, { ist: 1 });
    unmap(STACK_TOP - 0x1000);
    guest.code([0x50]); // push rax
    expect(guest.run().vector).toBe(8);
    expect(guest.stack(2)).toEqual([0n, BigInt(CODE)]);
    expect(guest.machine.readRegister('rsp')).toBe(BigInt(IST1 - 48));
  });
  test('an exception after a benign one is delivered in its stead', () => {
    guest.gate(6, { present: false });
    guest.code([0x0f, 0x0b]);
    expect(guest.run().vector).toBe(11);
    expect(guest.stack(1)).toEqual([BigInt(6 * 8 + 3)]);
  });
  test('a fault while #DF is delivered: triple fault', () => {
    unmap(STACK_TOP - 0x1000);
    guest.code([0x50]);
    const { stop } = guest.run();
    expect(stop).toEqual({ kind: 'triple-fault', vector: 14, address: BigInt(CODE) });
  });
  test('no IDT: triple fault, again and again, without hanging', () => {
    guest.machine.writeRegister('idtr_limit', 0n);
    guest.code([0x0f, 0x0b]);
    for (let n = 0; n < 3; n++) expect(guest.run().stop.kind).toBe('triple-fault');
  });
  test('a handler that only faults does not hang the host', () => {
    guest.gate(6, { ist: 1, target: BigInt(CODE) });
    guest.code([0x0f, 0x0b]);
    expect(guest.run(100_000).stop.kind).toBe('budget');
  });
});

describe('single stepping with TF', () => {
  test('traps after the instruction, with DR6.BS', () => {
    guest.machine.writeRegister('rflags', 0x102n);
    guest.code([0x90, 0x90]);
    expect(guest.run().vector).toBe(1);
    expect(guest.stack(3)[0]).toBe(BigInt(CODE + 1));
    expect(guest.stack(3)[2] & 0x100n).toBe(0x100n);
    expect(guest.machine.readRegister('rflags') & 0x100n).toBe(0n);
  });
});

describe('the I/O permission bitmap', () => {
  const TSS_DESCRIPTOR = 0x2030;
  const TSS_ADDRESS = 0x4000;
  beforeEach(() => {
    // A TSS whose bitmap has 8 bytes (ports 0…63) and the closing byte of ones. Permitted are 0x21 and 0x38…0x3f.
    guest.write64(TSS_DESCRIPTOR, 0x0000_8900_0000_0070n | (BigInt(TSS_ADDRESS) << 16n));
    guest.write64(TSS_ADDRESS + 0x68, 0x00ff_fffd_ffff_ffffn);
    guest.machine.writePhysical(TSS_ADDRESS + 0x70, Uint8Array.of(0xff));
    guest.code([0x66, 0xb8, 0x30, 0, 0x0f, 0x00, 0xd8, 0xf4]);
    guest.run();
    guest.user();
  });
  test.each([
    ['a permitted port', [0xe4, 0x21], 0x80],
    ['a forbidden port', [0xe4, 0x20], 13],
    ['two ports of which one is forbidden', [0x66, 0xe5, 0x21], 13],
    ['two permitted ports', [0x66, 0xe7, 0x38], 0x80],
    ['four ports, the last beyond the bitmap', [0xe5, 0x3e], 13],
    ['a port beyond the bitmap', [0xba, 0, 4, 0, 0, 0xec], 13],
    ['OUTS', [0xba, 0x21, 0, 0, 0, 0x6e], 0x80],
    ['REP INS of a forbidden port', [0xba, 0x22, 0, 0, 0, 0xf3, 0x6c], 13],
  ])('%s', (_, code, vector) => {
    for (const name of ['rsi', 'rdi']) guest.machine.writeRegister(name, BigInt(DATA));
    guest.machine.writeRegister('rcx', 3n);
    guest.gate(0x80, { dpl: 3 });
    guest.code([...code, 0xcd, 0x80]);
    expect(guest.run().vector).toBe(vector);
  });
  test('does not matter where IOPL suffices', () => {
    guest.machine.writeRegister('rflags', 0x3002n);
    guest.gate(0x80, { dpl: 3 });
    guest.code([0xe4, 0x20, 0xfa, 0xfb, 0xcd, 0x80]);
    expect(guest.run().vector).toBe(0x80);
  });
});

describe('segments', () => {
  test('FS and GS bases come from MSRs, others are 0', () => {
    guest.machine.writeRegister('fs_base', BigInt(DATA));
    guest.machine.writeRegister('gs_base', BigInt(DATA + 8));
    guest.write64(DATA, 11n);
    guest.write64(DATA + 8, 22n);
    // mov rax, fs:[0]; mov rcx, gs:[0]; hlt
    guest.code([
      ...[0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0],
      ...[0x65, 0x48, 0x8b, 0x0c, 0x25, 0, 0, 0, 0, 0xf4],
    ]);
    guest.run();
    expect([guest.machine.readRegister('rax'), guest.machine.readRegister('rcx')]).toEqual([11n, 22n]);
  });
  test.each([
    ['LAR of data', 0x10, [0x0f, 0x02, 0xd8], true, 0xcf_9300n],
    ['LAR of the busy TSS', 0x30, [0x0f, 0x02, 0xd8], true, 0x8b00n],
    ['LSL of flat code', 0x08, [0x0f, 0x03, 0xd8], true, 0xffff_ffffn],
    ['LSL of the TSS', 0x30, [0x0f, 0x03, 0xd8], true, 0x67n],
    ['LAR of a null selector', 0, [0x0f, 0x02, 0xd8], false, 0n],
    ['LAR beyond the table', 0xf8, [0x0f, 0x02, 0xd8], false, 0n],
    ['LAR with a requested privilege that is too low', 0x13, [0x0f, 0x02, 0xd8], false, 0n],
    ['VERW of data', 0x10, [0x0f, 0x00, 0xe8], true, 0n],
    ['VERW of code', 0x08, [0x0f, 0x00, 0xe8], false, 0n],
    ['VERR of readable code', 0x08, [0x0f, 0x00, 0xe0], true, 0n],
  ])('%s', (_, selector, code, zero, ebx) => {
    guest.machine.writeRegister('rax', BigInt(selector));
    guest.machine.writeRegister('rflags', zero ? 2n : 0x42n);
    guest.code([...code, 0xf4]);
    guest.run();
    expect(guest.machine.readRegister('rflags') & 0x40n).toBe(zero ? 0x40n : 0n);
    expect(guest.machine.readRegister('rbx')).toBe(ebx);
  });
  test('a null SS is refused in ring 3 and by the wrong privilege', () => {
    guest.user();
    guest.code([0x31, 0xc0, 0x8e, 0xd0]); // xor eax, eax; mov ss, ax
    expect(guest.run().vector).toBe(13);
  });
  test('ring 3 cannot load a data segment of ring 0', () => {
    guest.user();
    guest.code([0xb8, KERNEL_DATA, 0, 0, 0, 0x8e, 0xd8]);
    expect(guest.run().vector).toBe(13);
    expect(guest.stack(1)).toEqual([BigInt(KERNEL_DATA)]);
  });
  test('a far return reloads CS', () => {
    // push 8; lea rax, [rip+3]; push rax; retfq; hlt
    guest.code([0x6a, 8, 0x48, 0x8d, 0x05, 3, 0, 0, 0, 0x50, 0x48, 0xcb, 0x90, 0xf4]);
    expect(guest.run().stop.kind).toBe('halted');
    expect(guest.machine.readRegister('rip')).toBe(BigInt(CODE + 14));
  });
});

test('IRETQ goes to ring 3 and leaves privileged data segments behind', () => {
  guest.map(BigInt(CODE), CODE, PRESENT | WRITABLE | 4);
  const frame = [BigInt(CODE + 0x100), BigInt(USER_CODE), 0x202n, BigInt(STACK_TOP - 64), BigInt(USER_DATA)];
  guest.machine.writeRegister('rsp', BigInt(DATA));
  frame.forEach((word, n) => {
    guest.write64(DATA + n * 8, word);
  });
  guest.machine.writePhysical(CODE + 0x100, Uint8Array.of(0x0f, 0x0b));
  // mov eax, 0x10; mov ds, ax; iretq
  guest.code([0xb8, 0x10, 0, 0, 0, 0x8e, 0xd8, 0x48, 0xcf]);
  expect(guest.run().vector).toBe(6);
  expect(guest.stack(5)).toEqual([frame[0], frame[1], frame[2] | RESUME_FLAG, frame[3], frame[4]]);
  expect(guest.machine.readRegister('ds')).toBe(0n);
});
