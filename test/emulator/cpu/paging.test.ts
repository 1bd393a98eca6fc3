import { beforeEach, describe, expect, test } from 'vitest';
import {
  ACCESSED,
  CODE,
  createGuest,
  DATA,
  DIRTY,
  type Guest,
  LARGE,
  NO_EXECUTE,
  PRESENT,
  USER,
  WRITABLE,
} from './guest.ts';

const PAGE_FAULT = 14;
const GENERAL_PROTECTION = 13;
const STACK_FAULT = 12;
const TARGET = 0x4000_0000n;

/** mov rax, [rbx]; mov [rbx], rax; jmp rbx; add [rbx], rax; each then hlt. */
const LOAD = [0x48, 0x8b, 0x03, 0xf4];
const STORE = [0x48, 0x89, 0x03, 0xf4];
const JUMP = [0xff, 0xe3];
const ADD_TO = [0x48, 0x01, 0x03, 0xf4];

let guest: Guest;
beforeEach(() => {
  guest = createGuest();
});

/** Runs `code` with RBX = address; what exception it ends in, with its error code and CR2. */
function access(
  code: number[],
  address = TARGET,
): { vector: number | undefined; code?: number; cr2?: bigint } {
  guest.code(code);
  guest.machine.writeRegister('rbx', address);
  guest.machine.writeRegister('rsp', 0x10_5000n);
  guest.machine.writeRegister('rflags', 2n);
  const { vector, stop } = guest.run();
  expect(stop.kind).toBe('halted');
  if (vector === undefined) return { vector };
  const result = { vector, code: Number(guest.stack(1)[0]) };
  return vector === PAGE_FAULT ? { ...result, cr2: guest.machine.readRegister('cr2') } : result;
}

describe('faults of the supervisor', () => {
  test.each([
    ['read of an absent page', 0, LOAD, 0],
    ['write of an absent page', 0, STORE, 2],
    ['read-modify-write of an absent page', 0, ADD_TO, 2],
    ['fetch from an absent page', 0, JUMP, 0x10],
    ['write of a read-only page with CR0.WP', PRESENT, STORE, 3],
    ['read-modify-write of a read-only page', PRESENT, ADD_TO, 3],
    ['fetch from a no-execute page', BigInt(PRESENT) | NO_EXECUTE, JUMP, 0x11],
    ['reserved bit', BigInt(PRESENT) | (1n << 50n), LOAD, 9],
    ['reserved bit, write', BigInt(PRESENT | WRITABLE) | (1n << 46n), STORE, 0xb],
  ])('%s', (_, flags, code, errorCode) => {
    guest.map(TARGET, 0x20_0000, flags);
    expect(access(code)).toEqual({ vector: PAGE_FAULT, code: errorCode, cr2: TARGET });
  });

  test('no fault where the access is allowed', () => {
    guest.map(TARGET, 0x20_0000, PRESENT);
    expect(access(LOAD)).toEqual({ vector: undefined });
    guest.map(TARGET + 0x1000n, 0x20_1000, BigInt(PRESENT | WRITABLE) | NO_EXECUTE);
    expect(access(ADD_TO, TARGET + 0x1000n)).toEqual({ vector: undefined });
  });

  test('without CR0.WP the supervisor writes read-only pages', () => {
    guest.map(TARGET, 0x20_0000, PRESENT);
    guest.machine.writeRegister('cr0', 0x8000_0033n);
    expect(access(STORE)).toEqual({ vector: undefined });
  });

  test('without EFER.NXE bit 63 is reserved and fetches are not told apart', () => {
    guest.machine.writeRegister('efer', 0x501n);
    guest.map(TARGET, 0x20_0000, BigInt(PRESENT) | NO_EXECUTE);
    expect(access(LOAD)).toEqual({ vector: PAGE_FAULT, code: 9, cr2: TARGET });
    guest.map(TARGET + 0x1000n, 0x20_1000, 0);
    expect(access(JUMP, TARGET + 0x1000n)).toEqual({ vector: PAGE_FAULT, code: 0, cr2: TARGET + 0x1000n });
  });
});

describe('faults of the user', () => {
  const user = (code: number[], address = TARGET): ReturnType<typeof access> => {
    guest.user();
    return access(code, address);
  };
  test.each([
    ['read of an absent page', 0, LOAD, 4],
    ['write of an absent page', 0, STORE, 6],
    ['fetch from an absent page', 0, JUMP, 0x14],
    ['read of a supervisor page', PRESENT | WRITABLE, LOAD, 5],
    ['write of a supervisor page', PRESENT | WRITABLE, STORE, 7],
    ['fetch from a supervisor page', PRESENT | WRITABLE, JUMP, 0x15],
    ['write of a read-only page', PRESENT | USER, STORE, 7],
    ['fetch from a no-execute page', BigInt(PRESENT | USER) | NO_EXECUTE, JUMP, 0x15],
  ])('%s', (_, flags, code, errorCode) => {
    guest.map(TARGET, 0x20_0000, flags);
    expect(user(code)).toEqual({ vector: PAGE_FAULT, code: errorCode, cr2: TARGET });
  });

  test('a supervisor entry on the way forbids the page', () => {
    guest.map(TARGET, 0x20_0000, PRESENT | USER);
    const [, pdpt] = guest.machine.translate(TARGET).walk;
    guest.write64(pdpt.entryAddress, pdpt.value & ~BigInt(USER));
    expect(user(LOAD)).toEqual({ vector: PAGE_FAULT, code: 5, cr2: TARGET });
  });
});

describe('non-canonical addresses', () => {
  test('raise #GP(0)', () => {
    expect(access(LOAD, 0x0000_8000_0000_0000n)).toEqual({ vector: GENERAL_PROTECTION, code: 0 });
    expect(access(LOAD, 0xffff_7fff_ffff_fff0n)).toEqual({ vector: GENERAL_PROTECTION, code: 0 });
    expect(access(STORE, 0x7fff_ffff_fffcn)).toEqual({ vector: GENERAL_PROTECTION, code: 0 });
  });
  test('raise #SS(0) through RBP', () => {
    guest.machine.writeRegister('rbp', 0x8000_0000_0000n);
    // mov rax, [rbp+0]
    expect(access([0x48, 0x8b, 0x45, 0x00, 0xf4])).toEqual({ vector: STACK_FAULT, code: 0 });
  });
  test('are not jumped to', () => {
    expect(access(JUMP, 0x8000_0000_0000n)).toEqual({ vector: GENERAL_PROTECTION, code: 0 });
    expect(guest.stack(2)[1]).toBe(BigInt(CODE));
  });
});

describe('accessed and dirty bits', () => {
  const leaf = (): bigint => guest.read64(guest.entry(TARGET));
  test('a read sets accessed on every level', () => {
    guest.map(TARGET, 0x20_0000, PRESENT | WRITABLE);
    access(LOAD);
    for (const { value } of guest.machine.translate(TARGET).walk) {
      expect(value & BigInt(ACCESSED | DIRTY)).toBe(BigInt(ACCESSED));
    }
  });
  test('a write sets dirty, also after a read has filled the TLB', () => {
    guest.map(TARGET, 0x20_0000, PRESENT | WRITABLE);
    access([...LOAD.slice(0, 3), ...STORE]);
    expect(leaf() & BigInt(DIRTY)).toBe(BigInt(DIRTY));
  });
  test('a fault sets those of the tables on the way', () => {
    guest.map(TARGET, 0x20_0000, 0);
    access(LOAD);
    const accessed = guest.machine
      .translate(TARGET)
      .walk.map(({ value }) => (value & BigInt(ACCESSED)) !== 0n);
    expect(accessed).toEqual([true, true, true, false]);
  });
  test('a fault sets neither', () => {
    guest.map(TARGET, 0x20_0000, PRESENT);
    access(STORE);
    expect(leaf() & BigInt(ACCESSED | DIRTY)).toBe(0n);
  });
});

describe('large pages', () => {
  test.each([
    [0x20_0000 as const, 0x40_0000, 0x12_3458n],
    [0x4000_0000 as const, 0, 0x40_3458n],
  ])('of %i bytes', (size, physical, offset) => {
    guest.map(TARGET, physical, PRESENT | WRITABLE, size);
    guest.write64(physical + Number(offset), 0x1234n);
    expect(access(LOAD, TARGET + offset).vector).toBeUndefined();
    expect(guest.machine.readRegister('rax')).toBe(0x1234n);
    expect(guest.machine.translate(TARGET + offset)).toMatchObject({
      physicalAddress: physical + Number(offset),
      pageSize: size,
    });
  });
  test('reserved bits below the frame fault', () => {
    guest.map(TARGET, 0x40_0000 + 0x2000, PRESENT, 0x20_0000);
    expect(access(LOAD)).toEqual({ vector: PAGE_FAULT, code: 9, cr2: TARGET });
  });
  test('a PML4 entry cannot be large', () => {
    guest.map(TARGET, 0x20_0000, PRESENT);
    const address = 1n << 39n;
    guest.map(address, 0x20_0000, PRESENT);
    const [top] = guest.machine.translate(address).walk;
    guest.write64(top.entryAddress, top.value | BigInt(LARGE));
    expect(access(LOAD, address)).toEqual({ vector: PAGE_FAULT, code: 9, cr2: address });
  });
});

describe('accesses across a page boundary', () => {
  test('join two frames', () => {
    guest.map(TARGET, 0x20_0000, PRESENT | WRITABLE);
    guest.map(TARGET + 0x1000n, 0x30_0000, PRESENT | WRITABLE);
    guest.machine.writeRegister('rax', 0x1122_3344_5566_7788n);
    expect(access(STORE, TARGET + 0xffdn).vector).toBeUndefined();
    expect([...guest.machine.readPhysical(0x20_0ffd, 3)]).toEqual([0x88, 0x77, 0x66]);
    expect([...guest.machine.readPhysical(0x30_0000, 5)]).toEqual([0x55, 0x44, 0x33, 0x22, 0x11]);
    guest.machine.writeRegister('rax', 0n);
    access(LOAD, TARGET + 0xffdn);
    expect(guest.machine.readRegister('rax')).toBe(0x1122_3344_5566_7788n);
  });
  test('write nothing if the second page faults, and report its address', () => {
    guest.map(TARGET, 0x20_0000, PRESENT | WRITABLE);
    guest.map(TARGET + 0x1000n, 0x30_0000, PRESENT);
    guest.machine.writeRegister('rax', -1n);
    expect(access(STORE, TARGET + 0xffdn)).toEqual({ vector: PAGE_FAULT, code: 3, cr2: TARGET + 0x1000n });
    expect([...guest.machine.readPhysical(0x20_0ffd, 3)]).toEqual([0, 0, 0]);
  });
  test('an instruction may lie across, and the fault is for its second page', () => {
    guest.map(TARGET, 0x20_0000, PRESENT);
    guest.map(TARGET + 0x1000n, 0x30_0000, PRESENT);
    // mov rax, imm64; hlt, of which 4 bytes are in the first page
    const bytes = [0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 0xf4];
    guest.machine.writePhysical(0x20_0ffc, Uint8Array.from(bytes.slice(0, 4)));
    guest.machine.writePhysical(0x30_0000, Uint8Array.from(bytes.slice(4)));
    access(JUMP, TARGET + 0xffcn);
    expect(guest.machine.readRegister('rax')).toBe(0x0807_0605_0403_0201n);
    guest.map(TARGET + 0x1000n, 0, 0);
    guest.machine.writeRegister('cr3', guest.machine.readRegister('cr3'));
    expect(access(JUMP, TARGET + 0xffcn)).toEqual({ vector: PAGE_FAULT, code: 0x10, cr2: TARGET + 0x1000n });
  });
});

describe('the TLB', () => {
  test('INVLPG makes a changed entry count', () => {
    guest.map(TARGET, 0x20_0000, PRESENT);
    guest.write64(0x20_0000, 1n);
    guest.write64(0x30_0000, 2n);
    const entry = guest.entry(TARGET);
    guest.map(BigInt(entry & ~0xfff), entry & ~0xfff, PRESENT | WRITABLE);
    guest.machine.writeRegister('rcx', BigInt(entry));
    guest.machine.writeRegister('rdx', BigInt(0x30_0000 | PRESENT));
    // mov rax, [rbx]; mov [rcx], rdx; invlpg [rbx]; mov rsi, [rbx]; hlt
    access([0x48, 0x8b, 0x03, 0x48, 0x89, 0x11, 0x0f, 0x01, 0x3b, 0x48, 0x8b, 0x33, 0xf4]);
    expect([guest.machine.readRegister('rax'), guest.machine.readRegister('rsi')]).toEqual([1n, 2n]);
  });
  test('a user access does not profit from an entry of the supervisor', () => {
    guest.map(TARGET, 0x20_0000, PRESENT | WRITABLE);
    access(LOAD);
    guest.user();
    expect(access(LOAD)).toEqual({ vector: PAGE_FAULT, code: 5, cr2: TARGET });
  });
});

test('memory outside of RAM reads as ones and swallows writes', () => {
  guest.map(TARGET, 0x1000_0000, PRESENT | WRITABLE);
  guest.machine.writeRegister('rax', 5n);
  expect(access([...STORE.slice(0, 3), ...LOAD]).vector).toBeUndefined();
  expect(guest.machine.readRegister('rax')).toBe(0xffff_ffff_ffff_ffffn);
});

test('page tables outside of RAM fault instead of harming the host', () => {
  guest.map(TARGET, 0x20_0000, PRESENT);
  const [, pdpt] = guest.machine.translate(TARGET).walk;
  guest.write64(pdpt.entryAddress, 0x3fff_ffff_f007n);
  expect(access(LOAD).vector).toBe(PAGE_FAULT);
});

test('inspection sees what the tables say and changes nothing', () => {
  guest.map(TARGET, 0x20_0000, BigInt(PRESENT | USER) | NO_EXECUTE);
  const before = guest.machine.digest();
  expect(guest.machine.translate(TARGET + 0x10n)).toMatchObject({
    physicalAddress: 0x20_0010,
    pageSize: 4096,
    writable: false,
    user: true,
    executable: false,
  });
  expect(guest.machine.translate(TARGET + 0x1000n).physicalAddress).toBeUndefined();
  expect(guest.machine.translate(0x8000_0000_0000n)).toMatchObject({ walk: [], pageSize: 0 });
  expect(guest.machine.readVirtual(TARGET + 0xff0n, 64).length).toBe(16);
  expect(guest.machine.digest()).toBe(before);
  expect(guest.machine.writeVirtual(BigInt(DATA), Uint8Array.of(7))).toBe(1);
  expect(guest.machine.digest()).not.toBe(before);
});
