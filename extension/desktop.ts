/** Entry point in VS Code's Node extension host. */
import type * as vscode from 'vscode';
import { activateWith } from './activate.ts';
import { createDesktopAdapterFactory } from './adapter/desktop-adapter.ts';

export function activate(context: vscode.ExtensionContext): void {
  activateWith(context, createDesktopAdapterFactory(context.extensionUri));
}
