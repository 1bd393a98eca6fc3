import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTcpServer } from '../../../debug-adapter/node/stdio-server.ts';
import { exit, loopForever, print } from '../../emulator/boot/tiny-guest.ts';
import { DapClient } from '../support/dap-client.ts';
import { start, tinyLaunch } from '../support/tiny-session.ts';

let server: Awaited<ReturnType<typeof startTcpServer>>;

beforeAll(async () => {
  server = await startTcpServer(0);
});
afterAll(() => {
  server.close();
});

async function client() {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await new Promise((connected) => socket.once('connect', connected));
  return { socket, client: new DapClient(socket, socket) };
}

it('serves several clients over TCP, each with its own machine', async () => {
  const [first, second] = [await client(), await client()];
  const exited = second.client.nextEvent('exited');
  await start(first.client, tinyLaunch({ code: [...print('first'), ...loopForever] }));
  await start(second.client, tinyLaunch({ code: [...print('second'), ...exit(3)] }));
  expect((await exited).body).toEqual({ exitCode: 3 });
  await first.client.serialOutput('first');
  expect([first.client.serial, second.client.serial]).toEqual(['first', 'second']);
  // A client that vanishes ends its session, and nobody else's.
  second.socket.destroy();
  await first.client.succeed('pause', { threadId: 1 });
  await first.client.succeed('disconnect');
  first.socket.destroy();
  expect([...first.client.violations, ...second.client.violations]).toEqual([]);
});
