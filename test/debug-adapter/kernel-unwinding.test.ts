/**
 * At every instruction of the kernel the stack leads to the user code below: with the real kernel under KOITO and under
 * the conformance program, which calls every operation and raises every fault. test/system/presets.test.ts does the
 * same with the other builds of the kernel.
 *
 * No user code is below while the kernel boots and idles, and in an interrupt that ends idling until a process is
 * chosen. Not looked at: exceptions in the kernel itself, which stop the machine.
 */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { walkGuest } from './support/kernel-entry-walk.ts';
import { koitoLaunch } from './support/koito-session.ts';

const TIMEOUT = 120_000;
const TIMER = 'vector 240';
const PAGE_FAULT = 'vector 14';

it('under KOITO: calls, pages on demand, timer ticks, idling', { timeout: TIMEOUT }, () => {
  const { kernel, init } = koitoLaunch();
  const { failures, instructions, addresses } = walkGuest(kernel, init);
  expect(failures).toEqual([]);
  expect([...instructions.keys()].sort()).toEqual(['call', PAGE_FAULT, TIMER, `${TIMER}, idle`]);
  expect(instructions.get('call')).toBeGreaterThan(10_000);
  expect(addresses.size).toBeGreaterThan(1_500);
});

it('under the conformance program: faults and device interrupts, too', { timeout: TIMEOUT }, () => {
  const { kernel, init } = koitoLaunch();
  const { failures, instructions } = walkGuest(kernel, join(init, '../conformance.elf'));
  expect(failures).toEqual([]);
  const causes = [...instructions.keys()];
  const faults = [0, 1, 3, 6, 13, 14].map((vector) => `vector ${vector}`);
  const serialPort = 'vector 52';
  expect(causes).toEqual(expect.arrayContaining(['call', TIMER, serialPort, ...faults]));
});
