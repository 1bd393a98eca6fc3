import * as vscode from 'vscode';
import type { MachineChange, MachineSessions } from '../session/machine-sessions.ts';
import { type CustomRequest, contextOf, type TreeNode } from './tree-node.ts';

/** How long a machine may run before its view says so: single steps must not make it flicker. */
const quietMilliseconds = 500;

/**
 * A tree in the debug container whose rows come from the adapter. It is read again at every stop; while the machine
 * runs it keeps showing what was true at the last stop, and says that it does.
 */
export class KernelTree<Node extends TreeNode<Node>> implements vscode.TreeDataProvider<Node> {
  private readonly changes = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changes.event;
  readonly view: vscode.TreeView<Node>;
  /** Rows as asked for at this stop, by the id of the row above ('' for the top). */
  private shown = new Map<string, Promise<Node[]>>();
  /** Rows as last read. A view that is empty for a moment, between two quick steps, forgets what was expanded. */
  private lastRead = new Map<string, Node[]>();
  private shownSession: string | undefined;
  private quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(
    viewId: string,
    private readonly sessions: MachineSessions,
    private readonly roots: (request: CustomRequest) => Promise<Node[]>,
    private readonly emptyMessage: string,
  ) {
    this.view = vscode.window.createTreeView(viewId, { treeDataProvider: this, showCollapseAll: true });
  }

  register(context: vscode.ExtensionContext): void {
    context.subscriptions.push(
      this.view,
      this.changes,
      this.sessions.onDidChange((change) => this.follow(change)),
      this.sessions.onDidInvalidate((session) => session.id === this.sessions.active?.id && this.refresh()),
      vscode.debug.onDidChangeActiveDebugSession(() => this.refresh()),
    );
  }

  /** Expands the view in its container, which VS Code adds it to collapsed. */
  async open(): Promise<void> {
    const [first] = await this.getChildren();
    if (first) await this.view.reveal(first, { select: false, focus: false });
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const { None, Collapsed } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(node.label, node.children ? Collapsed : None);
    item.id = node.id;
    item.description = node.description;
    item.tooltip = new vscode.MarkdownString(node.tooltip);
    item.accessibilityInformation = { label: node.accessibleLabel };
    item.iconPath = new vscode.ThemeIcon(node.icon);
    item.contextValue = contextOf(node);
    return item;
  }

  getParent(node: Node): Node | undefined {
    return node.parent;
  }

  /** Rows below `node`, or the top ones: from the last stop while the machine runs, else read from the adapter. */
  getChildren(node?: Node): Promise<Node[]> {
    const session = this.sessions.active;
    if (!session) return Promise.resolve([]);
    const key = node?.id ?? '';
    const known = this.shown.get(key);
    if (known) return known;
    if (this.sessions.stateOf(session).kind !== 'stopped')
      return Promise.resolve(this.lastRead.get(key) ?? []);
    const request: CustomRequest = (command, args) => Promise.resolve(session.customRequest(command, args));
    const children = node ? (node.children?.(request) ?? Promise.resolve([])) : this.roots(request);
    const { shown } = this;
    const rows = children.then(
      (read) => this.keep(session, key, read),
      (error: unknown) => this.fail(shown, key, error),
    );
    shown.set(key, rows);
    // VS Code keeps a view blank for two seconds if it was empty when first drawn, unless its message is set.
    if (!node) rows.then(() => this.describe());
    return rows;
  }

  private keep(session: vscode.DebugSession, key: string, rows: Node[]): Node[] {
    if (session.id === this.shownSession) this.lastRead.set(key, rows);
    return rows;
  }

  /** A request can fail because the machine was set running meanwhile; the next stop asks again, or has already. */
  private fail(shown: KernelTree<Node>['shown'], key: string, error: unknown): Node[] {
    shown.delete(key);
    const session = this.sessions.active;
    if (session && shown === this.shown && this.sessions.stateOf(session).kind === 'stopped') {
      this.view.message = error instanceof Error ? error.message : String(error);
      return [];
    }
    return this.lastRead.get(key) ?? [];
  }

  private follow({ session, state }: MachineChange): void {
    if (session.id !== this.sessions.active?.id) return;
    clearTimeout(this.quiet);
    if (state.kind === 'running') {
      this.quiet = setTimeout(() => this.describe(), quietMilliseconds);
    } else {
      this.refresh();
    }
  }

  private refresh(): void {
    const session = this.sessions.active;
    const state = session && this.sessions.stateOf(session).kind;
    const other = session?.id !== this.shownSession || state === 'ended';
    if (other || state === 'stopped') this.shown = new Map();
    if (other) this.lastRead = new Map();
    this.shownSession = session?.id;
    this.describe();
    this.changes.fire(undefined);
  }

  private describe(): void {
    const session = this.sessions.active;
    const state = session && this.sessions.stateOf(session).kind;
    const rows = this.lastRead.size > 0;
    if (state === 'running') {
      this.view.message = rows
        ? 'The machine is running; this is the last stop.'
        : `The machine is running. ${this.emptyMessage}`;
    } else if (state === 'starting') this.view.message = 'The machine is starting.';
    else if (state === 'ended') this.view.message = 'The machine has ended.';
    else this.view.message = '';
  }
}
