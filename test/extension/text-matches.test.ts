import { describe, expect, it } from 'vitest';
import { matchesIn, textPattern } from '../../extension/serve/workspace/text-matches.ts';

const found = (content: string, query: Parameters<typeof textPattern>[0]) =>
  [...matchesIn(content, textPattern(query))].map(({ line, start, end }) => [line, start, end]);

describe('text search of the served workspace', () => {
  it('takes plain text literally and ignores case unless asked', () => {
    expect(found('a.b\nA.B axb', { pattern: 'a.b' })).toEqual([
      [0, 0, 3],
      [1, 0, 3],
    ]);
    expect(found('a.b\nA.B', { pattern: 'a.b', isCaseSensitive: true })).toEqual([[0, 0, 3]]);
    expect(found('f(x) [i] {} a/b', { pattern: '[i]' })).toEqual([[0, 5, 8]]);
    expect(found('path a/b', { pattern: 'a/b' })).toEqual([[0, 5, 8]]);
  });

  it('knows regular expressions and whole words', () => {
    expect(found('order border', { pattern: 'order', isWordMatch: true })).toEqual([[0, 0, 5]]);
    expect(found('x1 x22', { pattern: 'x\\d+', isRegExp: true })).toEqual([
      [0, 0, 2],
      [0, 3, 6],
    ]);
    expect(found('abc', { pattern: 'x*', isRegExp: true })).toEqual([]);
    expect(() => textPattern({ pattern: '(', isRegExp: true })).toThrow(SyntaxError);
  });
});
