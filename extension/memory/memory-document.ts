import type { DebugProtocol } from '@vscode/debugprotocol';
import * as vscode from 'vscode';
import type { MachineSessions } from '../session/machine-sessions.ts';
import { hexDump } from './hex-dump.ts';

const scheme = 'a9n-memory';
const hexEditor = 'ms-vscode.hexeditor';
const count = 4096;

/**
 * *View Memory*: in Microsoft's Hex Editor if it is installed, as *View Binary Data* does; else as a text of our own
 * that follows the memory from stop to stop.
 */
export class MemoryDocuments implements vscode.TextDocumentContentProvider {
  private readonly changes = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changes.event;

  constructor(private readonly sessions: MachineSessions) {}

  register(context: vscode.ExtensionContext): void {
    context.subscriptions.push(
      this.changes,
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      this.sessions.onDidChange(({ state }) => state.kind === 'stopped' && this.refresh()),
      this.sessions.onDidInvalidate(() => this.refresh()),
    );
  }

  async show(session: vscode.DebugSession, memoryReference: string, title: string): Promise<void> {
    if (vscode.extensions.getExtension(hexEditor)) {
      await vscode.commands.executeCommand('workbench.debug.viewlet.action.viewMemory', {
        sessionId: session.id,
        variable: { name: title, value: memoryReference, variablesReference: 0, memoryReference },
      });
      return;
    }
    const path = `/Memory ${title.replaceAll('/', '∕')}`;
    const uri = vscode.Uri.from({ scheme, path, query: memoryReference, fragment: session.id });
    const document = await vscode.workspace.openTextDocument(uri);
    // Its defaults leave the lines room: `configurationDefaults` in package.json.
    await vscode.languages.setTextDocumentLanguage(document, 'a9n-memory');
    await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preview: true });
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const session = this.sessions.active;
    if (session?.id !== uri.fragment) return 'This memory belongs to a debug session that has ended.\n';
    const args: DebugProtocol.ReadMemoryArguments = { memoryReference: uri.query, count };
    try {
      const body: DebugProtocol.ReadMemoryResponse['body'] = await session.customRequest('readMemory', args);
      const data = Uint8Array.from(atob(body?.data ?? ''), (character) => character.charCodeAt(0));
      return hexDump(BigInt(body?.address ?? 0), data, body?.unreadableBytes ?? 0);
    } catch (error) {
      return `The memory could not be read: ${error instanceof Error ? error.message : String(error)}\n`;
    }
  }

  private refresh(): void {
    for (const { uri } of vscode.workspace.textDocuments) if (uri.scheme === scheme) this.changes.fire(uri);
  }
}
