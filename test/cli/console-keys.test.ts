import { expect, test } from 'vitest';
import { createConsoleKeys } from '../../debug-adapter/cli/console-keys.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const type = (keys: string[]) => {
  const console = createConsoleKeys();
  let forGuest = '';
  for (const key of keys) {
    const taken = console.take(bytes(key));
    forGuest += new TextDecoder().decode(taken.forGuest);
    if (taken.quit) return `${forGuest} quit`;
  }
  return forGuest;
};

test.each([
  [['ls\r', '\x03'], 'ls\r\x03'],
  [['ab\x1dc'], 'ab quit'],
  [['\x01', 'x'], ' quit'],
  [['\x01\x01'], '\x01'],
  [['\x01', 'b', 'x'], 'bx'],
  [['\x01\x01x'], '\x01x'],
])('%j gives %j', (keys, expected) => {
  expect(type(keys)).toBe(expected);
});
