/** What a value expands into: members and base classes, elements, what a pointer points to. */

import type { Type, Value } from '../symbols/symbol-api.ts';
import { strip } from '../symbols/types.ts';
import { baseName, fieldsOf } from './fields.ts';
import { elementValue, memberValue, referenceTarget } from './format-value.ts';
import { readBits } from './storage.ts';
import { typeText } from './type-text.ts';
import type { ChildValue, ValueContext } from './value-api.ts';

/** Reads no more than a pointer. `indexed` elements can be asked for in pages. */
export function childCount(
  value: Value,
  context: ValueContext,
): { readonly named: number; readonly indexed: number } {
  const expanded = expand(value, '', context);
  if (expanded === undefined) return { named: 0, indexed: 0 };
  if (expanded.kind === 'elements') return { named: 0, indexed: expanded.count };
  if (expanded.kind === 'target') return { named: 1, indexed: 0 };
  return { named: expanded.type.baseClasses.length + fieldsOf(expanded.type).length, indexed: 0 };
}

/** Children `start`…`start + count` of the kind that `filter` names. `evaluateName` is the value's own expression. */
export function childrenOf(
  value: Value,
  context: ValueContext,
  evaluateName: string,
  filter: 'named' | 'indexed' | 'all' = 'all',
  start = 0,
  count = Number.POSITIVE_INFINITY,
): readonly ChildValue[] {
  const expanded = expand(value, evaluateName, context);
  if (expanded === undefined) return [];
  if (expanded.kind === 'elements') {
    if (filter === 'named') return [];
    const children: ChildValue[] = [];
    for (let i = start; i < Math.min(expanded.count, start + count); i++) {
      const name = `[${i}]`;
      children.push({
        name,
        value: elementValue(value, expanded.element, i),
        evaluateName: primary(evaluateName) + name,
      });
    }
    return children;
  }
  if (filter === 'indexed') return [];
  if (expanded.kind === 'target') return [{ ...expanded.child }].slice(start, start + count);
  return memberChildren(expanded.object, expanded.type, expanded.prefix, expanded.expression).slice(
    start,
    start + count,
  );
}

/** The address for a memory view: what a pointer points to, else where the object itself is. */
export function memoryAddressOf(value: Value, context: ValueContext): bigint | undefined {
  const type = strip(value.type);
  if (type.kind === 'pointer' || type.kind === 'reference' || type.kind === 'rvalue-reference') {
    const bits = readBits(value, 8, context.frame);
    return typeof bits === 'bigint' ? bits : undefined;
  }
  return value.storage.kind === 'memory' ? value.storage.address : undefined;
}

type Structure = Extract<Type, { kind: 'structure' }>;

type Expanded =
  | {
      readonly kind: 'members';
      readonly object: Value;
      readonly type: Structure;
      /** Expression of the object with `.` or `->` behind it. */
      readonly prefix: string;
      readonly expression: string;
    }
  | { readonly kind: 'elements'; readonly element: Type; readonly count: number }
  | { readonly kind: 'target'; readonly child: ChildValue };

function expand(value: Value, evaluateName: string, context: ValueContext): Expanded | undefined {
  if (value.storage.kind === 'unavailable') return undefined;
  const type = strip(value.type);
  switch (type.kind) {
    case 'structure':
      if (type.incomplete) return undefined;
      return {
        kind: 'members',
        object: value,
        type,
        prefix: `${primary(evaluateName)}.`,
        expression: evaluateName,
      };
    case 'array':
      return { kind: 'elements', element: type.element, count: type.count ?? 0 };
    case 'reference':
    case 'rvalue-reference': {
      const target = referenceTarget(value, type.target, context);
      return 'reason' in target ? undefined : expand(target, evaluateName, context);
    }
    case 'pointer': {
      const address = readBits(value, 8, context.frame);
      if (typeof address !== 'bigint' || address === 0n) return undefined;
      const target = strip(type.target);
      if (target.kind === 'void' || target.kind === 'function' || target.size < 0) return undefined;
      const object: Value = { type: type.target, storage: { kind: 'memory', address } };
      if (target.kind === 'structure') {
        if (target.incomplete) return undefined;
        return {
          kind: 'members',
          object,
          type: target,
          prefix: `${primary(evaluateName)}->`,
          expression: `*${primary(evaluateName)}`,
        };
      }
      const name = `*${primary(evaluateName)}`;
      return { kind: 'target', child: { name, value: object, evaluateName: name } };
    }
    default:
      return undefined;
  }
}

function memberChildren(object: Value, type: Structure, prefix: string, expression: string): ChildValue[] {
  const children: ChildValue[] = [];
  for (const base of type.baseClasses) {
    const value: Value =
      base.offset === undefined
        ? {
            type: base.type,
            storage: {
              kind: 'unavailable',
              reason: 'virtual base: its place is not in the debug information',
            },
          }
        : memberValue(object, { type: base.type, offset: base.offset });
    children.push({
      name: baseName(base),
      value,
      evaluateName: `(${typeText(base.type)})${primary(expression)}`,
    });
  }
  for (const field of fieldsOf(type)) {
    children.push({ name: field.name, value: memberValue(object, field), evaluateName: prefix + field.name });
  }
  return children;
}

/** An expression that `.`, `->` and `[` may follow: in parentheses unless it is a chain of names already. */
function primary(expression: string): string {
  return /^[$\w:]+(?:(?:\.|->|::)\w+|\[\d+\])*$/.test(expression) ? expression : `(${expression})`;
}
