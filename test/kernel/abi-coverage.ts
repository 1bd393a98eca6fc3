/** kernel/docs/abi-coverage.md as data: each statement of the ABI with the checks and tests that prove it. */

export interface Statement {
  readonly section: number;
  readonly text: string;
  /** What stands in code ticks: a check of the conformance program, or `FILE: TITLE`. */
  readonly proofs: readonly string[];
  /** Why nothing proves it; empty if something does. */
  readonly reason: string;
}

const HEADING = /^## Section (\d+)\b/;
const TABLE_HEAD = ['statement', 'proved by'];
const NOT_CHECKED = /^not checked: (.+)$/;

/** A table row's cells; `\|` is a bar in a cell. */
const cellsOf = (line: string): string[] =>
  line
    .slice(1, line.lastIndexOf('|'))
    .split(/(?<!\\)\|/)
    .map((cell) => cell.replaceAll('\\|', '|').trim());

function statementOf(section: number, cells: readonly string[], line: number): Statement {
  const [text = '', provedBy = '', ...others] = cells;
  if (text === '' || provedBy === '' || others.length > 0) {
    throw new Error(`line ${line}: a row has a statement and what proves it`);
  }
  const proofs = [...provedBy.matchAll(/`([^`]+)`/g)].map(([, proof]) => proof!);
  const reason = NOT_CHECKED.exec(provedBy)?.[1] ?? '';
  if (proofs.length === 0 && reason === '') {
    throw new Error(`line ${line}: neither a proof in code ticks nor "not checked: why": ${provedBy}`);
  }
  return { section, text, proofs: reason === '' ? proofs : [], reason };
}

/** Throws, naming the line, if the page is not of this form. */
export function parseCoverage(page: string): Statement[] {
  const statements: Statement[] = [];
  let section = 0;
  for (const [index, line] of page.split('\n').entries()) {
    section = Number(HEADING.exec(line)?.[1] ?? section);
    if (!line.startsWith('|')) continue;
    const cells = cellsOf(line);
    const isHead = cells.join() === TABLE_HEAD.join() || cells.every((cell) => /^-+$/.test(cell));
    if (!isHead) statements.push(statementOf(section, cells, index + 1));
  }
  return statements;
}

/** `path/with/folders.ext: title` */
export function fileReference(proof: string): { path: string; title: string } | undefined {
  const [, path, title] = /^((?:[\w.-]+\/)+[\w.-]+): (.+)$/.exec(proof) ?? [];
  return path === undefined || title === undefined ? undefined : { path, title };
}
