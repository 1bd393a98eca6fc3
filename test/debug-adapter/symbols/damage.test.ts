/** Debug information that is cut off or wrong: nothing throws, nothing hangs, what is readable stays readable. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateExpression } from '../../../debug-adapter/expressions/evaluate.ts';
import { ExpressionError } from '../../../debug-adapter/expressions/expression-api.ts';
import { parseElf } from '../../../debug-adapter/symbols/elf.ts';
import { loadProgramSymbols } from '../../../debug-adapter/symbols/program-symbols.ts';
import type { ElfFile, FrameContext } from '../../../debug-adapter/symbols/symbol-api.ts';
import { SymbolError } from '../../../debug-adapter/symbols/symbol-error.ts';
import { formatValue } from '../../../debug-adapter/values/format-value.ts';
import { typeText } from '../../../debug-adapter/values/type-text.ts';
import { childrenOf } from '../../../debug-adapter/values/value-children.ts';
import { randomNumbers } from '../../random.ts';
import { fixtures, hasTool, requireTool } from './fixture-programs.ts';

/** Asks everything of a program; only time and memory could betray it. */
function exercise(elf: ElfFile): void {
  const program = loadProgramSymbols(elf);
  const frame: FrameContext = {
    pc: 0n,
    pcIsExact: true,
    readRegister: (register) => BigInt(0x40_0000 + register * 8),
    readMemory: (address, length) =>
      address > 0n && length < 1 << 20 ? new Uint8Array(length).fill(Number(address & 0x7fn)) : undefined,
  };
  for (const file of program.sourceFiles()) {
    program.breakpointLocations(file, 1);
    program.statementsBetween(file, 1, 100);
  }
  for (const symbol of program.functions().slice(0, 20)) {
    program.functionsNamed(symbol.name);
    program.afterPrologue(symbol);
    const type = program.typeOfFunction(symbol);
    if (type !== undefined) typeText(type);
    expect(symbol.declaration?.line).not.toBe(0);
    for (const step of [0n, 5n, 17n]) {
      const here: FrameContext = { ...frame, pc: symbol.entry + step };
      program.lineAt(here.pc);
      program.lineRange(here.pc);
      program.isStatementStart(here.pc);
      program.symbolAt(here.pc);
      program.unwind(here);
      const context = { frame: here, programs: [program] };
      for (const source of program.framesAt(here.pc)) {
        for (const variable of program.variablesIn(source.scope)) {
          const value = variable.locate(here);
          typeText(value.type);
          formatValue(value, context);
          childrenOf(value, context, variable.name, 'all', 0, 10);
        }
        for (const text of [
          'sizeof(struct accumulator)',
          'into->last[2]',
          'result.self->state',
          'matrix[1]',
        ]) {
          try {
            formatValue(
              evaluateExpression(text, { frame: here, sourceFrame: source, programs: [program] }),
              context,
            );
          } catch (error) {
            if (!(error instanceof ExpressionError)) throw error;
          }
        }
      }
    }
  }
  program.functionBreakpoints('add');
  for (const variable of program.globals())
    formatValue(variable.locate(frame), { frame, programs: [program] });
}

/** A small program without the C library. */
function smallProgram(compiler: string, options: readonly string[]): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'a9n-damage-'));
  try {
    const output = join(directory, 'fold');
    const common = [
      '-g',
      '-nostdlib',
      '-static',
      '-ffreestanding',
      '-Wl,-e,fold_in_c',
      '-Wl,--build-id=none',
    ];
    execFileSync(compiler, [...common, ...options, join(fixtures, 'fold.c'), '-o', output], {
      stdio: 'ignore',
    });
    return new Uint8Array(readFileSync(output));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The same damage in every run. */
function randomBelow(seed: number): (below: number) => number {
  const next = randomNumbers(seed);
  return (below) => next() % below;
}

const isDebug = (name: string): boolean => name.startsWith('.debug') || name === '.eh_frame';
const compilers = ['gcc', 'clang'].filter((compiler) => requireTool(compiler, 'damaged programs'));

describe.skipIf(!hasTool('gcc') && !hasTool('clang'))('damaged debug information', () => {
  describe.each(compilers.flatMap((compiler) => [4, 5].map((version) => ({ compiler, version }))))(
    '$compiler -gdwarf-$version',
    ({ compiler, version }) => {
      const bytes = smallProgram(compiler, [`-gdwarf-${version}`, '-O2']);
      const whole = parseElf(bytes, 'fold');

      it('sections cut off', () => {
        exercise(whole);
        expect(loadProgramSymbols(whole).warnings).toEqual([]);
        for (const [index, section] of whole.sections.entries()) {
          if (!isDebug(section.name)) continue;
          const step = Math.max(1, Math.floor(section.bytes.length / 60));
          for (let length = 0; length < section.bytes.length; length += step) {
            const sections = whole.sections.with(index, {
              ...section,
              bytes: section.bytes.subarray(0, length),
              size: length,
            });
            exercise({ ...whole, sections });
          }
        }
      }, 60_000);

      it('bytes changed', () => {
        const random = randomBelow(version * 1000 + compiler.length);
        for (let round = 0; round < 400; round++) {
          const sections = whole.sections.map((section) => {
            if (!isDebug(section.name) || section.bytes.length === 0) return section;
            const damaged = section.bytes.slice();
            for (let i = 0; i < 3; i++)
              damaged[random(damaged.length)] = random(4) === 0 ? 0xff : random(256);
            return { ...section, bytes: damaged };
          });
          exercise({ ...whole, sections });
        }
      }, 60_000);

      it('headers changed', () => {
        const random = randomBelow(version * 77);
        for (let round = 0; round < 300; round++) {
          const damaged = bytes.slice();
          for (let i = 0; i < 4; i++) {
            const at = random(2) === 0 ? random(64) : damaged.length - 1 - random(64 * whole.sections.length);
            damaged[at] = random(256);
          }
          try {
            exercise(parseElf(damaged, 'fold'));
          } catch (error) {
            if (!(error instanceof SymbolError)) throw error;
          }
        }
      }, 60_000);
    },
  );
});
