import type { DebugProtocol } from '@vscode/debugprotocol';
import * as vscode from 'vscode';
import type { MemoryDocuments } from '../memory/memory-document.ts';
import type { MachineSessions } from '../session/machine-sessions.ts';
import type { TreeNode } from './tree-node.ts';

/** What VS Code hands to commands in the context menu of the Variables view. */
interface VariableContext {
  readonly variable: DebugProtocol.Variable;
}

/** What VS Code hands to commands of a tree's row: nothing, if the tree was read again while its menu was open. */
type Row = TreeNode<unknown> | undefined;

/** The context menus of our trees' rows, and what we add to that of variables. */
export function registerContextMenus(
  context: vscode.ExtensionContext,
  sessions: MachineSessions,
  memory: MemoryDocuments,
): void {
  const copy = (text: string | undefined) => text !== undefined && vscode.env.clipboard.writeText(text);
  context.subscriptions.push(
    vscode.commands.registerCommand('a9n.viewMemory', (node: Row) => {
      const session = sessions.active;
      if (!session || node?.memoryReference === undefined) return undefined;
      return memory.show(session, node.memoryReference, node.object ?? node.label);
    }),
    vscode.commands.registerCommand('a9n.viewVariableMemory', ({ variable }: VariableContext) => {
      const session = sessions.active;
      if (!session || variable.memoryReference === undefined) return undefined;
      return memory.show(session, variable.memoryReference, variable.evaluateName ?? variable.name);
    }),
    vscode.commands.registerCommand('a9n.copyDescriptor', (node: Row) => copy(node?.descriptor)),
    vscode.commands.registerCommand('a9n.copyAddress', (node: Row) =>
      copy(node?.address ?? node?.memoryReference),
    ),
  );
}
