import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { reasonToSkipLibc, sdk } from '../libc.ts';

/** userland/libc/docs/functions.md says what the headers declare and the library has. Write it anew: `npx vitest run FILE -u`. */

const skip = reasonToSkipLibc();

/** What each header declares, functions only. */
function declaredFunctions(): Map<string, string[]> {
  const include = join(sdk, 'include');
  const headers = readdirSync(include, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.h'))
    .sort();
  const directory = mkdtempSync(join(tmpdir(), 'a9n-libc-'));
  try {
    const source = join(directory, 'all.c');
    const listing = join(directory, 'listing');
    writeFileSync(source, headers.map((name) => `#include <${name}>\n`).join(''));
    const own = execFileSync('gcc', ['-print-file-name=include'], { encoding: 'utf8' }).trim();
    execFileSync('gcc', [
      ...['-w', '-nostdinc', '-isystem', include, '-isystem', own],
      ...['-aux-info', listing, '-c', source, '-o', join(directory, 'all.o')],
    ]);
    const functions = new Map<string, string[]>();
    for (const line of readFileSync(listing, 'utf8').split('\n')) {
      const parts = /^\/\* (.+?):\d+:\w+ \*\/ (extern|static) (.*)$/.exec(line);
      const path = parts?.[1];
      // A function of <tgmath.h> or an inline one is no symbol of the library.
      if (path === undefined || parts?.[2] !== 'extern' || !path.startsWith(include)) continue;
      // The name is what stands before the first list of parameters; "int (*f (int)) (int)" is one as well.
      const name = /([A-Za-z_]\w*) \((?!\*)/.exec(parts[3] ?? '')?.[1];
      if (name === undefined) throw new Error(`a declaration that this test cannot read: ${line}`);
      const header = path.slice(include.length + 1);
      functions.set(header, [...new Set([...(functions.get(header) ?? []), name])].sort());
    }
    return functions;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function definedSymbols(system: 'koito' | 'linux'): Set<string> {
  const listing = execFileSync(
    'nm',
    ['--defined-only', '--extern-only', join(sdk, 'lib', system, 'libc.a')],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    },
  );
  return new Set(listing.split('\n').flatMap((line) => / [TtWwVvi] (\w+)$/.exec(line)?.[1] ?? []));
}

it.skipIf(skip !== undefined)(
  `the table of functions is what headers and library say${skip === undefined ? '' : ` (${skip})`}`,
  async () => {
    const declared = declaredFunctions();
    const defined = definedSymbols('koito');
    const onLinux = definedSymbols('linux');
    const names = [...new Set([...declared.values()].flat())];
    expect(names).toContain('printf');
    expect(names).toContain('signal');
    expect(names.filter((name) => defined.has(name) !== onLinux.has(name))).toEqual([]);
    const missing = names.filter((name) => !defined.has(name));
    const list = (all: readonly string[]) => all.map((name) => `\`${name}\``).join(' ');
    const rows = [...declared]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([header, all]) => {
        const has = all.filter((name) => defined.has(name));
        const lacks = all.filter((name) => !defined.has(name));
        return `| \`<${header}>\` | ${list(has)} | ${list(lacks)} |`;
      });
    const text = [
      '# Functions of the C library',
      '',
      `Generated from the headers and the library by \`test/userland/libc/functions.test.ts\`, which fails if it is not so (\`-u\` writes it anew).`,
      `Of ${names.length} declared functions, ${names.length - missing.length} are implemented.`,
      '',
      '| header | implemented | not implemented |',
      '|---|---|---|',
      ...rows,
      '',
    ].join('\n');
    await expect(text).toMatchFileSnapshot('../../../userland/libc/docs/functions.md');
  },
);
