/** Functions marked artificial make no frames, and their code has the line of the call. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ProgramSymbols } from '../../../debug-adapter/symbols/symbol-api.ts';
import { fixtures, load, SOURCE_PREFIX, variants } from './fixture-programs.ts';

const directory = mkdtempSync(join(tmpdir(), 'a9n-artificial-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const SOURCE = `${SOURCE_PREFIX}/wrapped.cpp`;
const CALL = 25;

function build(compiler: string, options: readonly string[]): ProgramSymbols {
  const output = join(directory, 'wrapped');
  const fixed = ['-std=c++20', '-no-pie', '-fno-pie', `-ffile-prefix-map=${fixtures}=${SOURCE_PREFIX}`];
  execFileSync(compiler === 'gcc' ? 'g++' : 'clang++', [
    ...fixed,
    ...options,
    join(fixtures, 'wrapped.cpp'),
    '-o',
    output,
  ]);
  return load(output);
}

describe.each(variants)('$label', ({ compiler, dwarf, optimization }) => {
  const program = build(compiler, [`-gdwarf-${dwarf}`, `-${optimization}`]);
  const [use] = program.functionsNamed('use');
  const addresses: bigint[] = [];
  for (const { start, end } of use.ranges)
    for (let address = start; address < end; address++) addresses.push(address);

  it('shows the call where the wrappers are, and the function of one own within them', () => {
    const seen = new Set<string>();
    for (const address of addresses) {
      const frames = program.framesAt(address);
      const names = frames.map(({ functionName }) => functionName).join(' < ');
      expect(['use', 'own < use']).toContain(names);
      seen.add(names);
      const lines = frames.map(({ location }) => location?.line ?? 0);
      expect(lines.at(-1), `at 0x${address.toString(16)}`).toSatisfy(
        (line: number) => line >= 23 && line <= 27,
      );
      if (frames.length === 2) {
        expect(lines[1]).toBe(CALL);
        expect(lines[0]).toSatisfy((line: number) => line >= 7 && line <= 10);
      }
    }
    expect([...seen].sort()).toEqual(['own < use', 'use']);
  });

  it('has one range of code for the line of the call, but for what is no wrapper', () => {
    const first = program.breakpointLocations(SOURCE, CALL)[0];
    expect(first.location.line).toBe(CALL);
    const range = program.lineRange(first.address);
    for (const address of addresses) {
      if (range === undefined || address < range.start || address >= range.end) continue;
      expect(program.framesAt(address)[0]).toMatchObject({ functionName: 'use', location: { line: CALL } });
    }
    const ofCall = addresses.filter((address) => program.framesAt(address).at(-1)?.location?.line === CALL);
    expect(ofCall.length).toBeGreaterThan(20);
    // A statement of the caller that left no code of its own may begin there too.
    for (const address of ofCall) {
      if (program.framesAt(address).length > 1) continue;
      expect(program.linesAt(address).map(({ line }) => line)).toContain(CALL);
    }
  });

  it('binds breakpoints to the line of the call once, and within wrappers wherever they were inlined', () => {
    expect(program.breakpointLocations(SOURCE, CALL)).toHaveLength(1);
    const inside = program.breakpointLocations(SOURCE, 13);
    expect(inside).toHaveLength(2);
    for (const { address, location, functionName } of inside) {
      expect(location.line).toBe(13);
      expect(functionName).toBe('use');
      expect(program.framesAt(address).map(({ functionName: name }) => name)).toEqual(['use']);
    }
    expect(program.functionBreakpoints('access')).toHaveLength(2);
  });
});
