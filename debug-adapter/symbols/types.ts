/** Type entries (DWARF 5 chapter 5) as the types of symbol-api.ts. One object per entry; what is inside is read on demand. */
import type { DebugInformation, Entry } from './debug-information.ts';
import { AT, ATE, TAG } from './dwarf-constants.ts';
import { qualifiedName } from './entry-names.ts';
import type { NameIndex } from './name-index.ts';
import type { BaseClass, BaseEncoding, Member, StaticMember, Type } from './symbol-api.ts';

export const VOID: Type = { kind: 'void', name: 'void', size: 0 };

const ENCODINGS: ReadonlyMap<number, BaseEncoding> = new Map([
  [ATE.address, 'address'],
  [ATE.boolean, 'boolean'],
  [ATE.float, 'float'],
  [ATE.signed, 'signed'],
  [ATE.signed_char, 'signed-char'],
  [ATE.unsigned, 'unsigned'],
  [ATE.unsigned_char, 'unsigned-char'],
  [ATE.UTF, 'utf'],
]);

/** DW_LANG_* of C in its editions: there a structure's name needs its keyword. */
const C_LANGUAGES: ReadonlySet<number> = new Set([0x01, 0x02, 0x0c, 0x1d, 0x2c]);

const POINTER_SIZE = 8;

export class Types {
  readonly #information: DebugInformation;
  readonly #names: NameIndex;
  readonly #cache = new Map<Entry, Type>();
  /** Entries whose size is being worked out: a damaged file may make a type contain itself. */
  readonly #measuring = new Set<Entry>();

  constructor(information: DebugInformation, names: NameIndex) {
    this.#information = information;
    this.#names = names;
  }

  /** Never throws; no entry means void. */
  of(entry: Entry | undefined): Type {
    if (entry === undefined) return VOID;
    let type = this.#cache.get(entry);
    if (type === undefined) {
      type = this.#guard(entry, () => this.#read(entry), {
        kind: 'unspecified',
        name: '<damaged type>',
        size: 0,
      } as const);
      this.#cache.set(entry, type);
    }
    return type;
  }

  /** The type in an entry's DW_AT_type, its own or its declaration's. */
  typeOf(entry: Entry): Type {
    return this.#guard(entry, () => this.of(entry.type), VOID);
  }

  named(name: string): Type | undefined {
    const entry = this.#names.typeNamed(name);
    return entry && this.of(entry);
  }

  #guard<T>(entry: Entry, read: () => T, otherwise: T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#information.warn(`type at 0x${entry.offset.toString(16)}`, error);
      return otherwise;
    }
  }

  #read(entry: Entry): Type {
    const name = qualifiedName(entry);
    switch (entry.tag) {
      case TAG.base_type:
        return {
          kind: 'base',
          name: name ?? '',
          size: entry.number(AT.byte_size) ?? 0,
          encoding: ENCODINGS.get(entry.number(AT.encoding) ?? 0) ?? 'other',
        };
      case TAG.unspecified_type: {
        const isNull = name?.includes('nullptr') ?? false;
        return {
          kind: 'unspecified',
          name: name ?? '',
          size: entry.number(AT.byte_size) ?? (isNull ? POINTER_SIZE : 0),
        };
      }
      case TAG.pointer_type:
        return this.#pointer(entry, 'pointer');
      case TAG.reference_type:
        return this.#pointer(entry, 'reference');
      case TAG.rvalue_reference_type:
        return this.#pointer(entry, 'rvalue-reference');
      case TAG.structure_type:
      case TAG.class_type:
      case TAG.union_type:
        return this.#structure(entry, name);
      case TAG.array_type:
        return this.#array(entry);
      case TAG.enumeration_type:
        return this.#enumeration(entry, name);
      case TAG.typedef:
      case TAG.template_alias: {
        const types = this;
        return {
          kind: 'typedef',
          name: name ?? '',
          get target() {
            return types.typeOf(entry);
          },
          get size() {
            return types.#sizeOfTarget(entry);
          },
        };
      }
      case TAG.const_type:
        return this.#qualified(entry, 'const');
      case TAG.volatile_type:
        return this.#qualified(entry, 'volatile');
      case TAG.restrict_type:
        return this.#qualified(entry, 'restrict');
      case TAG.atomic_type:
        return this.#qualified(entry, '_Atomic');
      case TAG.subroutine_type:
      case TAG.subprogram:
        return this.#function(entry);
      case TAG.ptr_to_member_type: {
        const types = this;
        const target = (): Type => types.typeOf(entry);
        return {
          kind: 'member-pointer',
          name: undefined,
          // Itanium ABI: a function's needs an adjustment beside the pointer.
          get size() {
            return entry.number(AT.byte_size) ?? (target().kind === 'function' ? 16 : 8);
          },
          get target() {
            return target();
          },
          get container() {
            return types.of(entry.reference(AT.containing_type));
          },
        };
      }
      default:
        return { kind: 'unspecified', name: name ?? '<unknown type>', size: entry.number(AT.byte_size) ?? 0 };
    }
  }

  #sizeOfTarget(entry: Entry): number {
    if (this.#measuring.has(entry)) return -1;
    this.#measuring.add(entry);
    const { size } = this.typeOf(entry);
    this.#measuring.delete(entry);
    return size;
  }

  #pointer(entry: Entry, kind: 'pointer' | 'reference' | 'rvalue-reference'): Type {
    const types = this;
    return {
      kind,
      name: entry.string(AT.name),
      size: entry.number(AT.byte_size) ?? POINTER_SIZE,
      get target() {
        return types.typeOf(entry);
      },
    };
  }

  #qualified(entry: Entry, qualifier: 'const' | 'volatile' | 'restrict' | '_Atomic'): Type {
    const types = this;
    return {
      kind: 'qualified',
      qualifier,
      name: undefined,
      get target() {
        return types.typeOf(entry);
      },
      get size() {
        return types.#sizeOfTarget(entry);
      },
    };
  }

  #array(entry: Entry): Type {
    const dimensions = entry.children.filter((child) => child.tag === TAG.subrange_type).map(elementCount);
    return this.#dimension(entry, dimensions.length > 0 ? dimensions : [undefined], 0);
  }

  #dimension(entry: Entry, dimensions: ReadonlyArray<number | undefined>, index: number): Type {
    const types = this;
    const count = dimensions[index];
    const inner = index + 1 < dimensions.length ? this.#dimension(entry, dimensions, index + 1) : undefined;
    return {
      kind: 'array',
      name: undefined,
      count,
      vector: entry.flag(AT.GNU_vector),
      get element() {
        return inner ?? types.typeOf(entry);
      },
      get size() {
        const size = inner === undefined ? types.#sizeOfTarget(entry) : inner.size;
        return count === undefined || size < 0 ? -1 : count * size;
      },
    };
  }

  #enumeration(entry: Entry, name: string | undefined): Type {
    // The underlying type tells the sign; without one, a negative enumerator does.
    const underlying = strip(this.typeOf(entry));
    const lazy = once(() =>
      this.#guard(
        entry,
        () =>
          entry.children
            .filter((child) => child.tag === TAG.enumerator)
            .map((child) => ({
              name: child.string(AT.name) ?? '',
              value: child.bigint(AT.const_value) ?? 0n,
            })),
        [],
      ),
    );
    const signed =
      underlying.kind === 'base'
        ? underlying.encoding === 'signed' || underlying.encoding === 'signed-char'
        : lazy().some(({ value }) => value < 0n);
    return {
      kind: 'enumeration',
      name,
      size: entry.number(AT.byte_size) ?? Math.max(underlying.size, 0),
      signed,
      scoped: entry.flag(AT.enum_class),
      needsKeyword: isC(entry),
      get enumerators() {
        return lazy();
      },
    };
  }

  #function(entry: Entry): Type {
    const types = this;
    const lazy = once(() =>
      types.#guard(
        entry,
        () =>
          entry.children
            .filter((child) => child.tag === TAG.formal_parameter)
            .map((child) => types.typeOf(child)),
        [],
      ),
    );
    return {
      kind: 'function',
      name: undefined,
      size: 1,
      get result() {
        return types.typeOf(entry);
      },
      get parameters() {
        return lazy();
      },
      get variadic() {
        return entry.children.some((child) => child.tag === TAG.unspecified_parameters);
      },
    };
  }

  #structure(declaration: Entry, name: string | undefined): Type {
    const entry = this.#definition(declaration, name);
    const lazy = once(() =>
      this.#guard(entry, () => this.#readStructure(entry), {
        members: [],
        baseClasses: [],
        staticMembers: [],
      }),
    );
    return {
      kind: 'structure',
      keyword: entry.tag === TAG.union_type ? 'union' : entry.tag === TAG.class_type ? 'class' : 'struct',
      name,
      size: entry.number(AT.byte_size) ?? -1,
      incomplete: entry.flag(AT.declaration),
      needsKeyword: isC(entry),
      get members() {
        return lazy().members;
      },
      get baseClasses() {
        return lazy().baseClasses;
      },
      get staticMembers() {
        return lazy().staticMembers;
      },
    };
  }

  /** A unit that only declares a type is completed from the unit that defines it. */
  #definition(entry: Entry, name: string | undefined): Entry {
    if (!entry.flag(AT.declaration)) return entry;
    const complete =
      entry.reference(AT.signature) ?? (name === undefined ? undefined : this.#names.typeNamed(name));
    return complete ?? entry;
  }

  #readStructure(entry: Entry): {
    members: Member[];
    baseClasses: BaseClass[];
    staticMembers: StaticMember[];
  } {
    const members: Member[] = [];
    const baseClasses: BaseClass[] = [];
    const staticMembers: StaticMember[] = [];
    for (const child of entry.children) {
      if (child.tag === TAG.inheritance) {
        const isVirtual = (child.number(AT.virtuality) ?? 0) !== 0;
        baseClasses.push({ type: this.typeOf(child), offset: isVirtual ? undefined : memberOffset(child) });
      } else if (child.tag === TAG.variable || (child.tag === TAG.member && child.flag(AT.declaration))) {
        staticMembers.push({
          name: child.string(AT.name) ?? '',
          type: this.typeOf(child),
          constant: child.bigint(AT.const_value),
        });
      } else if (child.tag === TAG.member) {
        members.push(this.#member(child));
      }
    }
    return { members, baseClasses, staticMembers };
  }

  #member(entry: Entry): Member {
    const type = this.typeOf(entry);
    const common = { name: entry.string(AT.name) ?? '', type, artificial: entry.flag(AT.artificial) };
    const start = memberOffset(entry) ?? 0;
    const bitSize = entry.number(AT.bit_size);
    if (bitSize === undefined) return { ...common, offset: start };
    let bit = start * 8;
    const dataBitOffset = entry.number(AT.data_bit_offset);
    const bigEndianOffset = entry.number(AT.bit_offset);
    if (dataBitOffset !== undefined) bit += dataBitOffset;
    else if (bigEndianOffset !== undefined) {
      // DWARF 3 counts from the most significant bit of the storage unit.
      const unit = entry.number(AT.byte_size) ?? Math.max(type.size, 0);
      bit += unit * 8 - signedBitOffset(bigEndianOffset) - bitSize;
    }
    return { ...common, offset: Math.floor(bit / 8), bits: { offset: bit & 7, size: bitSize } };
  }
}

/** clang may write a negative DW_AT_bit_offset as an unsigned constant. */
function signedBitOffset(value: number): number {
  return value > 2 ** 63 ? value - 2 ** 64 : value;
}

/** Undefined if only a running program could tell. */
function memberOffset(entry: Entry): number | undefined {
  const value = entry.get(AT.data_member_location);
  if (value === undefined) return 0;
  if (value instanceof Uint8Array) {
    // DW_OP_plus_uconst n, as compilers wrote before DWARF 3.
    let offset = 0;
    if (value[0] !== 0x23) return undefined;
    for (let i = 1, scale = 1; i < value.length; i++, scale *= 128) offset += (value[i] & 0x7f) * scale;
    return offset;
  }
  return typeof value === 'string' ? undefined : Number(value);
}

function elementCount(subrange: Entry): number | undefined {
  const count = subrange.get(AT.count);
  if (typeof count === 'number' || typeof count === 'bigint') return Number(count);
  const upper = subrange.get(AT.upper_bound);
  // A variable-length array's bound is an expression or a reference.
  const form = subrange.form(AT.upper_bound) ?? 0;
  if (upper === undefined || upper instanceof Uint8Array || typeof upper === 'string') return undefined;
  if (form >= 0x10 && form <= 0x15) return undefined;
  const bound = BigInt.asIntN(64, BigInt(upper));
  // -1 in 32 or 64 bits: no elements.
  return bound < 0n || bound === 0xffff_ffffn ? 0 : Number(bound) + 1;
}

function isC(entry: Entry): boolean {
  const { unit } = entry;
  return C_LANGUAGES.has(unit.information.root(unit)?.number(AT.language) ?? 0);
}

/** Without typedefs and qualifiers. */
export function strip(type: Type): Type {
  for (let i = 0; i < 100 && (type.kind === 'typedef' || type.kind === 'qualified'); i++) type = type.target;
  return type;
}

function once<T>(read: () => T): () => T {
  let result: { value: T } | undefined;
  return () => {
    result ??= { value: read() };
    return result.value;
  };
}
