/** Types as C and C++ spell them: `const char *`, `int (*)(node *, void *)`, `short [4]`. */
import type { Type } from '../symbols/symbol-api.ts';

const MAXIMUM_DEPTH = 20;

export function typeText(type: Type): string {
  return declare(type, '', 0);
}

/** The type around a declarator, inside out: `declare(pointer to int, 'p')` is `int *p`. */
function declare(type: Type, inner: string, depth: number): string {
  if (depth > MAXIMUM_DEPTH) return `…${inner}`;
  const after = (text: string): string => (inner === '' ? text : `${text} ${inner}`);
  switch (type.kind) {
    case 'pointer':
    case 'reference':
    case 'rvalue-reference':
    case 'member-pointer': {
      // Rust names its pointers: `&Point`, `*const u8`.
      if (type.name !== undefined) return after(type.name);
      const mark = type.kind === 'pointer' ? '*' : type.kind === 'reference' ? '&' : '&&';
      const star = type.kind === 'member-pointer' ? `${typeText(type.container)}::*` : mark;
      const target = type.target;
      // Arrays and functions bind tighter than what points to them.
      const bracket = target.kind === 'array' || target.kind === 'function';
      return declare(target, bracket ? `(${star}${inner})` : `${star}${inner}`, depth + 1);
    }
    case 'qualified': {
      const pointer = type.target.kind === 'pointer' || type.target.kind === 'qualified';
      if (pointer && pointsSomewhere(type.target)) {
        return declare(type.target, ` ${type.qualifier}${inner === '' ? '' : ` ${inner}`}`, depth + 1);
      }
      return `${type.qualifier} ${declare(type.target, inner, depth + 1)}`;
    }
    case 'array': {
      const bound = `[${type.count ?? ''}]`;
      if (type.vector) return after(`${declare(type.element, '', depth + 1)} __vector(${type.count ?? ''})`);
      return declare(type.element, `${inner}${bound}`, depth + 1);
    }
    case 'function': {
      const parameters = type.parameters.map((parameter) => declare(parameter, '', depth + 1));
      if (type.variadic) parameters.push('...');
      return declare(type.result, `${inner}(${parameters.join(', ')})`, depth + 1);
    }
    case 'structure': {
      if (type.name === undefined) return after(`${type.keyword} {…}`);
      return after(type.needsKeyword ? `${type.keyword} ${type.name}` : type.name);
    }
    case 'enumeration':
      if (type.name === undefined) return after('enum {…}');
      return after(type.needsKeyword ? `enum ${type.name}` : type.name);
    default:
      return after(type.name);
  }
}

function pointsSomewhere(type: Type): boolean {
  for (let i = 0; i < MAXIMUM_DEPTH && type.kind === 'qualified'; i++) type = type.target;
  return type.kind === 'pointer';
}
