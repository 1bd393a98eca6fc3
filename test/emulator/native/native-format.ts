import { type InstructionCase, initialState, type Outcome } from './instruction-case.ts';

/** The byte layout of `struct case_header` and `struct result_header` in `harness.c`. */
const CASE_HEADER = 32 + 128 + 256;
const RESULT_HEADER = 32 + 128 + 256 + 16;

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
  bytes.set(state.xmm, 160);
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
      xmm: bytes.slice(at + 160, at + 416),
      mxcsr: view.getUint32(at + 416, true),
      diffOffset: view.getUint32(at + 420, true),
      diff: bytes.slice(at + RESULT_HEADER, at + RESULT_HEADER + diffLength),
    });
    at += RESULT_HEADER + diffLength;
  }
  return outcomes;
}
