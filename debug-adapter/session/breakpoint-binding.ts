/** From what the user asked for to addresses in the session's programs. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { hexadecimal, virtualReference } from '../target/memory-reference.ts';
import type { Target } from '../target/target.ts';
import type { BoundPlace, Breakpoint } from './breakpoint-table.ts';
import type { Session } from './session.ts';
import { editorSource } from './source.ts';

/** Binds every breakpoint to the programs of a machine just launched, and tells the client what became of each. */
export function bindAll(session: Session): void {
  const breakpoints = session.breakpoints.all();
  for (const breakpoint of breakpoints) bind(session, breakpoint);
  arm(session);
  for (const breakpoint of breakpoints) {
    session.server.sendEvent('breakpoint', {
      reason: 'changed',
      breakpoint: describeBreakpoint(session, breakpoint),
    });
  }
}

/** Hands all addresses to the machine; takes effect at once, also while it runs. */
export function arm(session: Session): void {
  const launched = session.launched;
  if (launched === undefined) return;
  launched.run.setBreakpoints(launched.configuration.noDebug ? [] : session.breakpoints.addresses());
}

export function bind(session: Session, breakpoint: Breakpoint): void {
  const target = session.launched?.target;
  breakpoint.hits = 0;
  if (target === undefined) {
    breakpoint.places = [];
    breakpoint.problem = 'The machine has not been launched yet.';
    return;
  }
  const { places, problem } = findPlaces(session, target, breakpoint);
  breakpoint.places = places;
  breakpoint.problem = places.length > 0 ? undefined : problem;
}

interface Places {
  readonly places: readonly BoundPlace[];
  readonly problem: string;
}

function findPlaces(session: Session, target: Target, { request }: Breakpoint): Places {
  switch (request.kind) {
    case 'source':
      return sourcePlaces(session, target, request.editorPath, request.line, request.column);
    case 'function': {
      const places = target.programs.flatMap((program) =>
        program.symbols
          .functionBreakpoints(request.name)
          .map((location) => ({ address: location.address, program, location })),
      );
      return {
        places,
        problem: `No program has a function "${request.name}". Write it as "namespace::class::function".`,
      };
    }
    case 'instruction':
      return { places: [{ address: request.address, program: undefined, location: undefined }], problem: '' };
  }
}

function sourcePlaces(
  session: Session,
  target: Target,
  editorPath: string,
  line: number,
  column?: number,
): Places {
  let fileIsKnown = false;
  for (const path of session.sourceMap.toDebugInformation(editorPath)) {
    const places = target.programs.flatMap((program) => {
      if (!program.symbols.sourceFiles().includes(path)) return [];
      fileIsKnown = true;
      return program.symbols
        .breakpointLocations(path, line, column)
        .map((location) => ({ address: location.address, program, location }));
    });
    if (places.length > 0) return { places, problem: '' };
  }
  const problem = fileIsKnown
    ? `There is no code at line ${line} or below it in this file. Set the breakpoint on a line with a statement.`
    : 'No program of this session has code from this file. Name its ELF file in "programs" of launch.json and build it with -g, ' +
      'or map its path in "sourceMap".';
  return { places: [], problem };
}

export function describeBreakpoint(session: Session, breakpoint: Breakpoint): DebugProtocol.Breakpoint {
  const { id, places, problem, request } = breakpoint;
  const place = places[0];
  if (place === undefined) {
    const description: DebugProtocol.Breakpoint = { id, verified: false };
    if (problem !== undefined) description.message = problem;
    if (request.kind === 'source') description.line = clientLine(session, request.line);
    return description;
  }
  const description: DebugProtocol.Breakpoint = { id, verified: true };
  if (request.kind === 'instruction') {
    description.instructionReference =
      request.root === undefined
        ? hexadecimal(request.address)
        : virtualReference(request.address, request.root);
    return description;
  }
  if (place.location !== undefined) {
    const { location } = place.location;
    description.source = editorSource(session, location.path);
    description.line = clientLine(session, location.line);
    if (request.kind === 'source' && location.line !== request.line) {
      description.message = `Line ${request.line} has no code; stops at line ${location.line}.`;
    }
  }
  return description;
}

/** Our lines and columns begin at 1. */
export function clientLine(session: Session, line: number): number {
  return session.client.linesStartAt1 ? line : line - 1;
}

export function ownLine(session: Session, line: number): number {
  return session.client.linesStartAt1 ? line : line + 1;
}
