import { expect, it } from 'vitest';
import {
  abbreviateTemplateArguments,
  nameMatches,
  withoutTemplateArguments,
} from '../../../debug-adapter/symbols/entry-names.ts';

it.each([
  ['a9n::call<long, char>', 'a9n::call', 'a9n::call<long, char>'],
  ['call<a9n::generic_operation, int>::run<1>', 'call::run', 'call<…>::run<1>'],
  ['list<pair<int, int>, pair<a, b>>::size', 'list::size', 'list<…>::size'],
  ['operator<<', 'operator<<', 'operator<<'],
  ['less::operator()', 'less::operator()', 'less::operator()'],
])('shortens %s', (name, without, abbreviated) => {
  expect(withoutTemplateArguments(name)).toBe(without);
  expect(abbreviateTemplateArguments(name, 15)).toBe(abbreviated);
});

it.each([
  ['call<…>::run', true],
  ['a9n::call<…>::run', true],
  ['call<…>', false],
  ['call<int>::run', false],
  ['call::run', true],
])('finds a9n::call<a9n::generic_operation>::run by %s: %s', (wanted, found) => {
  expect(nameMatches('a9n::call<a9n::generic_operation>::run', wanted)).toBe(found);
});
