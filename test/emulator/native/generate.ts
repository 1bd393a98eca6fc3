import type { Form, OperandSize, Preparation, VexEncoding } from './forms.ts';
import type { InstructionCase } from './instruction-case.ts';
import { CODE, CODE_SIZE, DATA, GS_BASE, PAGE, WRITABLE_SIZE } from './layout.ts';
import { encodeMemory, type MemoryOperand } from './memory-operand.ts';
import { interestingInteger, interestingVector, Random } from './random.ts';

const LOCK = 0xf0;
const OPERAND_SIZE = 0x66;
const ADDRESS_SIZE = 0x67;
const GS = 0x65;

/** State that the instructions of one case share while it is made. */
export interface Draft {
  readonly random: Random;
  readonly registers: Map<number, bigint>;
  readonly vectors: Map<number, Uint8Array>;
  patchOffset: number;
  patch: Uint8Array;
  /** Addresses come from registers; in a sequence later instructions would find them changed. */
  readonly useRegisters: boolean;
}

/** A case of one instruction of the form. */
export function generateCase(form: Form, seed: number): InstructionCase {
  const random = new Random(seed);
  const draft = newDraft(random, true);
  // Now and then the code lies across a page boundary, or its end is missing: nothing is mapped there.
  const where = random.below(50);
  const codeOffset =
    where < 5
      ? PAGE - 1 - random.below(8)
      : where === 5 && !form.alone
        ? CODE_SIZE - 1 - random.below(8)
        : 0x100 + random.below(16);
  const code = encode(form, draft, CODE + codeOffset).subarray(0, CODE_SIZE - codeOffset);
  return finish([form], draft, codeOffset, code, seed);
}

const canBeFollowed = (form: Form): boolean => form.undefinedFlags === undefined && !form.alone;

/** A case of several instructions, each of which leaves all flags defined. */
export function generateSequence(forms: readonly Form[], seed: number): InstructionCase {
  const random = new Random(seed);
  const draft = newDraft(random, random.chance(30));
  const candidates = forms.filter(canBeFollowed);
  const chosen = Array.from({ length: 2 + random.below(5) }, () => random.pick(candidates));
  const code: number[] = [];
  for (const form of chosen) code.push(...encode(form, draft, CODE + 0x100 + code.length));
  return finish(chosen, draft, 0x100, Uint8Array.from(code), seed);
}

/** `perForm` cases of every form and some sequences, all from one seed. */
export function generateBatch(forms: readonly Form[], perForm: number, seed: number): InstructionCase[] {
  const random = new Random(seed);
  const cases = forms.flatMap((form) =>
    Array.from({ length: perForm }, () => generateCase(form, random.u32())),
  );
  const sequences = forms.some(canBeFollowed) ? Math.ceil(cases.length / 10) : 0;
  for (let i = 0; i < sequences; i++) cases.push(generateSequence(forms, random.u32()));
  return cases;
}

export function newDraft(random: Random, useRegisters: boolean): Draft {
  return {
    random,
    registers: new Map(),
    vectors: new Map(),
    patchOffset: 0,
    patch: new Uint8Array(0),
    useRegisters,
  };
}

function finish(
  forms: readonly Form[],
  draft: Draft,
  codeOffset: number,
  code: Uint8Array,
  seed: number,
): InstructionCase {
  const { registers, vectors, patchOffset, patch } = draft;
  const form = forms.map(({ name }) => name).join('; ');
  const x87 = forms.some((one) => one.x87);
  return { form, code, codeOffset, seed, registers, vectors, patchOffset, patch, x87 };
}

/** Extends the patch so that it covers the bytes too. Bytes outside of the writable data are dropped. */
export function addPatch(draft: Draft, address: number, bytes: Uint8Array): void {
  const start = Math.max(address, DATA);
  const end = Math.min(address + bytes.length, DATA + WRITABLE_SIZE);
  if (end <= start) return;
  const part = bytes.subarray(start - address, end - address);
  // One patch only: a second one replaces the first unless it is the same place.
  draft.patchOffset = start - DATA;
  draft.patch = part.slice();
}

/** An address for an access of so many bytes. */
export function chooseTarget(random: Random, bytes: number, aligned: boolean): number {
  const align = aligned && random.chance(85) ? Math.max(16, bytes) : random.chance(50) ? bytes : 1;
  const somewhere = DATA + 0x40 + random.below(WRITABLE_SIZE - 0x80);
  const edge = random.below(40);
  if (edge === 0) return DATA + PAGE - random.below(bytes + 1);
  if (edge === 1) return DATA + PAGE - random.below(bytes + 1);
  if (edge === 2) return DATA - random.below(bytes + 1);
  if (edge === 3) return DATA + WRITABLE_SIZE - random.below(bytes + 1); // read-only from here on
  if (edge === 4) return DATA + WRITABLE_SIZE + PAGE - random.below(bytes + 1);
  if (edge === 5) return CODE + random.below(64);
  return somewhere - (somewhere % align);
}

export function chooseAddress(random: Random, bytes: number, aligned: boolean): bigint {
  if (random.chance(2))
    return random.pick([
      0x8000_0000_0000n,
      0xffff_7fff_ffff_fff0n,
      0x7fff_ffff_ffffn,
      0x1234_5678_9abc_def0n,
      0x10n,
    ]);
  return BigInt(chooseTarget(random, bytes, aligned));
}

/** Machine code of one instruction that begins at `address`; what it needs goes into the draft. */
function encode(form: Form, draft: Draft, address: number): Uint8Array {
  const { random, registers } = draft;
  const size = random.pick(form.sizes);
  const preparation: Preparation = {
    random,
    size,
    registers,
    vectors: draft.vectors,
    patch: (at, bytes) => addPatch(draft, at, bytes),
    target: (bytes) => chooseTarget(random, bytes, false),
  };
  form.prepare?.(preparation);
  if (typeof form.gs === 'number') {
    registers.set(form.gs, BigInt.asUintN(64, registers.get(form.gs)! - BigInt(GS_BASE)));
  }

  if (form.gather && form.vex) return encodeGather(form, form.gather, form.vex, draft);

  let rex = size === 64 ? 8 : 0;
  const opcode = [...form.opcode];
  const operand: number[] = [];
  let memory: MemoryOperand | undefined;
  let memoryTarget = 0n;
  if (form.plusRegister) {
    const register = random.below(16);
    opcode[opcode.length - 1] += register & 7;
    rex |= register >> 3;
  }
  if (form.reg !== undefined) {
    const value = form.operandValue?.(preparation);
    const regNumber = typeof form.reg === 'number' ? form.reg : random.below(16);
    if (typeof form.reg !== 'number') rex |= (regNumber >> 3) << 2;
    const inMemory = form.only === 'memory' || (form.only !== 'register' && random.chance(50));
    if (inMemory) {
      const bytes = form.memoryBytes ?? size / 8;
      let target = chooseAddress(random, bytes, form.aligned === true);
      const inData = target >= BigInt(DATA) && target < BigInt(DATA + WRITABLE_SIZE);
      if (value !== undefined) {
        if (inData) addPatch(draft, Number(target), littleEndian(value, bytes));
      } else if (inData && draft.patch.length === 0 && random.chance(70)) {
        addPatch(
          draft,
          Number(target),
          random.chance(50)
            ? littleEndian(interestingInteger(random), bytes)
            : Uint8Array.of(...interestingVector(random), ...interestingVector(random)).slice(0, bytes),
        );
      }
      if (form.bitOffset) {
        // The offset reaches from the encoded address to the target.
        const chunk = random.below(200) - 100;
        const offset = BigInt(chunk * size + random.below(size));
        const noise = random.u64();
        const kept =
          BigInt.asUintN(size, offset) | (size === 64 ? 0n : (noise >> BigInt(size)) << BigInt(size));
        registers.set(regNumber, kept);
        target = BigInt.asUintN(64, target - BigInt(chunk * (size / 8)));
      }
      memoryTarget = target;
      memory = encodeMemory(random, registers, target, draft.useRegisters);
      rex |= memory.rex;
      operand.push(memory.modrm | ((regNumber & 7) << 3), ...memory.rest);
    } else {
      const rmNumber = random.below(16);
      if (value !== undefined && form.rm !== 'xmm') {
        setRegister(
          registers,
          rmNumber,
          value,
          form.memoryBytes === undefined ? size : 8 * form.memoryBytes,
          rex,
          random,
        );
      }
      rex |= rmNumber >> 3;
      operand.push(0xc0 | ((regNumber & 7) << 3) | (rmNumber & 7));
    }
  }
  if (rex === 0 && form.vex === undefined && random.chance(size === 8 ? 40 : 3)) rex = 0x40; // SPL…DIL instead of AH…BH

  const prefixes: number[] = [];
  if (form.lock) prefixes.push(LOCK);
  if (size === 16 && form.vex === undefined) prefixes.push(OPERAND_SIZE);
  if (form.addressSize32) prefixes.push(ADDRESS_SIZE);
  if (form.gs !== undefined) prefixes.push(GS);
  if (memory) prefixes.push(...memory.prefixes);
  let head: number[];
  if (form.vex !== undefined) {
    // A prefix that VEX does not go with.
    if (random.chance(1)) prefixes.push(random.pick([OPERAND_SIZE, 0xf2, 0xf3, LOCK, 0x40, 0x48]));
    head = [...prefixes, ...encodeVex(form.vex, form.prefix ?? 0, rex, opcode, draft), ...operand];
  } else {
    addLegacyPrefixes(form, prefixes, rex, random);
    head = [...prefixes, ...opcode, ...operand];
  }
  const immediate = encodeImmediate(form, size, random);
  const length = head.length + immediate.length;
  if (memory?.ripRelative) {
    head.splice(-4, 4, ...littleEndian(memoryTarget - BigInt(address + length), 4));
  }
  return Uint8Array.from([...head, ...immediate]);
}

/** A gather: destination, mask and index are three registers, almost always, and some elements may fault. */
function encodeGather(
  form: Form,
  gather: NonNullable<Form['gather']>,
  vex: VexEncoding,
  draft: Draft,
): Uint8Array {
  const { random, registers, vectors } = draft;
  const numbers = Array.from({ length: 16 }, (_, i) => i);
  const take = (): number => numbers.splice(random.below(numbers.length), 1)[0]!;
  let [destination, mask, index] = [take(), take(), take()];
  if (random.chance(3)) mask = random.pick([destination, index]);
  if (random.chance(2)) index = random.pick([destination, mask]);

  const free = Array.from({ length: 16 }, (_, i) => i).filter((i) => !registers.has(i));
  const base = free.length > 0 ? random.pick(free) : undefined;
  const scale = random.below(4);
  const displacement = random.chance(50) ? 0 : random.below(256) - 128;
  const middle = DATA + 0x1000 + random.below(64);
  const addressSize32 = base !== undefined && random.chance(10);
  const prefixes = addressSize32 ? [ADDRESS_SIZE] : [];
  if (base !== undefined) registers.set(base, BigInt(middle - displacement));

  const indexes = new Uint8Array(32);
  const masks = new Uint8Array(32);
  const isFaulty = random.chance(15);
  const all = random.chance(40);
  for (let at = 0; at < 32; at += gather.indexBytes) {
    let value = BigInt((random.below(0x1e00) - 0xf00) >> scale);
    if (isFaulty && random.chance(20)) value = interestingInteger(random);
    indexes.set(littleEndian(BigInt.asUintN(64, value), gather.indexBytes), at);
  }
  for (let at = 0; at < 32; at += gather.elementBytes) {
    masks.set(random.bytes(gather.elementBytes), at);
    if (all || random.chance(30)) masks[at + gather.elementBytes - 1]! |= 0x80;
  }
  vectors.set(index, indexes);
  if (!vectors.has(mask)) vectors.set(mask, masks);

  const rex = ((destination >> 3) << 2) | ((index >> 3) << 1) | ((base ?? 0) >> 3);
  const prefix = encodeVex(vex, form.prefix ?? 0, rex, form.opcode, draft, mask);
  const sib = (scale << 6) | ((index & 7) << 3) | (base === undefined ? 5 : base & 7);
  const mode = base === undefined ? 0x04 : 0x44;
  const offset = base === undefined ? littleEndian(BigInt(middle), 4) : littleEndian(BigInt(displacement), 1);
  return Uint8Array.of(...prefixes, ...prefix, mode | ((destination & 7) << 3), sib, ...offset);
}

function addLegacyPrefixes(form: Form, prefixes: number[], rex: number, random: Random): void {
  // Mandatory prefixes F2 and F3 take precedence over 66.
  if (form.reg === 'xmm' && (form.prefix ?? 0) > OPERAND_SIZE && random.chance(4))
    prefixes.push(OPERAND_SIZE);
  if (form.prefix !== undefined) prefixes.push(form.prefix);
  if (prefixes.length > 0 && random.chance(2)) prefixes.unshift(0x40 | random.below(16)); // REX that does not count
  if (rex !== 0) prefixes.push(0x40 | rex);
}

const MAPS = new Map([
  [undefined, 1],
  [0x38, 2],
  [0x3a, 3],
]);
const MANDATORY = [0, 0x66, 0xf3, 0xf2];

/** VEX prefix and opcode byte. What the instruction does not look at is random, what must be fixed is not always so. */
function encodeVex(
  vex: VexEncoding,
  prefix: number,
  rex: number,
  opcode: readonly number[],
  draft: Draft,
  operand?: number,
): number[] {
  const { random, registers } = draft;
  let vvvv = random.chance(2) ? random.below(16) : 0;
  if (vex.vvvv !== undefined) vvvv = operand ?? random.below(16);
  // A general register is a noteworthy number, unless the form or an address needs it.
  if (vex.vvvv === 'gpr' && !registers.has(vvvv))
    registers.set(vvvv, (vex.vvvvValue ?? interestingInteger)(random));
  let w = vex.w ?? rex >> 3;
  if (vex.wIgnored || random.chance(1)) w = random.below(2);
  let l = vex.length === 256 ? 1 : 0;
  if (vex.length === 'ignored' || (random.chance(1) && !vex.lengthFixed)) l = random.below(2);
  const map = MAPS.get(opcode.length === 3 ? opcode[1] : undefined)!;
  const last = ((~vvvv & 15) << 3) | (l << 2) | MANDATORY.indexOf(prefix);
  const r = rex & 4 ? 0 : 0x80;
  const xb = (~rex & 3) << 5;
  if (map === 1 && w === 0 && (rex & 3) === 0 && random.chance(60)) return [0xc5, r | last, opcode.at(-1)!];
  return [0xc4, r | xb | map, (w << 7) | last, opcode.at(-1)!];
}

/** Gives a register operand its value, whichever of the byte registers the number means. */
function setRegister(
  registers: Map<number, bigint>,
  number: number,
  value: bigint,
  bits: number,
  rex: number,
  random: Random,
): void {
  if (bits === 8 && rex === 0 && number >= 4 && number < 8) {
    const old = registers.get(number - 4) ?? random.u64();
    registers.set(number - 4, (old & ~0xff00n) | (value << 8n));
    return;
  }
  if (registers.has(number)) return;
  const noise = bits >= 64 ? 0n : (random.u64() >> BigInt(bits)) << BigInt(bits);
  registers.set(number, noise | BigInt.asUintN(Math.min(bits, 64), value));
}

function encodeImmediate(form: Form, size: OperandSize, random: Random): Uint8Array {
  const value = form.immediateValue ? BigInt(form.immediateValue(random)) : interestingInteger(random);
  if (form.immediate === undefined) return new Uint8Array(0);
  switch (form.immediate) {
    case 'byte':
      return littleEndian(value, 1);
    case 'word':
      return littleEndian(value, 2);
    case 'operand':
      return littleEndian(value, Math.min(size, 32) / 8);
    case 'full':
      return littleEndian(value, size / 8);
    case 'address':
      return littleEndian(
        chooseAddress(random, size / 8, false) - BigInt(form.gs === undefined ? 0 : GS_BASE),
        8,
      );
    case 'relative8':
      return littleEndian(BigInt(random.below(128)), 1);
    case 'relative32':
      return littleEndian(BigInt(random.chance(80) ? random.below(0x400) : random.u32() & 0x0fff_ffff), 4);
  }
}

export function littleEndian(value: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}
