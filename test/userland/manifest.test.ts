import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildNative, type NativeProgram, reasonToSkip } from './native.ts';

/** KOITO's manifest: what it says is what KOITO reads, and what is wrong is named with its line and a remedy. */

const skip = reasonToSkip();
const standard = readFileSync(
  resolve(import.meta.dirname, '../../userland/koito/etc/koito.manifest'),
  'utf8',
);

const ULMM = 'process ulmm\n priority 20\n slot 9 serves\n';

describe.skipIf(skip !== undefined)(`manifest${skip === undefined ? '' : ` (${skip})`}`, () => {
  let program: NativeProgram;
  beforeAll(() => {
    program = buildNative(['test/userland/manifest-check.cpp', 'userland/koito/manifest.cpp']);
  }, 60_000);
  afterAll(() => program?.dispose());

  const read = (text: string, ...args: string[]) => {
    const file = join(program.directory, 'manifest');
    writeFileSync(file, text);
    return execFileSync(join(program.directory, 'program'), args, { input: text, encoding: 'utf8' });
  };

  it('is read as it stands', () => {
    const text = `# a comment
process ulmm
  program   system/ulmm   # another
  priority  20
  essential
  slot 9    owns
  slot 10   generic 20

process shell
\tpriority 10\r
  restart   3
  main
  boot-archive
  may       shut-down start-servers
  arguments --login  -c ls
  slot 9    memory 2 GiB observer administrator
  slot 10   calls driver
  slot 8    node 6

process driver
  priority  24
  slot 9    serves
  slot 10   notification
  slot 11   io-ports 0x40 0x43
  slot 12   interrupt 0
process copy
  template
  priority 1`;
    expect(read(text)).toBe(`ulmm: program system/ulmm, priority 20, restarts 0, essential
  9 owns
  10 generic 20
shell: program shell, priority 10, restarts 3, main, boot-archive, shut-down, start-servers, observer, administrator
  9 memory 2147483648
  10 calls driver
  8 node 6
  argument --login
  argument -c
  argument ls
driver: program driver, priority 24, restarts 0
  9 serves
  10 notification
  11 io-ports 64 67
  12 interrupt 0
copy: program copy, priority 1, restarts 0, template
`);
  });

  it.each<[string, string, RegExp]>([
    ['is empty', '', /^line 0: there is no process in it: begin with "process ulmm"/],
    [
      'begins with a property',
      'priority 3',
      /^line 1: "priority" belongs to no process: begin with a line "process NAME"/,
    ],
    ['has a nameless process', 'process', /^line 1: a process needs a name of 1 to 16 characters/],
    ['has a name with other characters', 'process Ulmm', /^line 1: a process needs a name/],
    ['has a process twice', `${ULMM}process ulmm\n`, /^line 4: there is a process ulmm already/],
    ['does not begin with ulmm', 'process a\n priority 1', /^line 1: the first process must be ulmm/],
    [
      'lacks a priority',
      'process ulmm\nessential',
      /^line 1: process ulmm has no priority: add "priority N", N from 1 to 30/,
    ],
    [
      'has too high a priority',
      'process ulmm\npriority 31',
      /^line 2: the priority is "31", must be a number from 1 to 30/,
    ],
    ['has a number with other digits', 'process ulmm\npriority 2x', /^line 2: the priority is "2x"/],
    [
      'has a number without end',
      'process ulmm\npriority 99999999999999999999999',
      /^line 2: the priority is/,
    ],
    [
      'has an unknown property',
      'process ulmm\ncolour red',
      /^line 2: "colour" is no property of a process: use program, priority/,
    ],
    [
      'has a word too many',
      'process ulmm\npriority 3 4',
      /^line 2: "4" is one word too many after "priority"/,
    ],
    ['uses a slot twice', `${ULMM} slot 9 notification`, /^line 4: slot 9 is in use already/],
    [
      'uses a reserved slot',
      `${ULMM} slot 7 notification`,
      /^line 4: the slot is "7", must be a number from 8 to 15/,
    ],
    ['has an empty slot', `${ULMM} slot 10`, /^line 4: what slot 10 holds is missing: use serves, owns/],
    [
      'puts an unknown thing into a slot',
      `${ULMM} slot 10 money`,
      /^line 4: a slot cannot hold "money": use serves, owns/,
    ],
    ['serves twice', `${ULMM} slot 10 owns`, /^line 4: process ulmm has a request port already/],
    [
      'calls nobody',
      `${ULMM}process a\n priority 1\n slot 9 calls b`,
      /^line 6: no process b serves requests/,
    ],
    [
      'calls a server of lower priority',
      `${ULMM}process a\n priority 20\n slot 9 calls ulmm`,
      /^line 6: process a \(priority 20\) calls ulmm \(20\): a server needs a higher priority/,
    ],
    [
      'uses memory above ulmm',
      `${ULMM}process a\n priority 21\n slot 9 memory 1 MiB`,
      /^line 4: process a \(priority 21\) uses the memory of ulmm \(20\)/,
    ],
    [
      'has memory without unit',
      `${ULMM}process a\n slot 9 memory 1`,
      /^line 5: the memory limit has no unit: add KiB, MiB or GiB/,
    ],
    [
      'has ports in the wrong order',
      `${ULMM} slot 10 io-ports 5 4`,
      /^line 4: the last port is "4", must be a number from 5/,
    ],
    [
      'gives an interrupt twice',
      `${ULMM} slot 10 interrupt 4\nprocess a\n slot 9 interrupt 4`,
      /^line 6: interrupt 4 belongs to process ulmm already/,
    ],
    [
      'has two main programs',
      `${ULMM} main\nprocess a\n priority 1\n main`,
      /^line 5: process a is the second that is main/,
    ],
    [
      'starts a template again',
      `${ULMM}process a\n template\n priority 1\n restart 2`,
      /^line 4: process a is a template/,
    ],
    [
      'gives an unknown right',
      `${ULMM} may fly`,
      /^line 4: "fly" is no right: use shut-down or start-servers/,
    ],
  ])('that %s is refused', (_, text, message) => {
    expect(read(text)).toMatch(message);
  });

  it('with random mistakes is read or refused, with a reason, and never beyond its end', () => {
    expect(read(standard, 'fuzz', '1', '50000')).toBe('some of both\n');
  }, 60_000);
});
