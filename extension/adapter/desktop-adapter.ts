import * as vscode from 'vscode';

/** On the desktop the adapter and its emulator run in a process of their own, on the Node that VS Code brings. */
export function createDesktopAdapterFactory(extension: vscode.Uri): vscode.DebugAdapterDescriptorFactory {
  const program = vscode.Uri.joinPath(extension, 'dist', 'cli', 'a9n.js').fsPath;
  return {
    createDebugAdapterDescriptor: () =>
      new vscode.DebugAdapterExecutable(process.execPath, [program, 'dap'], {
        env: { ELECTRON_RUN_AS_NODE: '1' },
      }),
  };
}
