import type * as vscode from 'vscode';
import type { MachineSessions } from '../session/machine-sessions.ts';

const opened = 'viewsOpened';

/**
 * VS Code adds views to Run and Debug collapsed, and a collapsed view tells nobody what it is for: at the first stop
 * ever they open by themselves. From then on they stay as the user leaves them.
 */
export function openOnce(
  context: vscode.ExtensionContext,
  sessions: MachineSessions,
  trees: ReadonlyArray<{ open(): Promise<void> }>,
): void {
  if (context.globalState.get(opened)) return;
  const watch = sessions.onDidChange(async ({ state }) => {
    if (state.kind !== 'stopped') return;
    watch.dispose();
    await context.globalState.update(opened, true);
    for (const tree of trees) await tree.open();
  });
  context.subscriptions.push(watch);
}
