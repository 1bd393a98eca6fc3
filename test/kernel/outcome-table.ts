/** What the conformance program has shown, as a table for a reader: operation × outcome with the number of checks. */
import { OPERATION_OUTCOMES, type Outcome } from './operation-outcomes.ts';

export interface Check {
  readonly operation: string;
  readonly outcome: string;
  readonly detail: string;
}

/** From the serial log: `ok OPERATION OUTCOME: DETAIL`; the test of the debug call leaves a space before one of them. */
export function checksIn(serial: string): Check[] {
  return [...serial.matchAll(/^ ?ok (\S+) (\w+): (.+)$/gm)].map(([, operation, outcome, detail]) => ({
    operation,
    outcome,
    detail,
  }));
}

const COLUMNS: readonly Outcome[] = [
  'success',
  'illegal_operation',
  'permission_denied',
  'invalid_descriptor',
  'invalid_argument',
  'fatal',
];

const INTRODUCTION = `# Operations and their outcomes

How many checks of the conformance program (\`userland/apps/conformance\`) show each outcome of each operation. A dash is an outcome
that the ABI does not give the operation; a 0 would be one that it gives and nothing shows, which fails a test. A type alone stands for
operation numbers it does not have and for what belongs to no operation; \`lookup\` is the lookup of any descriptor. Written by
\`npm run docs:kernel\`.`;

export function renderOutcomeTable(checks: readonly Check[]): string {
  const count = (operation: string, outcome: Outcome) =>
    checks.filter((check) => check.operation === operation && check.outcome === outcome).length;
  const rows = Object.entries(OPERATION_OUTCOMES).map(([operation, outcomes]) =>
    [operation, ...COLUMNS.map((c) => (outcomes.includes(c) ? count(operation, c) : '–'))].join('|'),
  );
  const total = ['all', ...COLUMNS.map((c) => checks.filter((check) => check.outcome === c).length)].join(
    '|',
  );
  const table = ['', ...COLUMNS].join('|');
  const rule = ['---', ...COLUMNS.map(() => '--:')].join('|');
  return `${INTRODUCTION}\n\n${[table, rule, ...rows, total].map((row) => `|${row}|`).join('\n')}\n`;
}
