import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { reasonToSkipLibc, sdk } from './libc.ts';
import { bootPosix, directory, executable, posixImage } from './linux-programs/posix-system.ts';

/** The shell built for KOITO, as the first program of the POSIX server. */

const skip = reasonToSkipLibc();
const shell = resolve(import.meta.dirname, '../../userland/shell');

const script = `
cd /work
greet() { echo "hello $1"; }
greet world
i=0
while [ $i -lt 3 ]; do i=$((i + 1)); echo $i; done > numbers
while read line; do echo "line $line"; done < numbers
(exit 7); echo "status $?"
echo $(echo inner; echo two) | while read a b; do echo "$b $a"; done
for name in *; do echo $name; done
exit 5
`;

it.skipIf(skip !== undefined)(
  `runs a script with pipes, files and subshells${skip === undefined ? '' : ` (${skip})`}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'a9n-shell-'));
    try {
      const program = join(folder, 'sh');
      const sources = readdirSync(shell).filter((name) => name.endsWith('.c'));
      execFileSync(join(sdk, 'bin/koito-cc'), [
        ...['-std=gnu17', '-O2', '-s'],
        ...sources.map((name) => join(shell, name)),
        ...['-o', program],
      ]);
      const image = posixImage(
        [
          directory('bin'),
          directory('work'),
          executable('bin/sh', new Uint8Array(readFileSync(program))),
          executable('bin/start', new TextEncoder().encode(script)),
        ],
        '/bin/sh /bin/start',
      );
      const { output, code } = bootPosix(image, 2_000_000_000).end();
      expect(output.replaceAll('\r', '')).toContain(
        'hello world\nline 1\nline 2\nline 3\nstatus 7\ntwo inner\nnumbers\n',
      );
      expect(code).toBe(5);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  120_000,
);
