import { entryOffset, type InstructionCase, initialState, type Outcome } from './instruction-case.ts';
import { decodeX87, encodeX87, X87_IMAGE_BYTES } from './x87-state.ts';

/** The byte layout of `struct case_header` and `struct result_header` in `harness.c`. */
const LOWER_HALVES = 32 + 128;
const UPPER_HALVES = LOWER_HALVES + 256;
const X87 = UPPER_HALVES + 256;
const SELECTORS = X87 + X87_IMAGE_BYTES;
const SEGMENT_REGISTERS = 6;
const CASE_HEADER = SELECTORS + 24;
const RESULT_TAIL = CASE_HEADER;
const RESULT_HEADER = RESULT_TAIL + 16;

// The harness has the lower and upper halves of the vector registers in two arrays, as XSAVE has them.
function joinHalves(bytes: Uint8Array, at: number): Uint8Array {
  const vectors = new Uint8Array(512);
  for (let i = 0; i < 16; i++) {
    vectors.set(bytes.subarray(at + LOWER_HALVES + 16 * i, at + LOWER_HALVES + 16 * i + 16), 32 * i);
    vectors.set(bytes.subarray(at + UPPER_HALVES + 16 * i, at + UPPER_HALVES + 16 * i + 16), 32 * i + 16);
  }
  return vectors;
}

function splitHalves(vectors: Uint8Array, bytes: Uint8Array): void {
  for (let i = 0; i < 16; i++) {
    bytes.set(vectors.subarray(32 * i, 32 * i + 16), LOWER_HALVES + 16 * i);
    bytes.set(vectors.subarray(32 * i + 16, 32 * i + 32), UPPER_HALVES + 16 * i);
  }
}

export function encodeCase(test: InstructionCase): Uint8Array {
  const bytes = new Uint8Array(CASE_HEADER + test.code.length + test.patch.length);
  const view = new DataView(bytes.buffer);
  const state = initialState(test);
  view.setUint32(0, test.codeOffset, true);
  view.setUint32(4, test.code.length, true);
  view.setUint32(8, test.patchOffset, true);
  view.setUint32(12, test.patch.length, true);
  view.setUint32(16, state.mxcsr, true);
  view.setBigUint64(24, BigInt(state.rflags), true);
  for (let i = 0; i < 16; i++) view.setBigUint64(32 + 8 * i, state.gpr[i]!, true);
  splitHalves(state.vectors, bytes);
  bytes.set(encodeX87(state.x87), X87);
  if (test.selectors !== undefined) {
    for (const [n, selector] of test.selectors.entries()) view.setUint16(SELECTORS + 2 * n, selector, true);
    view.setUint16(SELECTORS + 2 * SEGMENT_REGISTERS, 1, true);
    view.setUint32(SELECTORS + 16, entryOffset(test), true);
  }
  bytes.set(test.code, CASE_HEADER);
  bytes.set(test.patch, CASE_HEADER + test.code.length);
  return bytes;
}

/** Throws RangeError if the harness wrote fewer results than `count`. */
export function decodeOutcomes(bytes: Uint8Array, count: number): Outcome[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const outcomes: Outcome[] = [];
  for (let at = 0; outcomes.length < count; ) {
    const diffLength = view.getUint32(at + RESULT_HEADER - 8, true);
    const gpr = new BigUint64Array(16);
    for (let i = 0; i < 16; i++) gpr[i] = view.getBigUint64(at + 32 + 8 * i, true);
    outcomes.push({
      vector: view.getUint32(at, true),
      errorCode: view.getUint32(at + 4, true),
      faultAddress: view.getBigUint64(at + 8, true),
      rip: view.getBigUint64(at + 16, true),
      rflags: view.getUint32(at + 24, true),
      gpr,
      vectors: joinHalves(bytes, at),
      x87: decodeX87(bytes.subarray(at + X87, at + SELECTORS)),
      selectors: Array.from({ length: SEGMENT_REGISTERS }, (_, n) =>
        view.getUint16(at + SELECTORS + 2 * n, true),
      ),
      mxcsr: view.getUint32(at + RESULT_TAIL, true),
      diffOffset: view.getUint32(at + RESULT_TAIL + 4, true),
      diff: bytes.slice(at + RESULT_HEADER, at + RESULT_HEADER + diffLength),
    });
    at += RESULT_HEADER + diffLength;
  }
  return outcomes;
}
