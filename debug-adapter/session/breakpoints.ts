/** Requests that set breakpoints. All of them take effect at once, also while the machine runs. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { integer, listOf, object, text } from '../protocol/argument-shape.ts';
import { parseMemoryReference } from '../target/memory-reference.ts';
import { USER_ADDRESS_END } from '../target/program.ts';
import { arm, bind, clientLine, describeBreakpoint, ownLine } from './breakpoint-binding.ts';
import type { BreakpointConditions, BreakpointRequest } from './breakpoint-table.ts';
import type { Session } from './session.ts';

const conditions = { condition: text, hitCondition: text };
const sourceArguments = object(
  { source: object({}, { path: text, name: text }) },
  {
    breakpoints: listOf(object({ line: integer }, { column: integer, logMessage: text, ...conditions })),
    lines: listOf(integer),
  },
);
const functionArguments = object({ breakpoints: listOf(object({ name: text }, conditions)) });
const instructionArguments = object({
  breakpoints: listOf(object({ instructionReference: text }, { offset: integer, ...conditions })),
});
const locationArguments = object({ source: object({}, { path: text }), line: integer }, { endLine: integer });

export function registerBreakpoints(session: Session): void {
  const { server } = session;
  server.onRequest('setBreakpoints', sourceArguments, ({ source, breakpoints, lines }) => {
    const editorPath = source.path ?? source.name ?? '';
    const wanted: readonly WantedLine[] = breakpoints ?? (lines ?? []).map((line) => ({ line }));
    return set(
      session,
      `source ${editorPath}`,
      wanted.map((each) => {
        const line = ownLine(session, each.line);
        return {
          request: { kind: 'source', editorPath, line, ...columnOf(session, each) },
          conditions: each,
        };
      }),
    );
  });
  server.onRequest('setFunctionBreakpoints', functionArguments, ({ breakpoints }) =>
    set(
      session,
      'function',
      breakpoints.map((each) => ({
        request: { kind: 'function', name: each.name.trim() },
        conditions: each,
      })),
    ),
  );
  server.onRequest('setInstructionBreakpoints', instructionArguments, ({ breakpoints }) =>
    set(
      session,
      'instruction',
      breakpoints.map((each) => ({ request: instructionRequest(session, each), conditions: each })),
    ),
  );
  server.onRequest('setExceptionBreakpoints', object({ filters: listOf(text) }), () => ({ breakpoints: [] }));
  server.onRequest('breakpointLocations', locationArguments, ({ source, line, endLine }) => {
    const first = ownLine(session, line);
    const last = endLine === undefined ? first : ownLine(session, endLine);
    return { breakpoints: statementLocations(session, source.path ?? '', first, last) };
  });
}

interface WantedLine extends BreakpointConditions {
  readonly line: number;
  readonly column?: number;
}

interface Wanted {
  readonly request: BreakpointRequest;
  readonly conditions: BreakpointConditions;
}

function set(
  session: Session,
  group: string,
  wanted: readonly Wanted[],
): { breakpoints: DebugProtocol.Breakpoint[] } {
  const created = wanted.map(({ request, conditions }) => session.breakpoints.create(request, conditions));
  for (const breakpoint of created) bind(session, breakpoint);
  session.breakpoints.replaceGroup(group, created);
  arm(session);
  return { breakpoints: created.map((breakpoint) => describeBreakpoint(session, breakpoint)) };
}

function columnOf(session: Session, { column }: { readonly column?: number }): { column?: number } {
  if (column === undefined) return {};
  return { column: session.client.columnsStartAt1 ? column : column + 1 };
}

function instructionRequest(
  session: Session,
  { instructionReference, offset }: { readonly instructionReference: string; readonly offset?: number },
): BreakpointRequest {
  const place = parseMemoryReference(instructionReference);
  const address = BigInt.asUintN(64, place.address + BigInt(offset ?? 0));
  if (place.kind === 'physical') return { kind: 'instruction', address, root: undefined };
  // A bare user address means the program that is shown now.
  const active = address < USER_ADDRESS_END ? session.launched?.target.activeRoot() : undefined;
  return { kind: 'instruction', address, root: place.root ?? active };
}

function statementLocations(
  session: Session,
  editorPath: string,
  firstLine: number,
  lastLine: number,
): DebugProtocol.BreakpointLocation[] {
  const { target } = session.requireLaunched();
  const found = new Map<string, DebugProtocol.BreakpointLocation>();
  for (const path of session.sourceMap.toDebugInformation(editorPath)) {
    for (const program of target.programs) {
      for (const { line, column } of program.symbols.statementsBetween(path, firstLine, lastLine)) {
        const location: DebugProtocol.BreakpointLocation = { line: clientLine(session, line) };
        if (column > 0) location.column = session.client.columnsStartAt1 ? column : column - 1;
        found.set(`${line}:${column}`, location);
      }
    }
  }
  return [...found.values()].toSorted((a, b) => a.line - b.line || (a.column ?? 0) - (b.column ?? 0));
}
