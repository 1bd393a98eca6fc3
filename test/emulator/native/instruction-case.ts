import { CODE, DATA_SIZE, segmentOf, USER_CS } from './layout.ts';
import { interestingInteger, interestingVector, Random } from './random.ts';
import { INITIAL_X87, randomX87, type X87State } from './x87-state.ts';

/** One or more instructions and the machine state in which they start. */
export interface InstructionCase {
  /** Name of the form (see `forms.ts`); a sequence names all its forms, joined by `; `. */
  readonly form: string;
  readonly code: Uint8Array;
  /** Where the code starts, from CODE. */
  readonly codeOffset: number;
  /** Stands for all of the state that the case does not name. */
  readonly seed: number;
  /** General registers by encoding number. */
  readonly registers: ReadonlyMap<number, bigint>;
  /** Vector registers, 32 bytes each. */
  readonly vectors: ReadonlyMap<number, Uint8Array>;
  /** Bytes written over the data pattern at `patchOffset` from DATA. */
  readonly patchOffset: number;
  readonly patch: Uint8Array;
  /** The case is about x87 or MMX too: that state starts at random and is compared. Otherwise it starts as FNINIT has it. */
  readonly x87: boolean;
  /** Selectors of ES, CS, SS, DS, FS, GS (layout.ts) for code outside of 64-bit mode. */
  readonly selectors?: readonly number[];
}

/** Where the code starts, in its segment. */
export const entryOffset = (test: InstructionCase): number =>
  CODE + test.codeOffset - (segmentOf(test.selectors?.[1] ?? USER_CS)?.base ?? 0);

export interface InitialState {
  readonly gpr: BigUint64Array;
  readonly rflags: number;
  readonly mxcsr: number;
  /** YMM registers: 16 × 32 bytes. */
  readonly vectors: Uint8Array;
  readonly x87: X87State;
}

export interface Outcome {
  /** The exception that ended the case; 3 with RIP behind the code is the normal end. */
  vector: number;
  errorCode: number;
  /** CR2, if the vector is 14. */
  faultAddress: bigint;
  rip: bigint;
  rflags: number;
  gpr: BigUint64Array;
  vectors: Uint8Array;
  /** Means something only if the case is about it. */
  x87: X87State;
  mxcsr: number;
  /** Of ES, CS, SS, DS, FS, GS, if the case has its own. */
  selectors: readonly number[];
  /** The writable data from the first to the last byte that changed. */
  diffOffset: number;
  diff: Uint8Array;
}

/** The name of a form whose cases start with EFLAGS.AC begins so. */
export const ALIGNMENT_CHECKED = 'AC: ';

const STATUS_FLAGS = 0x8d5;
const DIRECTION = 0x400;
const ALIGNMENT_CHECK = 0x4_0000;
const ALWAYS_SET = 0x202; // bit 1, and IF as every user program has it
const MXCSR_DEFAULT = 0x1f80;

/** Rounding modes, FTZ, DAZ, sticky flags and unmasked exceptions, each in a part of the cases. */
function randomMxcsr(random: Random): number {
  if (random.chance(50)) return MXCSR_DEFAULT;
  let mxcsr = MXCSR_DEFAULT | (random.below(4) << 13);
  if (random.chance(25)) mxcsr |= 0x8000;
  if (random.chance(25)) mxcsr |= 0x0040;
  if (random.chance(25)) mxcsr |= random.below(64);
  if (random.chance(15)) mxcsr &= ~(random.below(64) << 7);
  return mxcsr;
}

/** The whole state a case starts in: derived from its seed, then its own registers. */
export function initialState(test: InstructionCase): InitialState {
  const random = new Random(test.seed);
  const gpr = new BigUint64Array(16);
  for (let i = 0; i < 16; i++) gpr[i] = interestingInteger(random);
  const alignment = test.form.startsWith(ALIGNMENT_CHECKED) ? ALIGNMENT_CHECK : 0;
  const rflags = alignment | ALWAYS_SET | (random.u32() & STATUS_FLAGS) | (random.chance(25) ? DIRECTION : 0);
  const mxcsr = randomMxcsr(random);
  const vectors = new Uint8Array(512);
  for (let half = 0; half < 32; half += 16)
    for (let i = 0; i < 16; i++) vectors.set(interestingVector(random), i * 32 + half);
  const x87 = test.x87 ? randomX87(random) : INITIAL_X87;
  for (const [register, value] of test.registers) gpr[register] = value;
  for (const [register, value] of test.vectors) vectors.set(value, register * 32);
  return { gpr, rflags, mxcsr, vectors, x87 };
}

/** What DATA holds before the patch of a case. */
export const dataPattern: Uint8Array = (() => {
  const random = new Random(1);
  const pattern = new Uint8Array(DATA_SIZE);
  for (let offset = 0; offset < DATA_SIZE; offset += 16) pattern.set(interestingVector(random), offset);
  return pattern;
})();
