/** Types that expressions need whether or not the program has them (System V psABI x86-64, figure 3.1). */
import type { BaseEncoding, Type } from '../symbols/symbol-api.ts';

export type BaseType = Extract<Type, { kind: 'base' }>;

function base(name: string, size: number, encoding: BaseEncoding): BaseType {
  return { kind: 'base', name, size, encoding };
}

export const BOOL = base('bool', 1, 'boolean');
export const CHAR = base('char', 1, 'signed-char');
export const INT = base('int', 4, 'signed');
export const UNSIGNED_INT = base('unsigned int', 4, 'unsigned');
export const LONG = base('long', 8, 'signed');
export const UNSIGNED_LONG = base('unsigned long', 8, 'unsigned');
export const INT128 = base('__int128', 16, 'signed');
export const UNSIGNED_INT128 = base('unsigned __int128', 16, 'unsigned');
export const FLOAT = base('float', 4, 'float');
export const DOUBLE = base('double', 8, 'float');
export const VOID: Type = { kind: 'void', name: 'void', size: 0 };

const BUILTIN: ReadonlyMap<string, Type> = new Map<string, Type>(
  [
    ...[VOID, BOOL, CHAR, INT, UNSIGNED_INT, LONG, UNSIGNED_LONG, INT128, UNSIGNED_INT128, FLOAT, DOUBLE],
    ...[base('signed char', 1, 'signed-char'), base('unsigned char', 1, 'unsigned-char')],
    ...[base('short', 2, 'signed'), base('unsigned short', 2, 'unsigned')],
    ...[
      base('long long', 8, 'signed'),
      base('unsigned long long', 8, 'unsigned'),
      base('long double', 16, 'float'),
    ],
    ...[
      base('int8_t', 1, 'signed'),
      base('int16_t', 2, 'signed'),
      base('int32_t', 4, 'signed'),
      base('int64_t', 8, 'signed'),
    ],
    ...[base('uint8_t', 1, 'unsigned'), base('uint16_t', 2, 'unsigned'), base('uint32_t', 4, 'unsigned')],
    ...[base('uint64_t', 8, 'unsigned'), base('uintptr_t', 8, 'unsigned'), base('intptr_t', 8, 'signed')],
    ...[base('size_t', 8, 'unsigned')],
  ].map((type) => [type.name ?? '', type]),
);

export function builtinType(name: string): Type | undefined {
  return BUILTIN.get(name.replace(/^(::)?std::/, ''));
}

export function pointerTo(target: Type): Type {
  return { kind: 'pointer', name: undefined, size: 8, target };
}

export function arrayOf(element: Type, count: number): Type {
  return {
    kind: 'array',
    name: undefined,
    size: element.size < 0 ? -1 : count * element.size,
    element,
    count,
    vector: false,
  };
}
