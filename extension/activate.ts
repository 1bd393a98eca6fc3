import * as vscode from 'vscode';
import { registerHoverExpressions } from './expressions/hover-expressions.ts';
import { registerConfigurationProvider } from './launch/configuration-provider.ts';
import { MemoryDocuments } from './memory/memory-document.ts';
import { MachineSessions } from './session/machine-sessions.ts';
import { SerialTerminals } from './terminal/serial-terminal.ts';
import { capabilitySpaceRows } from './views/capability-rows.ts';
import { registerContextMenus } from './views/context-menus.ts';
import { KernelTree } from './views/kernel-tree.ts';
import { openOnce } from './views/open-once.ts';
import { addressSpaceRows, type PageTableNode } from './views/page-table-rows.ts';
import { registerTranslateAddress } from './views/translate-address.ts';

/** Everything that desktop and browser have in common; they differ in where the debug adapter runs. */
export function activateWith(
  context: vscode.ExtensionContext,
  adapter: vscode.DebugAdapterDescriptorFactory,
): void {
  const sessions = new MachineSessions();
  sessions.register(context);
  registerConfigurationProvider(context);
  context.subscriptions.push(vscode.debug.registerDebugAdapterDescriptorFactory('a9n', adapter));
  new SerialTerminals(sessions).register(context);
  const whenEmpty = 'Capability spaces and page tables show at the next stop.';
  const capabilities = new KernelTree('a9n.capabilitySpaces', sessions, capabilitySpaceRows, whenEmpty);
  const pageTables = new KernelTree<PageTableNode>('a9n.pageTables', sessions, addressSpaceRows, whenEmpty);
  capabilities.register(context);
  pageTables.register(context);
  openOnce(context, sessions, [capabilities, pageTables]);
  const memory = new MemoryDocuments(sessions);
  memory.register(context);
  registerContextMenus(context, sessions, memory);
  registerTranslateAddress(context, sessions, pageTables);
  registerHoverExpressions(context);
}
