/** Giving an object a new value: which bytes to write where. */
import { ExpressionError } from '../expressions/expression-api.ts';
import { registerName, registerSize } from '../symbols/register-numbers.ts';
import type { Storage, Type, Value } from '../symbols/symbol-api.ts';
import { strip } from '../symbols/types.ts';
import { decodeScalar, encodeScalar } from './scalar.ts';
import { fromLittleEndian, readBits, readStorage, toLittleEndian } from './storage.ts';
import { typeText } from './type-text.ts';
import type { ValueContext, ValueWrite } from './value-api.ts';

/** `newValue` is an evaluated expression; it is converted as C would. Throws ExpressionError if that cannot be, or there is no place. */
export function encodeWrite(value: Value, newValue: Value, context: ValueContext): ValueWrite {
  const target = dereferenced(value, context);
  const source = dereferenced(newValue, context);
  const type = strip(target.type);
  if (type.kind === 'structure' || type.kind === 'array') return copyObject(target, source, context);
  const sourceType = strip(source.type);
  const size = Math.max(sourceType.size, 0);
  const bits = readBits(source, size, context.frame);
  if (typeof bits !== 'bigint')
    throw new ExpressionError(`the new value is not available: ${bits.reason}`, 0);
  const scalar = decodeScalar(sourceType, bits, source.bits?.size ?? size * 8);
  if (scalar === undefined || decodeScalar(type, 0n, 8) === undefined) {
    throw new ExpressionError(`'${typeText(source.type)}' does not convert to '${typeText(target.type)}'`, 0);
  }
  const encoded = encodeScalar(type, scalar);
  if (target.bits === undefined) return place(target.storage, toLittleEndian(encoded, type.size), context);
  // The other bits of a bit-field's bytes stay.
  const { offset, size: width } = target.bits;
  const length = (offset + width + 7) >> 3;
  const present = readStorage(target.storage, length, context.frame);
  if (present.kind === 'unavailable')
    throw new ExpressionError(`the value cannot be set: ${present.reason}`, 0);
  const mask = ((1n << BigInt(width)) - 1n) << BigInt(offset);
  const merged = (fromLittleEndian(present.bytes) & ~mask) | ((encoded << BigInt(offset)) & mask);
  return place(target.storage, toLittleEndian(merged, length), context);
}

function dereferenced(value: Value, context: ValueContext): Value {
  const type = strip(value.type);
  if (type.kind !== 'reference' && type.kind !== 'rvalue-reference') return value;
  const address = readBits(value, 8, context.frame);
  if (typeof address !== 'bigint')
    throw new ExpressionError(`the reference is not available: ${address.reason}`, 0);
  return { type: type.target, storage: { kind: 'memory', address } };
}

function copyObject(target: Value, source: Value, context: ValueContext): ValueWrite {
  const sameType = (a: Type, b: Type): boolean =>
    strip(a) === strip(b) || typeText(strip(a)) === typeText(strip(b));
  if (!sameType(target.type, source.type)) {
    throw new ExpressionError(
      `'${typeText(source.type)}' cannot be copied to '${typeText(target.type)}': set the members one by one`,
      0,
    );
  }
  const bytes = readStorage(source.storage, strip(target.type).size, context.frame);
  if (bytes.kind === 'unavailable')
    throw new ExpressionError(`the new value is not available: ${bytes.reason}`, 0);
  return place(target.storage, bytes.bytes, context);
}

function place(storage: Storage, bytes: Uint8Array, context: ValueContext): ValueWrite {
  switch (storage.kind) {
    case 'memory':
      return { kind: 'memory', address: storage.address, bytes };
    case 'register': {
      const { register, offset } = storage;
      const present = context.frame.readRegister(register);
      if (present === undefined)
        throw new ExpressionError(`${registerName(register)} was not saved in this frame`, 0);
      const all = toLittleEndian(present, registerSize(register));
      all.set(bytes.subarray(0, all.length - offset), offset);
      return { kind: 'register', register, value: fromLittleEndian(all) };
    }
    case 'unavailable':
      throw new ExpressionError(`the value cannot be set: ${storage.reason}`, 0);
    case 'bytes':
      throw new ExpressionError('the value cannot be set: the compiler made it a constant or computes it', 0);
    case 'pieces':
      throw new ExpressionError(
        'the value cannot be set: it lies in several places. Set its members one by one.',
        0,
      );
  }
}
