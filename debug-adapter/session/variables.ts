/** Values as DAP variables that expand. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { evaluateExpression } from '../expressions/evaluate.ts';
import { ExpressionError } from '../expressions/expression-api.ts';
import { flag, integer, object, text } from '../protocol/argument-shape.ts';
import { RequestError } from '../protocol/protocol-server.ts';
import type { Value } from '../symbols/symbol-api.ts';
import { virtualReference } from '../target/memory-reference.ts';
import { formatValue } from '../values/format-value.ts';
import { typeText } from '../values/type-text.ts';
import { childCount, childrenOf, memoryAddressOf } from '../values/value-children.ts';
import { encodeWrite } from '../values/write-value.ts';
import type { Session } from './session.ts';
import type { FrameValues } from './value-context.ts';

export interface VariableRange {
  readonly filter: 'named' | 'indexed' | undefined;
  readonly start: number;
  /** Undefined: all. */
  readonly count: number | undefined;
}

/** Something that expands in the Variables view. */
export interface VariableContainer {
  list(range: VariableRange, hexadecimal: boolean): DebugProtocol.Variable[];
  /** Throws RequestError if the variable cannot be changed. Returns what it is then. */
  set(name: string, newValue: string, hexadecimal: boolean): DebugProtocol.SetVariableResponse['body'];
}

export interface NamedValue {
  readonly name: string;
  readonly value: Value;
  readonly evaluateName: string | undefined;
}

const variablesArguments = object(
  { variablesReference: integer },
  { filter: text, start: integer, count: integer, format: object({}, { hex: flag }) },
);
const setArguments = object(
  { variablesReference: integer, name: text, value: text },
  { format: object({}, { hex: flag }) },
);

export function registerVariables(session: Session): void {
  const { server } = session;
  server.onRequest(
    'variables',
    variablesArguments,
    ({ variablesReference, filter, start, count, format }) => {
      session.requireStopped();
      const range: VariableRange = {
        filter: filter === 'named' || filter === 'indexed' ? filter : undefined,
        start: Math.max(0, start ?? 0),
        count: count === undefined || count <= 0 ? undefined : count,
      };
      return { variables: session.variables.get(variablesReference).list(range, format?.hex ?? false) };
    },
  );
  server.onRequest('setVariable', setArguments, ({ variablesReference, name, value, format }) => {
    session.requireStopped();
    const changed = session.variables.get(variablesReference).set(name, value, format?.hex ?? false);
    // Frames read what the machine holds; only the stacks were computed from it.
    session.stacks.clear();
    session.shownMemory.announceChange(session);
    return changed;
  });
}

/** A container of values that are read when it is opened. */
export function namedValues(
  session: Session,
  context: FrameValues,
  values: () => readonly NamedValue[],
): VariableContainer {
  return {
    list({ start, count }, hexadecimal) {
      const all = values();
      return all
        .slice(start, count === undefined ? undefined : start + count)
        .map((each) => describeVariable(session, context, each, hexadecimal));
    },
    set(name, newValue, hexadecimal) {
      const found = values().find((each) => each.name === name);
      if (found === undefined) throw new RequestError(`There is no variable "${name}" here.`);
      return setValue(session, context, found, newValue, hexadecimal);
    },
  };
}

function childrenContainer(session: Session, context: FrameValues, parent: NamedValue): VariableContainer {
  const children = (
    filter: 'named' | 'indexed' | undefined,
    start: number,
    count: number | undefined,
  ): NamedValue[] =>
    childrenOf(parent.value, context, parent.evaluateName ?? '', filter ?? 'all', start, count).map(
      (child) => ({
        ...child,
        evaluateName: parent.evaluateName === undefined ? undefined : child.evaluateName,
      }),
    );
  return {
    list: ({ filter, start, count }, hexadecimal) =>
      children(filter, start, count).map((each) => describeVariable(session, context, each, hexadecimal)),
    set(name, newValue, hexadecimal) {
      const index = /^\[(\d+)\]$/.exec(name);
      const candidates =
        index === null ? children('named', 0, undefined) : children('indexed', Number(index[1]), 1);
      const found = candidates.find((each) => each.name === name);
      if (found === undefined) throw new RequestError(`There is no member "${name}" here.`);
      return setValue(session, context, found, newValue, hexadecimal);
    },
  };
}

/** What variables, evaluate and setVariable responses say alike about a value. */
export function describeValue(
  session: Session,
  context: FrameValues,
  named: NamedValue,
  hexadecimal: boolean,
) {
  const { named: namedVariables, indexed: indexedVariables } = childCount(named.value, context);
  const description: {
    type: string;
    variablesReference: number;
    namedVariables?: number;
    indexedVariables?: number;
    memoryReference?: string;
  } = { type: typeText(named.value.type), variablesReference: 0 };
  if (namedVariables + indexedVariables > 0) {
    description.variablesReference = session.variables.add(childrenContainer(session, context, named));
    description.namedVariables = namedVariables;
    description.indexedVariables = indexedVariables;
  }
  const address = memoryAddressOf(named.value, context);
  if (address !== undefined) description.memoryReference = virtualReference(address, context.root);
  return { text: shorten(formatValue(named.value, context, { hexadecimal })), description };
}

/** A row shows no more, and whoever wants it all expands it. */
function shorten(text: string): string {
  const LONGEST = 300;
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}

function describeVariable(
  session: Session,
  context: FrameValues,
  named: NamedValue,
  hexadecimal: boolean,
): DebugProtocol.Variable {
  const { text: value, description } = describeValue(session, context, named, hexadecimal);
  const variable: DebugProtocol.Variable = { name: named.name, value, ...description };
  if (named.evaluateName !== undefined) variable.evaluateName = named.evaluateName;
  return variable;
}

function setValue(
  session: Session,
  context: FrameValues,
  named: NamedValue,
  newValue: string,
  hexadecimal: boolean,
): DebugProtocol.SetVariableResponse['body'] {
  try {
    context.write(encodeWrite(named.value, evaluateExpression(newValue, context.scope), context));
  } catch (error) {
    if (error instanceof ExpressionError) throw new RequestError(error.message);
    throw error;
  }
  const { text: value, description } = describeValue(session, context, named, hexadecimal);
  return { value, ...description };
}
