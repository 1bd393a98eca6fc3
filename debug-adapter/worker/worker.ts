/** The adapter's entry as a Web Worker: see worker-messages.ts for what is said. */
import { createBootedMachine } from '../../emulator/index.ts';
import { createSession } from '../session/create-session.ts';
import type { MessageFromAdapterWorker, MessageToAdapterWorker } from './worker-messages.ts';

interface WaitingRead {
  resolve(bytes: Uint8Array): void;
  reject(error: Error): void;
}

const waitingReads = new Map<number, WaitingRead>();
let nextRead = 1;

function post(message: MessageFromAdapterWorker): void {
  globalThis.postMessage(message);
}

const session = createSession({
  send: (message) => post({ kind: 'dap', message }),
  files: {
    readFile: (path) =>
      new Promise((resolve, reject) => {
        const id = nextRead++;
        waitingReads.set(id, { resolve, reject });
        post({ kind: 'readFile', id, path });
      }),
  },
  bootMachine: createBootedMachine,
});

globalThis.onmessage = ({ data }: MessageEvent<MessageToAdapterWorker>) => {
  if (data.kind === 'dap') {
    session.receive(data.message);
    return;
  }
  const waiting = waitingReads.get(data.id);
  waitingReads.delete(data.id);
  if (data.kind === 'fileContents') waiting?.resolve(data.bytes);
  else waiting?.reject(new Error(data.message));
};
