import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { resolve } from 'node:path';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { collect } from './a9n-process.ts';

/** `a9n dap` of the built bundle: that a client reaches the adapter. What the adapter answers is tested elsewhere. */

// Processes start slowly on a busy host.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const BUNDLE = resolve(import.meta.dirname, '../../dist/cli/a9n.js');
const started: ChildProcessWithoutNullStreams[] = [];

beforeAll(() => {
  if (!existsSync(BUNDLE)) throw new Error(`${BUNDLE} is missing: run npm run build first.`);
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill();
});

function startDap(...args: string[]): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [BUNDLE, 'dap', ...args]);
  started.push(child);
  return child;
}

function initializeRequest(): string {
  const body = JSON.stringify({
    seq: 1,
    type: 'request',
    command: 'initialize',
    arguments: { adapterID: 'a9n' },
  });
  return `Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** The first message of what the adapter wrote. */
function firstMessage(text: string): unknown {
  const [, length, rest] = /^Content-Length: (\d+)\r\n\r\n(.*)$/s.exec(text) ?? [];
  return JSON.parse(rest.slice(0, Number(length)));
}

const ANSWER = { type: 'response', request_seq: 1, command: 'initialize', success: true };

test('serves one client on standard input and output, and ends with it', async () => {
  const child = startDap();
  const ended = collect(child);
  child.stdin.end(initializeRequest());
  const { code, output, errors } = await ended;
  expect(firstMessage(output)).toMatchObject(ANSWER);
  expect(errors).toBe('');
  expect(code).toBe(0);
});

test('serves several clients on a TCP port that it names', async () => {
  const child = startDap('--port', '0');
  const port = await new Promise<number>((found) => {
    child.stderr.on('data', (text) => found(Number(/127\.0\.0\.1:(\d+)/.exec(String(text))?.[1])));
  });
  const answers = [0, 1].map(
    () =>
      new Promise<string>((answered, fail) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(initializeRequest()));
        socket.once('data', (bytes) => {
          answered(String(bytes));
          socket.destroy();
        });
        socket.once('error', fail);
      }),
  );
  for (const answer of await Promise.all(answers)) expect(firstMessage(answer)).toMatchObject(ANSWER);
});

test('a port that is taken is told with a remedy', async () => {
  const other = createServer();
  await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening));
  const address = other.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { code, errors } = await collect(startDap('--port', String(address.port)));
  other.close();
  expect(errors).toMatch(
    /^a9n: cannot listen on port \d+ \(.*EADDRINUSE.*\)\. Choose another with --port\.\n$/,
  );
  expect(code).toBe(120);
});
