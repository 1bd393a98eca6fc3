import { beforeEach, expect, test } from 'vitest';
import { CODE, createGuest, type Guest, PRESENT, WRITABLE } from './guest.ts';

/** What is delivered first if several things are due at the same boundary of instructions (SDM volume 3, table 6-2). */

const APIC = 0xfee0_0000;
const HLT = 0xf4;
const STI = 0xfb;
/** mov dword [rbx + 0x300], an interrupt command to the processor itself. */
const send = (command: number): number[] => [
  ...[0xc7, 0x83, 0x00, 0x03, 0x00, 0x00],
  ...[command & 0xff, (command >> 8) & 0xff, (command >> 16) & 0xff, 0],
];
const NMI = send(0x4400);
/** Vector 0x40, shorthand "self". */
const INTERRUPT = send(0x4_4040);
const handlerOf = (vector: number): bigint => BigInt(0x5000 + 16 * vector);

let guest: Guest;
beforeEach(() => {
  guest = createGuest();
  guest.map(BigInt(APIC), APIC, PRESENT | WRITABLE);
  guest.machine.writeRegister('rbx', BigInt(APIC));
});

/** The vectors that are delivered without an instruction in between, the last one first. */
function delivered(code: readonly number[], rflags: bigint): { vectors: number[]; offset: number } {
  guest.machine.writeRegister('rflags', rflags);
  guest.code([...code, HLT]);
  const vectors = [guest.run().vector ?? -1];
  let frame = guest.stack(5);
  while (frame[0] < CODE) {
    vectors.push((Number(frame[0]) - 0x5000) / 16);
    const bytes = guest.machine.readVirtual(frame[3], 40);
    frame = Array.from(new BigUint64Array(bytes.slice().buffer));
  }
  return { vectors, offset: Number(frame[0]) - CODE };
}

test('a debug trap, then an NMI', () => {
  expect(delivered(NMI, 0x102n)).toEqual({ vectors: [2, 1], offset: NMI.length });
});

test('an NMI, then an interrupt', () => {
  // The gate leaves IF, so that the interrupt follows at once.
  guest.gate(2, { trap: true });
  const code = [...INTERRUPT, STI, ...NMI];
  expect(delivered(code, 2n)).toEqual({ vectors: [0x40, 2], offset: code.length });
});

test('a debug trap, then an interrupt', () => {
  guest.gate(1, { trap: true });
  expect(delivered(INTERRUPT, 0x302n)).toEqual({ vectors: [0x40, 1], offset: INTERRUPT.length });
});

test('an interrupt, then a breakpoint on the instruction', () => {
  guest.machine.writeRegister('dr0', BigInt(CODE + INTERRUPT.length));
  guest.machine.writeRegister('dr7', 0x401n);
  expect(delivered(INTERRUPT, 0x202n)).toEqual({ vectors: [0x40], offset: INTERRUPT.length });
});

test('a breakpoint on the instruction, then what is wrong with it', () => {
  guest.machine.writeRegister('dr0', BigInt(CODE));
  guest.machine.writeRegister('dr7', 0x401n);
  expect(delivered([0x0f, 0x0b], 2n)).toEqual({ vectors: [1], offset: 0 });
});

test('the handler of an exception is entered before an interrupt', () => {
  guest.gate(6, { trap: true });
  // With interrupts enabled by STI, UD2 is the instruction they wait for.
  const code = [...INTERRUPT, STI, 0x0f, 0x0b];
  expect(delivered(code, 2n)).toEqual({ vectors: [0x40, 6], offset: INTERRUPT.length + 1 });
  expect(guest.stack(1)[0]).toBe(handlerOf(6));
});
