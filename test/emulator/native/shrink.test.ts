import { expect, test } from 'vitest';
import { machineCodes } from '../instruction-set/codes.ts';
import { generateProgram, reasonNotExecuted } from './code-cases.ts';
import { instructionsOf, shrink } from './shrink.ts';

test('a program shrinks to the instructions that matter', async () => {
  const codes = machineCodes.filter(
    (code) => code.modes.includes(64) && reasonNotExecuted(code) === undefined,
  );
  const program = generateProgram(codes, 5);
  const instructions = instructionsOf(program.code);
  expect(instructions.length).toBeGreaterThan(10);
  const needed = [instructions[3], instructions[8]];
  const bytes = (code: Uint8Array) => needed.map(([start, end]) => [...code.subarray(start, end)]);
  const smallest = await shrink(
    program,
    async ({ code }) => JSON.stringify(bytes(code)) === JSON.stringify(bytes(program.code)),
  );
  expect(bytes(smallest.code)).toEqual(bytes(program.code));
  const nops = program.code.length - needed.reduce((sum, [start, end]) => sum + end - start, 0);
  expect(smallest.code.filter((byte) => byte === 0x90).length).toBeGreaterThanOrEqual(nops);
});
