/** The decoder against iced-x86 over random bytes: lengths, and what is an instruction at all. */

import { CpuidFeature, Decoder, DecoderError, DecoderOptions, type Instruction, Mnemonic } from 'iced-x86';
import { expect, test } from 'vitest';
import { decode } from '../../../emulator/cpu/decoder.ts';
import { undefinedOpcodeHandler } from '../../../emulator/cpu/invalid-instruction.ts';
import { codeMode } from '../../../emulator/cpu/opcode-table.ts';
import { CPU_MODELS, type CpuModel } from '../../../emulator/machine-api.ts';
import { randomNumbers } from '../../random.ts';

/** What CPUID presents (cpu/features.ts), in iced's names. */
const V1 = [
  CpuidFeature.INTEL8086,
  CpuidFeature.INTEL186,
  CpuidFeature.INTEL286,
  CpuidFeature.INTEL386,
  CpuidFeature.INTEL486,
  CpuidFeature.X64,
  CpuidFeature.FPU,
  CpuidFeature.FPU287,
  CpuidFeature.FPU387,
  CpuidFeature.MMX,
  CpuidFeature.SSE,
  CpuidFeature.SSE2,
  CpuidFeature.CX8,
  CpuidFeature.CMOV,
  CpuidFeature.FXSR,
  CpuidFeature.CLFSH,
  CpuidFeature.CPUID,
  CpuidFeature.MSR,
  CpuidFeature.TSC,
  CpuidFeature.RDTSCP,
  CpuidFeature.SYSCALL,
  CpuidFeature.SEP,
  CpuidFeature.RDPMC,
  CpuidFeature.PAUSE,
  CpuidFeature.MULTIBYTENOP,
];
const V2 = [
  ...V1,
  CpuidFeature.CMPXCHG16B,
  CpuidFeature.POPCNT,
  CpuidFeature.SSE3,
  CpuidFeature.SSSE3,
  CpuidFeature.SSE4_1,
  CpuidFeature.SSE4_2,
  CpuidFeature.PCLMULQDQ,
  CpuidFeature.AES,
];
const V3 = [
  ...V2,
  CpuidFeature.LZCNT,
  CpuidFeature.BMI1,
  CpuidFeature.BMI2,
  CpuidFeature.MOVBE,
  CpuidFeature.ADX,
  CpuidFeature.RDRAND,
  CpuidFeature.RDSEED,
  CpuidFeature.RDPID,
  CpuidFeature.FSGSBASE,
  CpuidFeature.INVPCID,
  CpuidFeature.SMAP,
  CpuidFeature.SHA,
  CpuidFeature.XSAVE,
  CpuidFeature.XSAVEOPT,
  CpuidFeature.XSAVEC,
  CpuidFeature.AVX,
  CpuidFeature.AVX2,
  CpuidFeature.FMA,
  CpuidFeature.F16C,
];
const PRESENTED: Readonly<Record<CpuModel, ReadonlySet<CpuidFeature>>> = {
  'x86-64-v1': new Set(V1),
  'x86-64-v2': new Set(V2),
  'x86-64-v3': new Set(V3),
};
/** Outside of 64-bit mode these exist on AMD's processors only. */
const AMD_LEGACY = new Set(['Syscall', 'Sysret']);
/** In 64-bit mode presented since x86-64-v2, while iced counts them among those of the 8086. */
const SINCE_V2 = new Set(['Lahf', 'Sahf']);
/** Instructions that are something else, or nothing at all, to a CPU without the feature. */
const HARMLESS = new Set([
  ...['Lzcnt', 'Tzcnt', 'Wbnoinvd'], // BSR, BSF, WBINVD
  ...['Endbr64', 'Endbr32', 'Prefetchw', 'Prefetch', 'Prefetchwt1', 'Cldemote', 'Rdsspd', 'Rdsspq'],
  ...[
    'Bndmk',
    'Bndcl',
    'Bndcu',
    'Bndcn',
    'Bndmov',
    'Bndldx',
    'Bndstx',
    'Reservednop',
    'Prefetchit0',
    'Prefetchit1',
  ],
]);
/** Instructions of these features that are undefined here: RSM outside of SMM, and those that are meant to be. */
const UNDEFINED = new Set(['Rsm', 'Ud0', 'Ud1', 'Ud2', 'Undoc']);
/** A VEX prefix with few of its fields at random, in front of the bytes. */
function vexPrefix(bytes: Uint8Array, next: () => number): void {
  const [rxb, vvvv] = [next() & 0xe0, next() % 2 === 0 ? 0x78 : next() & 0x78];
  const head = [0xc4, rxb | (1 + (next() % 3)), (next() & 0x87) | vvvv];
  bytes.set(next() % 2 === 0 ? head : [0xc5, (next() & 0x87) | vvvv]);
}

/** Random bytes with prefixes and two-byte opcodes more often than chance would have them. */
function randomBytes(next: () => number, round: number): Uint8Array {
  const bytes = Uint8Array.from({ length: 24 }, () => next() >>> 7);
  if (round % 3 === 0) {
    bytes[0] = [0x66, 0xf2, 0xf3, 0x48, 0x0f, 0xf0, 0x4c, 0x67][next() % 8];
    if (next() % 2 === 0) bytes[1] = 0x0f;
  } else if (round % 3 === 1) {
    bytes[0] = 0x0f;
    if (next() % 2 === 0) bytes[1] = next() % 2 === 0 ? 0x38 : 0x3a;
  }
  if (round % 16 === 0) vexPrefix(bytes, next);
  return bytes;
}

/** `npm run fuzz` has other seeds each day, and more of them. */
const firstSeed = Number(process.env['DECODE_SEED'] ?? 1);
const seeds = Array.from({ length: Number(process.env['DECODE_SEEDS'] ?? 4) }, (_, n) => firstSeed + n);
const cases = CPU_MODELS.flatMap((model) =>
  ([64, 32, 16] as const).flatMap((bits) => seeds.map((seed) => ({ model, bits, seed }))),
);

test.each(cases)('$model, $bits bits, seed $seed', ({ model, bits, seed }) => {
  const mode = codeMode(model, bits);
  const presented = PRESENTED[model];
  const isPresented = (instruction: Instruction, name: string): boolean =>
    Array.from(instruction.cpuidFeatures()).every((feature) => presented.has(feature)) &&
    !(model === 'x86-64-v1' && bits === 64 && SINCE_V2.has(name)) &&
    !(bits !== 64 && AMD_LEGACY.has(name));
  const next = randomNumbers(seed * 7919);
  const disagreements: string[] = [];
  let compared = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = randomBytes(next, round);
    const decoder = new Decoder(bits, bytes, DecoderOptions.None);
    const reference = decoder.decode();
    const ours = decode(bytes, 0, bytes.length, 0, 0, mode);
    if (ours === undefined) throw new Error('24 bytes are enough for any instruction');
    const isUndefined = ours.execute === undefinedOpcodeHandler;
    const hex = Buffer.from(bytes.subarray(0, 15)).toString('hex');
    const name = Mnemonic[reference.mnemonic];
    if (decoder.lastError !== DecoderError.None) {
      if (!isUndefined && ours.length <= 14) disagreements.push(`${hex}: is no instruction`);
    } else if (!isUndefined) {
      compared++;
      if (!isPresented(reference, name) && !HARMLESS.has(name)) {
        disagreements.push(`${hex} ${name}: is not presented`);
      }
      if (ours.length !== reference.length) {
        disagreements.push(`${hex} ${name}: ${ours.length} bytes instead of ${reference.length}`);
      }
    } else if (isPresented(reference, name) && !UNDEFINED.has(name)) {
      disagreements.push(`${hex} ${name}: not known`);
    }
    reference.free();
    decoder.free();
  }
  expect(disagreements).toEqual([]);
  expect(compared).toBeGreaterThan(8_000);
});
