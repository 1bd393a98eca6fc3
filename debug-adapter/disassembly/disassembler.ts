/** Machine code as text, by `iced-x86`. */
import { Decoder, DecoderOptions, FlowControl, Formatter, FormatterSyntax, type Instruction } from 'iced-x86';

export interface DecodedInstruction {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  readonly text: string;
  /** False: the bytes are no instruction. */
  readonly valid: boolean;
  /** A call, direct or not, or a system call. */
  readonly calls: boolean;
  /** Where a direct jump or call goes, or what a RIP-relative operand addresses. */
  readonly target: bigint | undefined;
}

export const LONGEST_INSTRUCTION = 15;

/** `iced-x86` counts system calls among the calls. */
const CALLS: ReadonlySet<FlowControl> = new Set([FlowControl.Call, FlowControl.IndirectCall]);

/** Size of the code, as `Machine.codeBits` says. */
export type CodeBits = 16 | 32 | 64;

/** Decodes at most `count` instructions from `bytes`, the first at `address`. Stops where they run out. */
export function disassemble(
  bytes: Uint8Array,
  address: bigint,
  count: number,
  bits: CodeBits = 64,
): DecodedInstruction[] {
  const decoder = new Decoder(bits, bytes, DecoderOptions.None);
  decoder.ip = address;
  const formatter = intelFormatter();
  const result: DecodedInstruction[] = [];
  try {
    while (decoder.canDecode && result.length < count) {
      const offset = decoder.position;
      const instruction = decoder.decode();
      // An instruction cut off by the end of the bytes is not known.
      const cutOff = instruction.isInvalid && bytes.length - offset < LONGEST_INSTRUCTION;
      const length = instruction.isInvalid ? 1 : instruction.length;
      if (instruction.isInvalid) {
        decoder.position = offset + 1;
        decoder.ip = address + BigInt(offset + 1);
      }
      result.push({
        address: address + BigInt(offset),
        bytes: bytes.slice(offset, offset + length),
        text: instruction.isInvalid ? (cutOff ? '(incomplete)' : '(bad)') : formatter.format(instruction),
        valid: !instruction.isInvalid,
        calls: !instruction.isInvalid && CALLS.has(instruction.flowControl),
        target: targetOf(instruction),
      });
      instruction.free();
    }
  } finally {
    decoder.free();
    formatter.free();
  }
  return result;
}

/**
 * The start of an instruction stream that has a boundary at `end` and begins at or after `start`: x86 code cannot be read
 * backwards, but decoding from a wrong byte soon falls into step. Returns the instructions before `end`.
 */
export function disassembleUpTo(
  bytes: Uint8Array,
  start: bigint,
  end: bigint,
  bits: CodeBits = 64,
): DecodedInstruction[] {
  let best: DecodedInstruction[] = [];
  for (let skip = 0; skip <= Math.min(LONGEST_INSTRUCTION, bytes.length); skip++) {
    const instructions = disassemble(bytes.subarray(skip), start + BigInt(skip), bytes.length, bits);
    const inStep = instructions.findIndex((each) => each.address + BigInt(each.bytes.length) === end);
    if (inStep < 0) continue;
    const candidate = instructions.slice(0, inStep + 1);
    if (candidate.every((each) => each.valid)) return candidate;
    if (candidate.length > best.length) best = candidate;
  }
  return best;
}

function intelFormatter(): Formatter {
  const formatter = new Formatter(FormatterSyntax.Intel);
  formatter.hexPrefix = '0x';
  formatter.hexSuffix = '';
  formatter.uppercaseHex = false;
  formatter.addLeadingZeroToHexNumbers = false;
  formatter.spaceAfterOperandSeparator = true;
  formatter.branchLeadingZeros = false;
  formatter.showBranchSize = false;
  // With decimal numbers the formatter misprints 64-bit values whose low half is below 10.
  formatter.smallHexNumbersInDecimal = false;
  return formatter;
}

function targetOf(instruction: Instruction): bigint | undefined {
  if (instruction.isInvalid) return undefined;
  const flow = instruction.flowControl;
  const direct =
    flow === FlowControl.Call ||
    flow === FlowControl.UnconditionalBranch ||
    flow === FlowControl.ConditionalBranch;
  if (direct) return instruction.nearBranchTarget;
  return instruction.isIpRelMemoryOperand ? instruction.ipRelMemoryAddress : undefined;
}
