import type { DebugProtocol } from '@vscode/debugprotocol';
import * as vscode from 'vscode';
import type {
  MessageFromAdapterWorker,
  MessageToAdapterWorker,
} from '../../debug-adapter/worker/worker-messages.ts';

/**
 * In the browser the adapter and its emulator run in a worker of their own. The worker has no file system: it asks
 * here for each file, and `vscode.workspace.fs` answers.
 */
export function createWorkerAdapterFactory(extension: vscode.Uri): vscode.DebugAdapterDescriptorFactory {
  return {
    async createDebugAdapterDescriptor(session) {
      const bundle = vscode.Uri.joinPath(extension, 'dist', 'debug-adapter', 'worker.js');
      const source = await vscode.workspace.fs.readFile(bundle);
      return new vscode.DebugAdapterInlineImplementation(
        new WorkerAdapter(source, session.workspaceFolder?.uri),
      );
    },
  };
}

class WorkerAdapter implements vscode.DebugAdapter {
  private readonly url: string;
  private readonly worker: Worker;
  private readonly messages = new vscode.EventEmitter<vscode.DebugProtocolMessage>();
  readonly onDidSendMessage = this.messages.event;

  /** `folder` is what plain paths of the launch configuration are taken from. */
  constructor(
    source: Uint8Array,
    private readonly folder: vscode.Uri | undefined,
  ) {
    // A worker must come from the page's own origin; the extension may not.
    this.url = URL.createObjectURL(new Blob([source.slice()], { type: 'text/javascript' }));
    this.worker = new Worker(this.url, { name: 'A9N debug adapter' });
    this.worker.onmessage = (event: MessageEvent<MessageFromAdapterWorker>) => this.receive(event.data);
    this.worker.onerror = (event) => this.fail(event.message);
  }

  handleMessage(message: vscode.DebugProtocolMessage): void {
    this.post({ kind: 'dap', message: message as DebugProtocol.ProtocolMessage });
  }

  dispose(): void {
    this.worker.terminate();
    URL.revokeObjectURL(this.url);
    this.messages.dispose();
  }

  private receive(message: MessageFromAdapterWorker): void {
    if (message.kind === 'dap') this.messages.fire(message.message);
    else void this.serveFile(message.id, message.path);
  }

  private async serveFile(id: number, path: string): Promise<void> {
    try {
      const bytes = await vscode.workspace.fs.readFile(this.resolve(path));
      this.post({ kind: 'fileContents', id, bytes });
    } catch (error) {
      this.post({ kind: 'fileError', id, message: error instanceof Error ? error.message : String(error) });
    }
  }

  /** A URI stays what it is; a path belongs to the file system of the workspace folder. */
  private resolve(path: string): vscode.Uri {
    if (/^[a-z][a-z0-9+.-]+:/i.test(path)) return vscode.Uri.parse(path, true);
    if (!this.folder)
      throw new Error(`"${path}" is no URI, and no workspace folder is open to take it from.`);
    return path.startsWith('/') ? this.folder.with({ path }) : vscode.Uri.joinPath(this.folder, path);
  }

  private post(message: MessageToAdapterWorker): void {
    this.worker.postMessage(message);
  }

  /** An adapter that breaks must end the session with a reason, not leave it waiting. */
  private fail(reason: string): void {
    const output: DebugProtocol.OutputEvent = {
      seq: 0,
      type: 'event',
      event: 'output',
      body: { category: 'stderr', output: `The debug adapter's worker failed: ${reason}\n` },
    };
    const terminated: DebugProtocol.TerminatedEvent = { seq: 0, type: 'event', event: 'terminated' };
    this.messages.fire(output);
    this.messages.fire(terminated);
  }
}
