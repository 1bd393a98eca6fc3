/** Values taken apart into single numbers, the way fixtures/dump-frames.py does it in gdb. */
import type { Value } from '../../../debug-adapter/symbols/symbol-api.ts';
import { strip } from '../../../debug-adapter/symbols/types.ts';
import { formatValue } from '../../../debug-adapter/values/format-value.ts';
import type { ValueContext } from '../../../debug-adapter/values/value-api.ts';
import { childrenOf } from '../../../debug-adapter/values/value-children.ts';

/** Path inside → number as text, the way dump-frames.py writes it. */
export function leaves(value: Value, context: ValueContext, path: string, out: Record<string, string>): void {
  const type = strip(value.type);
  if (value.storage.kind === 'unavailable') {
    out[path] = `<${value.storage.reason}>`;
  } else if (type.kind === 'structure') {
    for (const child of childrenOf(value, context, 'x')) {
      const base =
        type.baseClasses.some((candidate) => strip(candidate.type) === strip(child.value.type)) &&
        !child.evaluateName.startsWith('x.');
      if (child.name.startsWith('_vptr')) continue;
      leaves(child.value, context, base ? `${path}.<${child.name}>` : `${path}.${child.name}`, out);
    }
  } else if (type.kind === 'array') {
    for (const child of childrenOf(value, context, 'x')) leaves(child.value, context, path + child.name, out);
  } else if (type.kind === 'reference') {
    const text = formatValue(
      {
        ...value,
        type: { kind: 'pointer', name: undefined, size: 8, target: { kind: 'void', name: 'void', size: 0 } },
      },
      context,
    );
    if (/^0x/.test(text))
      leaves({ type: type.target, storage: { kind: 'memory', address: BigInt(text) } }, context, path, out);
    else out[path] = text;
  } else {
    let text = formatValue(value, context);
    // As a bare number: without names, characters and symbols.
    if (type.kind === 'enumeration') {
      text = formatValue(
        {
          ...value,
          type: { kind: 'base', name: '', size: type.size, encoding: type.signed ? 'signed' : 'unsigned' },
        },
        context,
      );
    } else if (type.kind === 'pointer') {
      if (text.startsWith('0x')) text = BigInt(text.replace(/ .*/, '')).toString();
    } else if (type.kind === 'base' && type.encoding !== 'float') {
      text = text.replace(/ '.*/, '');
      if (text === 'true') text = '1';
      if (text === 'false') text = '0';
    } else if (/^-?\d+$/.test(text)) text += '.0';
    out[path] = text;
  }
}

/** gdb prints a float with a double's digits. */
export function sameFloat(a: string, b: string): boolean {
  return (
    Number(a) === Number(b) ||
    (a !== b && Math.fround(Number(a)) === Math.fround(Number(b)) && a.includes('.'))
  );
}
