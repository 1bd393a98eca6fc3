/** Sessions with hand-assembled kernels, written as files because the adapter reads files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, vi } from 'vitest';
import { type TinyKernel, tinyGuest } from '../../emulator/boot/tiny-guest.ts';
import { connect, type DapClient } from './dap-client.ts';

// Whole sessions on a busy machine take a while; what hangs is found by the client's own patience.
vi.setConfig({ testTimeout: 60_000 });

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A client whose session ends with the test, which then fails if any message broke the schema. */
export function testClient(): DapClient {
  const { client, close } = connect();
  closers.push(close);
  return client;
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'a9n-test-'));
  closers.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

export interface TinyLaunch {
  readonly kernel: string;
  readonly init: string;
  readonly memory: string;
}

/** The files of a tiny guest as a launch configuration. */
export function tinyLaunch(guest: TinyKernel): TinyLaunch {
  const folder = temporaryFolder();
  const images = tinyGuest(guest);
  const kernel = join(folder, 'tiny-kernel.elf');
  const init = join(folder, 'tiny-init.elf');
  writeFileSync(kernel, images.kernel);
  writeFileSync(init, images.init);
  return { kernel, init, memory: '16M' };
}

export async function initialize(client: DapClient): Promise<void> {
  await client.succeed('initialize', {
    adapterID: 'a9n',
    clientID: 'test',
    supportsMemoryEvent: true,
  });
}

/** initialize, launch, configurationDone, as clients do it. */
export async function start(client: DapClient, configuration: object): Promise<void> {
  await initialize(client);
  const initialized = client.nextEvent('initialized');
  const launched = client.succeed('launch', configuration);
  await Promise.all([initialized, launched]);
  await client.succeed('configurationDone');
}
