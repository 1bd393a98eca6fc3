import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildNative, type NativeProgram, reasonToSkip } from './native.ts';

const skip = reasonToSkip();

describe.skipIf(skip !== undefined)(`line editor${skip === undefined ? '' : ` (${skip})`}`, () => {
  let program: NativeProgram;
  beforeAll(() => {
    program = buildNative(['test/userland/line-editor-check.cpp', 'userland/apps/echo/line-editor.cpp']);
  }, 60_000);
  afterAll(() => program?.dispose());

  it.each<[string, string, string, string]>([
    ['shows what is typed and ends a line at carriage return', 'hello\r', 'hello\n', 'line hello\n'],
    ['takes line feed, too', 'a\nb\n', 'a\nb\n', 'line a\nline b\n'],
    ['rubs out at backspace and at delete', 'abc\b\x7fd\r', 'abc\b \b\b \bd\n', 'line ad\n'],
    ['rubs out a character of several bytes at once', 'né\b\r', 'né\b \b\n', 'line n\n'],
    ['has nothing to rub out on an empty line', '\b\b\x7fx\r', 'x\n', 'line x\n'],
    ['ignores other control characters', '\x01\x1b\x00x\r', 'x\n', 'line x\n'],
    ['passes UTF-8 through', 'é\r', 'é\n', 'line é\n'],
    ['tells the end of input', 'ab\x04', 'ab', 'end\n'],
    ['stops at its capacity', `${'x'.repeat(200)}\r`, `${'x'.repeat(120)}\n`, `line ${'x'.repeat(120)}\n`],
  ])('%s', (_, keys, shown, events) => {
    expect(program.run(Buffer.from(keys).toString('hex'))).toBe(`${shown}|${events}`);
  });
});
