import { describe, expect, it } from 'vitest';
import { isArtificialCode } from '../../../debug-adapter/symbols/artificial-code.ts';
import { build, load, requireTool, run, SOURCE_PREFIX, variants } from './fixture-programs.ts';
import { compareFrames, inlinedAt, ourRows, rowsByReadelf, SYMBOLIZER } from './line-rows.ts';

describe.skipIf(!requireTool('readelf', 'comparison of line tables'))(
  'line tables agree with readelf',
  () => {
    it.each(variants)('$label', (variant) => {
      const path = build(variant);
      const expected = rowsByReadelf(path);
      expect(expected.length).toBeGreaterThan(100);
      expect(ourRows(path)).toEqual(expected);
    });
  },
);

describe.skipIf(!requireTool(SYMBOLIZER, 'comparison of inlined frames'))(
  'frames agree with llvm-symbolizer',
  () => {
    it.each(variants)('$label', (variant) => {
      const path = build(variant);
      compareFrames(path);
    });
  },
);

describe.skipIf(!requireTool('gdb', 'comparison of lines and breakpoints with gdb'))('gdb agrees', () => {
  const source = `${SOURCE_PREFIX}/shapes.cpp`;

  it.each(variants)('on the line of every instruction, $label', (variant) => {
    const path = build(variant);
    const program = load(path);
    const starts: bigint[] = [];
    for (const { ranges, hasDebugInformation } of program.functions()) {
      if (!hasDebugInformation) continue;
      for (const { start, end } of ranges)
        for (let address = start; address < end; address += 3n) starts.push(address);
    }
    const script = [
      'import gdb',
      ...['def line(a):', '  s = gdb.find_pc_line(a)', '  print("%x %s %d" % (a, s.symtab, s.line))'],
      `for a in [${starts.join(',')}]: line(a)`,
    ].join('\n');
    const output = run('gdb', ['-batch', '-nx', '-ex', `python exec(${JSON.stringify(script)})`, path]);
    const expected = output.trim().split('\n');
    const inlined = inlinedAt(path);
    const ours = starts.map((address) => {
      const line = program.lineAt(address);
      return `${address.toString(16)} ${line?.line ? line.path : 'None'} ${line?.line ?? 0}`;
    });
    const differences: string[] = [];
    let compared = 0;
    for (const [i, line] of ours.entries()) {
      // What we show at the call that gdb shows within the artificial function.
      if (isArtificialCode(inlined(starts[i])[0])) continue;
      compared++;
      if (line !== expected[i]) differences.push(`${line} instead of ${expected[i]}`);
    }
    expect(compared).toBeGreaterThan(200);
    expect(differences).toEqual([]);
  });

  it.each(variants)('on where a breakpoint goes, $label', (variant) => {
    const path = build(variant);
    const program = load(path);
    const lineCount = 245;
    const script = [
      'import gdb',
      `for line in range(60, ${lineCount}):`,
      '  b = gdb.Breakpoint("shapes.cpp:%d" % line)',
      '  print("LINE", *["%x" % l.address for l in b.locations])',
    ].join('\n');
    const output = run('gdb', ['-batch', '-nx', '-ex', `python exec(${JSON.stringify(script)})`, path]);
    const expected = [...output.matchAll(/^LINE(.*)$/gm)].map((match) =>
      match[1].trim().split(' ').filter(Boolean),
    );
    expect(expected.length).toBe(lineCount - 60);
    // gcc's code has no mark where the prologue ends, and gdb stays at a function's entry if it sees no frame
    // pointer set up. Arguments could not be read there, so we go on.
    const entries = new Map(program.functions().map((symbol) => [symbol.entry, symbol]));
    const body = (address: string): string => {
      const symbol = entries.get(BigInt(`0x${address}`));
      return symbol === undefined ? address : program.afterPrologue(symbol).toString(16);
    };
    const differences: string[] = [];
    const inlined = inlinedAt(path);
    for (let line = 60; line < lineCount; line++) {
      const theirs = [...new Set(expected[line - 60].map(body))].sort();
      const ours = program
        .breakpointLocations(source, line)
        // To gdb, a line that has only artificial code has none.
        .filter(
          ({ address }) => !isArtificialCode(inlined(address)[0]) || theirs.includes(address.toString(16)),
        )
        .map(({ address }) => address.toString(16));
      if (ours.join() !== theirs.join()) differences.push(`${line}: ${ours} instead of ${theirs}`);
    }
    expect(differences).toEqual([]);
  });
});
