/** How often each operation ended how, beside the table of all outcomes that the ABI knows. */
import { OPERATION_OUTCOMES, type Outcome } from '../operation-outcomes.ts';
import type { Observer } from './compare.ts';

/** Rows that are about what lies beyond a single call: boot, what the processor sees of an address space, who runs when. */
const BEYOND_CALLS: Readonly<Record<string, readonly Outcome[]>> = {
  init: OPERATION_OUTCOMES['init'],
  address_space: ['success'],
  fault: OPERATION_OUTCOMES['fault'],
  scheduler: OPERATION_OUTCOMES['scheduler'],
};

export interface Statistics {
  readonly observe: Observer;
  /** Of a row of the table; 0 if it never happened. */
  count(operation: string, outcome: Outcome): number;
  /** Rows that never happened, and what happened without a row, one a line. */
  empty(): string[];
  unexpected(): string[];
  /** All rows, one operation a line. */
  table(): string;
}

export function createStatistics(): Statistics {
  const counts = new Map<string, number>();
  const key = (operation: string, outcome: Outcome) => `${operation} ${outcome}`;
  const count = (operation: string, outcome: Outcome) => counts.get(key(operation, outcome)) ?? 0;
  const rows = Object.entries(OPERATION_OUTCOMES).flatMap(([operation, outcomes]) =>
    outcomes
      .filter((outcome) => !BEYOND_CALLS[operation]?.includes(outcome))
      .map((outcome) => ({ operation, outcome })),
  );
  const expected = new Set(rows.map(({ operation, outcome }) => key(operation, outcome)));
  return {
    observe: (model) => {
      for (const { operation, outcome } of model.ended) {
        counts.set(key(operation, outcome), count(operation, outcome) + 1);
      }
    },
    count,
    empty: () =>
      rows
        .filter(({ operation, outcome }) => count(operation, outcome) === 0)
        .map(({ operation, outcome }) => key(operation, outcome)),
    unexpected: () => [...counts.keys()].filter((happened) => !expected.has(happened)),
    table: () => {
      const width = Math.max(...rows.map(({ operation }) => operation.length));
      const operations = [...new Set(rows.map(({ operation }) => operation))];
      return operations
        .map((operation) => {
          const outcomes = rows.filter((row) => row.operation === operation);
          const cells = outcomes.map(({ outcome }) => `${outcome} ${count(operation, outcome)}`);
          return `${operation.padEnd(width)}  ${cells.join(', ')}`;
        })
        .join('\n');
    },
  };
}
