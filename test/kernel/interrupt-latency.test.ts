import { join, resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { buildPreset } from '../system/build-preset.ts';
import { runBundled } from './bundled-program.ts';
import type { Latency } from './interrupt-latency.ts';

/**
 * No operation of the release kernel keeps an interrupt waiting for long, however much there is to do: each is left and goes on
 * afterwards, and its caller, which checks that it succeeded, sees one call.
 */

const ROOT = resolve(import.meta.dirname, '../..');
const TIMEOUT = 180_000;

/** Instructions. `work_between_looks` is 8,192; to this come the largest piece of work and the way out of the kernel. */
const BOUND = 14_000;

/** A message is not split. Nor is it long but for one that names many capabilities by the longest descriptors. */
const LONGEST_MESSAGE = 'reply_receive: 255 words and 15 capabilities each way, found through 44 nodes';
const MESSAGE_BOUND = 38_000;

/** How often each operation must have been interrupted: more than so many times. */
const LONG: Readonly<Record<string, number>> = {
  'remove: a node of 512 nodes of 8 capabilities': 100,
  'remove: a frame that is mapped in 64 tables': 10,
  'revoke: 511 frames that are mapped in 64 tables': 20,
  'convert: 8 frames of 2 MiB': 200,
  'convert: a frame of 1 GiB': 10_000,
  'remove: a mapped frame of 1 GiB': 1,
  'convert: a node of 65,536 slots': 50,
  'remove: a port at which 500 processes wait': 4,
  'remove: a node of 500 ready processes': 50,
  'remove: a node of 16 processes with what 64 others wait for': 10,
  [LONGEST_MESSAGE]: 0,
  'receive: past 1,000 messages that have gone bad': 10,
  'revoke: 1,000 ports, by ticks of the timer while the caller is stopped': 20,
  'remove: an I/O port with 4,000 descendants': 50,
  'convert: 60,000 IPC ports': 500,
  'revoke: a tree of 100,000 capabilities': 2_000,
};

let latencies: Latency[];
beforeAll(async () => {
  latencies = await measure();
  for (const { operation, interrupts, most } of latencies)
    console.log(`${operation}: at most ${most} instructions (${interrupts} interrupts)`);
}, TIMEOUT);

async function measure(): Promise<Latency[]> {
  const guest = await buildPreset(ROOT, 'gcc-release', {
    folder: 'interrupt-latency',
    targets: ['kernel', 'long-operations'],
  });
  return JSON.parse(await runBundled(join(ROOT, 'test/kernel/interrupt-latency-main.ts'), [guest], TIMEOUT));
}

test('the guest performs all its operations', () => {
  expect(latencies.map(({ operation }) => operation)).toEqual(expect.arrayContaining(Object.keys(LONG)));
});

test.each(Object.entries(LONG))('%s is interrupted', (operation, times) => {
  const found = latencies.find((latency) => latency.operation === operation);
  expect(found?.interrupts).toBeGreaterThan(times);
});

const boundOf = ({ operation }: Latency) => (operation === LONGEST_MESSAGE ? MESSAGE_BOUND : BOUND);

test(`no interrupt waits for more than ${BOUND} instructions, ${MESSAGE_BOUND} while the longest message is sent`, () => {
  expect(latencies.filter((latency) => latency.most > boundOf(latency))).toEqual([]);
});
