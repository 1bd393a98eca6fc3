/** CLC, STC, CMC, CLD, STD, LAHF, SAHF, PUSHF, POPF, CLI, STI. */
import type { Cpu } from './cpu.ts';
import { GENERAL_PROTECTION, raiseWithCode } from './fault.ts';
import {
  AC,
  AF,
  ARITHMETIC_FLAGS,
  arithmeticFlags,
  CF,
  DF,
  ID,
  IF,
  IOPL,
  NT,
  PF,
  RF,
  readFlags,
  SF,
  setArithmeticFlags,
  TF,
  VM,
  writeFlags,
  ZF,
} from './flags.ts';
import type { Handler } from './instruction.ts';
import { always, type Opcode } from './opcode.ts';
import { pop, push } from './stack.ts';
import { CPL, FLAGS, INTERRUPT_SHADOW, RAX, STI_SHADOW } from './state.ts';

export const ioPrivilegeLevel = (cpu: Cpu): number => (cpu.i32[FLAGS] & IOPL) >> 12;

const cmc: Handler = (cpu) => setArithmeticFlags(cpu.i32, arithmeticFlags(cpu.i32) ^ CF);
const clc: Handler = (cpu) => setArithmeticFlags(cpu.i32, arithmeticFlags(cpu.i32) & ~CF);
const stc: Handler = (cpu) => setArithmeticFlags(cpu.i32, arithmeticFlags(cpu.i32) | CF);
const cld: Handler = (cpu) => {
  cpu.i32[FLAGS] &= ~DF;
};
const std: Handler = (cpu) => {
  cpu.i32[FLAGS] |= DF;
};

const LAHF_FLAGS = SF | ZF | AF | PF | CF;
const lahf: Handler = (cpu) => {
  cpu.u8[RAX * 4 + 1] = (arithmeticFlags(cpu.i32) & LAHF_FLAGS) | 2;
};
const sahf: Handler = (cpu) => {
  const kept = arithmeticFlags(cpu.i32) & ~LAHF_FLAGS;
  setArithmeticFlags(cpu.i32, kept | (cpu.u8[RAX * 4 + 1] & LAHF_FLAGS));
};

const cli: Handler = (cpu) => {
  if (cpu.i32[CPL] > ioPrivilegeLevel(cpu)) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  cpu.i32[FLAGS] &= ~IF;
};
/** Interrupts wait until the instruction behind STI is done, if they were disabled before. */
const sti: Handler = (cpu) => {
  if (cpu.i32[CPL] > ioPrivilegeLevel(cpu)) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  if ((cpu.i32[FLAGS] & IF) === 0) cpu.i32[INTERRUPT_SHADOW] = STI_SHADOW;
  cpu.i32[FLAGS] |= IF;
};

const pushf: Handler = (cpu, i) => push(cpu, i, readFlags(cpu) & ~(RF | VM), 0);

/** Bits of RFLAGS that code at the current privilege may change with POPF and IRET. */
export function changeableFlags(cpu: Cpu): number {
  const level = cpu.i32[CPL];
  return (
    ARITHMETIC_FLAGS |
    TF |
    DF |
    NT |
    AC |
    ID |
    (level === 0 ? IOPL : 0) |
    (level <= ioPrivilegeLevel(cpu) ? IF : 0)
  );
}
const popf: Handler = (cpu, i) => {
  const changeable = changeableFlags(cpu) & (i.operandSize === 2 ? 0xffff : -1);
  const value = pop(cpu, i);
  writeFlags(cpu, (readFlags(cpu) & ~changeable & ~RF) | (value & changeable));
};

export const FLAG_OPCODES: readonly Opcode[] = [
  { opcode: 0xf5, handler: always(cmc) },
  { opcode: 0xf8, handler: always(clc) },
  { opcode: 0xf9, handler: always(stc) },
  { opcode: 0xfa, endsBlock: 'plain', handler: always(cli) },
  { opcode: 0xfb, endsBlock: 'plain', handler: always(sti) },
  { opcode: 0xfc, handler: always(cld) },
  { opcode: 0xfd, handler: always(std) },
  { opcode: 0x9f, mode: 'long', feature: 'lahf', handler: always(lahf) },
  { opcode: 0x9e, mode: 'long', feature: 'lahf', handler: always(sahf) },
  { opcode: 0x9f, mode: 'legacy', handler: always(lahf) },
  { opcode: 0x9e, mode: 'legacy', handler: always(sahf) },
  { opcode: 0x9c, size: 'stack', handler: always(pushf) },
  { opcode: 0x9d, size: 'stack', endsBlock: 'plain', handler: always(popf) },
];
