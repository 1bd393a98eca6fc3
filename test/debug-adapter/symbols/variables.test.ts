/** Every variable of every frame at every call of the fixture's `stop`, compared with what gdb reads in the live process. */
import { describe, expect, it } from 'vitest';
import type { ProgramSymbols } from '../../../debug-adapter/symbols/symbol-api.ts';
import { build, load, requireTool, variants } from './fixture-programs.ts';
import { shortName } from './line-rows.ts';
import { frameOf, type Stop, stopsByGdb, walk } from './stopped-process.ts';
import { leaves, sameFloat } from './value-leaves.ts';

interface Tally {
  variables: number;
  numbers: number;
  optimizedOut: number;
  /** gdb shows a register's present value in a caller, though the call may have changed it; we do not. */
  notSaved: number;
  /** gdb gives up; the unoptimized program, stopped at the same place, has the same number as we found. */
  recovered: number;
  readonly differences: string[];
}

function compareStop(program: ProgramSymbols, stop: Stop, unoptimized: Stop, tally: Tally): void {
  const flat = walk(program, frameOf(stop));
  const names = (list: readonly string[]): string => list.map(shortName).join(' < ');
  expect(names(flat.map(({ source }) => source.functionName))).toBe(
    names(stop.frames.map((frame) => frame.function)),
  );
  for (const [i, expected] of stop.frames.entries()) {
    const { context, source } = flat[i];
    expect(context.pc.toString()).toBe(expected.pc);
    expect(source.inlined).toBe(expected.inlined);
    expect(source.location?.line).toBe(expected.line);
    const where = `${source.functionName} at line ${expected.line}`;
    const ours = new Map(
      program
        .variablesIn(source.scope)
        .map((variable) => [`${variable.name}:${variable.declaration?.line ?? 0}`, variable]),
    );
    for (const [key, theirs] of Object.entries(expected.variables ?? {})) {
      // gdb gives `this` no line.
      const variable = ours.get(key) ?? [...ours.values()].find(({ name }) => key === `${name}:0`);
      if (variable === undefined) {
        tally.differences.push(`${where}: ${key} is missing`);
        continue;
      }
      tally.variables++;
      const found: Record<string, string> = {};
      leaves(variable.locate(context), { frame: context, programs: [program] }, '', found);
      const frame = unoptimized.frames.find(
        (candidate) => shortName(candidate.function) === shortName(source.functionName),
      );
      compareLeaves(`${where}: ${key}`, theirs, found, frame?.variables?.[key] ?? {}, tally);
    }
  }
}

type Leaves = Readonly<Record<string, string>>;

function compareLeaves(where: string, theirs: Leaves, ours: Leaves, unoptimized: Leaves, tally: Tally): void {
  const unavailable = '<optimized out>';
  // One side may say of a whole what the other says of its parts.
  const paths = new Set([...Object.keys(theirs), ...Object.keys(ours)]);
  if (paths.size > 1) paths.delete('');
  for (const path of paths) {
    const their = theirs[path] ?? theirs[''] ?? 'nothing';
    const our = (ours[path] ?? ours[''] ?? 'nothing').replace(/^<optimized out.*/, unavailable);
    const synthetic = their === '0' && (ours[path] ?? '').startsWith('<optimized out: points');
    if (our === their || synthetic || sameFloat(our, their)) {
      tally.numbers++;
      if (our === unavailable) tally.optimizedOut++;
    } else if (our === '<not saved in this frame>') tally.notSaved++;
    else if (their === unavailable && sameNumber(our, unoptimized[path])) tally.recovered++;
    else tally.differences.push(`${where}${path}: ${our} instead of ${their}`);
  }
}

/** The two programs lay out their stacks differently. */
function sameNumber(a: string, b: string | undefined): boolean {
  const isStackAddress = (text: string): boolean => /^140737\d{9}$/.test(text);
  return b !== undefined && (a === b || sameFloat(a, b) || (isStackAddress(a) && isStackAddress(b)));
}

/** The unoptimized programs serve several comparisons. */
const recorded = new Map<string, Stop[]>();

describe.skipIf(!requireTool('gdb', 'comparison of variables with gdb'))('variables agree with gdb', () => {
  it.each(variants)(
    '$label',
    (variant) => {
      const path = build(variant);
      const program = load(path);
      const tally: Tally = {
        variables: 0,
        numbers: 0,
        optimizedOut: 0,
        notSaved: 0,
        recovered: 0,
        differences: [],
      };
      const stops = stopsByGdb(path);
      expect(stops.length).toBeGreaterThan(10);
      const reference = build({ ...variant, optimization: 'O0' });
      const unoptimized = recorded.get(reference) ?? stopsByGdb(reference);
      recorded.set(reference, unoptimized);
      expect(unoptimized.length).toBe(stops.length);
      for (const [i, stop] of stops.entries()) compareStop(program, stop, unoptimized[i], tally);
      expect(tally.differences).toEqual([]);
      expect(program.warnings).toEqual([]);
      expect(tally.numbers - tally.optimizedOut).toBeGreaterThan(300);
    },
    60_000,
  );
});
