import { expect, test } from 'vitest';
import type { Machine } from '../../emulator/machine-api.ts';
import { findConformance, runOnEmulator } from './kernel-images.ts';

/** An exception in kernel mode prints the registers and stops the machine. */

const LIMIT = 20_000_000;
const UD2 = Uint8Array.of(0x0f, 0x0b);
/** The first instructions of an entry are still on the user's stack. */
const ENTRY_INSTRUCTIONS = 40;

function stepUntilPrivilegeIs(machine: Machine, level: number) {
  while (machine.privilegeLevel !== level && machine.instructionCount < LIMIT) machine.step();
}

test('an exception in the kernel', () => {
  let address = 0n;
  const { serial, reason } = runOnEmulator(findConformance(), LIMIT, (machine) => {
    stepUntilPrivilegeIs(machine, 3);
    stepUntilPrivilegeIs(machine, 0);
    for (let i = 0; i < ENTRY_INSTRUCTIONS; i++) machine.step();
    address = machine.readRegister('rip');
    machine.writeVirtual(address, UD2);
  });
  expect(address.toString(16)).toMatch(/^ffffffff8/);
  expect(serial).toContain('A9N: exception in the kernel: vector 6, error code 0x0000000000000000\n');
  expect(serial).toContain(`  rip 0x${address.toString(16)}\n`);
  expect(serial).toContain('  cs 0x0000000000000008\n');
  expect(serial).toContain('A9N: halted\n');
  expect(reason.kind).toBe('halted');
});
