import type { Form } from './forms.ts';
import { avxForms } from './forms-avx.ts';
import { integerForms } from './forms-integer.ts';
import { extensionForms } from './forms-integer-extensions.ts';
import { mmxForms } from './forms-mmx.ts';
import { sseForms } from './forms-sse.ts';
import { sse4Forms } from './forms-sse4.ts';
import { systemForms } from './forms-system.ts';
import { x87Forms } from './forms-x87.ts';
import { ALIGNMENT_CHECKED } from './instruction-case.ts';

const accessesMemory = (form: Form): boolean =>
  (form.reg !== undefined && form.only !== 'register') || form.prepare !== undefined;

/** Those that access memory in ways of their own. */
const PECULIAR =
  /^(enter|leave|call|push|pop|fxsave|fxrstor|xsave|xrstor|fnsave|frstor|fldenv|fnstenv|maskmov|movu|lddqu|v?p?maskmov|vp?gatherd)/;

const isSample = (name: string): boolean =>
  [...name].reduce((hash, character) => (hash * 31 + character.charCodeAt(0)) % 0xffff_fffb, 0) % 6 === 0;

/**
 * Forms that access memory, started with EFLAGS.AC: a word, doubleword or quadword that is not aligned raises #AC. All of
 * them have been compared once; one in six of those that are alike is kept, by their names, so that a new form changes no
 * others.
 */
export const alignmentForms: readonly Form[] = [
  ...integerForms,
  ...extensionForms,
  ...systemForms,
  ...sseForms,
  ...sse4Forms,
  ...x87Forms,
  ...avxForms,
  ...mmxForms,
]
  .filter(accessesMemory)
  .filter(({ name }) => isSample(name) || PECULIAR.test(name))
  .map((form) => ({
    ...form,
    name: `${ALIGNMENT_CHECKED}${form.name}`,
    ...(form.reg !== undefined ? { only: 'memory' as const } : {}),
  }));
