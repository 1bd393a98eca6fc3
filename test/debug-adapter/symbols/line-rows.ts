/** Line tables and inlined frames, as our reader and as other tools have them. */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { expect } from 'vitest';
import { isArtificialCode } from '../../../debug-adapter/symbols/artificial-code.ts';
import { DebugInformation, type Entry } from '../../../debug-adapter/symbols/debug-information.ts';
import { dwarfSections } from '../../../debug-adapter/symbols/dwarf-sections.ts';
import { parseElf } from '../../../debug-adapter/symbols/elf.ts';
import { qualifiedName, withoutTemplateArguments } from '../../../debug-adapter/symbols/entry-names.ts';
import { Functions } from '../../../debug-adapter/symbols/functions.ts';
import { IS_STATEMENT, readLineTable } from '../../../debug-adapter/symbols/line-table.ts';
import { SourceLines } from '../../../debug-adapter/symbols/source-lines.ts';
import { load, run } from './fixture-programs.ts';

/** `file:line address statement`, one for each row, the ends of sequences included. */
export function rowsByReadelf(path: string): string[] {
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

export function ourRows(path: string): string[] {
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

/** What was inlined at an address, artificial functions included, innermost first: other tools count them as frames. */
export function inlinedAt(path: string): (address: bigint) => readonly Entry[] {
  const warnings: string[] = [];
  const elf = parseElf(new Uint8Array(readFileSync(path)), path);
  const information = new DebugInformation(dwarfSections(elf, warnings), warnings);
  const isCode = (address: bigint): boolean => address > 0n;
  const functions = new Functions(information, new SourceLines(information, isCode), isCode);
  return (address) => functions.chainAt(address).toReversed();
}

/** binutils' addr2line errs at the edges of inlined code and with range list indexes, so LLVM's is the judge here. */
export const SYMBOLIZER = 'llvm-symbolizer';

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

/** Without scopes, parameters and template arguments, which each tool spells in its own way. */
export function shortName(name: string): string {
  let plain = name.replaceAll('operator()', 'operator_call');
  while (/\([^()]*\)/.test(plain)) plain = plain.replaceAll(/\([^()]*\)/g, '');
  const last =
    withoutTemplateArguments(plain.replace(/ const$/, ''))
      .split('::')
      .pop() ?? '';
  // With template arguments come result types: `unsigned long cast`.
  return last.includes('operator') ? last : (last.split(' ').pop() ?? '');
}

/**
 * Compares the frames at every address of every function with the symbolizer's. It counts artificial functions as
 * frames; with them the chain must be the same, without them the frames.
 */
export function compareFrames(path: string): void {
  const program = load(path);
  const addresses: bigint[] = [];
  for (const { ranges, hasDebugInformation } of program.functions()) {
    if (!hasDebugInformation) continue;
    for (const { start, end } of ranges)
      for (let address = start; address < end; address++) addresses.push(address);
  }
  const expected = framesBySymbolizer(path, addresses);
  const inlined = inlinedAt(path);
  const differences: string[] = [];
  let linesThatDiffer = 0;
  for (const [i, address] of addresses.entries()) {
    const ours = program.framesAt(address);
    // In assembler every label is a function to the symbolizer.
    if (ours[0]?.location?.path.endsWith('.S')) continue;
    const chain = inlined(address);
    const names = chain.map((entry) => shortName(qualifiedName(entry) ?? ours[0].function.name));
    // A function that returns a function pointer is demangled inside out: too much for a comparison of names.
    const theirs = expected[i].map(({ name }, j) => (name.includes('(*') ? names[j] : shortName(name)));
    if (names.join() !== theirs.join())
      differences.push(`0x${address.toString(16)}: ${names} instead of ${theirs}`);
    const isPlace = (_: unknown, depth: number): boolean => chain[depth] && !isArtificialCode(chain[depth]);
    expect(ours.map(({ functionName }) => shortName(functionName))).toEqual(names.filter(isPlace));
    const lines = ours.map(({ location }) => (location ? `${location.path}:${location.line}` : '??'));
    // The symbolizer leaves `folder/..` in a path that was included by way of it.
    const outer = expected[i].map(({ line }) => posix.normalize(line)).filter(isPlace);
    // The lines of calls must be the same. Which of several rows at one address is shown is a choice: see below.
    const choices = isArtificialCode(chain[0]) ? 0 : 1;
    expect(lines.slice(choices)).toEqual(outer.slice(choices));
    if (lines[0] !== outer[0]) linesThatDiffer++;
  }
  expect(differences).toEqual([]);
  expect(linesThatDiffer / addresses.length).toBeLessThan(0.25);
  expect(program.warnings).toEqual([]);
}
