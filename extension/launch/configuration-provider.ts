import * as vscode from 'vscode';
import { type Bundled, bootKoito, programsAmong, withDefaults } from './launch-defaults.ts';

/** Offers and completes launch configurations of type `a9n`. */
export function registerConfigurationProvider(context: vscode.ExtensionContext): void {
  const provider: vscode.DebugConfigurationProvider = {
    provideDebugConfigurations: () => [{ ...bootKoito }],

    resolveDebugConfiguration(_folder, configuration) {
      // F5 without a launch.json: an empty configuration asks for a default.
      const empty = !configuration.type && !configuration.request && !configuration.name;
      return empty ? { ...bootKoito } : configuration;
    },

    async resolveDebugConfigurationWithSubstitutedVariables(folder, configuration) {
      return withDefaults(configuration, await bundled(context.extensionUri, folder));
    },
  };
  const { Initial, Dynamic } = vscode.DebugConfigurationProviderTriggerKind;
  context.subscriptions.push(
    vscode.debug.registerDebugConfigurationProvider('a9n', provider, Initial),
    vscode.debug.registerDebugConfigurationProvider('a9n', provider, Dynamic),
  );
}

async function bundled(extension: vscode.Uri, folder: vscode.WorkspaceFolder | undefined): Promise<Bundled> {
  const guest = vscode.Uri.joinPath(extension, 'dist', 'guest');
  const image = (name: string) => pathOf(vscode.Uri.joinPath(guest, name));
  return {
    kernel: image('kernel.elf'),
    init: image('koito.elf'),
    programs: programsAmong(await imageNames(guest)).map(image),
    sources: pathOf((await folderWithKernelSources(folder)) ?? extension),
  };
}

/** The adapter on the desktop reads files by path; everywhere else it asks by URI. */
function pathOf(uri: vscode.Uri): string {
  return uri.scheme === 'file' ? uri.fsPath : uri.toString();
}

/** Names of the images in dist/guest: an extension served over HTTP cannot list a folder, so the build wrote them down. */
async function imageNames(guest: vscode.Uri): Promise<string[]> {
  try {
    const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(guest, 'index.json'));
    const index: { images?: unknown } = JSON.parse(new TextDecoder().decode(bytes));
    return Array.isArray(index.images) ? index.images.filter((name) => typeof name === 'string') : [];
  } catch {
    // Without guest images the adapter reports the missing kernel by name; that message is the useful one.
    return [];
  }
}

async function folderWithKernelSources(
  first: vscode.WorkspaceFolder | undefined,
): Promise<vscode.Uri | undefined> {
  const folders = [...(first ? [first] : []), ...(vscode.workspace.workspaceFolders ?? [])];
  for (const folder of folders) {
    const core = vscode.Uri.joinPath(folder.uri, 'kernel', 'core');
    const stat = await vscode.workspace.fs.stat(core).then(
      (s) => s,
      () => undefined,
    );
    if (stat) return folder.uri;
  }
  return undefined;
}
