/** The scopes of a frame: locals, globals of its source file, registers. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Variable } from '../symbols/symbol-api.ts';
import type { CodeFrame } from '../target/stack.ts';
import { registerContainer } from './register-variables.ts';
import type { FrameReference, Session } from './session.ts';
import { valueContext } from './value-context.ts';
import { namedValues } from './variables.ts';

export function scopesOf(session: Session, frameId: number): DebugProtocol.Scope[] {
  const reference = session.frames.get(frameId);
  const { frame } = reference;
  if (frame.kind !== 'code') return [];
  const scopes: DebugProtocol.Scope[] = [];
  const { sourceFrame, program } = frame;
  if (sourceFrame !== undefined && program !== undefined) {
    const locals = program.symbols.variablesIn(sourceFrame.scope);
    scopes.push({
      name: 'Locals',
      presentationHint: 'locals',
      variablesReference: addVariables(session, reference, frame, locals),
      namedVariables: locals.length,
      expensive: false,
    });
    const globals = program.symbols.globals(sourceFrame.scope);
    if (globals.length > 0) {
      scopes.push({
        name: 'Globals of this file',
        presentationHint: 'globals',
        variablesReference: addVariables(session, reference, frame, globals),
        namedVariables: globals.length,
        expensive: true,
      });
    }
  }
  scopes.push({
    name: 'Registers',
    presentationHint: 'registers',
    variablesReference: session.variables.add(registerContainer(session, reference, frame)),
    expensive: false,
  });
  return scopes;
}

function addVariables(
  session: Session,
  reference: FrameReference,
  frame: CodeFrame,
  variables: readonly Variable[],
): number {
  return session.variables.add(
    namedValues(session, valueContext(session, reference.thread.onCpu, frame), () =>
      variables.map((variable) => ({
        name: variable.shadowed ? `${variable.name} (hidden)` : variable.name,
        value: variable.locate(frame.context),
        evaluateName: variable.shadowed ? undefined : variable.name,
      })),
    ),
  );
}
