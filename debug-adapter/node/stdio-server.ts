/** The adapter's Node entry: DAP over stdio or TCP, files from the file system. The only file here that uses Node. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { createBootedMachine } from '../../emulator/index.ts';
import { encodeMessage, MessageDecoder } from '../protocol/message-codec.ts';
import { createSession } from '../session/create-session.ts';
import type { FileAccess } from '../session/file-access.ts';

/** Paths and file: URIs. */
export const nodeFiles: FileAccess = {
  async readFile(path) {
    try {
      return await readFile(path.startsWith('file:') ? fileURLToPath(path) : path);
    } catch (error) {
      throw new Error(describeFileError(error));
    }
  },
};

function describeFileError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'reading it is not permitted';
  if (code === 'EISDIR') return 'it is a folder';
  return error instanceof Error ? error.message : String(error);
}

/** One debug session over a pair of streams. Resolves when the client is gone. */
export function serve(input: Readable, output: Writable): Promise<void> {
  const session = createSession({
    send: (message) => {
      if (output.writable) output.write(encodeMessage(message));
    },
    files: nodeFiles,
    disconnected() {
      output.end();
      // A socket is both: it closes once everything is sent and the client has closed its end.
      if (!Object.is(input, output)) input.destroy();
    },
    bootMachine: createBootedMachine,
  });
  const decoder = new MessageDecoder();
  return new Promise((resolve) => {
    const close = () => {
      session.close();
      resolve();
    };
    input.on('data', (chunk: Uint8Array) => {
      for (const decoded of decoder.push(chunk)) {
        if (decoded.kind === 'message') session.receive(decoded.value);
        else session.receiveGarbage(decoded.problem);
      }
    });
    input.on('end', close);
    input.on('close', close);
    input.on('error', close);
    output.on('error', close);
  });
}

/** Serves one session on standard input and output. Resolves when the client has closed them. */
export function startStdioServer(): Promise<void> {
  return serve(process.stdin, process.stdout);
}

/** One session for each connection, on the local host only. Resolves when the server listens; port 0 picks a free one. */
export function startTcpServer(port: number): Promise<Server> {
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    void serve(socket, socket).then(() => socket.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
