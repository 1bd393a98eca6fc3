import { codeExemptions, type Exemptions, INVALID } from './code-exemptions.ts';
import type { Form } from './forms.ts';
import { alignmentForms } from './forms-alignment.ts';
import { avxForms } from './forms-avx.ts';
import { integerForms } from './forms-integer.ts';
import { extensionForms } from './forms-integer-extensions.ts';
import { mmxForms } from './forms-mmx.ts';
import { singleStepForms } from './forms-single-step.ts';
import { sseForms } from './forms-sse.ts';
import { sse4Forms } from './forms-sse4.ts';
import { systemForms } from './forms-system.ts';
import { x87Forms } from './forms-x87.ts';
import type { InstructionCase, Outcome } from './instruction-case.ts';

/** Each group has its own file of recorded vectors, `vectors/GROUP.jsonl.gz`. */
export const formGroups: Readonly<Record<string, readonly Form[]>> = {
  integer: integerForms,
  'integer-extensions': extensionForms,
  system: systemForms,
  sse: sseForms,
  x87: x87Forms,
  mmx: mmxForms,
  sse4: sse4Forms,
  avx: avxForms,
  alignment: alignmentForms,
  'single-step': singleStepForms,
};

export const allForms: readonly Form[] = Object.values(formGroups).flat();

const byName = new Map<string, Exemptions>(
  [...allForms, ...codeExemptions, { name: INVALID }].map((exemptions) => [exemptions.name, exemptions]),
);

/** The forms, or iced's codes, of which a case consists. Throws if one is unknown: then it has been renamed since the case was recorded. */
export function formsOf(test: InstructionCase): Exemptions[] {
  return test.form.split('; ').map((name) => {
    const form = byName.get(name);
    if (form === undefined)
      throw new Error(`no instruction form is named "${name}"; record the vectors anew`);
    return form;
  });
}

const BREAKPOINT = 3;

/** The flags that are not compared in a case. */
export function undefinedFlags(test: InstructionCase): number {
  let mask = 0;
  for (const form of formsOf(test)) mask |= form.undefinedFlags?.mask ?? 0;
  return mask;
}

/** Memory is not compared in a case that ended like this. */
export function memoryIsUndefined(test: InstructionCase, outcome: Outcome): boolean {
  return outcome.vector !== BREAKPOINT && formsOf(test).some((form) => form.memoryAfterFault !== undefined);
}

/** Results of a case may be off by one unit in the last place. */
export const isApproximate = (test: InstructionCase): boolean =>
  formsOf(test).some((form) => form.approximate === true);

/** What is compared of CR2. */
export function faultAddressMask(test: InstructionCase): bigint {
  return formsOf(test).some((form) => form.faultAddressInPage !== undefined) ? ~0xfffn : ~0n;
}
