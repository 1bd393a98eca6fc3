/** What is not compared of iced's codes, and why. */

import { machineCodes } from '../instruction-set/codes.ts';
import type { Form } from './forms.ts';

/** The name of cases that are no instruction. */
export const INVALID = 'invalid';

export type Exemptions = Pick<
  Form,
  'name' | 'undefinedFlags' | 'memoryAfterFault' | 'intelOnly' | 'approximate' | 'faultAddressInPage'
>;

/** Approximations that differ by make. */
const RECIPROCAL = /(Rcp|Rsqrt)[ps]s/i;
const TRANSCENDENTAL = /^(F2xm1|Fyl2x|Fyl2xp1|Fptan|Fpatan|Fsin|Fcos|Fsincos)$/;

/** Its results are compared to a unit in the last place only. */
export const isTranscendental = ({ name }: { readonly name: string }): boolean => TRANSCENDENTAL.test(name);

const SOME_UNDEFINED = { mask: 0x8d5, reason: 'iced says that some flags are undefined' };

export const codeExemptions: readonly Exemptions[] = machineCodes.map(({ name, undefinedFlags }) => ({
  name,
  ...(undefinedFlags && { undefinedFlags: SOME_UNDEFINED }),
  intelOnly: RECIPROCAL.test(name) || TRANSCENDENTAL.test(name),
  approximate: TRANSCENDENTAL.test(name),
  ...(/maskmovp|pmaskmov|^X(save|rstor)/i.test(name) && {
    faultAddressInPage: 'which byte of the operand is named in CR2 is up to the CPU',
  }),
  ...(name === 'Call_rm64' && {
    memoryAfterFault:
      "Intel's CPUs push the return address before they find the target not canonical; the manual does not",
  }),
}));
