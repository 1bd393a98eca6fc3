/** All instructions of the machine as iced-x86 counts them, and since which CPU model: a list that nobody here wrote. */

import {
  Code,
  CodeExt,
  CpuidFeature,
  DecoderOptions,
  EncodingKind,
  Instruction,
  MandatoryPrefix,
  Mnemonic,
  type OpCodeInfo,
  OpCodeOperandKind,
  OpCodeTableKind,
} from 'iced-x86';
import { CPU_MODELS, type CpuModel } from '../../../emulator/machine-api.ts';

export const BITNESSES = [16, 32, 64] as const;
export type Bitness = (typeof BITNESSES)[number];

/** One of iced's codes: an opcode with its operand kinds and sizes. All plain data, read once from iced's `OpCodeInfo`. */
export interface CodeInfo {
  readonly code: Code;
  /** As iced calls it: `Add_rm32_r32`, `VEX_Vaddps_ymm_ymm_ymmm256`. */
  readonly name: string;
  readonly mnemonic: string;
  /** Names of `CpuidFeature`, joined by `+`. */
  readonly feature: string;
  /** The first CPU model that has it; undefined for none. */
  readonly since: CpuModel | undefined;
  readonly modes: readonly Bitness[];
  /** The fields of the VEX prefix; undefined for the legacy encoding. */
  readonly vex: { readonly w: number | 'ignored'; readonly l: number | 'ignored' } | undefined;
  /** Opcode bytes with the escape bytes of legacy maps. */
  readonly opcode: readonly number[];
  /** 1, 2, 3: the map of the opcode, for VEX. */
  readonly map: number;
  readonly mandatoryPrefix: 0 | 0x66 | 0xf3 | 0xf2;
  /** 0 if the instruction does not depend on it. */
  readonly operandSize: number;
  readonly addressSize: number;
  /** Opcode extension in ModRM.reg, or −1. */
  readonly extension: number;
  readonly ignoresMod: boolean;
  /** Names of `OpCodeOperandKind`. */
  readonly operands: readonly string[];
  readonly privileged: boolean;
  readonly lockable: boolean;
  /** The manuals leave a flag undefined. */
  readonly undefinedFlags: boolean;
}

/** iced's features and the first CPU model that has them. A feature that is missing here is no part of the machine. */
const SINCE: Readonly<Record<CpuModel, readonly CpuidFeature[]>> = {
  'x86-64-v1': [
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
    CpuidFeature.RDPMC,
    CpuidFeature.SYSCALL,
    CpuidFeature.SEP,
    CpuidFeature.PAUSE,
    CpuidFeature.MULTIBYTENOP,
    // Without effect to CPUs that do not know them.
    CpuidFeature.PREFETCHW,
    CpuidFeature.PREFETCHWT1,
    CpuidFeature.PREFETCHITI,
    CpuidFeature.CLDEMOTE,
    CpuidFeature.CET_IBT,
  ],
  'x86-64-v2': [
    CpuidFeature.CMPXCHG16B,
    CpuidFeature.POPCNT,
    CpuidFeature.SSE3,
    CpuidFeature.SSSE3,
    CpuidFeature.SSE4_1,
    CpuidFeature.SSE4_2,
    CpuidFeature.AES,
    CpuidFeature.PCLMULQDQ,
  ],
  'x86-64-v3': [
    CpuidFeature.AVX,
    CpuidFeature.AVX2,
    CpuidFeature.FMA,
    CpuidFeature.F16C,
    CpuidFeature.BMI1,
    CpuidFeature.BMI2,
    CpuidFeature.LZCNT,
    CpuidFeature.MOVBE,
    CpuidFeature.ADX,
    CpuidFeature.SHA,
    CpuidFeature.RDRAND,
    CpuidFeature.RDSEED,
    CpuidFeature.RDPID,
    CpuidFeature.FSGSBASE,
    CpuidFeature.XSAVE,
    CpuidFeature.XSAVEOPT,
    CpuidFeature.XSAVEC,
    CpuidFeature.INVPCID,
    CpuidFeature.SMAP,
  ],
};

/** In 64-bit mode they have a CPUID bit of their own, of the second model. */
const WITHOUT_LONG_MODE = /^[LS]ahf$/;
/** Instructions of 64-bit mode only, on Intel's CPUs. */
const LONG_MODE_ONLY = /^(Syscall|Sysret)/;
/** Undefined on purpose, or outside of system management mode; a register of an 8086 that no later CPU pops. */
const UNDEFINED = /^(Ud[012]|Rsm$|Popw_CS$)/;
/** Only AMD's CPUs have 16-bit near branches in 64-bit mode. */
const isAmdBranch = (name: string, operands: readonly string[]): boolean =>
  operands.some((kind) => /^br16_/.test(kind)) || /^(Retnw(_imm16)?|Call_rm16|Jmp_rm16)$/.test(name);
/** VIA's, which iced does not decode as it describes them. */
const VIA = /^PADLOCK/;
/** The instruction is a WAIT and another of these codes. */
const isTwoInstructions = (info: OpCodeInfo): boolean => info.fwait;

const sinceByFeature = new Map(
  CPU_MODELS.flatMap((model) => SINCE[model].map((feature) => [feature, model] as const)),
);

const latest = (models: readonly CpuModel[]): CpuModel =>
  CPU_MODELS[Math.max(...models.map((model) => CPU_MODELS.indexOf(model)))];

/** The first model that has all of the features; undefined if one belongs to none. */
function sinceOf(features: readonly CpuidFeature[]): CpuModel | undefined {
  const models = features.flatMap((feature) => sinceByFeature.get(feature) ?? []);
  return models.length < features.length ? undefined : latest(models);
}

const MANDATORY = new Map<MandatoryPrefix, 0x66 | 0xf3 | 0xf2>([
  [MandatoryPrefix.P66, 0x66],
  [MandatoryPrefix.PF3, 0xf3],
  [MandatoryPrefix.PF2, 0xf2],
]);
const MAPS = new Map<OpCodeTableKind, { readonly number: number; readonly escape: readonly number[] }>([
  [OpCodeTableKind.Normal, { number: 0, escape: [] }],
  [OpCodeTableKind.T0F, { number: 1, escape: [0x0f] }],
  [OpCodeTableKind.T0F38, { number: 2, escape: [0x0f, 0x38] }],
  [OpCodeTableKind.T0F3A, { number: 3, escape: [0x0f, 0x3a] }],
]);

function describe(
  code: Code,
  info: OpCodeInfo,
  features: readonly CpuidFeature[],
  undefinedFlags: boolean,
): CodeInfo | undefined {
  const map = MAPS.get(info.table);
  const isVex = info.encoding === EncodingKind.VEX;
  if (map === undefined || !(isVex || info.encoding === EncodingKind.Legacy)) return undefined;
  const operands = Array.from({ length: info.opCount }, (_, n) => OpCodeOperandKind[info.opKind(n)]);
  const opcode = info.opCodeLength === 2 ? [info.opCode >> 8, info.opCode & 0xff] : [info.opCode];
  const modes: Bitness[] = [];
  if (info.mode16) modes.push(16);
  if (info.mode32) modes.push(32);
  if (info.mode64 && !isAmdBranch(Code[code], operands)) modes.push(64);
  return {
    code,
    name: Code[code],
    mnemonic: Mnemonic[info.mnemonic],
    feature: features.map((feature) => CpuidFeature[feature]).join('+'),
    since: sinceOf(features),
    modes,
    vex: isVex ? { w: info.isWIG ? 'ignored' : info.W, l: info.isLIG ? 'ignored' : info.L } : undefined,
    map: map.number,
    opcode: isVex ? opcode : [...map.escape, ...opcode],
    mandatoryPrefix: MANDATORY.get(info.mandatoryPrefix) ?? 0,
    operandSize: info.operandSize,
    addressSize: info.addressSize,
    extension: info.groupIndex,
    ignoresMod: info.ignoresModBits,
    operands,
    privileged: info.isPrivileged,
    lockable: info.canUseLockPrefix,
    undefinedFlags: undefinedFlags || /^(Ro|Rc|Sa|Sh)[lr]d?_/.test(Code[code]), // iced says it by the count
  };
}

function readCodes(): CodeInfo[] {
  const instruction = new Instruction();
  const codes: CodeInfo[] = [];
  for (const code of Object.values(Code)) {
    if (typeof code !== 'number') continue;
    const info = CodeExt.opCode(code);
    instruction.code = code;
    const features = [...instruction.cpuidFeatures()];
    if (info.isInstruction && info.decoderOption === DecoderOptions.None && !isTwoInstructions(info)) {
      const described = describe(code, info, features, instruction.rflagsUndefined !== 0);
      if (described !== undefined && !UNDEFINED.test(described.name) && !VIA.test(described.feature))
        codes.push(described);
    }
    info.free();
  }
  instruction.free();
  return codes;
}

/** All codes with the legacy encoding or a VEX prefix that some CPU decodes. */
export const allCodes: readonly CodeInfo[] = readCodes();

export interface PresentCode extends CodeInfo {
  readonly since: CpuModel;
}

const isPresent = (info: CodeInfo): info is PresentCode => info.since !== undefined;

/** The instructions of the machine. */
export const machineCodes: readonly PresentCode[] = allCodes.filter(isPresent);

/** A model has the instruction in code of this size. */
export function presents(model: CpuModel, bits: Bitness, { name, since }: CodeInfo): boolean {
  if (bits === 64 && WITHOUT_LONG_MODE.test(name)) return model !== CPU_MODELS[0];
  if (bits !== 64 && LONG_MODE_ONLY.test(name)) return false;
  return since !== undefined && CPU_MODELS.indexOf(since) <= CPU_MODELS.indexOf(model);
}

/** Names of codes (and mnemonics) that are another instruction to CPUs without the feature: BSF, BSR, WBINVD and NOP. */
export const ANOTHER_INSTRUCTION = /^(Tzcnt|Lzcnt|Wbnoinvd|Rdssp)/;
