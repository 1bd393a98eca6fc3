import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, createSite } from '../../extension/serve/site.ts';

const root = resolve(import.meta.dirname, '../..');
let server: Server;

beforeAll(async () => {
  const site = createSite(root);
  server = createServer((incoming, response) => void answer(site, incoming, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(() => server.close());

/** Unlike `fetch`, sends the path as it is, with its dots. */
function get(
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number; body: string; headers: IncomingHttpHeaders }> {
  const { port } = server.address() as AddressInfo;
  return new Promise((done, fail) => {
    const options = {
      port,
      path,
      method,
      host: '127.0.0.1',
      headers: { host: `localhost:${port}`, ...headers },
    };
    const sent = request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => done({ status: response.statusCode ?? 0, body, headers: response.headers }));
    });
    sent.on('error', fail).end();
  });
}

describe('the server of npm start', () => {
  it('serves the page, VS Code, the manifest and the workspace', async () => {
    expect((await get('/')).body).toContain('workbench.web.main.js');
    expect((await get('/vscode/out/vs/loader.js')).status).toBe(200);
    expect(JSON.parse((await get('/extension/package.json')).body).name).toBe('a9n');
    const names = JSON.parse((await get('/workspace?list')).body).map(
      (entry: { name: string }) => entry.name,
    );
    expect(names.sort()).toEqual(['.vscode', 'kernel', 'userland']);
    expect(JSON.parse((await get('/workspace/kernel?stat')).body).kind).toBe('folder');
    expect((await get('/workspace/.vscode/launch.json')).body).toContain('Boot KOITO');
  });

  it('serves nothing else', async () => {
    for (const path of [
      '/extension/package-lock.json',
      '/extension/test/run.mjs',
      '/workspace/../package.json',
      '/workspace/kernel/../../package.json',
      '/workspace/kernel/%2e%2e/%2e%2e/package.json',
      '/workspace/kernel/..%2f..%2fpackage.json',
      '/vscode/../../package.json',
      '/vscode//etc/passwd',
    ]) {
      expect((await get(path)).status, path).toBe(404);
    }
    expect((await get('/workspace/%ff')).status).toBe(400);
    expect((await get('/', {}, 'PUT')).status).toBe(405);
  });

  it('answers no foreign names and no foreign pages', async () => {
    expect((await get('/workspace?list', { host: 'attacker.example' })).status).toBe(403);
    expect((await get('/workspace?list', { host: 'localhost.attacker.example' })).status).toBe(403);
    const foreign = await get('/workspace?list', { origin: 'http://attacker.example' });
    expect(foreign.headers['access-control-allow-origin']).toBeUndefined();
    const own = await get('/workspace?list', { origin: 'http://frame.localhost:3000' });
    expect(own.headers['access-control-allow-origin']).toBe('http://frame.localhost:3000');
  });
});
