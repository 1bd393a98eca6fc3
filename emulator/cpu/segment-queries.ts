/** LAR, LSL, VERR, VERW: what a selector would allow, told in ZF instead of a fault. */
import { isIa32e } from './code-mode.ts';
import type { Cpu } from './cpu.ts';
import {
  BUSY,
  CALL_GATE_16,
  CALL_GATE_32,
  DESCRIPTOR_CODE,
  DESCRIPTOR_CONFORMING,
  DESCRIPTOR_NON_SYSTEM,
  DESCRIPTOR_WRITABLE,
  LDT_TYPE,
  privilegeOf,
  systemTypeOf,
  TASK_GATE,
  TSS_16,
  TSS_32,
} from './descriptor.ts';
import { FAULT, GENERAL_PROTECTION } from './fault.ts';
import { arithmeticFlags, setArithmeticFlags, ZF } from './flags.ts';
import type { Handler } from './instruction.ts';
import { always, type Opcode } from './opcode.ts';
import { readWord, writeRegister } from './operands.ts';
import { type Descriptor, descriptorLimit, isNull, readDescriptor } from './segments.ts';
import { CPL, FAULT_VECTOR } from './state.ts';

/** System descriptors that LSL tells the limit of, and those LAR tells of besides: in IA-32e mode, and else. */
const WIDE_LIMITS = [LDT_TYPE, TSS_32, TSS_32 + BUSY];
const WIDE_RIGHTS = [...WIDE_LIMITS, CALL_GATE_32];
const LIMITS = [...WIDE_LIMITS, TSS_16, TSS_16 + BUSY];
const RIGHTS = [...WIDE_RIGHTS, TSS_16, TSS_16 + BUSY, CALL_GATE_16, TASK_GATE];

/** The descriptor of a selector that the current privilege may see, else undefined. */
function visibleDescriptor(cpu: Cpu, selector: number): Descriptor | undefined {
  if (isNull(selector)) return undefined;
  let descriptor: Descriptor;
  try {
    descriptor = readDescriptor(cpu, selector, GENERAL_PROTECTION);
  } catch (fault) {
    // Beyond its table; a page fault on the way is a fault.
    if (fault === FAULT && cpu.i32[FAULT_VECTOR] === GENERAL_PROTECTION) return undefined;
    throw fault;
  }
  const conformingCode = DESCRIPTOR_NON_SYSTEM | DESCRIPTOR_CODE | DESCRIPTOR_CONFORMING;
  const isConforming = (descriptor.upper & conformingCode) === conformingCode;
  const level = Math.max(cpu.i32[CPL], selector & 3);
  return isConforming || privilegeOf(descriptor.upper) >= level ? descriptor : undefined;
}

const isSystem = (d: Descriptor): boolean => (d.upper & DESCRIPTOR_NON_SYSTEM) === 0;

function setZero(cpu: Cpu, isSet: boolean): void {
  setArithmeticFlags(cpu.i32, (arithmeticFlags(cpu.i32) & ~ZF) | (isSet ? ZF : 0));
}

function query(
  value: (d: Descriptor) => number,
  wideTypes: readonly number[],
  types: readonly number[],
): Handler {
  return (cpu, i) => {
    const d = visibleDescriptor(cpu, readWord(cpu, i));
    const systemTypes = isIa32e(cpu) ? wideTypes : types;
    const isAllowed = d !== undefined && (!isSystem(d) || systemTypes.includes(systemTypeOf(d.upper)));
    if (isAllowed) writeRegister(cpu, i.reg, i.operandSize, value(d), 0);
    setZero(cpu, isAllowed);
  };
}
const lar = query((d) => d.upper & 0xff_ff00, WIDE_RIGHTS, RIGHTS);
const lsl = query(descriptorLimit, WIDE_LIMITS, LIMITS);

/** Code is readable with the bit that makes data writable; data is always readable, code never writable. */
const verify =
  (isAllowed: (isCode: boolean, bit: boolean) => boolean): Handler =>
  (cpu, i) => {
    const d = visibleDescriptor(cpu, readWord(cpu, i));
    const bits = d?.upper ?? 0;
    const fits = isAllowed((bits & DESCRIPTOR_CODE) !== 0, (bits & DESCRIPTOR_WRITABLE) !== 0);
    setZero(cpu, d !== undefined && !isSystem(d) && fits);
  };
const verr = verify((isCode, bit) => !isCode || bit);
const verw = verify((isCode, bit) => !isCode && bit);

export const SEGMENT_QUERY_OPCODES: readonly Opcode[] = [
  { mode: 'protected', opcode: 0x0f00, extension: 4, handler: always(verr) },
  { mode: 'protected', opcode: 0x0f00, extension: 5, handler: always(verw) },
  { mode: 'protected', opcode: 0x0f02, modrm: true, handler: always(lar) },
  { mode: 'protected', opcode: 0x0f03, modrm: true, handler: always(lsl) },
];
