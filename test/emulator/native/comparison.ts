/**
 * This host's CPU beside the emulator, and how the tests of instructions are run:
 *
 * INSTRUCTION_SECONDS  how long to run fresh cases (default: one short batch)
 * INSTRUCTION_SEED     seed of the first batch (default: 1; another one each day for a run of INSTRUCTION_SECONDS)
 * INSTRUCTION_FORMS    only forms whose name contains this
 * INSTRUCTION_COVERAGE if set: print how many cases each form and each row of the opcode table has had
 * INSTRUCTION_RECORD   `vectors`: record the fixed vectors anew; `failures`: keep disagreements as vectors
 * INSTRUCTION_GROUP    which group of vectors to record (default: all)
 */
import { appendFileSync } from 'node:fs';
import { expect } from 'vitest';
import { formsOf } from './all-forms.ts';
import { describeCase, differences } from './compare.ts';
import { createEmulatedCpu } from './emulated-cpu.ts';
import type { InstructionCase, Outcome } from './instruction-case.ts';
import { hostFlags, hostIsIntel, openRealCpu, type RealCpu } from './real-cpu.ts';
import { encodeVector } from './vectors.ts';

/** Recorded vectors of a group. */
export const vectorsOf = (group: string): URL => new URL(`vectors/${group}.jsonl.gz`, import.meta.url);
/** Cases in which the emulator was once wrong. */
export const REGRESSIONS = new URL('vectors/regressions.jsonl', import.meta.url);
/** Milliseconds on a busy host; it is a few seconds on an idle one. */
export const PATIENCE = 120_000;
const MAX_REPORTED = 5;

const environment = process.env;
const seconds = Number(environment['INSTRUCTION_SECONDS'] ?? 0);
export const settings = {
  record: environment['INSTRUCTION_RECORD'],
  recordedGroup: environment['INSTRUCTION_GROUP'],
  seconds,
  /** The short run is the same every day, so that a change alone makes it fail; the long ones look for news. */
  firstSeed: Number(
    environment['INSTRUCTION_SEED'] ?? (seconds > 0 ? Math.floor(Date.now() / 86_400_000) : 1),
  ),
  isWanted: (name: string): boolean => name.includes(environment['INSTRUCTION_FORMS'] ?? ''),
  coverage: environment['INSTRUCTION_COVERAGE'] !== undefined,
} as const;

export interface Comparison {
  /** Or the reason why there is none. */
  readonly cpu: RealCpu | string;
  /** What the CPU lacks of this, in the words of /proc/cpuinfo. */
  missing(features: readonly string[]): string[];
  /** Cases whose results other CPUs share are comparable on any; the rest on the make that the emulator follows. */
  isComparable(instruction: InstructionCase): boolean;
  /** Throws with the first few cases in which the emulator disagrees with the CPU. */
  compareAll(cases: readonly InstructionCase[], outcomes: readonly Outcome[]): void;
  /** Whether the emulator disagrees with this host's CPU. */
  differs(instruction: InstructionCase): Promise<boolean>;
  dispose(): void;
}

export function openComparison(): Comparison {
  const emulator = createEmulatedCpu();
  const cpu = openRealCpu();
  return {
    cpu,
    missing: (features) => features.filter((feature) => !hostFlags.has(feature)),
    isComparable: (instruction) => hostIsIntel || !formsOf(instruction).some((form) => form.intelOnly),
    compareAll: (cases, outcomes) => {
      const failures: string[] = [];
      let count = 0;
      cases.forEach((instruction, i) => {
        const lines = differences(instruction, outcomes[i], emulator.run(instruction));
        if (lines.length === 0) return;
        count++;
        if (failures.length < MAX_REPORTED) failures.push([describeCase(instruction), ...lines].join('\n  '));
        if (settings.record === 'failures') {
          appendFileSync(REGRESSIONS, `${encodeVector({ test: instruction, outcome: outcomes[i] })}\n`);
        }
      });
      expect(count, `${count} of ${cases.length} cases differ\n${failures.join('\n\n')}`).toBe(0);
    },
    differs: async (instruction) => {
      if (typeof cpu === 'string') throw new Error(cpu);
      const [outcome] = await cpu.run([instruction]);
      return differences(instruction, outcome, emulator.run(instruction)).length > 0;
    },
    dispose: () => {
      if (typeof cpu !== 'string') cpu.dispose();
    },
  };
}
