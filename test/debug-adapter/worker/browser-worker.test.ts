/** The adapter's worker bundle in a real browser: it boots a guest, asks for files, and answers while the guest computes. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { loopForever, print, tinyGuest } from '../../emulator/boot/tiny-guest.ts';
import { schemaViolations } from '../support/message-schema.ts';

const root = resolve(import.meta.dirname, '../../..');
const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);
if (browserPath === undefined)
  console.log('The test of the adapter in a browser is skipped: no Chromium is installed.');

interface Outcome {
  readonly messages: Record<string, unknown>[];
  readonly filesAskedFor: string[];
  readonly pauseMilliseconds: number[];
}

it.skipIf(browserPath === undefined)(
  'pauses within 20 ms in a browser worker',
  async () => {
    const bundle = resolve(root, 'dist/debug-adapter/worker.js');
    if (!existsSync(bundle)) throw new Error(`${bundle} does not exist: run "npm run build" first`);
    const guest = tinyGuest({ code: [...print('hello\n'), ...loopForever] });
    const server = createServer((request, response) => {
      if (request.url === '/worker.js')
        response.setHeader('Content-Type', 'text/javascript').end(readFileSync(bundle));
      else if (request.url === '/kernel') response.end(guest.kernel);
      else if (request.url === '/init') response.end(guest.init);
      else
        response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>adapter worker</title>');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const browser = await chromium.launch({
      executablePath: browserPath ?? '',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
      ],
    });
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      const outcome = await page.evaluate(talkToWorker);
      expect(outcome.messages.flatMap(schemaViolations)).toEqual([]);
      expect(outcome.filesAskedFor).toEqual(['/kernel', '/init']);
      const texts = outcome.messages.flatMap(({ event, body }) =>
        event === 'a9n/serialOutput' ? [body] : [],
      );
      expect(texts).toEqual([{ text: 'hello\n' }]);
      const sorted = outcome.pauseMilliseconds.toSorted((a, b) => a - b);
      console.log(
        `pause in the browser: median ${sorted[5].toFixed(1)} ms, worst ${sorted[9].toFixed(1)} ms`,
      );
      expect(sorted[5]).toBeLessThan(20);
    } finally {
      await browser.close();
      server.close();
    }
  },
  60_000,
);

/** Runs in the page. */
async function talkToWorker(): Promise<Outcome> {
  const worker = new Worker('/worker.js');
  const messages: Record<string, unknown>[] = [];
  const filesAskedFor: string[] = [];
  let arrived: () => void = () => undefined;
  worker.onmessage = async ({ data }) => {
    if (data.kind === 'dap') {
      messages.push(data.message);
      arrived();
      return;
    }
    filesAskedFor.push(data.path);
    const bytes = new Uint8Array(await (await fetch(data.path)).arrayBuffer());
    worker.postMessage({ kind: 'fileContents', id: data.id, bytes });
  };
  let seq = 1;
  const until = async (found: (message: Record<string, unknown>) => boolean, from: number) => {
    while (!messages.slice(from).some(found)) {
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
    }
  };
  const request = async (command: string, args: object) => {
    const from = messages.length;
    const own = seq++;
    worker.postMessage({ kind: 'dap', message: { seq: own, type: 'request', command, arguments: args } });
    await until(({ type, request_seq }) => type === 'response' && request_seq === own, from);
  };
  await request('initialize', { adapterID: 'a9n', clientID: 'vscode' });
  await request('launch', { kernel: '/kernel', init: '/init', memory: '16M' });
  await request('configurationDone', {});
  await until(({ event }) => event === 'a9n/serialOutput', 0);
  const pauseMilliseconds: number[] = [];
  for (let round = 0; round < 10; round++) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    const from = messages.length;
    const asked = performance.now();
    await request('pause', { threadId: 1 });
    await until(({ event }) => event === 'stopped', from);
    pauseMilliseconds.push(performance.now() - asked);
    await request('continue', { threadId: 1 });
  }
  worker.terminate();
  return { messages, filesAskedFor, pauseMilliseconds };
}
