/** Every variable of every frame at every call of the fixture's `stop`, compared with what gdb reads in the live process. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type {
  FrameContext,
  ProgramSymbols,
  SourceFrame,
  Value,
} from '../../../debug-adapter/symbols/symbol-api.ts';
import { strip } from '../../../debug-adapter/symbols/types.ts';
import { lookupAddress } from '../../../debug-adapter/symbols/unwind.ts';
import { formatValue } from '../../../debug-adapter/values/format-value.ts';
import type { ValueContext } from '../../../debug-adapter/values/value-api.ts';
import { childrenOf } from '../../../debug-adapter/values/value-children.ts';
import { build, fixtures, load, requireTool, run, variants } from './fixture-programs.ts';

interface Stop {
  /** In DWARF order, rip and xmm0…15 included. */
  readonly registers: readonly string[];
  readonly memory: ReadonlyArray<readonly [string, string]>;
  readonly frames: ReadonlyArray<{
    readonly function: string;
    readonly pc: string;
    readonly line: number;
    readonly inlined: boolean;
    /** `name:line of declaration` → path inside → number. */
    readonly variables: Readonly<Record<string, Readonly<Record<string, string>>>> | null;
  }>;
}

function stopsByGdb(path: string): Stop[] {
  const output = run('gdb', ['-batch', '-nx', '-x', join(fixtures, 'dump-frames.py'), path]);
  return [...output.matchAll(/^STOP (.*)$/gm)].map((match) => JSON.parse(match[1]) as Stop);
}

export function frameOf(stop: Stop): FrameContext {
  const regions = stop.memory.map(([start, hex]) => ({
    start: BigInt(start),
    bytes: new Uint8Array(Buffer.from(hex, 'hex')),
  }));
  return {
    pc: BigInt(stop.registers[16]),
    pcIsExact: true,
    readRegister: (register) =>
      register < stop.registers.length ? BigInt(stop.registers[register]) : undefined,
    readMemory: (address, length) => {
      for (const { start, bytes } of regions) {
        const offset = Number(address - start);
        if (offset >= 0 && offset + length <= bytes.length) return bytes.subarray(offset, offset + length);
      }
      return undefined;
    },
  };
}

/** Path inside → number as text, the way dump-frames.py writes it. */
function leaves(value: Value, context: ValueContext, path: string, out: Record<string, string>): void {
  const type = strip(value.type);
  if (value.storage.kind === 'unavailable') {
    out[path] = `<${value.storage.reason}>`;
  } else if (type.kind === 'structure') {
    for (const child of childrenOf(value, context, 'x')) {
      const base =
        type.baseClasses.some((candidate) => strip(candidate.type) === strip(child.value.type)) &&
        !child.evaluateName.startsWith('x.');
      if (child.name.startsWith('_vptr')) continue;
      leaves(child.value, context, base ? `${path}.<${child.name}>` : `${path}.${child.name}`, out);
    }
  } else if (type.kind === 'array') {
    for (const child of childrenOf(value, context, 'x')) leaves(child.value, context, path + child.name, out);
  } else if (type.kind === 'reference') {
    const text = formatValue(
      {
        ...value,
        type: { kind: 'pointer', name: undefined, size: 8, target: { kind: 'void', name: 'void', size: 0 } },
      },
      context,
    );
    if (/^0x/.test(text))
      leaves({ type: type.target, storage: { kind: 'memory', address: BigInt(text) } }, context, path, out);
    else out[path] = text;
  } else {
    let text = formatValue(value, context);
    // As a bare number: without names, characters and symbols.
    if (type.kind === 'enumeration') {
      text = formatValue(
        {
          ...value,
          type: { kind: 'base', name: '', size: type.size, encoding: type.signed ? 'signed' : 'unsigned' },
        },
        context,
      );
    } else if (type.kind === 'pointer') {
      if (text.startsWith('0x')) text = BigInt(text.replace(/ .*/, '')).toString();
    } else if (type.kind === 'base' && type.encoding !== 'float') {
      text = text.replace(/ '.*/, '');
      if (text === 'true') text = '1';
      if (text === 'false') text = '0';
    } else if (/^-?\d+$/.test(text)) text += '.0';
    out[path] = text;
  }
}

interface FlatFrame {
  readonly context: FrameContext;
  readonly source: SourceFrame;
}

/** Inlined frames as frames of their own, down to main. */
function walk(program: ProgramSymbols, innermost: FrameContext): FlatFrame[] {
  const flat: FlatFrame[] = [];
  for (let context = innermost; ; ) {
    const frames = program.framesAt(lookupAddress(context));
    for (const source of frames) flat.push({ context, source });
    if (frames.length === 0 || frames[frames.length - 1].functionName === 'main') return flat;
    const next = program.unwind(context);
    if (next.kind !== 'caller') return flat;
    context = next.frame;
  }
}

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

/** gdb prints a float with a double's digits. */
function sameFloat(a: string, b: string): boolean {
  return (
    Number(a) === Number(b) ||
    (a !== b && Math.fround(Number(a)) === Math.fround(Number(b)) && a.includes('.'))
  );
}

/** The two programs lay out their stacks differently. */
function sameNumber(a: string, b: string | undefined): boolean {
  const isStackAddress = (text: string): boolean => /^140737\d{9}$/.test(text);
  return b !== undefined && (a === b || sameFloat(a, b) || (isStackAddress(a) && isStackAddress(b)));
}

function shortName(name: string): string {
  return name.replace(/\(.*/, '').split('::').pop() ?? '';
}

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
      const unoptimized = stopsByGdb(build({ ...variant, optimization: 'O0' }));
      expect(unoptimized.length).toBe(stops.length);
      for (const [i, stop] of stops.entries()) compareStop(program, stop, unoptimized[i], tally);
      expect(tally.differences).toEqual([]);
      expect(program.warnings).toEqual([]);
      console.info(`${variant.label}: ${JSON.stringify({ ...tally, stops: stops.length })}`);
      expect(tally.numbers - tally.optimizedOut).toBeGreaterThan(300);
    },
    60_000,
  );
});
