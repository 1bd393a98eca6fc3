/** What each CPU model presents: CPUID says so, and an instruction of a feature that is not presented raises #UD. */
import { describe, expect, test } from 'vitest';
import { codeMode } from '../../../emulator/cpu/opcode-table.ts';
import { CPU_MODELS, type CpuModel } from '../../../emulator/machine-api.ts';
import { createGuest, DATA, type Guest } from './guest.ts';

const HLT = 0xf4;
const INVALID_OPCODE = 6;

interface Presented {
  /** CPUID leaf, register and bit; subleaf 0 if left out. */
  readonly cpuid: readonly [
    leaf: number,
    register: 'rax' | 'rbx' | 'rcx' | 'rdx',
    bit: number,
    subleaf?: number,
  ];
  readonly since: CpuModel;
  /** An instruction of the feature; RAX points to memory. */
  readonly code: readonly number[];
}

/** Intel SDM volume 2, CPUID; AMD APM volume 3, appendix E. */
const FEATURES: Readonly<Record<string, Presented>> = {
  // cmpxchg16b [rax]
  cmpxchg16b: { cpuid: [1, 'rcx', 13], since: 'x86-64-v2', code: [0x48, 0x0f, 0xc7, 0x08] },
  // movddup xmm1, xmm1
  sse3: { cpuid: [1, 'rcx', 0], since: 'x86-64-v2', code: [0xf2, 0x0f, 0x12, 0xc9] },
  // pshufb xmm1, xmm1
  ssse3: { cpuid: [1, 'rcx', 9], since: 'x86-64-v2', code: [0x66, 0x0f, 0x38, 0x00, 0xc9] },
  // ptest xmm1, xmm1
  'sse4.1': { cpuid: [1, 'rcx', 19], since: 'x86-64-v2', code: [0x66, 0x0f, 0x38, 0x17, 0xc9] },
  // crc32 ecx, ecx
  'sse4.2': { cpuid: [1, 'rcx', 20], since: 'x86-64-v2', code: [0xf2, 0x0f, 0x38, 0xf1, 0xc9] },
  // pclmulqdq xmm1, xmm1, 0
  pclmulqdq: { cpuid: [1, 'rcx', 1], since: 'x86-64-v2', code: [0x66, 0x0f, 0x3a, 0x44, 0xc9, 0] },
  // aesenc xmm1, xmm1
  aes: { cpuid: [1, 'rcx', 25], since: 'x86-64-v2', code: [0x66, 0x0f, 0x38, 0xdc, 0xc9] },
  // sha1nexte xmm1, xmm1
  sha: { cpuid: [7, 'rbx', 29], since: 'x86-64-v3', code: [0x0f, 0x38, 0xc8, 0xc9] },
  // rdrand ecx; rdseed ecx; rdpid rcx
  rdrand: { cpuid: [1, 'rcx', 30], since: 'x86-64-v3', code: [0x0f, 0xc7, 0xf1] },
  rdseed: { cpuid: [7, 'rbx', 18], since: 'x86-64-v3', code: [0x0f, 0xc7, 0xf9] },
  rdpid: { cpuid: [7, 'rcx', 22], since: 'x86-64-v3', code: [0xf3, 0x0f, 0xc7, 0xf9] },
  popcnt: { cpuid: [1, 'rcx', 23], since: 'x86-64-v2', code: [0xf3, 0x0f, 0xb8, 0xc8] },
  lahf: { cpuid: [0x8000_0001, 'rcx', 0], since: 'x86-64-v2', code: [0x9f] },
  // movbe ecx, [rax]
  movbe: { cpuid: [1, 'rcx', 22], since: 'x86-64-v3', code: [0x0f, 0x38, 0xf0, 0x08] },
  // andn ecx, ecx, ecx
  bmi1: { cpuid: [7, 'rbx', 3], since: 'x86-64-v3', code: [0xc4, 0xe2, 0x70, 0xf2, 0xc9] },
  // bzhi ecx, ecx, ecx
  bmi2: { cpuid: [7, 'rbx', 8], since: 'x86-64-v3', code: [0xc4, 0xe2, 0x70, 0xf5, 0xc9] },
  // rdfsbase ecx
  fsgsbase: { cpuid: [7, 'rbx', 0], since: 'x86-64-v3', code: [0xf3, 0x0f, 0xae, 0xc1] },
  // xor ecx, ecx; invpcid rcx, [rax]
  invpcid: {
    cpuid: [7, 'rbx', 10],
    since: 'x86-64-v3',
    code: [0x31, 0xc9, 0x66, 0x0f, 0x38, 0x82, 0x08],
  },
  // clac
  smap: { cpuid: [7, 'rbx', 20], since: 'x86-64-v3', code: [0x0f, 0x01, 0xca] },
  // xor ecx, ecx; xgetbv
  xsave: { cpuid: [1, 'rcx', 26], since: 'x86-64-v3', code: [0x31, 0xc9, 0x0f, 0x01, 0xd0] },
  // xsaveopt [rax]
  xsaveopt: { cpuid: [0xd, 'rax', 0, 1], since: 'x86-64-v3', code: [0x0f, 0xae, 0x30] },
  // xsavec [rax]
  xsavec: { cpuid: [0xd, 'rax', 1, 1], since: 'x86-64-v3', code: [0x0f, 0xc7, 0x20] },
  // vxorps xmm0, xmm0, xmm0
  avx: { cpuid: [1, 'rcx', 28], since: 'x86-64-v3', code: [0xc5, 0xf8, 0x57, 0xc0] },
  // vpxor ymm0, ymm0, ymm0
  avx2: { cpuid: [7, 'rbx', 5], since: 'x86-64-v3', code: [0xc5, 0xfd, 0xef, 0xc0] },
  // vfmadd132ps xmm1, xmm1, xmm1
  fma: { cpuid: [1, 'rcx', 12], since: 'x86-64-v3', code: [0xc4, 0xe2, 0x71, 0x98, 0xc9] },
  // vcvtph2ps xmm1, xmm1
  f16c: { cpuid: [1, 'rcx', 29], since: 'x86-64-v3', code: [0xc4, 0xe2, 0x79, 0x13, 0xc9] },
  // adcx ecx, ecx
  adx: { cpuid: [7, 'rbx', 19], since: 'x86-64-v3', code: [0x66, 0x0f, 0x38, 0xf6, 0xc9] },
};
/** A feature whose instructions others understand as something else: there is a test below. */
const OTHERWISE = ['lzcnt'];

function cpuid(guest: Guest, leaf: number, register: string, subleaf = 0): number {
  guest.machine.writeRegister('rax', BigInt(leaf));
  guest.machine.writeRegister('rcx', BigInt(subleaf));
  guest.code([0x0f, 0xa2, HLT]);
  guest.run();
  return Number(guest.machine.readRegister(register));
}

describe.each(CPU_MODELS)('%s', (model) => {
  const guest = createGuest({ cpu: model });
  // With FSGSBASE and OSXSAVE, so that their instructions need no more than the feature.
  guest.machine.writeRegister('cr4', 0x5_06a0n);
  guest.machine.writeRegister('xcr0', 7n);
  test.each(Object.entries(FEATURES))('%s', (_name, feature) => {
    const [leaf, register, bit, subleaf] = feature.cpuid;
    const isPresented = CPU_MODELS.indexOf(model) >= CPU_MODELS.indexOf(feature.since);
    expect((cpuid(guest, leaf, register, subleaf) >>> bit) & 1).toBe(isPresented ? 1 : 0);
    guest.machine.writeRegister('rax', BigInt(DATA));
    guest.code([...feature.code, HLT]);
    expect(guest.run().vector).toBe(isPresented ? undefined : INVALID_OPCODE);
  });

  test('LZCNT and TZCNT are BSR and BSF where they are missing', () => {
    const hasLzcnt = model === 'x86-64-v3';
    expect((cpuid(guest, 0x8000_0001, 'rcx') >>> 5) & 1).toBe(hasLzcnt ? 1 : 0);
    guest.machine.writeRegister('rax', 0x100n);
    guest.machine.writeRegister('rdx', 77n);
    guest.machine.writeRegister('rbx', 0n);
    // lzcnt ecx, eax; tzcnt edx, ebx; hlt
    guest.code([0xf3, 0x0f, 0xbd, 0xc8, 0xf3, 0x0f, 0xbc, 0xd3, HLT]);
    guest.run();
    expect(guest.machine.readRegister('rcx')).toBe(hasLzcnt ? 23n : 8n);
    expect(guest.machine.readRegister('rdx')).toBe(hasLzcnt ? 32n : 77n);
  });
});

test('every feature of the opcode table is among these', () => {
  const rows = [...codeMode('x86-64-v3', 64).opcodes.values()].flat();
  const features = new Set(rows.flatMap((row) => row.feature ?? []));
  expect([...features].sort()).toEqual([...Object.keys(FEATURES), ...OTHERWISE].sort());
});
