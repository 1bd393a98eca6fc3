/** The programs that this debugger is for: the guest's own, if they have been built. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hasTool, load } from './fixture-programs.ts';
import { compareFrameRows } from './frame-rows.ts';
import { compareFrames, ourRows, rowsByReadelf, SYMBOLIZER } from './line-rows.ts';
import { compareTypes } from './type-layouts.ts';

const folder = fileURLToPath(new URL('../../../dist/guest', import.meta.url));
const programs = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.elf')) : [];
if (programs.length === 0) console.warn('dist/guest holds no programs: skipping them. Run npm run build.');

describe.each(programs)('%s', (name) => {
  const path = join(folder, name);

  it('has a line for all code, and names its sources under /a9n/', () => {
    const program = load(path);
    const bare: string[] = [];
    for (const symbol of program.functions()) {
      if (!symbol.hasDebugInformation) continue;
      for (const { start, end } of symbol.ranges) {
        for (let address = start; address < end; address++) {
          if (!program.lineAt(address)?.path.startsWith('/a9n/'))
            bare.push(`0x${address.toString(16)} in ${symbol.name}`);
        }
      }
    }
    expect(bare).toEqual([]);
    expect(program.sourceFiles().length).toBeGreaterThan(0);
    expect(program.sourceFiles().filter((file) => !file.startsWith('/a9n/'))).toEqual([]);
    expect(program.warnings).toEqual([]);
  });

  it('a breakpoint on a function stays within it', () => {
    const program = load(path);
    for (const symbol of program.functions()) {
      if (!symbol.hasDebugInformation) continue;
      const address = program.afterPrologue(symbol);
      expect(program.functionAt(address)?.entry).toBe(symbol.entry);
      expect(program.framesAt(address).slice(-1)[0].function.entry).toBe(symbol.entry);
    }
  });

  it.skipIf(!hasTool('readelf'))(
    'has the line rows and frame rows of readelf',
    () => {
      expect(ourRows(path)).toEqual(rowsByReadelf(path));
      compareFrameRows(path);
    },
    60_000,
  );

  it.skipIf(!hasTool(SYMBOLIZER))(
    'has the inlined frames of llvm-symbolizer',
    () => compareFrames(path),
    60_000,
  );

  it.skipIf(!hasTool('gdb'))(
    'has the types of gdb',
    () => {
      expect(compareTypes(path)).toBeGreaterThan(0);
    },
    60_000,
  );
});
