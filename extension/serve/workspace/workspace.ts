/** A small web extension: shows the workspace that `npm start` serves as the read-only scheme `a9n-workspace`. */
import * as vscode from 'vscode';
import { registerSearch } from './search.ts';

const scheme = 'a9n-workspace';
/** The folder's name in the explorer; the server calls it /workspace. */
const rootName = '/a9n';

interface Stat {
  readonly kind: 'file' | 'folder';
  readonly size?: number;
  readonly modified: number;
}

interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder';
}

export function activate(context: vscode.ExtensionContext): void {
  const server = context.extensionUri.with({ path: '/workspace' });
  const provider = new ServedWorkspace(server);
  context.subscriptions.push(
    vscode.workspace.registerFileSystemProvider(scheme, provider, {
      isCaseSensitive: true,
      isReadonly: true,
    }),
    ...registerSearch(scheme, () => provider.allFiles()),
  );
}

class ServedWorkspace implements vscode.FileSystemProvider {
  // The server does not watch the disk; VS Code reads a file again when its editor is opened again.
  readonly onDidChangeFile = new vscode.EventEmitter<vscode.FileChangeEvent[]>().event;

  constructor(private readonly server: vscode.Uri) {}

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => {});
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const stat: Stat = await (await this.fetch(uri, 'stat')).json();
    return { type: fileType(stat.kind), ctime: 0, mtime: stat.modified, size: stat.size ?? 0 };
  }

  async readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    const entries: FolderEntry[] = await (await this.fetch(uri, 'list')).json();
    return entries.map((entry) => [entry.name, fileType(entry.kind)]);
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return new Uint8Array(await (await this.fetch(uri)).arrayBuffer());
  }

  async allFiles(): Promise<vscode.Uri[]> {
    const root = vscode.Uri.from({ scheme, path: rootName });
    const paths: string[] = await (await this.fetch(root, 'files')).json();
    return paths.map((path) => vscode.Uri.joinPath(root, path));
  }

  createDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }
  writeFile(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }
  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }
  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  private async fetch(uri: vscode.Uri, query = ''): Promise<Response> {
    if (uri.path !== rootName && !uri.path.startsWith(`${rootName}/`)) {
      throw vscode.FileSystemError.FileNotFound(uri);
    }
    const path = this.server.path + uri.path.slice(rootName.length);
    const response = await fetch(this.server.with({ path, query }).toString());
    if (response.status === 404) throw vscode.FileSystemError.FileNotFound(uri);
    if (!response.ok) throw vscode.FileSystemError.Unavailable(`${uri}: ${await response.text()}`);
    return response;
  }
}

function fileType(kind: 'file' | 'folder'): vscode.FileType {
  return kind === 'folder' ? vscode.FileType.Directory : vscode.FileType.File;
}
