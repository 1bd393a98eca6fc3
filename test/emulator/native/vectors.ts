import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type InstructionCase, initialState, type Outcome } from './instruction-case.ts';
import { decodeX87, encodeX87 } from './x87-state.ts';

/** A case and what a real CPU made of it. */
export interface Vector {
  readonly test: InstructionCase;
  readonly outcome: Outcome;
}

/**
 * One vector as a line of JSON, without what it has in common with its initial state:
 * [form, code, codeOffset, seed, registers, patchOffset, patch,
 *  vector, errorCode, cr2, rip, rflags, mxcsr, changed general registers, changed vectors, diffOffset, diff,
 *  x87 state if the case is about it or null, vector registers]. The last two may be left out.
 * Bytes and 64-bit numbers are hexadecimal. A changed vector of 16 bytes is one whose upper half stayed.
 */
type Line = [
  string,
  string,
  number,
  number,
  [number, string][],
  number,
  string,
  number,
  number,
  string,
  string,
  number,
  number,
  [number, string][],
  [number, string][],
  number,
  string,
  (string | null)?,
  [number, string][]?,
  [before: readonly number[], after: readonly number[]]?,
];

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

export function encodeVector({ test, outcome }: Vector): string {
  const state = initialState(test);
  const registers: [number, string][] = [];
  const vectors: [number, string][] = [];
  for (let i = 0; i < 16; i++) {
    if (outcome.gpr[i] !== state.gpr[i]) registers.push([i, outcome.gpr[i].toString(16)]);
    const before = toHex(state.vectors.subarray(32 * i, 32 * i + 32));
    const after = toHex(outcome.vectors.subarray(32 * i, 32 * i + 32));
    const upperStayed = after.slice(32) === before.slice(32);
    if (after !== before) vectors.push([i, upperStayed ? after.slice(0, 32) : after]);
  }
  const line: Line = [
    test.form,
    toHex(test.code),
    test.codeOffset,
    test.seed,
    [...test.registers].map(([number, value]) => [number, value.toString(16)]),
    test.patchOffset,
    toHex(test.patch),
    outcome.vector,
    outcome.errorCode,
    outcome.faultAddress.toString(16),
    outcome.rip.toString(16),
    outcome.rflags,
    outcome.mxcsr,
    registers,
    vectors,
    outcome.diffOffset,
    toHex(outcome.diff),
  ];
  const hasVectors = test.vectors.size > 0;
  if (test.x87 || hasVectors || test.selectors !== undefined) {
    line.push(test.x87 ? toHex(encodeX87(outcome.x87)) : null);
  }
  if (hasVectors || test.selectors !== undefined) {
    line.push([...test.vectors].map(([number, value]) => [number, toHex(value)]));
  }
  if (test.selectors !== undefined) line.push([test.selectors, outcome.selectors]);
  return JSON.stringify(line);
}

export function decodeVector(text: string): Vector {
  const line = JSON.parse(text) as Line;
  const test: InstructionCase = {
    form: line[0],
    code: fromHex(line[1]),
    codeOffset: line[2],
    seed: line[3],
    registers: new Map(line[4].map(([number, value]) => [number, BigInt(`0x${value}`)])),
    patchOffset: line[5],
    patch: fromHex(line[6]),
    x87: typeof line[17] === 'string',
    vectors: new Map(line[18]?.map(([number, value]) => [number, fromHex(value)])),
    ...(line[19] === undefined ? {} : { selectors: line[19][0] }),
  };
  const { gpr, vectors, x87 } = initialState(test);
  for (const [i, value] of line[13]) gpr[i] = BigInt(`0x${value}`);
  for (const [i, value] of line[14]) vectors.set(fromHex(value), 32 * i);
  const outcome: Outcome = {
    vector: line[7],
    errorCode: line[8],
    faultAddress: BigInt(`0x${line[9]}`),
    rip: BigInt(`0x${line[10]}`),
    rflags: line[11],
    gpr,
    vectors,
    x87: typeof line[17] === 'string' ? decodeX87(fromHex(line[17])) : x87,
    selectors: line[19]?.[1] ?? [],
    mxcsr: line[12],
    diffOffset: line[15],
    diff: fromHex(line[16]),
  };
  return { test, outcome };
}

/** Reads a file of lines, compressed if its name ends in .gz. */
export function readVectors(file: URL): Vector[] {
  const bytes = readFileSync(file);
  const text = (file.pathname.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(decodeVector);
}

export function writeVectors(file: URL, vectors: readonly Vector[]): void {
  writeFileSync(file, gzipSync(vectors.map((vector) => `${encodeVector(vector)}\n`).join(''), { level: 9 }));
}
