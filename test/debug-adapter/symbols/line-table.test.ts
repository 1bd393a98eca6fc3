import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DebugInformation } from '../../../debug-adapter/symbols/debug-information.ts';
import { dwarfSections } from '../../../debug-adapter/symbols/dwarf-sections.ts';
import { parseElf } from '../../../debug-adapter/symbols/elf.ts';
import { IS_STATEMENT, readLineTable } from '../../../debug-adapter/symbols/line-table.ts';
import { build, load, requireTool, run, SOURCE_PREFIX, variants } from './fixture-programs.ts';

/** `file:line address statement`, one for each row, the ends of sequences included. */
function rowsByReadelf(path: string): string[] {
  const rows: string[] = [];
  for (const line of run('readelf', ['-W', '--debug-dump=decodedline', path]).split('\n')) {
    const match = /^(\S+\.\w+)\s+(\d+|-)\s+(?:0x)?([0-9a-f]+)(.*)$/.exec(line);
    if (match === null) continue;
    const [, file, number, address, rest] = match;
    rows.push(
      `${number === '-' ? 'end' : `${file.split('/').pop()}:${number}`} ${address} ${/x\s*$/.test(rest)}`,
    );
  }
  return rows.sort();
}

function ourRows(path: string): string[] {
  const warnings: string[] = [];
  const elf = parseElf(new Uint8Array(readFileSync(path)), path);
  const information = new DebugInformation(dwarfSections(elf, warnings), warnings);
  const rows: string[] = [];
  for (const unit of information.units) {
    const { files, sequences } = readLineTable(unit);
    for (const sequence of sequences) {
      for (const [i, offset] of sequence.offsets.entries()) {
        const file = files[sequence.files[i]]?.split('/').pop();
        const address = (sequence.start + BigInt(offset)).toString(16);
        rows.push(`${file}:${sequence.lines[i]} ${address} ${(sequence.flags[i] & IS_STATEMENT) !== 0}`);
      }
      rows.push(`end ${sequence.end.toString(16)} false`);
    }
  }
  expect(warnings).toEqual([]);
  return rows.sort();
}

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

/** binutils' addr2line errs at the edges of inlined code and with range list indexes, so LLVM's is the judge here. */
const SYMBOLIZER = 'llvm-symbolizer';

/** The innermost-first list of inlined frames for each address. */
function framesBySymbolizer(
  path: string,
  addresses: readonly bigint[],
): Array<Array<{ name: string; line: string }>> {
  const input = addresses.map((address) => `0x${address.toString(16)}\n`).join('');
  const output = run(SYMBOLIZER, ['--output-style=GNU', '-a', '-f', '-i', '-C', '-e', path], input);
  return output
    .split(/^0x[0-9a-f]+\n/m)
    .slice(1)
    .map((block) => {
      const lines = block.trimEnd().split('\n');
      const frames: Array<{ name: string; line: string }> = [];
      for (let i = 0; i + 1 < lines.length; i += 2) {
        frames.push({ name: lines[i], line: lines[i + 1].replace(/ \(discriminator \d+\)/, '') });
      }
      return frames;
    });
}

describe.skipIf(!requireTool('addr2line', 'comparison of inlined frames'))(
  'frames agree with addr2line',
  () => {
    it.each(variants)('$label', (variant) => {
      const path = build(variant);
      const program = load(path);
      const addresses: bigint[] = [];
      for (const { ranges, hasDebugInformation } of program.functions()) {
        if (!hasDebugInformation) continue;
        for (const { start, end } of ranges)
          for (let address = start; address < end; address++) addresses.push(address);
      }
      const expected = framesBySymbolizer(path, addresses);
      const differences: string[] = [];
      let linesThatDiffer = 0;
      for (const [i, address] of addresses.entries()) {
        const ours = program.framesAt(address);
        // Its names come with parameters.
        const names = ours.map(({ functionName }) => functionName.split('::').pop());
        const theirs = expected[i].map(({ name }) => name.replace(/\(.*$/, '').split('::').pop());
        if (names.join() !== theirs.join())
          differences.push(`0x${address.toString(16)}: ${names} instead of ${theirs}`);
        const lines = ours.map(({ location }) => (location ? `${location.path}:${location.line}` : '??'));
        const outer = expected[i].map(({ line }) => line);
        // The lines of calls must be the same. Which of several rows at one address is shown is a choice: see below.
        expect(lines.slice(1)).toEqual(outer.slice(1));
        if (lines[0] !== outer[0]) linesThatDiffer++;
      }
      expect(differences).toEqual([]);
      expect(linesThatDiffer / addresses.length).toBeLessThan(0.25);
      expect(program.warnings).toEqual([]);
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
    const ours = starts.map((address) => {
      const line = program.lineAt(address);
      return `${address.toString(16)} ${line?.line ? line.path : 'None'} ${line?.line ?? 0}`;
    });
    const differences = ours
      .filter((line, i) => line !== expected[i])
      .map((line) => {
        return `${line} instead of ${expected[ours.indexOf(line)]}`;
      });
    expect(ours.length).toBeGreaterThan(200);
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
    for (let line = 60; line < lineCount; line++) {
      const ours = program.breakpointLocations(source, line).map(({ address }) => address.toString(16));
      const theirs = [...new Set(expected[line - 60].map(body))].sort();
      if (ours.join() !== theirs.join()) differences.push(`${line}: ${ours} instead of ${theirs}`);
    }
    expect(differences).toEqual([]);
  });
});
