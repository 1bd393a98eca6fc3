/**
 * XSAVE, XSAVEOPT, XSAVEC, XRSTOR, XGETBV, XSETBV with the x87, SSE and AVX components (SDM volume 1, chapter 13). A
 * component is in use unless it is as after initialisation; XSAVEOPT does not remember what has changed since XRSTOR.
 */

import { isCanonical, requireCanonical } from '../../mmu/page-walk.ts';
import type { Cpu } from '../cpu.ts';
import { DEVICE_NOT_AVAILABLE, GENERAL_PROTECTION, INVALID_OPCODE, raise, raiseWithCode } from '../fault.ts';
import type { Feature } from '../features.ts';
import type { Handler, Instruction } from '../instruction.ts';
import {
  checkAlignment,
  checkWrite,
  effectiveAddress,
  load32,
  requireAlignedArea,
  store32,
} from '../memory-access.ts';
import type { Opcode } from '../opcode.ts';
import { requireSupervisor } from '../privilege.ts';
import { CR0, CR0_TS, CR4, CR4_OSXSAVE, HIGH, MXCSR, RAX, RCX, RDX, VECTOR, XCR0 } from '../state.ts';
import { clearX87, isX87Initial, restoreX87, saveX87 } from '../x87/state-image.ts';
import { MXCSR_MASK, restoreVectors, saveVectors, vectorWords } from './state-image.ts';

const X87 = 1;
const SSE = 2;
const AVX = 4;
/** What XCR0 may hold. */
const COMPONENTS = X87 | SSE | AVX;

/** Words of the area: x87 without MXCSR, MXCSR and its mask, XMM registers, header, upper halves of the YMM registers. */
const AREA_MXCSR = 24 / 4;
const AREA_X87 = 32 / 4;
const AREA_XMM = 160 / 4;
const AREA_HEADER = 512 / 4;
const AREA_UPPER = 576 / 4;
const AREA_END = 832 / 4;
/** Words of the header. */
const XSTATE = AREA_HEADER;
const XCOMP = AREA_HEADER + 2;
/** XCOMP_BV, upper word: the area is compacted. With these three components nothing moves by that. */
const COMPACTED = 0x8000_0000 | 0;

const DEFAULT_MXCSR = 0x1f80;

const image = new Int32Array(AREA_END);

function requireXsave(cpu: Cpu): void {
  const s = cpu.i32;
  if ((s[CR4] & CR4_OSXSAVE) === 0) raise(cpu, INVALID_OPCODE);
  if ((s[CR0] & CR0_TS) !== 0) raise(cpu, DEVICE_NOT_AVAILABLE);
}

/** XINUSE. MXCSR does not count. */
function inUse(s: Int32Array): number {
  let components = isX87Initial(s) ? 0 : X87;
  for (let n = 0; n < 16; n++) {
    for (let word = 0; word < 8; word++) {
      if (s[VECTOR + 8 * n + word] !== 0) components |= word < 4 ? SSE : AVX;
    }
  }
  return components;
}

/** Address of the area, which is aligned to 64 bytes (or #GP; #AC, as FXSAVE): low half, high half in HIGH. */
function areaAddress(cpu: Cpu, i: Instruction): number {
  const low = effectiveAddress(cpu, i);
  if (isCanonical(cpu.i32[HIGH])) checkAlignment(cpu, low, 4);
  requireAlignedArea(cpu, low, cpu.i32[HIGH], 64);
  if (cpu.mode.bits === 64) requireCanonical(cpu, cpu.i32[HIGH]);
  return low;
}

/** Components asked for in EDX:EAX that are enabled. */
const requested = (s: Int32Array): number => s[RAX] & s[XCR0];

/** Address of a word of the area: low half, high half in HIGH. */
function wordAddress(s: Int32Array, low: number, high: number, word: number): number {
  const at = (low + 4 * word) | 0;
  s[HIGH] = high + (at >>> 0 < low >>> 0 ? 1 : 0);
  return at;
}

/** Parts of the area: words from the first up to the second. */
type Part = readonly [first: number, end: number];

/** Checks that the parts can be written, before anything is read or written. As on CPUs the last byte faults first. */
function checkParts(cpu: Cpu, low: number, high: number, parts: readonly Part[]): void {
  const s = cpu.i32;
  const end = Math.max(AREA_UPPER, ...parts.map((part) => part[1]));
  const last = wordAddress(s, low, high, end - 1);
  checkWrite(cpu, last + 3, s[HIGH], 1);
  for (const [first, behind] of parts) {
    const at = wordAddress(s, low, high, first);
    checkWrite(cpu, at, s[HIGH], 4 * (behind - first));
  }
}

function put(cpu: Cpu, low: number, high: number, parts: readonly Part[]): void {
  const s = cpu.i32;
  for (const [first, behind] of parts) {
    for (let word = first; word < behind; word++) {
      const at = wordAddress(s, low, high, word);
      store32(cpu, at, s[HIGH], image[word]);
    }
  }
}

function get(cpu: Cpu, low: number, high: number, first: number, end: number): void {
  for (let word = first; word < end; word++) {
    const at = wordAddress(cpu.i32, low, high, word);
    image[word] = load32(cpu, at, cpu.i32[HIGH]);
  }
}

type Kind = 'xsave' | 'xsaveopt' | 'xsavec';

const save =
  (kind: Kind): Handler =>
  (cpu, i) => {
    requireXsave(cpu);
    const s = cpu.i32;
    const low = areaAddress(cpu, i);
    const high = s[HIGH];
    const asked = requested(s);
    const used = inUse(s);
    let state = asked & used;
    if (kind === 'xsavec' && s[MXCSR] !== DEFAULT_MXCSR) state |= asked & SSE;
    // What is as after initialisation need not be written, except by the plain form.
    const written = kind === 'xsave' ? asked : state;
    const words = vectorWords(i);
    const withMxcsr = kind === 'xsavec' ? written & SSE : asked & (SSE | AVX);
    const parts: Part[] = [[XSTATE, kind === 'xsavec' ? XCOMP + 2 : XCOMP]];
    if ((written & X87) !== 0) parts.push([0, AREA_MXCSR], [AREA_X87, AREA_XMM]);
    if (withMxcsr !== 0) parts.push([AREA_MXCSR, AREA_X87]);
    if ((written & SSE) !== 0) parts.push([AREA_XMM, AREA_XMM + words]);
    if ((written & AVX) !== 0) parts.push([AREA_UPPER, AREA_UPPER + words]);

    checkParts(cpu, low, high, parts);
    saveX87(s, image, i.operandSize === 8);
    saveVectors(s, image);
    image[AREA_MXCSR] = s[MXCSR];
    image[AREA_MXCSR + 1] = MXCSR_MASK;
    for (let word = 0; word < 64; word++) {
      image[AREA_UPPER + word] = s[VECTOR + 8 * (word >> 2) + 4 + (word & 3)];
    }
    if (kind === 'xsavec') {
      image[XSTATE] = state;
      image[XSTATE + 1] = 0;
      image[XCOMP] = asked;
      image[XCOMP + 1] = COMPACTED;
    } else {
      get(cpu, low, high, XSTATE, XCOMP);
      image[XSTATE] = (image[XSTATE] & ~asked) | state;
    }
    put(cpu, low, high, parts);
  };

/** #GP unless the header is one that this CPU's XSAVE instructions may have written. */
function checkHeader(cpu: Cpu): void {
  const enabled = cpu.i32[XCR0];
  const compacted = image[XCOMP + 1] < 0;
  const allowed = compacted ? image[XCOMP] : enabled;
  let bad =
    (image[XSTATE] & ~allowed) !== 0 ||
    image[XSTATE + 1] !== 0 ||
    (compacted
      ? (image[XCOMP] & ~enabled) !== 0 || image[XCOMP + 1] !== COMPACTED
      : image[XCOMP] !== 0 || image[XCOMP + 1] !== 0);
  const reservedEnd = compacted ? AREA_UPPER : XCOMP + 4;
  for (let word = XCOMP + 2; word < reservedEnd; word++) bad ||= image[word] !== 0;
  if (bad) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
}

function xrstor(cpu: Cpu, i: Instruction): void {
  requireXsave(cpu);
  const s = cpu.i32;
  const low = areaAddress(cpu, i);
  const high = s[HIGH];
  const asked = requested(s);
  get(cpu, low, high, AREA_HEADER, AREA_UPPER);
  checkHeader(cpu);
  const compacted = image[XCOMP + 1] < 0;
  const present = asked & image[XSTATE];
  get(cpu, low, high, 0, AREA_HEADER);
  const words = vectorWords(i);
  if ((present & AVX) !== 0) get(cpu, low, high, AREA_UPPER, AREA_UPPER + words);
  const withMxcsr = compacted ? present & SSE : asked & (SSE | AVX);
  if (withMxcsr !== 0 && (image[AREA_MXCSR] & ~MXCSR_MASK) !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);

  if ((present & X87) !== 0) restoreX87(s, image, i.operandSize === 8);
  else if ((asked & X87) !== 0) clearX87(s);
  if (withMxcsr !== 0) s[MXCSR] = image[AREA_MXCSR];
  else if (compacted && (asked & SSE) !== 0) s[MXCSR] = DEFAULT_MXCSR;
  if ((asked & SSE) !== 0) {
    if ((present & SSE) === 0) image.fill(0, AREA_XMM, AREA_XMM + 64);
    restoreVectors(s, image, words);
  }
  if ((asked & AVX) !== 0) {
    for (let word = 0; word < words; word++) {
      const value = (present & AVX) !== 0 ? image[AREA_UPPER + word] : 0;
      s[VECTOR + 8 * (word >> 2) + 4 + (word & 3)] = value;
    }
  }
}

function xgetbv(cpu: Cpu): void {
  const s = cpu.i32;
  if ((s[CR4] & CR4_OSXSAVE) === 0) raise(cpu, INVALID_OPCODE);
  if (s[RCX] !== 0 && s[RCX] !== 1) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  s[RAX] = s[RCX] === 0 ? s[XCR0] : s[XCR0] & inUse(s);
  s[RAX + 1] = s[RDX] = s[RDX + 1] = 0;
}

function xsetbv(cpu: Cpu): void {
  const s = cpu.i32;
  if ((s[CR4] & CR4_OSXSAVE) === 0) raise(cpu, INVALID_OPCODE);
  requireSupervisor(cpu);
  const value = s[RAX];
  const bad =
    s[RCX] !== 0 ||
    s[RDX] !== 0 ||
    (value & ~COMPONENTS) !== 0 ||
    (value & X87) === 0 ||
    (value & (SSE | AVX)) === AVX;
  if (bad) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  s[XCR0] = value;
}

const area = (opcode: number, extension: number, feature: Feature, handler: Handler): Opcode => ({
  opcode,
  prefix: 0,
  feature,
  extension,
  only: 'memory',
  handler: () => handler,
});

export const XSAVE_OPCODES: readonly Opcode[] = [
  area(0x0fae, 4, 'xsave', save('xsave')),
  area(0x0fae, 5, 'xsave', xrstor),
  area(0x0fae, 6, 'xsaveopt', save('xsaveopt')),
  area(0x0fc7, 4, 'xsavec', save('xsavec')),
  {
    opcode: 0x0f01,
    prefix: 0,
    feature: 'xsave',
    extension: 2,
    only: 'register',
    handler: (i) => [xgetbv, xsetbv][i.rmNumber & 7],
  },
];
