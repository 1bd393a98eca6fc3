/** One frame down the stack: the caller's registers from the callee's, by the call frame information. */
import type { CallFrameInformation, FrameRow, RegisterRule } from './call-frame-information.ts';
import { evaluateToNumber, Unavailable } from './location-expression.ts';
import { RSP, registerName } from './register-numbers.ts';
import type { FrameContext, UnwindResult } from './symbol-api.ts';

/** Registers that a called function leaves alone (System V psABI §3.2.1): without a rule they still hold the caller's value. */
export const CALLEE_SAVED: ReadonlySet<number> = new Set([3, 6, 12, 13, 14, 15]);

/** The address that says where a frame is: of the next instruction, or within the call that a caller is in. */
export function lookupAddress(frame: Pick<FrameContext, 'pc' | 'pcIsExact'>): bigint {
  return frame.pcIsExact ? frame.pc : BigInt.asUintN(64, frame.pc - 1n);
}

/** Throws Unavailable, or RangeError for damaged information. */
function cfaOf(row: FrameRow, frame: FrameContext): bigint {
  const { cfa } = row;
  if (cfa === undefined) throw new RangeError('no rule for the CFA');
  if (cfa.kind === 'expression') return evaluateToNumber(cfa.block, { frame, unit: undefined });
  const base = frame.readRegister(cfa.register);
  if (base === undefined) throw new Unavailable(`${registerName(cfa.register) ?? 'a register'} is not known`);
  return BigInt.asUintN(64, base + BigInt(cfa.offset));
}

export function canonicalFrameAddress(
  information: CallFrameInformation,
  frame: FrameContext,
): bigint | undefined {
  const row = information.rowAt(lookupAddress(frame));
  if (row === undefined) return undefined;
  try {
    return cfaOf(row, frame);
  } catch (error) {
    if (error instanceof Unavailable || error instanceof RangeError) return undefined;
    throw error;
  }
}

export function unwindFrame(information: CallFrameInformation, frame: FrameContext): UnwindResult {
  const address = lookupAddress(frame);
  const row = information.rowAt(address);
  if (row === undefined)
    return { kind: 'failed', reason: `no call frame information for 0x${address.toString(16)}` };
  try {
    return applyRow(row, information, frame);
  } catch (error) {
    if (!(error instanceof Unavailable || error instanceof RangeError)) throw error;
    return { kind: 'failed', reason: `cannot unwind from 0x${address.toString(16)}: ${error.message}` };
  }
}

function applyRow(row: FrameRow, information: CallFrameInformation, frame: FrameContext): UnwindResult {
  const returnRule = row.registers.get(row.returnAddressRegister);
  if (returnRule?.kind === 'undefined') return { kind: 'end' };
  if (returnRule === undefined) throw new RangeError('no rule for the return address');
  const cfa = cfaOf(row, frame);
  const pc = applyRule(returnRule, row.returnAddressRegister, cfa, frame);
  if (pc === undefined) throw new Unavailable('the return address cannot be read');
  if (pc === 0n) return { kind: 'end' };

  // Rules run on demand: most registers of most frames are never looked at.
  const known = new Map<number, bigint | undefined>([[row.returnAddressRegister, pc]]);
  const readRegister = (register: number): bigint | undefined => {
    if (known.has(register)) return known.get(register);
    let value: bigint | undefined;
    const rule = row.registers.get(register);
    if (rule !== undefined) value = applyRuleIfPossible(rule, register, cfa, frame);
    else if (register === RSP) value = cfa;
    else if (row.signalFrame || CALLEE_SAVED.has(register)) value = frame.readRegister(register);
    known.set(register, value);
    return value;
  };
  if (pc === frame.pc && readRegister(RSP) === frame.readRegister(RSP))
    throw new RangeError('the frame is its own caller');

  const caller: FrameContext = {
    pc,
    pcIsExact: row.signalFrame,
    readRegister,
    readMemory: frame.readMemory,
    caller: () => {
      const next = unwindFrame(information, caller);
      return next.kind === 'caller' ? next.frame : undefined;
    },
  };
  return { kind: 'caller', frame: caller, cfa, signalFrame: row.signalFrame };
}

function applyRuleIfPossible(
  rule: RegisterRule,
  register: number,
  cfa: bigint,
  frame: FrameContext,
): bigint | undefined {
  try {
    return applyRule(rule, register, cfa, frame);
  } catch (error) {
    if (error instanceof Unavailable || error instanceof RangeError) return undefined;
    throw error;
  }
}

function applyRule(
  rule: RegisterRule,
  register: number,
  cfa: bigint,
  frame: FrameContext,
): bigint | undefined {
  switch (rule.kind) {
    case 'undefined':
      return undefined;
    case 'same-value':
      return frame.readRegister(register);
    case 'offset':
      return readWord(frame, cfa + BigInt(rule.offset));
    case 'value-offset':
      return BigInt.asUintN(64, cfa + BigInt(rule.offset));
    case 'register':
      return frame.readRegister(rule.register);
    case 'expression':
      return readWord(frame, evaluateToNumber(rule.block, { frame, unit: undefined }, [cfa]));
    case 'value-expression':
      return evaluateToNumber(rule.block, { frame, unit: undefined }, [cfa]);
  }
}

function readWord(frame: FrameContext, address: bigint): bigint | undefined {
  const bytes = frame.readMemory(BigInt.asUintN(64, address), 8);
  return bytes && new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
}
