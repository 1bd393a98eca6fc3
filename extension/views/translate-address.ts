import * as vscode from 'vscode';
import type {
  TranslateAddressArguments,
  TranslateAddressResponse,
} from '../../debug-adapter/custom-requests.ts';
import type { MachineSessions } from '../session/machine-sessions.ts';
import { addressFromSelection, wrongWithAddress } from './address-input.ts';
import type { KernelTree } from './kernel-tree.ts';
import { type PageTableNode, rowForTranslation } from './page-table-rows.ts';
import { type AddressSpace, readAddressSpaces } from './shared-spaces.ts';

/** Command *A9N: Translate Address…*: asks for an address and shows its entry in the Page Tables tree. */
export function registerTranslateAddress(
  context: vscode.ExtensionContext,
  sessions: MachineSessions,
  tree: KernelTree<PageTableNode>,
): void {
  context.subscriptions.push(
    vscode.commands.registerCommand('a9n.translateAddress', async () => {
      const session = sessions.active;
      if (!session || sessions.stateOf(session).kind !== 'stopped') {
        vscode.window.showInformationMessage('Addresses can be translated while an A9N machine is stopped.');
        return;
      }
      try {
        await translate(session, tree);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        vscode.window.showErrorMessage(`The address could not be translated: ${reason}`);
      }
    }),
  );
}

async function translate(session: vscode.DebugSession, tree: KernelTree<PageTableNode>): Promise<void> {
  const expression = await vscode.window.showInputBox({
    title: 'Translate Address',
    prompt: 'Virtual address or expression',
    value: selectedText(),
    validateInput: wrongWithAddress,
  });
  if (expression === undefined) return;
  const space = await pickAddressSpace(session);
  if (!space) return;
  const frame = vscode.debug.activeStackItem;
  const args: TranslateAddressArguments = {
    root: space.root,
    expression: expression.trim(),
    ...(frame instanceof vscode.DebugStackFrame ? { frameId: frame.frameId } : {}),
  };
  const result: TranslateAddressResponse = await session.customRequest('a9n/translateAddress', args);
  const row = await rowForTranslation(await tree.getChildren(), space.root, result.path, (r) =>
    tree.getChildren(r),
  );
  if (row) await tree.view.reveal(row, { select: true, focus: true, expand: true });
  // Not awaited: the message stays until it is read, the command is done.
  void report(result);
}

async function report({ explanation, physicalAddress }: TranslateAddressResponse): Promise<void> {
  if (physicalAddress !== undefined) {
    const copy = 'Copy Physical Address';
    const chosen = await vscode.window.showInformationMessage(explanation, copy);
    if (chosen === copy) await vscode.env.clipboard.writeText(physicalAddress);
  } else {
    const again = 'Try Another Address';
    const chosen = await vscode.window.showWarningMessage(explanation, again);
    if (chosen === again) await vscode.commands.executeCommand('a9n.translateAddress');
  }
}

function selectedText(): string {
  const editor = vscode.window.activeTextEditor;
  return editor ? addressFromSelection(editor.document.getText(editor.selection)) : '';
}

/** Asks only if there is a choice; the space of the selected process comes first. */
async function pickAddressSpace(session: vscode.DebugSession): Promise<AddressSpace | undefined> {
  const spaces = await readAddressSpaces((command, args) =>
    Promise.resolve(session.customRequest(command, args)),
  );
  if (spaces.length === 0) throw new Error('the machine has no address space yet.');
  if (spaces.length === 1) return spaces[0];
  const thread = vscode.debug.activeStackItem?.threadId;
  const items = spaces.map((space) => ({
    label: space.name,
    description: `PML4 at ${space.root}`,
    selected: thread !== undefined && space.threadIds.includes(thread),
    space,
  }));
  items.sort((a, b) => Number(b.selected) - Number(a.selected));
  const picked = await vscode.window.showQuickPick(items, {
    title: 'Translate Address',
    placeHolder: 'Address space',
  });
  return picked?.space;
}
