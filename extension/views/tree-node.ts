/** One row of our trees as plain data. Building rows knows nothing of VS Code, so it can be tested without it. */

/** `Node` is the tree's own kind of row, which parents and children share. */
export interface TreeNode<Node> {
  /** The same object has the same id at every stop: expansion and selection hang on it. */
  readonly id: string;
  readonly parent: Node | undefined;
  readonly label: string;
  readonly description: string;
  /** Markdown. */
  readonly tooltip: string;
  /** What a screen reader says. */
  readonly accessibleLabel: string;
  /** Codicon name. */
  readonly icon: string;
  /** Loads the rows below; absent on leaves. */
  readonly children?: (request: CustomRequest) => Promise<Node[]>;
  /** What the row stands for, as a title: the label may be only its place. */
  readonly object?: string;
  /** For View Memory and Copy Address. */
  readonly memoryReference?: string;
  /** For Copy Address, where it differs from the memory reference. */
  readonly address?: string;
  /** For Copy Descriptor. */
  readonly descriptor?: string;
}

/** Sends one custom request to the debug adapter. */
export type CustomRequest = <Response>(command: string, args: object) => Promise<Response>;

/** Words that `when` clauses of context menus test. */
export function contextOf(node: TreeNode<unknown>): string {
  const words = [
    node.memoryReference !== undefined && 'memory',
    (node.address ?? node.memoryReference) !== undefined && 'address',
    node.descriptor !== undefined && 'descriptor',
  ];
  return words.filter((word) => word !== false).join(' ');
}

/** A two-column Markdown table under a bold title. */
export function tooltipTable(
  title: string,
  rows: ReadonlyArray<{ readonly name: string; readonly value: string }>,
): string {
  const lines = rows.map(({ name, value }) => `| ${escapeCell(name)} | ${escapeCell(value)} |`);
  return [`**${escapeCell(title)}**`, '', '| | |', '|:--|:--|', ...lines].join('\n');
}

/** Guest text must not become Markdown: names come out of guest memory. */
export function escapeCell(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~&$]/g, '\\$&').replace(/\s+/g, ' ');
}
