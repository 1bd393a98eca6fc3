import { describe, expect, it } from 'vitest';
import {
  either,
  flag,
  integer,
  listOf,
  mapOf,
  object,
  ShapeError,
  text,
} from '../../../debug-adapter/protocol/argument-shape.ts';

describe('argument shapes', () => {
  const shape = object(
    { name: text },
    { lines: listOf(integer), deep: object({ on: flag }), map: mapOf(integer) },
  );

  it('returns what it checked, and nothing else', () => {
    const value = { name: 'x', lines: [1, 2], deep: { on: true, more: 1 }, other: 'dropped', map: { a: 1 } };
    expect(shape(value, '')).toEqual({ name: 'x', lines: [1, 2], deep: { on: true }, map: { a: 1 } });
    expect(shape({ name: '', lines: null }, '')).toEqual({ name: '' });
  });

  it.each<[unknown, string]>([
    [undefined, 'this must be an object, but it is nothing'],
    [[], 'this must be an object, but it is []'],
    [{}, '"name" is missing'],
    [{ name: 1 }, '"name" must be text, but it is 1'],
    [{ name: 'x', lines: [1, 'two'] }, '"lines[1]" must be an integer, but it is "two"'],
    [{ name: 'x', lines: [1.5] }, '"lines[0]" must be an integer, but it is 1.5'],
    [{ name: 'x', deep: { on: 0 } }, '"deep.on" must be true or false, but it is 0'],
    [{ name: 'x', map: { a: '1' } }, '"map[a]" must be an integer, but it is "1"'],
  ])('names what is wrong in %j', (value, message) => {
    expect(() => shape(value, '')).toThrow(new ShapeError(message));
  });

  it('accepts either of two', () => {
    const size = either(text, integer, 'a size');
    expect([size('1M', 'x'), size(5, 'x')]).toEqual(['1M', 5]);
    expect(() => size(true, 'x')).toThrow('"x" must be a size, but it is true');
  });

  it('lets a request without required arguments have none', () => {
    expect(object({}, { a: text })(undefined, '')).toEqual({});
  });
});
