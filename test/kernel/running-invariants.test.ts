import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { findGuest, type GuestPaths } from '../system/guest-images.ts';
import { findConformance } from './kernel-images.ts';
import { checkInvariants, type Typed } from './running-invariants.ts';

/**
 * The model's invariants hold in a running machine, read through the debugger's kernel model. Here at some kernel exits; `npm run
 * test:invariants` looks at every one.
 */

const IS_LONG = process.env['A9N_EVERY_EXIT'] !== undefined;
const TIMEOUT = IS_LONG ? 3_600_000 : 120_000;

const KOITO = findGuest(resolve(import.meta.dirname, '../..'));
const SECURITY: GuestPaths = { ...KOITO, init: join(dirname(KOITO.kernel), 'security-properties.elf') };
/** The console repeats a line, then Ctrl-D ends the session. */
const SESSION: readonly Typed[] = [
  { after: 'memory-tour exited with code', text: 'good morning\r' },
  { after: 'good morning\ngood morning\n', text: '\x04' },
];

test.each([
  {
    name: 'the boot of KOITO, its client and a line on the console',
    guest: KOITO,
    stride: 5000,
    typed: SESSION,
  },
  { name: 'the conformance run', guest: findConformance(), stride: 100_000, typed: [] },
  // Only at length.
  ...(IS_LONG
    ? [{ name: 'attempts to break the security properties', guest: SECURITY, stride: 0, typed: [] }]
    : []),
])(
  'all invariants during $name',
  ({ guest, stride, typed }) => {
    const run = checkInvariants(guest, IS_LONG ? 0 : stride, typed);
    const { exits, unfinished, capabilities, violations } = run;
    if (IS_LONG)
      console.log(
        `${exits} exits, ${unfinished} in the midst of a revocation; at most ${capabilities} capabilities`,
      );
    expect(violations).toEqual([]);
    expect(exits).toBeGreaterThan(IS_LONG ? 2000 : 100);
    expect(capabilities).toBeGreaterThan(100);
  },
  TIMEOUT,
);
