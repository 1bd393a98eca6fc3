/** Entry point in VS Code's web-worker extension host. */
import type * as vscode from 'vscode';
import { activateWith } from './activate.ts';
import { createWorkerAdapterFactory } from './adapter/worker-adapter.ts';

export function activate(context: vscode.ExtensionContext): void {
  activateWith(context, createWorkerAdapterFactory(context.extensionUri));
}
