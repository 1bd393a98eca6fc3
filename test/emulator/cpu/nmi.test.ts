import { beforeEach, expect, test } from 'vitest';
import { CODE, createGuest, type Guest, PRESENT, STACK_TOP, WRITABLE } from './guest.ts';

/** Non-maskable interrupts, sent by the local APIC to itself. */

const APIC = 0xfee0_0000;
/** mov dword [rbx + 0x300], 0x4400: an NMI to the processor with identifier 0. */
const SEND = [0xc7, 0x83, 0x00, 0x03, 0x00, 0x00, 0x00, 0x44, 0x00, 0x00];
const HLT = 0xf4;

let guest: Guest;
beforeEach(() => {
  guest = createGuest();
  guest.map(BigInt(APIC), APIC, PRESENT | WRITABLE);
  guest.machine.writeRegister('rbx', BigInt(APIC));
});

const returnOffset = (): number => Number(guest.stack(1)[0]) - CODE;

test('arrives although interrupts are disabled', () => {
  guest.code([...SEND, 0x90, HLT]);
  expect(guest.run().vector).toBe(2);
  expect(returnOffset()).toBe(SEND.length);
});

test('waits for the instruction behind a load of SS', () => {
  // mov ss, ax in between; the APIC is written by mov [rbx + 0x300], eax behind it
  guest.machine.writeRegister('rax', 0x10n);
  guest.machine.writeRegister('rcx', 0x4400n);
  guest.code([0x8e, 0xd0, 0x89, 0x8b, 0x00, 0x03, 0x00, 0x00, 0x90, HLT]);
  expect(guest.run().vector).toBe(2);
  expect(returnOffset()).toBe(8);
});

test('a second one waits for the IRET of the first', () => {
  // The handler sends another NMI and goes on for a while.
  const handler = [...SEND, 0xff, 0xc1, 0xff, 0xc1, 0x48, 0xcf]; // inc ecx; inc ecx; iretq
  const target = CODE + 0x100;
  guest.gate(2, { target: BigInt(target) });
  guest.machine.writePhysical(target, Uint8Array.from(handler));
  guest.machine.writeRegister('rcx', 0n);
  guest.code([...SEND, HLT]);
  // First delivery, its handler, then the second at the same place, whose handler sends a third, and so on.
  for (let n = 1; n <= 3; n++) {
    while (guest.machine.readRegister('rcx') < BigInt(2 * n)) guest.machine.step();
    expect(guest.machine.readRegister('rsp')).toBe(BigInt(STACK_TOP - 40));
    guest.machine.step(); // iretq
    expect(guest.machine.readRegister('rip')).toBe(BigInt(CODE + SEND.length));
  }
});
