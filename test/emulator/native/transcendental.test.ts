/**
 * The transcendental x87 instructions against the real CPU: Intel's algorithms and ours both err by less than a unit in
 * the last place, so results may differ by one. This counts how often they are the same bit for bit.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { differences, unitsBetween } from './compare.ts';
import { createEmulatedCpu } from './emulated-cpu.ts';
import { transcendental } from './forms-x87.ts';
import { generateCase } from './generate.ts';
import { initialState } from './instruction-case.ts';
import { Random } from './random.ts';
import { openRealCpu } from './real-cpu.ts';

const CASES = 1500;
/** Of the status word: a result was rounded. */
const PE = 0x20;

const cpu = openRealCpu();
const isIntel = typeof cpu !== 'string' && readFileSync('/proc/cpuinfo', 'utf8').includes('GenuineIntel');
const why = typeof cpu === 'string' ? cpu : 'the CPU is not one of Intel’s';
if (!isIntel) console.warn(`skipped: transcendental instructions on this CPU: ${why}`);

test.skipIf(!isIntel).each(transcendental)('$name', { timeout: 60_000 }, async (form) => {
  if (typeof cpu === 'string') return;
  const random = new Random(1);
  const cases = Array.from({ length: CASES }, () => generateCase(form, random.u32()));
  const emulator = createEmulatedCpu();
  let rounded = 0;
  let same = 0;
  let worst = 0n;
  const wrong: string[] = [];
  (await cpu.run(cases)).forEach((expected, n) => {
    const actual = emulator.run(cases[n]);
    wrong.push(...differences(cases[n], expected, actual));
    const distances = Array.from({ length: 8 }, (_, i) => {
      const register = (bytes: Uint8Array): Uint8Array => bytes.subarray(16 * i, 16 * i + 10);
      return unitsBetween(register(expected.x87.registers), register(actual.x87.registers));
    });
    const distance = distances.reduce((a, b) => (a > b ? a : b));
    if (distance > worst) worst = distance;
    // Those that were not about the stack or about NaNs.
    if ((initialState(cases[n]).x87.status & PE) !== 0 || (expected.x87.status & PE) === 0) return;
    rounded++;
    if (distance === 0n) same++;
  });
  console.info(
    `${form.name}: ${same} of ${rounded} results equal, at most ${worst} unit in the last place apart`,
  );
  expect(wrong).toEqual([]);
  expect(worst).toBeLessThanOrEqual(1n);
  expect(rounded).toBeGreaterThan(50);
  expect(same).toBeGreaterThan(0.9 * rounded);
});
