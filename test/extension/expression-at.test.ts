import { describe, expect, it } from 'vitest';
import { expressionAt } from '../../extension/expressions/expression-at.ts';

/** The text found when the mouse is at the `^` under the line. */
function at(line: string, marker: string): string | undefined {
  return expressionAt(line, marker.indexOf('^'))?.text;
}

describe('expressionAt', () => {
  it('takes the chain up to the name under the mouse', () => {
    const line = 'return request->block.order + 1;';
    expect(at(line, '          ^')).toBe('request');
    expect(at(line, '                ^')).toBe('request->block');
    expect(at(line, '                      ^')).toBe('request->block.order');
  });

  it('keeps indices and scopes', () => {
    expect(at('x = free_lists[order + i[0]].head;', '                              ^')).toBe(
      'free_lists[order + i[0]].head',
    );
    expect(at('a9n::kernel::current->name', '                      ^')).toBe('a9n::kernel::current->name');
    expect(at('::global = 1', '   ^')).toBe('::global');
    expect(at('this->size', '       ^')).toBe('this->size');
  });

  it('does not evaluate calls: only the last name remains', () => {
    expect(at('list.front().size', '              ^')).toBe('size');
  });

  it('reports the columns of what it found', () => {
    expect(expressionAt('if (a.b)', 6)).toEqual({ start: 4, end: 7, text: 'a.b' });
  });

  it('finds nothing on keywords, numbers, strings and comments', () => {
    expect(at('return x;', ' ^')).toBeUndefined();
    expect(at('x = 0x10;', '      ^')).toBeUndefined();
    expect(at('print("order"); // order', '         ^')).toBeUndefined();
    expect(at('print("order"); // order', '                    ^')).toBeUndefined();
    expect(at('/* order */ size', '    ^')).toBeUndefined();
    expect(at('/* order */ size', '             ^')).toBe('size');
  });
});
