/** Watchpoints, and stops at what the CPU does. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { StopReason, Watch, WatchHit } from '../../../emulator/machine-api.ts';
import { CODE, createGuest, DATA, type Guest, PRESENT, USER, WRITABLE } from './guest.ts';

let guest: Guest;
beforeEach(() => {
  guest = createGuest();
  guest.machine.writeRegister('rbx', BigInt(DATA));
});
const hits = (stop: StopReason): readonly WatchHit[] => {
  if (stop.kind !== 'watch') throw new Error(`stopped with ${stop.kind}`);
  return stop.hits;
};
const run = (): readonly WatchHit[] => hits(guest.machine.run(1000));
const rip = (): number => Number(guest.machine.readRegister('rip'));
const memory = (
  address: number | bigint,
  length: number,
  access: 'read' | 'write' | 'read-write' | 'execute',
  more: Partial<Extract<Watch, { kind: 'memory' }>> = {},
): Watch => ({ kind: 'memory', space: 'virtual', address: BigInt(address), length, access, ...more });

describe('memory', () => {
  test('a write stops after the instruction, with the values before and after', () => {
    guest.write64(DATA, 0x1122_3344_5566_7788n);
    guest.machine.setWatches([memory(DATA + 4, 4, 'write')]);
    // mov eax, [rbx]; mov dword [rbx+4], 7; hlt
    guest.code([0x8b, 0x03, 0xc7, 0x43, 4, 7, 0, 0, 0, 0xf4]);
    expect(run()).toEqual([
      {
        ...{ watch: 0, kind: 'memory', access: 'write', instruction: BigInt(CODE + 2) },
        ...{ address: BigInt(DATA + 4), physicalAddress: DATA + 4, size: 4, before: 0x1122_3344n, after: 7n },
      },
    ]);
    expect(rip()).toBe(CODE + 9);
    expect(guest.run().stop.kind).toBe('halted');
  });
  test('other bytes of the page are no hits, before and behind the watched one', () => {
    guest.machine.setWatches([memory(DATA + 8, 1, 'read-write')]);
    // mov [rbx], rax; mov [rbx+9], rax; mov rax, [rbx]; hlt
    guest.code([0x48, 0x89, 0x03, 0x48, 0x89, 0x43, 9, 0x48, 0x8b, 0x03, 0xf4]);
    expect(guest.run().stop.kind).toBe('halted');
  });
  test('an access that begins before the watched byte and reaches it hits', () => {
    guest.machine.setWatches([memory(DATA + 8, 1, 'read')]);
    guest.code([0x48, 0x8b, 0x43, 1, 0xf4]); // mov rax, [rbx+1]
    expect(run()).toMatchObject([{ access: 'read', address: BigInt(DATA + 1), size: 8 }]);
  });
  test('an instruction that reads and writes hits as both, as each is asked for', () => {
    guest.code([0x48, 0xff, 0x03, 0xf4]); // inc qword [rbx]
    guest.machine.setWatches([memory(DATA, 8, 'write')]);
    expect(run().map((hit) => hit.kind === 'memory' && hit.access)).toEqual(['write']);
    guest.machine.setWatches([memory(DATA, 8, 'read-write')]);
    guest.code([0x48, 0xff, 0x03, 0xf4]);
    expect(run().map((hit) => hit.kind === 'memory' && hit.access)).toEqual(['read', 'write']);
  });
  test('pages that the TLB knows are watched too, and no longer when the watch is gone', () => {
    const loop = [0x48, 0xff, 0x03, 0xeb, 0xfb]; // inc qword [rbx]; jmp back
    guest.code(loop);
    guest.machine.run(100);
    guest.machine.setWatches([memory(DATA, 8, 'write')]);
    const first = run()[0];
    const second = run()[0];
    expect(first).toMatchObject({ before: 50n, after: 51n });
    expect(second).toMatchObject({ before: 51n, after: 52n });
    guest.machine.setWatches([]);
    expect(guest.machine.run(100).kind).toBe('budget');
  });
  test('a range of many pages, and an access across two of them', () => {
    for (let page = 0; page < 8; page++) {
      guest.map(0x5000_0000n + BigInt(page * 4096), 0x20_0000 + page * 4096, PRESENT | WRITABLE);
    }
    guest.machine.setWatches([memory(0x5000_0000, 0x8000, 'write')]);
    guest.machine.writeRegister('rbx', 0x5000_3ffdn);
    guest.machine.writeRegister('rax', 0x0807_0605_0403_0201n);
    guest.code([0x48, 0x89, 0x03, 0xf4]);
    expect(run()).toMatchObject([
      { address: 0x5000_3ffdn, physicalAddress: 0x20_3ffd, before: 0n, after: 0x0807_0605_0403_0201n },
    ]);
  });
  test('physical addresses are watched through whatever mapping', () => {
    guest.map(0x5000_0000n, DATA, PRESENT | WRITABLE);
    guest.machine.writeRegister('rbx', 0x5000_0010n);
    guest.machine.setWatches([memory(DATA + 0x10, 1, 'write', { space: 'physical' })]);
    guest.code([0xc6, 0x03, 9, 0xf4]); // mov byte [rbx], 9
    expect(run()).toMatchObject([
      { address: 0x5000_0010n, physicalAddress: DATA + 0x10, size: 1, after: 9n },
    ]);
  });
  test('a physical range of which an access reaches only the second page', () => {
    guest.map(0x5000_0000n, 0x20_0000, PRESENT | WRITABLE);
    guest.map(0x5000_1000n, 0x30_0000, PRESENT | WRITABLE);
    guest.machine.writeRegister('rbx', 0x5000_0ffen);
    guest.machine.setWatches([memory(0x30_0001, 1, 'read', { space: 'physical' })]);
    guest.code([0x8b, 0x03, 0xf4]);
    expect(run()).toMatchObject([{ address: 0x5000_0ffen, size: 4 }]);
  });
  test('one address space only, if asked', () => {
    const root = Number(guest.machine.readRegister('cr3'));
    guest.code([0xc6, 0x03, 9, 0xf4]);
    guest.machine.setWatches([memory(DATA, 1, 'write', { root: root + 0x1000 })]);
    expect(guest.run().stop.kind).toBe('halted');
    guest.code([0xc6, 0x03, 9, 0xf4]);
    guest.machine.setWatches([memory(DATA, 1, 'write', { root })]);
    expect(run()).toHaveLength(1);
  });
  test('addresses of the upper half', () => {
    const address = 0xffff_8000_0000_1000n;
    guest.map(address, DATA, PRESENT | WRITABLE);
    guest.machine.writeRegister('rbx', address);
    guest.machine.setWatches([memory(address + 0xff8n, 8, 'write')]);
    guest.code([0x48, 0x89, 0x83, 0xf8, 0x0f, 0, 0, 0xf4]);
    expect(run()).toMatchObject([{ address: address + 0xff8n }]);
  });
  test('repeated instructions stop at the iteration', () => {
    guest.machine.writeRegister('rdi', BigInt(DATA));
    guest.machine.writeRegister('rcx', 100n);
    guest.machine.setWatches([memory(DATA + 40, 1, 'write')]);
    guest.code([0xf3, 0xaa, 0xf4]);
    expect(run()).toMatchObject([{ address: BigInt(DATA + 40), instruction: BigInt(CODE) }]);
    expect(guest.machine.readRegister('rcx')).toBe(59n);
    expect(guest.run().stop.kind).toBe('halted');
  });
  test('pushes, and what the CPU pushes for an exception', () => {
    const top = Number(guest.machine.readRegister('rsp'));
    guest.machine.setWatches([memory(top - 8, 8, 'write')]);
    guest.code([0x50, 0xf4]);
    expect(run()).toMatchObject([{ address: BigInt(top - 8), size: 8 }]);
    guest.machine.writeRegister('rsp', BigInt(top));
    guest.code([0x0f, 0x0b]); // ud2
    expect(run()).toMatchObject([{ address: BigInt(top - 8), size: 8, after: 0x10n }]);
  });
  test('an instruction that faults has not written', () => {
    guest.machine.writeRegister('rsi', BigInt(DATA));
    guest.machine.writeRegister('rdi', 0x7000_0000n);
    guest.machine.setWatches([memory(DATA, 1, 'read')]);
    guest.code([0xa4, 0xf4]); // movsb: reads, then faults
    expect(guest.run()).toMatchObject({ stop: { kind: 'halted' }, vector: 14 });
  });
  test('device registers by their physical address', () => {
    guest.map(0x6000_0000n, 0xfee0_0000, PRESENT | WRITABLE);
    guest.machine.setWatches([memory(0xfee0_0080, 4, 'write', { space: 'physical' })]);
    guest.machine.writeRegister('rbx', 0x6000_0080n);
    guest.code([0xc7, 0x03, 0x20, 0, 0, 0, 0xf4]);
    expect(run()).toMatchObject([{ physicalAddress: 0xfee0_0080, after: 0x20n }]);
  });
  test('a single step reports too', () => {
    guest.machine.setWatches([memory(DATA, 1, 'write')]);
    guest.code([0x90, 0xc6, 0x03, 9, 0xf4]);
    expect(guest.machine.step().kind).toBe('step');
    expect(hits(guest.machine.step())).toHaveLength(1);
    expect(rip()).toBe(CODE + 4);
  });
  test('ranges that are none are refused', () => {
    expect(() => guest.machine.setWatches([memory(DATA, 0, 'write')])).toThrow(RangeError);
    expect(() => guest.machine.setWatches([memory(DATA, Number.NaN, 'write')])).toThrow(RangeError);
  });
});

describe('execution', () => {
  const nops = [0x90, 0x90, 0x90, 0x90, 0xf4];
  test('of a range stops before each instruction in it, and is passed by going on', () => {
    guest.code(nops);
    guest.machine.run(1);
    guest.machine.setWatches([memory(CODE + 2, 2, 'execute')]);
    for (const at of [CODE + 2, CODE + 3]) {
      expect(run()).toMatchObject([{ kind: 'execute', address: BigInt(at) }]);
      expect(rip()).toBe(at);
    }
    expect(guest.run().stop.kind).toBe('halted');
    guest.code(nops);
    guest.machine.setWatches([]);
    expect(guest.run().stop.kind).toBe('halted');
  });
  test('by physical address, in any mapping', () => {
    guest.map(0x5000_0000n, CODE, PRESENT);
    guest.code(nops);
    guest.machine.writeRegister('rip', 0x5000_0000n);
    guest.machine.setWatches([memory(CODE + 3, 1, 'execute', { space: 'physical' })]);
    expect(run()).toMatchObject([{ address: 0x5000_0003n, physicalAddress: CODE + 3 }]);
  });
});

describe('other events', () => {
  test('I/O ports', () => {
    guest.machine.setWatches([
      { kind: 'port', first: 0x80, access: 'write' },
      { kind: 'port', first: 0x60, last: 0x64, access: 'read' },
    ]);
    guest.machine.writeRegister('rax', 0x1234n);
    guest.code([0xe6, 0x80, 0xe4, 0x80, 0xe4, 0x64, 0xf4]); // out 0x80, al; in al, 0x80; in al, 0x64
    expect(run()).toMatchObject([{ watch: 0, access: 'write', port: 0x80, size: 1, value: 0x34 }]);
    expect(run()).toMatchObject([{ watch: 1, access: 'read', port: 0x64, instruction: BigInt(CODE + 4) }]);
  });
  test('MSRs', () => {
    guest.machine.setWatches([{ kind: 'msr', index: 0xc000_0082, access: 'read-write' }]);
    guest.machine.writeRegister('rax', 0x1000n);
    guest.machine.writeRegister('rdx', 0n);
    guest.machine.writeRegister('rcx', 0xc000_0082n);
    guest.code([0x0f, 0x30, 0x0f, 0x32, 0xb9, 0x81, 0, 0, 0xc0, 0x0f, 0x30, 0xf4]);
    expect(run()).toMatchObject([{ kind: 'msr', access: 'write', before: 0n, after: 0x1000n }]);
    expect(run()).toMatchObject([
      { kind: 'msr', access: 'read', after: 0x1000n, instruction: BigInt(CODE + 2) },
    ]);
    expect(guest.run().stop.kind).toBe('halted');
  });
  test('control registers, and changes of the address space', () => {
    guest.machine.setWatches([{ kind: 'control-register', register: 'cr0' }, { kind: 'address-space' }]);
    const cr3 = guest.machine.readRegister('cr3');
    // mov rax, cr0; mov cr0, rax; clts; mov rax, cr3; mov cr3, rax; or rax, 8; mov cr3, rax
    guest.code([
      ...[0x0f, 0x20, 0xc0, 0x0f, 0x22, 0xc0, 0x0f, 0x06, 0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8],
      ...[0x48, 0x83, 0xc8, 8, 0x0f, 0x22, 0xd8, 0xf4],
    ]);
    expect(run()).toMatchObject([{ watch: 0, register: 'cr0', before: 0x8001_0033n }]);
    expect(run()).toMatchObject([{ watch: 0, register: 'cr0', instruction: BigInt(CODE + 6) }]);
    expect(run()).toMatchObject([{ watch: 1, kind: 'address-space', before: cr3, after: cr3 | 8n }]);
  });
  test('a fault is reported at its instruction, then delivered', () => {
    guest.machine.setWatches([{ kind: 'exception', vector: 14 }]);
    guest.machine.writeRegister('rbx', 0x7000_0123n);
    guest.code([0x90, 0x8b, 0x03, 0xf4]);
    expect(run()).toEqual([
      {
        ...{ watch: 0, kind: 'exception', instruction: BigInt(CODE + 1), vector: 14, errorCode: 0 },
        ...{ faultAddress: 0x7000_0123n, delivered: false },
      },
    ]);
    expect(rip()).toBe(CODE + 1);
    expect(guest.run()).toMatchObject({ stop: { kind: 'halted' }, vector: 14 });
  });
  test('a fault whose cause is removed does not happen', () => {
    guest.machine.setWatches([{ kind: 'exception' }]);
    guest.machine.writeRegister('rbx', 0x7000_0123n);
    guest.code([0x90, 0x8b, 0x03, 0xf4]);
    expect(run()).toHaveLength(1);
    guest.map(0x7000_0000n, DATA, PRESENT);
    expect(guest.run()).toMatchObject({ stop: { kind: 'halted' }, vector: undefined });
  });
  test('exceptions of other vectors are no hits', () => {
    guest.machine.setWatches([{ kind: 'exception', vector: 13 }]);
    guest.code([0x0f, 0x0b]);
    expect(guest.run()).toMatchObject({ stop: { kind: 'halted' }, vector: 6 });
  });
  test('a single-step trap when it has been delivered', () => {
    guest.machine.setWatches([{ kind: 'exception', vector: 1 }]);
    guest.machine.writeRegister('rflags', 0x102n);
    guest.code([0x90, 0x90, 0xf4]);
    expect(run()).toMatchObject([{ vector: 1, delivered: true, instruction: BigInt(CODE + 1) }]);
  });
  test('a double fault when it has been delivered', () => {
    guest.gate(14, { present: false });
    guest.machine.setWatches([{ kind: 'exception', vector: 8 }]);
    guest.machine.writeRegister('rbx', 0x7000_0000n);
    guest.code([0x8b, 0x03]);
    expect(run()).toMatchObject([{ vector: 8, errorCode: 0, delivered: true, instruction: BigInt(CODE) }]);
  });
  test('software interrupts', () => {
    guest.machine.setWatches([{ kind: 'interrupt', vector: 0x30 }]);
    guest.code([0xcd, 0x31, 0xcd, 0x30]);
    guest.gate(0x31, { target: BigInt(CODE + 2) });
    expect(run()).toMatchObject([{ vector: 0x30, software: true, instruction: BigInt(CODE + 2) }]);
    expect(guest.run().vector).toBe(0x30);
  });
  test('external interrupts', () => {
    guest.map(0x6000_0000n, 0xfee0_0000, PRESENT | WRITABLE);
    guest.machine.setWatches([{ kind: 'interrupt' }]);
    // Local APIC: enabled; an interrupt to itself.
    const store = (offset: number, value: number): number[] => [
      ...[0xc7, 0x83, offset & 255, offset >> 8, 0, 0],
      ...new Uint8Array(Int32Array.of(value).buffer),
    ];
    guest.machine.writeRegister('rbx', 0x6000_0000n);
    guest.code([...store(0xf0, 0x1ff), 0xfb, 0x90, ...store(0x300, 0x4_4051), 0x90, 0xf4]);
    expect(run()).toMatchObject([{ vector: 0x51, software: false, instruction: BigInt(CODE + 22) }]);
  });
  test('SYSCALL and SYSRET', () => {
    guest.machine.setWatches([{ kind: 'syscall' }, { kind: 'sysret' }]);
    guest.machine.writeRegister('star', 0x0018_0008_0000_0000n);
    guest.machine.writeRegister('lstar', BigInt(CODE + 0x100));
    guest.machine.writePhysical(CODE + 0x100, Uint8Array.of(0x48, 0x0f, 0x07));
    guest.user();
    guest.code([0x0f, 0x05, 0x90]);
    expect(run()).toEqual([{ watch: 0, kind: 'syscall', by: 'syscall', instruction: BigInt(CODE) }]);
    expect(rip()).toBe(CODE + 0x100);
    expect(run()).toEqual([{ watch: 1, kind: 'sysret', by: 'sysret', instruction: BigInt(CODE + 0x100) }]);
    expect(rip()).toBe(CODE + 2);
  });
  test('a triple fault is a stop in any case', () => {
    guest.machine.writeRegister('idtr_limit', 0n);
    guest.code([0x0f, 0x0b]);
    expect(guest.run().stop).toMatchObject({ kind: 'triple-fault', address: BigInt(CODE) });
  });
});

test('watches change nothing that the guest or a digest sees', () => {
  const digest = (watches: readonly Watch[]): string => {
    const { machine, code, map } = createGuest();
    map(0x5000_0000n, DATA, PRESENT | WRITABLE | USER);
    machine.writeRegister('rbx', 0x5000_0000n);
    // add [rbx+rcx*8], rcx; inc rcx; and ecx, 0xff; jmp back
    code([0x48, 0x01, 0x0c, 0xcb, 0x48, 0xff, 0xc1, 0x81, 0xe1, 0xff, 0, 0, 0, 0xeb, 0xf1]);
    machine.setWatches(watches);
    const end = machine.instructionCount + 5000;
    let stops = 0;
    while (machine.instructionCount < end) if (machine.runTo(end).kind === 'watch') stops++;
    expect(stops > 0).toBe(watches.length > 0);
    return machine.digest();
  };
  const watches = [
    memory(0x5000_0040, 16, 'read-write'),
    memory(DATA + 0x100, 8, 'write', { space: 'physical' }),
    memory(CODE + 4, 1, 'execute'),
  ];
  expect(digest(watches)).toBe(digest([]));
});

test('exceptions as stops, in place of their delivery', () => {
  guest = createGuest({ exceptions: 'stop' });
  const { machine } = guest;
  machine.writeRegister('rbx', 0x7000_0123n);
  guest.code([0x90, 0x89, 0x03, 0xf4]);
  const before = machine.instructionCount;
  const fault = {
    ...{ kind: 'exception', vector: 14, errorCode: 2 },
    ...{ address: BigInt(CODE + 1), faultAddress: 0x7000_0123n },
  };
  expect(machine.run(100)).toEqual(fault);
  expect(machine.instructionCount).toBe(before + 1);
  expect(machine.run(100)).toEqual(fault);
  guest.code([0x90, 0xcc, 0x90]);
  expect(machine.run(100)).toMatchObject({ kind: 'exception', vector: 3, address: BigInt(CODE + 2) });
  expect(machine.instructionCount).toBe(before + 3);
  guest.code([0xcd, 0x80, 0x90]);
  expect(machine.step()).toMatchObject({ kind: 'exception', vector: 0x80, address: BigInt(CODE + 2) });
  machine.writeRegister('rflags', 0x102n);
  expect(machine.run(100)).toMatchObject({ vector: 1, errorCode: undefined, address: BigInt(CODE + 3) });
});
