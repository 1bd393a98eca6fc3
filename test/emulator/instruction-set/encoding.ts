/** Random machine code for one of iced's codes, prefixes in any order and superfluous ones included. */

import { Decoder, DecoderError, DecoderOptions } from 'iced-x86';
import { interestingInteger, type Random } from '../native/random.ts';
import type { Bitness, CodeInfo } from './codes.ts';

const LOCK = 0xf0;
const OPERAND_SIZE = 0x66;
const ADDRESS_SIZE = 0x67;
const MAX_LENGTH = 15;
/** Enough that a frill which makes another instruction of it is drawn another way. */
const ATTEMPTS = 20;
/** Reserved NOPs are what they are, whatever they may be used for on later CPUs. */
const ANY_CPU = [DecoderOptions.None, DecoderOptions.ForceReservedNop, DecoderOptions.MPX] as const;

export interface EncodingOptions {
  /** Segment prefixes to choose from. */
  readonly segments: readonly number[];
  /** Without superfluous prefixes and REX bits. */
  readonly plain?: boolean;
  /** Register operands only, where there is a choice. */
  readonly registersOnly?: boolean;
}

export const ALL_SEGMENTS = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65] as const;

/** iced knows no instruction of any CPU that begins with these bytes, in 64-bit mode. */
export function isInvalid(bytes: Uint8Array): boolean {
  return ANY_CPU.every((options) => {
    const decoder = new Decoder(64, bytes, options);
    decoder.decode().free();
    const invalid = decoder.lastError === DecoderError.InvalidInstruction;
    decoder.free();
    return invalid;
  });
}

function isDecodedAs(code: CodeInfo, bytes: Uint8Array, bitness: Bitness): boolean {
  for (const options of ANY_CPU) {
    const decoder = new Decoder(bitness, bytes, options);
    const instruction = decoder.decode();
    const matches =
      decoder.lastError === DecoderError.None &&
      instruction.code === code.code &&
      instruction.length === bytes.length;
    instruction.free();
    decoder.free();
    if (matches) return true;
  }
  return false;
}

/** Machine code that iced decodes as this very code. Throws if none is found. */
export function encode(
  code: CodeInfo,
  bitness: Bitness,
  random: Random,
  options: EncodingOptions,
): Uint8Array {
  for (let attempt = 0; attempt < 2 * ATTEMPTS; attempt++) {
    const plain = options.plain === true || attempt >= ATTEMPTS || random.chance(50);
    const bytes = encodeOnce(code, bitness, random, { ...options, plain });
    if (bytes.length <= MAX_LENGTH && isDecodedAs(code, bytes, bitness)) return bytes;
  }
  throw new Error(`no machine code found for ${code.name} in ${bitness}-bit mode`);
}

/** The fields of REX, or of a VEX prefix before they are inverted. */
interface RegisterBits {
  r: number;
  x: number;
  b: number;
}

function encodeOnce(
  code: CodeInfo,
  bitness: Bitness,
  random: Random,
  { segments, plain, registersOnly }: EncodingOptions,
): Uint8Array {
  const frill = (percent: number): boolean => plain !== true && random.chance(percent);
  const registers = bitness === 64 ? 16 : 8;
  const bits: RegisterBits = { r: 0, x: 0, b: 0 };
  const opcode = [...code.opcode];
  const prefixes: number[] = [];
  const hasVectorIndex = code.operands.some((kind) => kind.startsWith('mem_vsib'));
  const addressPrefix =
    (code.addressSize !== 0 && code.addressSize !== bitness) ||
    (hasVectorIndex && bitness === 16) ||
    (code.addressSize === 0 && !(hasVectorIndex && bitness === 32) && frill(15));
  if (addressPrefix) prefixes.push(ADDRESS_SIZE);
  const addressSize = !addressPrefix ? bitness : bitness === 32 ? 16 : 32;

  let vvvv = 0;
  let selector = 0; // VEX.is4
  const operand: number[] = [];
  const modrm = {
    used: code.extension >= 0,
    mod: 3,
    reg: Math.max(code.extension, 0),
    rm: 0,
    rest: [] as number[],
  };
  for (const kind of code.operands) {
    const [file, place] = splitKind(kind);
    const register = random.below(SMALL_FILES.get(file) ?? registers);
    if (place === 'opcode') {
      opcode[opcode.length - 1] += register & 7;
      bits.b = register >> 3;
    } else if (place === 'reg') {
      modrm.used = true;
      modrm.reg = register & 7;
      bits.r = register >> 3;
    } else if (place === 'vvvv') {
      vvvv = register;
    } else if (place === 'is4' || place === 'is5') {
      selector = register << 4;
    } else if (place === 'rm' || (place === 'or_mem' && (registersOnly || random.chance(50)))) {
      modrm.used = true;
      if (code.ignoresMod) modrm.mod = random.below(4);
      modrm.rm = register & 7;
      bits.b = register >> 3;
    } else if (place === 'or_mem' || place === 'mem') {
      modrm.used = true;
      memoryOperand(modrm, bits, addressSize, random, /vsib|sibmem/.test(kind));
    }
  }
  if (modrm.used) operand.push((modrm.mod << 6) | (modrm.reg << 3) | modrm.rm, ...modrm.rest);
  const immediates = code.operands.flatMap((kind) => immediate(kind, addressSize, random));
  if (code.operands.some((kind) => /_is[45]$/.test(kind)))
    immediates.push(selector | (frill(50) ? random.below(16) : 0));

  if (frill(10)) prefixes.push(...Array.from({ length: 1 + random.below(2) }, () => random.pick(segments)));
  if (code.vex !== undefined) {
    const head = vexPrefix(code, code.vex, bits, vvvv, bitness, random);
    return Uint8Array.from([...shuffled(prefixes, random), ...head, ...opcode, ...operand, ...immediates]);
  }

  const w = code.operandSize === 64 ? !(frill(30) || random.chance(5)) : code.operandSize === 0 && frill(10);
  if (code.operandSize !== 0 && code.operandSize !== 64 && (code.operandSize === 16) !== (bitness === 16)) {
    prefixes.push(OPERAND_SIZE);
  } else if (frill(8)) prefixes.push(OPERAND_SIZE);
  if (code.mandatoryPrefix !== 0) prefixes.push(code.mandatoryPrefix);
  if (code.lockable && modrm.mod !== 3 && random.chance(25)) prefixes.push(LOCK);
  if (frill(8)) prefixes.push(random.pick([0xf2, 0xf3]));
  if (frill(5) && prefixes.length > 0) prefixes.push(random.pick(prefixes));
  const head = shuffled(prefixes, random);
  if (bitness === 64) {
    // A REX prefix that does not count, because it is not the last.
    if (head.length > 0 && frill(5)) head.splice(random.below(head.length), 0, 0x40 | random.below(16));
    const rex = (w ? 8 : 0) | (bits.r << 2) | (bits.x << 1) | bits.b | (frill(5) ? random.below(8) : 0);
    if (rex !== 0 || random.chance(15)) head.push(0x40 | rex);
  }
  return Uint8Array.from([...head, ...opcode, ...operand, ...immediates]);
}

/** `r32_or_mem` → r32, or_mem; memory and immediate operands have no register file. */
function splitKind(kind: string): [file: string, place: string] {
  const match = /^([a-z]+\d*)_(reg|rm|or_mem|vvvv|is[45]|opcode)(_mem|_mpx)?$/.exec(kind);
  if (match !== null) return [match[1], match[2]];
  return ['', /^(sib)?mem(_vsib\d+[xy]|_mpx|_mib)?$/.test(kind) ? 'mem' : ''];
}

/** Files that have fewer registers than there are general and vector registers. */
const SMALL_FILES = new Map([
  ['seg', 6],
  ['mm', 8],
  ['dr', 8],
  ['sti', 8],
  ['k', 8],
  ['bnd', 4],
  ['tmm', 8],
]);

const bytesOf = (value: bigint, length: number): number[] =>
  Array.from({ length }, (_, n) => Number((value >> BigInt(8 * n)) & 0xffn));

function memoryOperand(
  modrm: { mod: number; rm: number; rest: number[] },
  bits: RegisterBits,
  addressSize: number,
  random: Random,
  needsSib: boolean,
): void {
  modrm.mod = random.below(3);
  modrm.rm = needsSib || random.chance(30) ? 4 : random.below(8);
  if (addressSize !== 16 && !needsSib && random.chance(8)) [modrm.mod, modrm.rm] = [0, 5];
  let hasDisplacement = modrm.mod === 0 && modrm.rm === 5;
  if (addressSize === 16) hasDisplacement = modrm.mod === 0 && modrm.rm === 6;
  else if (modrm.rm === 4) {
    const base = random.chance(15) ? 5 : random.below(8);
    modrm.rest.push((random.below(4) << 6) | (random.chance(20) ? 0x20 : random.below(8) << 3) | base);
    bits.x = random.below(2);
    hasDisplacement = modrm.mod === 0 && base === 5;
  }
  bits.b = random.below(2);
  const wide = addressSize === 16 ? 2 : 4;
  const displacement = random.chance(30)
    ? 0n
    : random.chance(70)
      ? BigInt(random.below(0x200) - 0x100)
      : BigInt(random.u32());
  if (modrm.mod === 1) modrm.rest.push(...bytesOf(displacement, 1));
  else if (modrm.mod === 2 || hasDisplacement) modrm.rest.push(...bytesOf(displacement, wide));
}

const IMMEDIATE_BYTES = new Map([
  ['imm8', 1],
  ['imm8sex16', 1],
  ['imm8sex32', 1],
  ['imm8sex64', 1],
  ['imm16', 2],
  ['imm32', 4],
  ['imm32sex64', 4],
  ['imm64', 8],
  ['br16_1', 1],
  ['br32_1', 1],
  ['br64_1', 1],
  ['br16_2', 2],
  ['xbegin_2', 2],
  ['xbegin_4', 4],
  ['br32_4', 4],
  ['br64_4', 4],
  ['farbr2_2', 4],
  ['farbr4_2', 6],
]);

function immediate(kind: string, addressSize: number, random: Random): number[] {
  const length = kind === 'mem_offs' ? addressSize / 8 : IMMEDIATE_BYTES.get(kind);
  return length === undefined ? [] : bytesOf(interestingInteger(random), length);
}

function vexPrefix(
  { map, mandatoryPrefix }: CodeInfo,
  vex: NonNullable<CodeInfo['vex']>,
  { r, x, b }: RegisterBits,
  vvvv: number,
  bitness: Bitness,
  random: Random,
): number[] {
  const w = vex.w === 'ignored' ? random.below(2) : vex.w;
  const l = vex.l === 'ignored' ? random.below(2) : vex.l;
  // Outside of 64-bit mode R and X must be clear, and B counts for nothing.
  const [r1, x1, b1] = bitness === 64 ? [r, x, b] : [0, 0, random.below(2)];
  const last = ((~vvvv & 15) << 3) | (l << 2) | [0, 0x66, 0xf3, 0xf2].indexOf(mandatoryPrefix);
  if (map === 1 && w === 0 && x1 === 0 && b1 === 0 && random.chance(50))
    return [0xc5, ((r1 ^ 1) << 7) | last];
  return [0xc4, ((r1 ^ 1) << 7) | ((x1 ^ 1) << 6) | ((b1 ^ 1) << 5) | map, (w << 7) | last];
}

function shuffled(values: readonly number[], random: Random): number[] {
  const rest = [...values];
  const result: number[] = [];
  while (rest.length > 0) result.push(...rest.splice(random.below(rest.length), 1));
  return result;
}
