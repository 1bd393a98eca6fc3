/** Evaluates syntax trees to values: C and C++ rules where a debugger needs them, errors that name place and cause. */
import { registerName, registerNumber, registerSize } from '../symbols/register-numbers.ts';
import type { Type, Value } from '../symbols/symbol-api.ts';
import { strip } from '../symbols/types.ts';
import { baseOffset, findField, findStaticMember } from '../values/fields.ts';
import { elementValue, memberValue } from '../values/format-value.ts';
import { decodeScalar, encodeScalar, type Scalar } from '../values/scalar.ts';
import { partOf, readBits, toLittleEndian } from '../values/storage.ts';
import { typeText } from '../values/type-text.ts';
import { binaryNumbers, integer, negate, promoted, type TypedNumber, truth } from './arithmetic.ts';
import {
  arrayOf,
  BOOL,
  CHAR,
  DOUBLE,
  INT,
  LONG,
  pointerTo,
  UNSIGNED_INT,
  UNSIGNED_INT128,
  UNSIGNED_LONG,
  VOID,
} from './builtin-types.ts';
import { ExpressionError, type ExpressionScope } from './expression-api.ts';
import { lookUpName, lookUpShortName, lookUpType } from './names.ts';
import { type Expression, parseExpression, type TypeName } from './syntax.ts';
import type { Token } from './tokens.ts';

/** Throws ExpressionError. The value may still be unreadable: formatting says so. */
export function evaluateExpression(text: string, scope: ExpressionScope): Value {
  const expression = parseExpression(text, {
    isType: (name) => lookUpName(name, scope) === undefined && lookUpType(name, scope) !== undefined,
    isTemplate: (name) => lookUpType(name, scope) !== undefined || lookUpName(name, scope) !== undefined,
  });
  return new Evaluator(scope).evaluate(expression);
}

/** 32-bit parts of registers: `eax`, `r8d`. */
const HALVES: ReadonlyMap<string, string> = new Map<string, string>([
  ...['ax', 'bx', 'cx', 'dx', 'si', 'di', 'bp', 'sp'].map((name) => [`e${name}`, `r${name}`] as const),
  ...[8, 9, 10, 11, 12, 13, 14, 15].map((n) => [`r${n}d`, `r${n}`] as const),
]);
const ALIASES: Readonly<Record<string, string>> = { pc: 'rip', sp: 'rsp', fp: 'rbp', eflags: 'rflags' };

class Evaluator {
  readonly #scope: ExpressionScope;

  constructor(scope: ExpressionScope) {
    this.#scope = scope;
  }

  evaluate(expression: Expression): Value {
    switch (expression.kind) {
      case 'name': {
        const found = lookUpName(expression.name, this.#scope);
        if (found !== undefined) return found;
        if (lookUpType(expression.name, this.#scope) !== undefined) {
          throw new ExpressionError(
            `'${expression.name}' is a type; to convert, write (${expression.name})value`,
            expression.position,
          );
        }
        const short = lookUpShortName(expression.name, this.#scope);
        if (short !== undefined) return short;
        throw new ExpressionError(`no variable '${expression.name}' in this scope`, expression.position);
      }
      case 'register':
        return this.#register(expression.name, expression.position);
      case 'literal':
        return literal(expression.token);
      case 'boolean':
        if (expression.value === 'null') return fromBits(pointerTo(VOID), 0n);
        return fromNumber(truth(expression.value));
      case 'unary':
        return this.#unary(expression);
      case 'binary':
        return this.#binary(expression);
      case 'conditional':
        return this.evaluate(this.#truth(expression.condition) ? expression.yes : expression.no);
      case 'member':
        return this.#member(this.evaluate(expression.object), expression.name, expression.position);
      case 'index':
        return this.#index(expression);
      case 'cast':
        return this.#cast(
          this.evaluate(expression.operand),
          this.#type(expression.type),
          expression.position,
          expression.reinterpret,
        );
      case 'sizeof': {
        const { operand } = expression;
        const type =
          'declarators' in operand ? this.#type(operand) : this.#dereferenced(this.evaluate(operand)).type;
        if (type.size < 0)
          throw new ExpressionError(`the size of '${typeText(type)}' is not known`, expression.position);
        return fromBits(UNSIGNED_LONG, BigInt(type.size));
      }
    }
  }

  #register(name: string, position: number): Value {
    const full = ALIASES[name] ?? HALVES.get(name) ?? name;
    const register = registerNumber(full);
    const { frame, machineRegister } = this.#scope;
    if (register !== undefined && frame.readRegister(register) !== undefined) {
      if (HALVES.has(name)) return { type: UNSIGNED_INT, storage: { kind: 'register', register, offset: 0 } };
      const type =
        full === 'rip' ? pointerTo(VOID) : registerSize(register) === 16 ? UNSIGNED_INT128 : UNSIGNED_LONG;
      return { type, storage: { kind: 'register', register, offset: 0 } };
    }
    const value = machineRegister?.(full);
    if (value !== undefined) return fromBits(UNSIGNED_LONG, value);
    if (register !== undefined && registerName(register) !== undefined) {
      throw new ExpressionError(`the value of $${name} was not saved in this frame`, position);
    }
    throw new ExpressionError(`no register '$${name}'`, position);
  }

  /** What a reference refers to; other values as they are. */
  #dereferenced(value: Value): Value {
    const type = strip(value.type);
    if (type.kind !== 'reference' && type.kind !== 'rvalue-reference') return value;
    const address = readBits(value, 8, this.#scope.frame);
    if (typeof address !== 'bigint')
      return { type: type.target, storage: { kind: 'unavailable', reason: address.reason } };
    return { type: type.target, storage: { kind: 'memory', address } };
  }

  /** Arrays and functions become pointers where a pointer is meant. */
  #decayed(value: Value, position: number): Value {
    const object = this.#dereferenced(value);
    const type = strip(object.type);
    if (type.kind === 'array') return fromBits(pointerTo(type.element), this.#address(object, position));
    if (type.kind === 'function') return fromBits(pointerTo(object.type), this.#address(object, position));
    return object;
  }

  #address(value: Value, position: number): bigint {
    const { storage } = value;
    if (value.bits !== undefined) throw new ExpressionError('a bit-field has no address', position);
    switch (storage.kind) {
      case 'memory':
        return storage.address;
      case 'register':
        throw new ExpressionError(
          `the value is in register ${registerName(storage.register)} and has no address`,
          position,
        );
      case 'unavailable':
        throw new ExpressionError(`the value is not available: ${storage.reason}`, position);
      default:
        throw new ExpressionError('the value is computed and has no address', position);
    }
  }

  #scalar(value: Value, position: number): { readonly type: Type; readonly scalar: Scalar } {
    const object = this.#decayed(value, position);
    const type = strip(object.type);
    const size = Math.max(type.size, 0);
    if (type.kind === 'structure' || type.kind === 'void' || type.kind === 'function') {
      throw new ExpressionError(`a number or pointer is needed, not '${typeText(object.type)}'`, position);
    }
    const bits = readBits(object, size, this.#scope.frame);
    if (typeof bits !== 'bigint')
      throw new ExpressionError(`the value is not available: ${bits.reason}`, position);
    const scalar = decodeScalar(type, bits, object.bits?.size ?? size * 8);
    if (scalar === undefined)
      throw new ExpressionError(`cannot compute with '${typeText(object.type)}'`, position);
    return { type, scalar };
  }

  #number(value: Value, position: number): TypedNumber {
    const { type, scalar } = this.#scalar(value, position);
    if (type.kind === 'pointer')
      throw new ExpressionError(`a number is needed, not a pointer: cast it to unsigned long`, position);
    const to = promoted(type);
    return scalar.kind === 'float' ? { type: to, scalar } : integer(to, scalar.value);
  }

  #truth(expression: Expression): boolean {
    const { scalar } = this.#scalar(this.evaluate(expression), expression.position);
    return scalar.kind === 'float' ? scalar.value !== 0 : scalar.value !== 0n;
  }

  #unary({ operator, operand, position }: Extract<Expression, { kind: 'unary' }>): Value {
    if (operator === '!') return fromNumber(truth(!this.#truth(operand)));
    const value = this.evaluate(operand);
    switch (operator) {
      case '*':
        return this.#pointee(value, 0n, position);
      case '&': {
        const object = this.#dereferenced(value);
        return fromBits(pointerTo(object.type), this.#address(object, position));
      }
      case '-':
        return fromNumber(negate(this.#number(value, operand.position)));
      case '+':
        return fromNumber(this.#number(value, operand.position));
      case '~': {
        const { type, scalar } = this.#number(value, operand.position);
        if (scalar.kind === 'float') throw new ExpressionError("'~' needs an integer", position);
        return fromNumber(integer(type, ~scalar.value));
      }
    }
  }

  /** What a pointer, moved by `index` elements, points to. */
  #pointee(value: Value, index: bigint, position: number): Value {
    const { type, scalar } = this.#scalar(value, position);
    if (type.kind !== 'pointer' || scalar.kind !== 'integer') {
      throw new ExpressionError(`'${typeText(type)}' is no pointer`, position);
    }
    const target = strip(type.target);
    if (target.kind === 'void')
      throw new ExpressionError("a 'void *' points to no type: cast it first", position);
    if (index !== 0n && target.size < 0)
      throw new ExpressionError(`the size of '${typeText(type.target)}' is not known`, position);
    const address = BigInt.asUintN(64, scalar.value + index * BigInt(Math.max(target.size, 0)));
    return { type: type.target, storage: { kind: 'memory', address } };
  }

  #binary({ operator, left, right, position }: Extract<Expression, { kind: 'binary' }>): Value {
    if (operator === '&&') return fromNumber(truth(this.#truth(left) && this.#truth(right)));
    if (operator === '||') return fromNumber(truth(this.#truth(left) || this.#truth(right)));
    if (operator === '@') return this.#manyOf(this.evaluate(left), this.evaluate(right), position);
    const a = this.#decayed(this.evaluate(left), left.position);
    const b = this.#decayed(this.evaluate(right), right.position);
    const aIsPointer = strip(a.type).kind === 'pointer';
    const bIsPointer = strip(b.type).kind === 'pointer';
    if (aIsPointer || bIsPointer)
      return this.#pointerArithmetic({ operator, a, b, aIsPointer, bIsPointer, position });
    const result = binaryNumbers(operator, this.#number(a, left.position), this.#number(b, right.position));
    if ('message' in result) throw new ExpressionError(result.message, position);
    return fromNumber(result);
  }

  #pointerArithmetic(operation: {
    readonly operator: Extract<Expression, { kind: 'binary' }>['operator'];
    readonly a: Value;
    readonly b: Value;
    readonly aIsPointer: boolean;
    readonly bIsPointer: boolean;
    readonly position: number;
  }): Value {
    const { operator, a, b, aIsPointer, bIsPointer, position } = operation;
    const left = this.#scalar(a, position).scalar;
    const right = this.#scalar(b, position).scalar;
    if (left.kind === 'float' || right.kind === 'float')
      throw new ExpressionError('a pointer and a floating-point number do not go together', position);
    const pointer = aIsPointer ? a : b;
    const pointerType = strip(pointer.type);
    const target = pointerType.kind === 'pointer' ? strip(pointerType.target) : VOID;
    // void and functions count in bytes, as gcc does.
    const step = BigInt(target.kind === 'void' || target.kind === 'function' ? 1 : Math.max(target.size, 1));
    if (operator === '+' && aIsPointer !== bIsPointer) {
      return fromBits(
        pointer.type,
        aIsPointer ? left.value + right.value * step : right.value + left.value * step,
      );
    }
    if (operator === '-' && aIsPointer) {
      if (!bIsPointer) return fromBits(pointer.type, left.value - right.value * step);
      return fromBits(LONG, BigInt.asIntN(64, left.value - right.value) / step);
    }
    const unsigned = (value: bigint): TypedNumber => integer(UNSIGNED_LONG, value);
    if (['==', '!=', '<', '>', '<=', '>='].includes(operator)) {
      const result = binaryNumbers(operator, unsigned(left.value), unsigned(right.value));
      if (!('message' in result)) return fromNumber(result);
    }
    throw new ExpressionError(
      `'${operator}' does not apply to pointers: cast them to unsigned long`,
      position,
    );
  }

  /** `object@count`: as many objects as follow one another in memory. */
  #manyOf(value: Value, count: Value, position: number): Value {
    const object = this.#dereferenced(value);
    const { scalar } = this.#number(count, position);
    const address = this.#address(object, position);
    if (scalar.kind === 'float' || scalar.value < 1n || scalar.value > 1_000_000n)
      throw new ExpressionError('the number after @ must be 1 to 1000000', position);
    return { type: arrayOf(object.type, Number(scalar.value)), storage: { kind: 'memory', address } };
  }

  #member(value: Value, name: string, position: number): Value {
    let object = this.#dereferenced(value);
    if (strip(object.type).kind === 'pointer')
      object = this.#dereferenced(this.#pointee(object, 0n, position));
    const type = strip(object.type);
    if (type.kind !== 'structure')
      throw new ExpressionError(`'${typeText(object.type)}' has no members`, position);
    if (type.incomplete)
      throw new ExpressionError(
        `'${typeText(object.type)}' is only declared in this program, not defined`,
        position,
      );
    const field = findField(type, name);
    if (field !== undefined) return memberValue(object, field);
    const fromStatic = this.#staticMember(type, name);
    if (fromStatic !== undefined) return fromStatic;
    throw new ExpressionError(
      `'${name}' is no member of ${type.keyword} ${type.name ?? '(anonymous)'}`,
      position,
    );
  }

  #staticMember(type: Extract<Type, { kind: 'structure' }>, name: string): Value | undefined {
    const found = findStaticMember(type, name);
    if (found === undefined) return undefined;
    const { owner, member } = found;
    if (member.constant !== undefined) return fromBits(member.type, member.constant);
    const qualified = `::${owner.name ?? ''}::${name}`;
    return (
      lookUpName(qualified, this.#scope) ?? {
        type: member.type,
        storage: { kind: 'unavailable', reason: 'optimized out' },
      }
    );
  }

  #index({ object, index, position }: Extract<Expression, { kind: 'index' }>): Value {
    const value = this.#dereferenced(this.evaluate(object));
    const { scalar } = this.#number(this.evaluate(index), index.position);
    if (scalar.kind === 'float') throw new ExpressionError('an index is an integer', index.position);
    const type = strip(value.type);
    if (type.kind === 'pointer') return this.#pointee(value, scalar.value, position);
    if (type.kind !== 'array')
      throw new ExpressionError(`'${typeText(value.type)}' is no array or pointer`, position);
    // In memory C lets an index go beyond the bound; elsewhere nothing is there.
    const inside = scalar.value >= 0n && scalar.value < BigInt(type.count ?? 0);
    if (value.storage.kind !== 'memory' && !inside) {
      throw new ExpressionError(
        `index ${scalar.value} is outside of '${typeText(value.type)}'`,
        index.position,
      );
    }
    return elementValue(value, type.element, Number(scalar.value));
  }

  #type({ name, declarators, position }: TypeName): Type {
    let type = lookUpType(name, this.#scope);
    if (type === undefined) throw new ExpressionError(`no type '${name}' in this program`, position);
    // Bounds read outwards from the name; pointers come before them.
    for (const declarator of declarators.filter((part) => typeof part === 'string')) {
      type =
        declarator === '*'
          ? pointerTo(type)
          : { ...pointerTo(type), kind: 'reference' as const, name: undefined, size: 8, target: type };
    }
    for (const bound of declarators.filter((part) => typeof part === 'number').reverse())
      type = arrayOf(type, bound);
    return type;
  }

  #cast(value: Value, type: Type, position: number, reinterpret: boolean): Value {
    const to = strip(type);
    const object = this.#dereferenced(value);
    switch (to.kind) {
      case 'void':
        return { type, storage: { kind: 'bytes', bytes: new Uint8Array() } };
      case 'reference':
      case 'rvalue-reference':
      case 'structure':
        return this.#castObject(object, to.kind === 'structure' ? type : to.target, position, reinterpret);
      case 'array':
        // Reads the same memory as an array.
        return { type, storage: { kind: 'memory', address: this.#address(object, position) } };
      case 'function':
        throw new ExpressionError(`cannot cast to '${typeText(type)}'`, position);
    }
    const from = this.#scalar(object, position);
    if (to.kind === 'pointer' && from.scalar.kind === 'integer') {
      const moved =
        from.type.kind === 'pointer' && from.scalar.value !== 0n && !reinterpret
          ? pointerAdjustment(from.type.target, to.target)
          : 0;
      return fromBits(type, from.scalar.value + BigInt(moved));
    }
    return fromBits(type, encodeScalar(to, from.scalar));
  }

  /** To a base class, to a class derived from it, or to the type it has. */
  #castObject(object: Value, type: Type, position: number, reinterpret: boolean): Value {
    const from = strip(object.type);
    const to = strip(type);
    if (reinterpret) return { type, storage: { kind: 'memory', address: this.#address(object, position) } };
    const up = baseOffset(from, to);
    if (up !== undefined) return { type, storage: partOf(object.storage, up, type.size) };
    const down = baseOffset(to, from);
    if (down !== undefined)
      return { type, storage: { kind: 'memory', address: this.#address(object, position) - BigInt(down) } };
    if (from === to || typeText(from) === typeText(to)) return { ...object, type };
    throw new ExpressionError(
      `cannot cast '${typeText(object.type)}' to '${typeText(type)}': write *(${typeText(type)} *)&value to read its memory as one`,
      position,
    );
  }
}

/** A pointer to a derived class and one to its base differ by where the base lies. */
function pointerAdjustment(from: Type, to: Type): number {
  const up = baseOffset(from, to);
  if (up !== undefined) return up;
  const down = baseOffset(to, from);
  return down === undefined ? 0 : -down;
}

function fromBits(type: Type, bits: bigint): Value {
  const size = Math.max(type.size, 0);
  return { type, storage: { kind: 'bytes', bytes: toLittleEndian(BigInt.asUintN(size * 8, bits), size) } };
}

function fromNumber({ type, scalar }: TypedNumber): Value {
  return fromBits(type, encodeScalar(type, scalar));
}

function literal(token: Token): Value {
  switch (token.kind) {
    case 'float':
      return fromNumber({ type: DOUBLE, scalar: { kind: 'float', value: token.value } });
    case 'character':
      return fromBits(CHAR, token.value);
    case 'integer': {
      const { value, unsigned, long, decimal } = token;
      const fits = (bits: bigint): boolean => value < 1n << bits;
      // The first type that holds it (C++20 [lex.icon]).
      if (!long && !unsigned && fits(31n)) return fromBits(INT, value);
      if (!long && (unsigned || !decimal) && fits(32n)) return fromBits(UNSIGNED_INT, value);
      return fromBits(!unsigned && fits(63n) ? LONG : UNSIGNED_LONG, value);
    }
    default:
      return fromBits(BOOL, 0n);
  }
}
