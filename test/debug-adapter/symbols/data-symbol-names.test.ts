import { expect, it } from 'vitest';
import { dataSymbolName } from '../../../debug-adapter/symbols/data-symbol-names.ts';

// The names on the right are those of c++filt, but for parameters, which are left out, and guards.
it.each([
  ['_ZZ4mainE13memory_server', 'main::memory_server'],
  ['_ZGVZ4mainE13memory_server', 'guard of main::memory_server'],
  ['_ZN3a9n15current_processE', 'a9n::current_process'],
  ['_ZN12_GLOBAL__N_1L8requestsE', '(anonymous namespace)::requests'],
  ['_ZN3a9n3hal12_GLOBAL__N_110root_tableE', 'a9n::hal::(anonymous namespace)::root_table'],
  ['_ZN3a9n14kernel_version4textE', 'a9n::kernel_version::text'],
  ['_ZZN3a9n4stepERKN3a9n4pairEiPcE5count', 'a9n::step::count'],
  ['_ZZ4mainE1x_0', 'main::x'],
  ['_ZL5count', 'count'],
  ['counter', 'counter'],
])('writes %s as %s', (symbol, name) => {
  expect(dataSymbolName(symbol)).toBe(name);
});

it.each([
  ['templates', '_ZN1aI1bE1cE'],
  ['a length beyond the end', '_ZN99aE'],
  ['a missing end', '_ZN1a'],
  ['nothing', '_Z'],
  ['tables of virtual functions', '_ZTV5shape'],
])('leaves what it does not know: %s', (_what, symbol) => {
  expect(dataSymbolName(symbol)).toBe(symbol);
});
