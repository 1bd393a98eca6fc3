/** Threads, stacks and scopes. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { integer, object } from '../protocol/argument-shape.ts';
import { abbreviateTemplateArguments } from '../symbols/entry-names.ts';
import { virtualReference } from '../target/memory-reference.ts';
import type { StackFrame } from '../target/stack.ts';
import { clientLine } from './breakpoint-binding.ts';
import { scopesOf } from './scopes.ts';
import type { Session } from './session.ts';
import { editorSource } from './source.ts';

/** Template arguments in the names of frames, in characters: longer ones push file and line out of the view. */
const LONGEST_ARGUMENTS = 24;

const stackArguments = object({ threadId: integer }, { startFrame: integer, levels: integer });

export function registerStacks(session: Session): void {
  const { server } = session;
  server.onRequest('threads', object({}), () => {
    const threads = session.launched?.target.threads() ?? [];
    return { threads: threads.map(({ id, name }) => ({ id, name })) };
  });
  server.onRequest('stackTrace', stackArguments, ({ threadId, startFrame = 0, levels = 0 }) => {
    session.requireStopped();
    const stack = stackOf(session, threadId);
    const end = levels > 0 ? startFrame + levels : undefined;
    return {
      stackFrames: stack
        .slice(startFrame, end)
        .map(({ reference, frame }) => describeFrame(session, reference, frame)),
      totalFrames: stack.length,
    };
  });
  server.onRequest('scopes', object({ frameId: integer }), ({ frameId }) => {
    session.requireStopped();
    return { scopes: scopesOf(session, frameId) };
  });
  server.onRequest('loadedSources', object({}), () => {
    const { target } = session.requireLaunched();
    const paths = new Set(target.programs.flatMap((program) => program.symbols.sourceFiles()));
    return { sources: [...paths].toSorted().map((path) => editorSource(session, path)) };
  });
}

/** Walked once per stop. */
export function stackOf(session: Session, threadId: number) {
  const known = session.stacks.get(threadId);
  if (known !== undefined) return known;
  const thread = session.requireThread(threadId);
  const stack = session.requireLaunched().target.stackOf(thread);
  const entries = stack.map((frame, index) => ({
    reference: session.frames.add({ thread, frame, stack, index }),
    frame,
  }));
  session.stacks.set(threadId, entries);
  return entries;
}

function describeFrame(session: Session, id: number, frame: StackFrame): DebugProtocol.StackFrame {
  if (frame.kind === 'boundary')
    return { id, name: frame.name, line: 0, column: 0, presentationHint: 'label' };
  const { location, context, root } = frame;
  const description: DebugProtocol.StackFrame = {
    id,
    name: abbreviateTemplateArguments(frame.name, LONGEST_ARGUMENTS),
    line: 0,
    column: 0,
    instructionPointerReference: virtualReference(context.pc, root),
    canRestart: false,
  };
  if (location !== undefined && location.line > 0) {
    description.source = editorSource(session, location.path);
    description.line = clientLine(session, location.line);
    description.column = session.client.columnsStartAt1
      ? Math.max(location.column, 1)
      : Math.max(location.column - 1, 0);
  } else {
    description.presentationHint = 'subtle';
  }
  if (frame.program !== undefined) description.moduleId = frame.program.name;
  return description;
}
