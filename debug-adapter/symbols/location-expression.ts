/** DWARF expressions and location descriptions (DWARF 5 §2.5, §2.6): a stack machine over one frame. */
import { indexedAddress } from './attribute-forms.ts';
import { ByteReader } from './byte-reader.ts';
import type { Unit } from './debug-information.ts';
import { AT, ATE } from './dwarf-constants.ts';
import { OP } from './dwarf-operations.ts';
import { registerSize } from './register-numbers.ts';
import type { FrameContext, Storage } from './symbol-api.ts';
import {
  type BinaryOperator,
  binary,
  convert,
  GENERIC,
  generic,
  reinterpret,
  type StackType,
  type StackValue,
  unary,
} from './typed-stack.ts';

/** The value exists only in the source: `message` is text for a person such as `optimized out`. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

export interface ExpressionContext {
  readonly frame: FrameContext;
  /** Of the expression; undefined in CFI, which refers to no unit. */
  readonly unit: Unit | undefined;
  frameBase?(): bigint;
  canonicalFrameAddress?(): bigint;
  /** What the expression in the block was worth when the function was entered. */
  entryValue?(block: Uint8Array): bigint;
  /** For DW_OP_push_object_address. */
  readonly objectAddress?: bigint;
}

/** A register that a call may have changed, in a caller's frame. */
export const NOT_SAVED = 'not saved in this frame';

/** Loops in damaged expressions end here. */
const MAXIMUM_STEPS = 10_000;
const MAXIMUM_STACK = 1_000;

/** The value on top of the stack at the end, for CFI rules and attributes that are plain expressions. Throws Unavailable. */
export function evaluateToNumber(
  block: Uint8Array,
  context: ExpressionContext,
  initial: readonly bigint[] = [],
): bigint {
  const machine = new ExpressionMachine(block, context, initial);
  machine.run();
  return machine.numericResult();
}

/** Where the described object is. Never throws; what cannot be had is `unavailable` with the reason. */
export function evaluateLocation(
  block: Uint8Array,
  context: ExpressionContext,
  initial: readonly bigint[] = [],
): Storage {
  if (block.length === 0) return { kind: 'unavailable', reason: 'optimized out' };
  try {
    const machine = new ExpressionMachine(block, context, initial);
    machine.run();
    return machine.storage();
  } catch (error) {
    if (error instanceof Unavailable) return { kind: 'unavailable', reason: error.message };
    if (error instanceof RangeError)
      return { kind: 'unavailable', reason: `damaged location: ${error.message}` };
    throw error;
  }
}

type Piece = { readonly storage: Storage; readonly bitSize: number; readonly bitOffset: number };

const BINARY_OPERATORS: ReadonlyMap<number, BinaryOperator> = new Map([
  [OP.and, 'and'],
  [OP.div, 'div'],
  [OP.minus, 'minus'],
  [OP.mod, 'mod'],
  [OP.mul, 'mul'],
  [OP.or, 'or'],
  [OP.plus, 'plus'],
  [OP.shl, 'shl'],
  [OP.shr, 'shr'],
  [OP.shra, 'shra'],
  [OP.xor, 'xor'],
  [OP.eq, 'eq'],
  [OP.ge, 'ge'],
  [OP.gt, 'gt'],
  [OP.le, 'le'],
  [OP.lt, 'lt'],
  [OP.ne, 'ne'],
]);

class ExpressionMachine {
  readonly #reader: ByteReader;
  readonly #context: ExpressionContext;
  readonly #stack: StackValue[];
  readonly #pieces: Piece[] = [];
  /** A location that is not the memory at the top of the stack. */
  #place: Storage | undefined;

  constructor(block: Uint8Array, context: ExpressionContext, initial: readonly bigint[]) {
    this.#reader = new ByteReader(block);
    this.#context = context;
    this.#stack = initial.map(generic);
  }

  run(): void {
    const reader = this.#reader;
    for (let steps = 0; !reader.atEnd; steps++) {
      if (steps > MAXIMUM_STEPS || this.#stack.length > MAXIMUM_STACK)
        throw new RangeError('the expression does not end');
      this.#step(reader.u8());
    }
  }

  numericResult(): bigint {
    const place = this.#place;
    if (place?.kind === 'register') return this.#register(place.register);
    if (place?.kind === 'unavailable') throw new Unavailable(place.reason);
    if (place?.kind === 'bytes') return littleEndian(place.bytes);
    return this.#pop().bits;
  }

  storage(): Storage {
    if (this.#pieces.length > 0) return { kind: 'pieces', pieces: this.#pieces };
    return this.#takePlace();
  }

  #takePlace(): Storage {
    const place = this.#place;
    this.#place = undefined;
    if (place !== undefined) return place;
    // A piece without a description is a part that the compiler removed.
    if (this.#stack.length === 0) return { kind: 'unavailable', reason: 'optimized out' };
    return { kind: 'memory', address: this.#pop().bits };
  }

  #pop(): StackValue {
    const value = this.#stack.pop();
    if (value === undefined) throw new RangeError('empty stack');
    return value;
  }

  #push(bits: bigint): void {
    this.#stack.push(generic(bits));
  }

  #register(register: number): bigint {
    const value = this.#context.frame.readRegister(register);
    if (value === undefined) throw new Unavailable(NOT_SAVED);
    return value;
  }

  #memory(address: bigint, size: number): bigint {
    if (size > 16) throw new RangeError(`${size} bytes on the stack`);
    const bytes = this.#context.frame.readMemory(address, size);
    if (bytes === undefined) throw new Unavailable(`cannot read 0x${address.toString(16)}`);
    let bits = 0n;
    for (let i = size - 1; i >= 0; i--) bits = (bits << 8n) | BigInt(bytes[i]);
    return bits;
  }

  #unit(): Unit {
    const { unit } = this.#context;
    if (unit === undefined) throw new RangeError('reference to a unit outside of one');
    return unit;
  }

  #baseType(offset: number): StackType {
    if (offset === 0) return GENERIC;
    const unit = this.#unit();
    const entry = unit.information.entryAt(unit.offset + offset);
    const size = entry?.number(AT.byte_size);
    if (entry === undefined || size === undefined || size > 16) throw new RangeError('unknown base type');
    const encoding = entry.number(AT.encoding);
    if (encoding === ATE.float) return { size, kind: 'float' };
    return { size, kind: encoding === ATE.signed || encoding === ATE.signed_char ? 'signed' : 'unsigned' };
  }

  #entryValue(): void {
    const block = this.#reader.block(this.#reader.uleb());
    const evaluate = this.#context.entryValue;
    if (evaluate === undefined) throw new Unavailable('optimized out');
    const bits = evaluate.call(this.#context, block);
    const named = registerNamedBy(block);
    const type = named?.typeOffset === undefined ? GENERIC : this.#baseType(named.typeOffset);
    this.#stack.push(reinterpret(generic128(bits), type));
  }

  #step(op: number): void {
    const reader = this.#reader;
    if (op >= OP.lit0 && op < OP.lit0 + 32) {
      this.#push(BigInt(op - OP.lit0));
      return;
    }
    if (op >= OP.reg0 && op < OP.reg0 + 32) {
      this.#setRegister(op - OP.reg0);
      return;
    }
    if (op >= OP.breg0 && op < OP.breg0 + 32) {
      this.#push(this.#register(op - OP.breg0) + reader.slebBig());
      return;
    }
    const operator = BINARY_OPERATORS.get(op);
    if (operator !== undefined) {
      const right = this.#pop();
      this.#stack.push(binary(operator, this.#pop(), right));
      return;
    }
    switch (op) {
      case OP.addr:
        this.#push(reader.u64());
        return;
      case OP.addrx:
      case OP.constx:
      case OP.GNU_addr_index:
      case OP.GNU_const_index:
        this.#push(indexedAddress(this.#unit(), reader.uleb()));
        return;
      case OP.const1u:
        this.#push(BigInt(reader.u8()));
        return;
      case OP.const1s:
        this.#push(BigInt(reader.s8()));
        return;
      case OP.const2u:
        this.#push(BigInt(reader.u16()));
        return;
      case OP.const2s:
        this.#push(BigInt.asIntN(16, BigInt(reader.u16())));
        return;
      case OP.const4u:
        this.#push(BigInt(reader.u32()));
        return;
      case OP.const4s:
        this.#push(BigInt(reader.s32()));
        return;
      case OP.const8u:
      case OP.const8s:
        this.#push(reader.u64());
        return;
      case OP.constu:
        this.#push(reader.ulebBig());
        return;
      case OP.consts:
        this.#push(reader.slebBig());
        return;
      case OP.regx:
        this.#setRegister(reader.uleb());
        return;
      case OP.bregx:
        this.#push(this.#register(reader.uleb()) + reader.slebBig());
        return;
      case OP.fbreg: {
        const base = this.#context.frameBase?.();
        if (base === undefined) throw new Unavailable('the frame has no base');
        this.#push(base + reader.slebBig());
        return;
      }
      case OP.call_frame_cfa: {
        const cfa = this.#context.canonicalFrameAddress?.();
        if (cfa === undefined) throw new Unavailable('no call frame information');
        this.#push(cfa);
        return;
      }
      case OP.push_object_address:
        if (this.#context.objectAddress === undefined) throw new Unavailable('the object has no address');
        this.#push(this.#context.objectAddress);
        return;
      case OP.plus_uconst: {
        const value = this.#pop();
        const addend = { bits: reader.ulebBig(), type: value.type };
        this.#stack.push(binary('plus', value, addend));
        return;
      }
      case OP.abs:
        this.#stack.push(unary('abs', this.#pop()));
        return;
      case OP.neg:
        this.#stack.push(unary('neg', this.#pop()));
        return;
      case OP.not:
        this.#stack.push(unary('not', this.#pop()));
        return;
      case OP.nop:
      case OP.GNU_uninit:
        return;
      case OP.deref:
        this.#push(this.#memory(this.#pop().bits, 8));
        return;
      case OP.deref_size:
        this.#push(this.#memory(this.#pop().bits, reader.u8()));
        return;
      default:
        this.#stackOrPlace(op);
        return;
    }
  }

  #setRegister(register: number): void {
    this.#place = { kind: 'register', register, offset: 0 };
  }

  /** Stack manipulation, control flow, typed operations, and descriptions of places. */
  #stackOrPlace(op: number): void {
    const reader = this.#reader;
    const stack = this.#stack;
    const pick = (index: number): void => {
      const value = stack[stack.length - 1 - index];
      if (value === undefined) throw new RangeError('empty stack');
      stack.push(value);
    };
    const rotate = (count: number): void => {
      if (stack.length < count) throw new RangeError('empty stack');
      stack.splice(stack.length - count, 0, this.#pop());
    };
    switch (op) {
      case OP.dup:
        pick(0);
        return;
      case OP.over:
        pick(1);
        return;
      case OP.pick:
        pick(reader.u8());
        return;
      case OP.drop:
        this.#pop();
        return;
      case OP.swap:
        rotate(2);
        return;
      case OP.rot:
        rotate(3);
        return;
      case OP.skip:
        this.#jump(BigInt.asIntN(16, BigInt(reader.u16())));
        return;
      case OP.bra: {
        const distance = BigInt.asIntN(16, BigInt(reader.u16()));
        if (this.#pop().bits !== 0n) this.#jump(distance);
        return;
      }
      case OP.entry_value:
      case OP.GNU_entry_value:
        this.#entryValue();
        return;
      case OP.const_type:
      case OP.GNU_const_type: {
        const type = this.#baseType(reader.uleb());
        const block = reader.block(reader.u8());
        stack.push({ bits: littleEndian(block), type });
        return;
      }
      case OP.regval_type:
      case OP.GNU_regval_type: {
        const bits = this.#register(reader.uleb());
        stack.push(reinterpret(generic128(bits), this.#baseType(reader.uleb())));
        return;
      }
      case OP.deref_type:
      case OP.GNU_deref_type: {
        const size = reader.u8();
        const type = this.#baseType(reader.uleb());
        stack.push({ bits: this.#memory(this.#pop().bits, size), type });
        return;
      }
      case OP.convert:
      case OP.GNU_convert: {
        const type = this.#baseType(reader.uleb());
        stack.push(convert(this.#pop(), type));
        return;
      }
      case OP.reinterpret:
      case OP.GNU_reinterpret: {
        const type = this.#baseType(reader.uleb());
        stack.push(reinterpret(this.#pop(), type));
        return;
      }
      case OP.stack_value: {
        const value = this.#pop();
        this.#place = { kind: 'bytes', bytes: toBytes(value.bits, value.type.size) };
        return;
      }
      case OP.implicit_value:
        this.#place = { kind: 'bytes', bytes: reader.block(reader.uleb()) };
        return;
      case OP.implicit_pointer:
      case OP.GNU_implicit_pointer:
        reader.skip(4);
        reader.skipLeb();
        this.#place = {
          kind: 'unavailable',
          reason: 'optimized out: points to an object that was optimized out',
        };
        return;
      case OP.piece:
        this.#pieces.push({ bitSize: reader.uleb() * 8, bitOffset: 0, storage: this.#takePlace() });
        return;
      case OP.bit_piece: {
        const bitSize = reader.uleb();
        this.#pieces.push({ bitSize, bitOffset: reader.uleb(), storage: this.#takePlace() });
        return;
      }
      case OP.form_tls_address:
      case OP.GNU_push_tls_address:
        throw new Unavailable('thread-local, which this debugger cannot place');
      case OP.GNU_variable_value:
      case OP.GNU_parameter_ref:
        throw new Unavailable('optimized out');
      default:
        throw new RangeError(`unknown operation 0x${op.toString(16)}`);
    }
  }

  #jump(distance: bigint): void {
    const target = this.#reader.position + Number(distance);
    if (target < 0 || target > this.#reader.end) throw new RangeError('jump out of the expression');
    this.#reader.position = target;
  }
}

/** The register that an expression of a single register operation names; with its type, if the operation gives one. */
export function registerNamedBy(
  block: Uint8Array,
): { register: number; typeOffset: number | undefined } | undefined {
  const reader = new ByteReader(block);
  if (reader.atEnd) return undefined;
  const op = reader.u8();
  let register: number;
  let typeOffset: number | undefined;
  if (op >= OP.reg0 && op < OP.reg0 + 32) register = op - OP.reg0;
  else if (op === OP.regx) register = reader.uleb();
  else if (op === OP.regval_type || op === OP.GNU_regval_type) {
    register = reader.uleb();
    typeOffset = reader.uleb();
  } else return undefined;
  return reader.atEnd ? { register, typeOffset } : undefined;
}

function generic128(bits: bigint): StackValue {
  return { bits, type: { size: registerSize(17), kind: 'unsigned' } };
}

function littleEndian(bytes: Uint8Array): bigint {
  let bits = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) bits = (bits << 8n) | BigInt(bytes[i]);
  return bits;
}

export function toBytes(bits: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++, bits >>= 8n) bytes[i] = Number(bits & 0xffn);
  return bytes;
}
