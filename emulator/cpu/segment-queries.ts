/** LAR, LSL, VERR, VERW: what a selector would allow, told in ZF instead of a fault. */
import type { Cpu } from './cpu.ts';
import { FAULT, GENERAL_PROTECTION } from './fault.ts';
import { arithmeticFlags, setArithmeticFlags, ZF } from './flags.ts';
import type { Handler } from './instruction.ts';
import { always, type Opcode } from './opcode.ts';
import { readWord, writeRegister } from './operands.ts';
import {
  DESCRIPTOR_CODE,
  DESCRIPTOR_CONFORMING,
  DESCRIPTOR_NON_SYSTEM,
  DESCRIPTOR_WRITABLE,
  type Descriptor,
  descriptorLimit,
  isNull,
  privilegeOf,
  readDescriptor,
} from './segments.ts';
import { CPL, FAULT_VECTOR } from './state.ts';

/** System descriptor types that exist in long mode: LDT, available and busy TSS, and for LAR the call gate. */
const LDT = 2;
const AVAILABLE_TSS = 9;
const BUSY_TSS = 11;
const CALL_GATE = 12;

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
const typeOf = (d: Descriptor): number => (d.upper >> 8) & 15;

function setZero(cpu: Cpu, isSet: boolean): void {
  setArithmeticFlags(cpu.i32, (arithmeticFlags(cpu.i32) & ~ZF) | (isSet ? ZF : 0));
}

function query(value: (d: Descriptor) => number, systemTypes: readonly number[]): Handler {
  return (cpu, i) => {
    const d = visibleDescriptor(cpu, readWord(cpu, i));
    const isAllowed = d !== undefined && (!isSystem(d) || systemTypes.includes(typeOf(d)));
    if (isAllowed) writeRegister(cpu, i.reg, i.operandSize, value(d), 0);
    setZero(cpu, isAllowed);
  };
}
const lar = query((d) => d.upper & 0xff_ff00, [LDT, AVAILABLE_TSS, BUSY_TSS, CALL_GATE]);
const lsl = query(descriptorLimit, [LDT, AVAILABLE_TSS, BUSY_TSS]);

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
  { opcode: 0x0f00, extension: 4, handler: always(verr) },
  { opcode: 0x0f00, extension: 5, handler: always(verw) },
  { opcode: 0x0f02, modrm: true, handler: always(lar) },
  { opcode: 0x0f03, modrm: true, handler: always(lsl) },
];
