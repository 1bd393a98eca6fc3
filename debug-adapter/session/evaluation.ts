/** Evaluating expressions: watches, hovers, the debug console, conditions of breakpoints. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { evaluateExpression } from '../expressions/evaluate.ts';
import { ExpressionError } from '../expressions/expression-api.ts';
import { flag, integer, object, text } from '../protocol/argument-shape.ts';
import { RequestError } from '../protocol/protocol-server.ts';
import type { Value } from '../symbols/symbol-api.ts';
import type { CodeFrame } from '../target/stack.ts';
import { memoryAddressOf } from '../values/value-children.ts';
import type { Session } from './session.ts';
import { stackOf } from './stack-requests.ts';
import { type FrameValues, integerOf, valueContext } from './value-context.ts';
import { describeValue, registerVariables } from './variables.ts';

const evaluateArguments = object(
  { expression: text },
  { frameId: integer, context: text, format: object({}, { hex: flag }) },
);

export function registerEvaluation(session: Session): void {
  registerVariables(session);
  session.server.onRequest('evaluate', evaluateArguments, ({ expression, frameId, format }) => {
    session.requireStopped();
    const wantsHexadecimal = /^(.*),\s*x\s*$/s.exec(expression);
    const source = wantsHexadecimal === null ? expression : wantsHexadecimal[1];
    const context = frameValues(session, frameId);
    const value = evaluate(context, source);
    const named = { name: source, value, evaluateName: `(${source.trim()})` };
    const { text: result, description } = describeValue(
      session,
      context,
      named,
      wantsHexadecimal !== null || (format?.hex ?? false),
    );
    const body: DebugProtocol.EvaluateResponse['body'] = { result, ...description };
    return body;
  });
}

/** In a frame that the client names, or in the innermost one of the thread on the CPU. Throws RequestError. */
export function frameValues(session: Session, frameId: number | undefined): FrameValues {
  const reference = frameId ?? innermostFrame(session);
  const frame = codeFrameAt(session, reference);
  return valueContext(session, session.frames.get(reference).thread.onCpu, frame);
}

function innermostFrame(session: Session): number {
  const { target } = session.requireLaunched();
  const entry = stackOf(session, target.threadId(target.processOnCpu()))[0];
  if (entry === undefined) throw new RequestError('There is no stack frame to evaluate in.');
  return entry.reference;
}

/** The frame itself; for a boundary the user frame below it. */
function codeFrameAt(session: Session, reference: number): CodeFrame {
  const { stack, index } = session.frames.get(reference);
  const frame = stack.slice(index).find((each) => each.kind === 'code');
  if (frame === undefined) throw new RequestError('There is no code in this frame to evaluate in.');
  return frame;
}

/** Throws RequestError. */
export function evaluate(context: FrameValues, expression: string): Value {
  try {
    return evaluateExpression(expression, context.scope);
  } catch (error) {
    if (error instanceof ExpressionError) throw new RequestError(error.message);
    throw error;
  }
}

/** The address that a text means: a number or pointer's value, else where the object lies. Throws RequestError. */
export function evaluateAddress(session: Session, expression: string, frameId: number | undefined): bigint {
  const trimmed = expression.trim();
  if (/^(0x)?[0-9a-f]+$/i.test(trimmed) && /^(0x|\d)/i.test(trimmed)) {
    const digits = /^\d+$/.test(trimmed) ? trimmed : trimmed.replace(/^(0x)?/i, '0x');
    return BigInt.asUintN(64, BigInt(digits));
  }
  const context = frameValues(session, frameId);
  const value = evaluate(context, trimmed);
  const address = integerOf(value, context) ?? memoryAddressOf(value, context);
  if (address === undefined)
    throw new RequestError(`"${trimmed}" has no address: it is no number and lies in no memory.`);
  return BigInt.asUintN(64, address);
}
