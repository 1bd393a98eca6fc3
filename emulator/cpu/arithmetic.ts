/** ADD OR ADC SBB AND SUB XOR CMP, TEST, INC, DEC, NOT, NEG, XADD, CMPXCHG. */
import { ADD, alu32, alu64, CMP, logic32, logic64, SUB, sub32, sub64 } from './alu.ts';
import type { Cpu } from './cpu.ts';
import { GENERAL_PROTECTION, raiseWithCode } from './fault.ts';
import { AF, arithmeticFlags, CF, carry, OF, setArithmeticFlags, setResultFlags, ZF } from './flags.ts';
import type { Handler, Instruction } from './instruction.ts';
import {
  checkWrite,
  effectiveAddress,
  load32,
  load64,
  loadForWrite32,
  loadForWrite64,
  store32,
  store64,
} from './memory-access.ts';
import { always, type Opcode } from './opcode.ts';
import {
  load,
  loadForWrite,
  readRegister,
  readRm,
  readRmForWrite,
  store,
  writeRegister,
  writeRm,
} from './operands.ts';
import { FLAG_RESULT, HIGH, RAX, RBX, RCX, RDX } from './state.ts';

/** How far to shift a sign-extended result of a size up and down again. */
const narrowing = (size: number): number => 32 - 8 * size;

// Two registers: rm ← rm op reg. Rows with the other direction swap the two (`registerDestination`).

const registers64: Handler = (cpu, i) => {
  const s = cpu.i32;
  const rm = i.rm;
  alu64(s, i.operation, s[rm], s[rm + 1], s[i.reg], s[i.reg + 1]);
  s[rm] = s[FLAG_RESULT];
  s[rm + 1] = s[FLAG_RESULT + 1];
};
const registers32: Handler = (cpu, i) => {
  const s = cpu.i32;
  alu32(s, i.operation, s[i.rm], s[i.reg], 0);
  s[i.rm] = s[FLAG_RESULT];
  s[i.rm + 1] = 0;
};
const compareRegisters64: Handler = (cpu, i) => {
  const s = cpu.i32;
  sub64(s, s[i.rm], s[i.rm + 1], s[i.reg], s[i.reg + 1]);
};
const compareRegisters32: Handler = (cpu, i) => {
  const s = cpu.i32;
  sub32(s, s[i.rm], s[i.reg], 0);
};

// Register and immediate: rm ← rm op immediate.

const immediate64: Handler = (cpu, i) => {
  const s = cpu.i32;
  const rm = i.rm;
  alu64(s, i.operation, s[rm], s[rm + 1], i.immediateLow, i.immediateHigh);
  s[rm] = s[FLAG_RESULT];
  s[rm + 1] = s[FLAG_RESULT + 1];
};
const immediate32: Handler = (cpu, i) => {
  const s = cpu.i32;
  alu32(s, i.operation, s[i.rm], i.immediateLow, 0);
  s[i.rm] = s[FLAG_RESULT];
  s[i.rm + 1] = 0;
};
const compareImmediate64: Handler = (cpu, i) => {
  const s = cpu.i32;
  sub64(s, s[i.rm], s[i.rm + 1], i.immediateLow, i.immediateHigh);
};
const compareImmediate32: Handler = (cpu, i) => {
  const s = cpu.i32;
  sub32(s, s[i.rm], i.immediateLow, 0);
};

// reg ← reg op memory.

const fromMemory64: Handler = (cpu, i) => {
  const s = cpu.i32;
  const address = effectiveAddress(cpu, i);
  const low = load64(cpu, address, s[HIGH]);
  const reg = i.reg;
  alu64(s, i.operation, s[reg], s[reg + 1], low, s[HIGH]);
  if (i.operation !== CMP) {
    s[reg] = s[FLAG_RESULT];
    s[reg + 1] = s[FLAG_RESULT + 1];
  }
};
const fromMemory32: Handler = (cpu, i) => {
  const s = cpu.i32;
  const address = effectiveAddress(cpu, i);
  const value = load32(cpu, address, s[HIGH]);
  alu32(s, i.operation, s[i.reg], value, 0);
  if (i.operation !== CMP) {
    s[i.reg] = s[FLAG_RESULT];
    s[i.reg + 1] = 0;
  }
};

// memory ← memory op (reg or immediate); `compare…` only read.

const toMemory64: Handler = (cpu, i) => {
  const s = cpu.i32;
  const address = effectiveAddress(cpu, i);
  const addressHigh = s[HIGH];
  const low = loadForWrite64(cpu, address, addressHigh);
  alu64(s, i.operation, low, s[HIGH], s[i.reg], s[i.reg + 1]);
  store64(cpu, address, addressHigh, s[FLAG_RESULT], s[FLAG_RESULT + 1]);
};
const toMemory32: Handler = (cpu, i) => {
  const s = cpu.i32;
  const address = effectiveAddress(cpu, i);
  const addressHigh = s[HIGH];
  alu32(s, i.operation, loadForWrite32(cpu, address, addressHigh), s[i.reg], 0);
  store32(cpu, address, addressHigh, s[FLAG_RESULT]);
};
const immediateToMemory64: Handler = (cpu, i) => {
  const s = cpu.i32;
  const address = effectiveAddress(cpu, i);
  const addressHigh = s[HIGH];
  const low = loadForWrite64(cpu, address, addressHigh);
  alu64(s, i.operation, low, s[HIGH], i.immediateLow, i.immediateHigh);
  store64(cpu, address, addressHigh, s[FLAG_RESULT], s[FLAG_RESULT + 1]);
};
const immediateToMemory32: Handler = (cpu, i) => {
  const s = cpu.i32;
  const address = effectiveAddress(cpu, i);
  const addressHigh = s[HIGH];
  alu32(s, i.operation, loadForWrite32(cpu, address, addressHigh), i.immediateLow, 0);
  store32(cpu, address, addressHigh, s[FLAG_RESULT]);
};
const compareMemory: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = readRm(cpu, i);
  const high = s[HIGH];
  if (i.operandSize === 8) sub64(s, low, high, s[i.reg], s[i.reg + 1]);
  else sub32(s, low, readRegister(cpu, i.reg, i.operandSize), narrowing(i.operandSize));
};
const compareMemoryImmediate: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = readRm(cpu, i);
  if (i.operandSize === 8) sub64(s, low, s[HIGH], i.immediateLow, i.immediateHigh);
  else sub32(s, low, i.immediateLow, narrowing(i.operandSize));
};

// 8 and 16 bits, all forms.

const registersNarrow: Handler = (cpu, i) => {
  const size = i.operandSize;
  alu32(cpu.i32, i.operation, readRegister(cpu, i.rm, size), readRegister(cpu, i.reg, size), narrowing(size));
  if (i.operation !== CMP) writeRegister(cpu, i.rm, size, cpu.i32[FLAG_RESULT], 0);
};
const immediateNarrow: Handler = (cpu, i) => {
  const size = i.operandSize;
  alu32(cpu.i32, i.operation, readRegister(cpu, i.rm, size), i.immediateLow, narrowing(size));
  if (i.operation !== CMP) writeRegister(cpu, i.rm, size, cpu.i32[FLAG_RESULT], 0);
};
const fromMemoryNarrow: Handler = (cpu, i) => {
  const size = i.operandSize;
  const value = readRm(cpu, i);
  alu32(cpu.i32, i.operation, readRegister(cpu, i.reg, size), value, narrowing(size));
  if (i.operation !== CMP) writeRegister(cpu, i.reg, size, cpu.i32[FLAG_RESULT], 0);
};
const toMemoryNarrow: Handler = (cpu, i) => {
  const s = cpu.i32;
  const size = i.operandSize;
  const address = effectiveAddress(cpu, i);
  const addressHigh = s[HIGH];
  const value = loadForWrite(cpu, address, addressHigh, size);
  alu32(s, i.operation, value, readRegister(cpu, i.reg, size), narrowing(size));
  store(cpu, address, addressHigh, size, s[FLAG_RESULT], 0);
};
const immediateToMemoryNarrow: Handler = (cpu, i) => {
  const s = cpu.i32;
  const size = i.operandSize;
  const address = effectiveAddress(cpu, i);
  const addressHigh = s[HIGH];
  alu32(s, i.operation, loadForWrite(cpu, address, addressHigh, size), i.immediateLow, narrowing(size));
  store(cpu, address, addressHigh, size, s[FLAG_RESULT], 0);
};

const pick = (i: Instruction, narrow: Handler, doubleword: Handler, quadword: Handler): Handler =>
  i.operandSize === 8 ? quadword : i.operandSize === 4 ? doubleword : narrow;

const pickRegisters = (i: Instruction): Handler =>
  i.operation === CMP
    ? pick(i, registersNarrow, compareRegisters32, compareRegisters64)
    : pick(i, registersNarrow, registers32, registers64);

/** op rm, reg */
function rmReg(operation: number): (i: Instruction) => Handler {
  return (i) => {
    i.operation = operation;
    if (!i.isMemory) return pickRegisters(i);
    if (operation === CMP) return compareMemory;
    return pick(i, toMemoryNarrow, toMemory32, toMemory64);
  };
}

/** op reg, rm */
function regRm(operation: number): (i: Instruction) => Handler {
  return (i) => {
    i.operation = operation;
    if (i.isMemory) return pick(i, fromMemoryNarrow, fromMemory32, fromMemory64);
    registerDestination(i);
    return pickRegisters(i);
  };
}

/** Makes `rm` the destination of an instruction between registers whose destination is `reg`. */
export function registerDestination(i: Instruction): void {
  const { reg, regNumber } = i;
  i.reg = i.rm;
  i.regNumber = i.rmNumber;
  i.rm = reg;
  i.rmNumber = regNumber;
}

/** op rm, immediate */
function rmImmediate(operation: number): (i: Instruction) => Handler {
  return (i) => {
    i.operation = operation;
    if (i.isMemory) {
      if (operation === CMP) return compareMemoryImmediate;
      return pick(i, immediateToMemoryNarrow, immediateToMemory32, immediateToMemory64);
    }
    return operation === CMP
      ? pick(i, immediateNarrow, compareImmediate32, compareImmediate64)
      : pick(i, immediateNarrow, immediate32, immediate64);
  };
}

/** op accumulator, immediate: the register is rAX, which the opcode does not name. */
function accumulatorImmediate(operation: number): (i: Instruction) => Handler {
  const choose = rmImmediate(operation);
  return (i) => {
    i.rm = RAX;
    return choose(i);
  };
}

// TEST

const testRegisters64: Handler = (cpu, i) => {
  const s = cpu.i32;
  logic64(s, s[i.rm] & s[i.reg], s[i.rm + 1] & s[i.reg + 1]);
};
const testRegisters32: Handler = (cpu, i) => {
  const s = cpu.i32;
  logic32(s, s[i.rm] & s[i.reg]);
};
const testAny: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = readRm(cpu, i);
  const high = s[HIGH];
  const other = readRegister(cpu, i.reg, i.operandSize);
  logic64(s, low & other, high & s[HIGH]);
};
const testImmediate: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = readRm(cpu, i);
  logic64(s, low & i.immediateLow, s[HIGH] & i.immediateHigh);
};
const pickTest = (i: Instruction): Handler =>
  i.isMemory ? testAny : pick(i, testAny, testRegisters32, testRegisters64);
const accumulatorTest = (i: Instruction): Handler => {
  i.rm = RAX;
  return testImmediate;
};

// INC, DEC: CF stays.

function step(cpu: Cpu, low: number, high: number, size: number, by: 1 | -1): void {
  const s = cpu.i32;
  const keptCarry = carry(s) ? CF : 0;
  const shift = size === 8 ? 0 : narrowing(size);
  const result = ((low + by) << shift) >> shift;
  const resultHigh =
    size === 8 ? (high + (by === 1 ? (result === 0 ? 1 : 0) : low === 0 ? -1 : 0)) | 0 : result >> 31;
  // The sign changes the wrong way: + to − when counting up, − to + when counting down.
  const overflows = by === 1 ? ~high & resultHigh : high & ~resultHigh;
  setResultFlags(s, result, resultHigh, keptCarry | (overflows < 0 ? OF : 0) | ((low ^ result) & AF));
}
function incDec(by: 1 | -1): Handler {
  return (cpu, i) => {
    const low = readRmForWrite(cpu, i);
    step(cpu, low, cpu.i32[HIGH], i.operandSize, by);
    writeRm(cpu, i, cpu.i32[FLAG_RESULT], cpu.i32[FLAG_RESULT + 1]);
  };
}
const inc = incDec(1);
const dec = incDec(-1);

const not: Handler = (cpu, i) => {
  const low = readRmForWrite(cpu, i);
  writeRm(cpu, i, ~low, ~cpu.i32[HIGH]);
};

const neg: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = readRmForWrite(cpu, i);
  if (i.operandSize === 8) sub64(s, 0, 0, low, s[HIGH]);
  else sub32(s, 0, low, narrowing(i.operandSize));
  writeRm(cpu, i, s[FLAG_RESULT], s[FLAG_RESULT + 1]);
};

/** ADCX, ADOX: addition with a carry that is kept in one flag; the other flags stay. */
const addWithFlag =
  (flag: number): Handler =>
  (cpu, i) => {
    const s = cpu.i32;
    const addend = readRm(cpu, i);
    const addendHigh = s[HIGH];
    const flags = arithmeticFlags(s);
    let carry = (flags & flag) !== 0 ? 1 : 0;
    const low = (s[i.reg] >>> 0) + (addend >>> 0) + carry;
    carry = low > 0xffff_ffff ? 1 : 0;
    let high = 0;
    if (i.operandSize === 8) {
      high = (s[i.reg + 1] >>> 0) + (addendHigh >>> 0) + carry;
      carry = high > 0xffff_ffff ? 1 : 0;
    }
    s[i.reg] = low;
    s[i.reg + 1] = high;
    setArithmeticFlags(s, carry !== 0 ? flags | flag : flags & ~flag);
  };
/** The prefix 66 is part of the opcode: operands have 32 or 64 bits. */
const adx = (prefix: 0x66 | 0xf3, flag: number): Opcode => ({
  opcode: 0x0f38f6,
  prefix,
  modrm: true,
  feature: 'adx',
  handler: (i) => {
    if (i.operandSize === 2) i.operandSize = 4;
    return addWithFlag(flag);
  },
});

const xadd: Handler = (cpu, i) => {
  const s = cpu.i32;
  const size = i.operandSize;
  const low = readRmForWrite(cpu, i);
  const high = s[HIGH];
  const other = readRegister(cpu, i.reg, size);
  if (size === 8) alu64(s, ADD, low, high, other, s[HIGH]);
  else alu32(s, ADD, low, other, narrowing(size));
  const sumLow = s[FLAG_RESULT];
  const sumHigh = s[FLAG_RESULT + 1];
  if (i.isMemory) {
    writeRm(cpu, i, sumLow, sumHigh);
    writeRegister(cpu, i.reg, size, low, high);
  } else {
    writeRegister(cpu, i.reg, size, low, high);
    writeRm(cpu, i, sumLow, sumHigh);
  }
};

const cmpxchg: Handler = (cpu, i) => {
  const s = cpu.i32;
  const size = i.operandSize;
  const low = readRmForWrite(cpu, i);
  const high = s[HIGH];
  const accumulator = readRegister(cpu, RAX, size);
  if (size === 8) alu64(s, SUB, accumulator, s[HIGH], low, high);
  else alu32(s, SUB, accumulator, low, narrowing(size));
  if ((s[FLAG_RESULT] | s[FLAG_RESULT + 1]) === 0) {
    const source = readRegister(cpu, i.reg, size);
    writeRm(cpu, i, source, s[HIGH]);
  } else {
    // The processor writes memory even then; a register keeps all its bits.
    if (i.isMemory) writeRm(cpu, i, low, high);
    writeRegister(cpu, RAX, size, low, high);
  }
};

/** CMPXCHG8B, CMPXCHG16B: compares EDX:EAX or RDX:RAX, stores ECX:EBX or RCX:RBX. */
const cmpxchgPair: Handler = (cpu, i) => {
  const s = cpu.i32;
  const wide = i.operandSize === 8;
  const size = wide ? 8 : 4;
  const address = effectiveAddress(cpu, i);
  const addressHigh = s[HIGH];
  if (wide && (address & 15) !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  checkWrite(cpu, address, addressHigh, size * 2);
  const second = (address + size) | 0;
  const secondHigh = (addressHigh + (second >>> 0 < size ? 1 : 0)) | 0;
  const low = load(cpu, address, addressHigh, size);
  const lowHigh = s[HIGH];
  const high = load(cpu, second, secondHigh, size);
  const highHigh = s[HIGH];
  const equal =
    low === s[RAX] && high === s[RDX] && (!wide || (lowHigh === s[RAX + 1] && highHigh === s[RDX + 1]));
  if (equal) {
    store(cpu, address, addressHigh, size, s[RBX], s[RBX + 1]);
    store(cpu, second, secondHigh, size, s[RCX], s[RCX + 1]);
  } else {
    writeRegister(cpu, RAX, size, low, lowHigh);
    writeRegister(cpu, RDX, size, high, highHigh);
  }
  setArithmeticFlags(s, (arithmeticFlags(s) & ~ZF) | (equal ? ZF : 0));
};

const rows: Opcode[] = [];
for (let operation = ADD; operation <= CMP; operation++) {
  const opcode = operation << 3;
  const lockable = operation !== CMP;
  rows.push(
    { opcode, modrm: true, size: 'byte', lockable, handler: rmReg(operation) },
    { opcode: opcode + 1, modrm: true, lockable, handler: rmReg(operation) },
    { opcode: opcode + 2, modrm: true, size: 'byte', handler: regRm(operation) },
    { opcode: opcode + 3, modrm: true, handler: regRm(operation) },
    { opcode: opcode + 4, size: 'byte', immediate: 'byte', handler: accumulatorImmediate(operation) },
    { opcode: opcode + 5, immediate: 'z', handler: accumulatorImmediate(operation) },
    {
      opcode: 0x80,
      extension: operation,
      size: 'byte',
      immediate: 'byte',
      lockable,
      handler: rmImmediate(operation),
    },
    {
      opcode: 0x82,
      mode: 'legacy',
      extension: operation,
      size: 'byte',
      immediate: 'byte',
      lockable,
      handler: rmImmediate(operation),
    },
    { opcode: 0x81, extension: operation, immediate: 'z', lockable, handler: rmImmediate(operation) },
    { opcode: 0x83, extension: operation, immediate: 'byte', lockable, handler: rmImmediate(operation) },
  );
}

export const ARITHMETIC_OPCODES: readonly Opcode[] = [
  ...rows,
  { opcode: 0x84, modrm: true, size: 'byte', handler: pickTest },
  { opcode: 0x85, modrm: true, handler: pickTest },
  { opcode: 0xa8, size: 'byte', immediate: 'byte', handler: accumulatorTest },
  { opcode: 0xa9, immediate: 'z', handler: accumulatorTest },
  { opcode: 0xf6, extension: 0, size: 'byte', immediate: 'byte', handler: always(testImmediate) },
  { opcode: 0xf6, extension: 1, size: 'byte', immediate: 'byte', handler: always(testImmediate) },
  { opcode: 0xf7, extension: 0, immediate: 'z', handler: always(testImmediate) },
  { opcode: 0xf7, extension: 1, immediate: 'z', handler: always(testImmediate) },
  { opcode: 0xf6, extension: 2, size: 'byte', lockable: true, handler: always(not) },
  { opcode: 0xf7, extension: 2, lockable: true, handler: always(not) },
  { opcode: 0xf6, extension: 3, size: 'byte', lockable: true, handler: always(neg) },
  { opcode: 0xf7, extension: 3, lockable: true, handler: always(neg) },
  { opcode: 0xfe, extension: 0, size: 'byte', lockable: true, handler: always(inc) },
  { opcode: 0xff, extension: 0, lockable: true, handler: always(inc) },
  { opcode: 0xfe, extension: 1, size: 'byte', lockable: true, handler: always(dec) },
  { opcode: 0xff, extension: 1, lockable: true, handler: always(dec) },
  { opcode: 0x40, mode: 'legacy', registerInOpcode: true, handler: always(inc) },
  { opcode: 0x48, mode: 'legacy', registerInOpcode: true, handler: always(dec) },
  { opcode: 0x0fc0, modrm: true, size: 'byte', lockable: true, handler: always(xadd) },
  { opcode: 0x0fc1, modrm: true, lockable: true, handler: always(xadd) },
  adx(0x66, CF),
  adx(0xf3, OF),
  { opcode: 0x0fb0, modrm: true, size: 'byte', lockable: true, handler: always(cmpxchg) },
  { opcode: 0x0fb1, modrm: true, lockable: true, handler: always(cmpxchg) },
  { opcode: 0x0fc7, extension: 1, w: 0, only: 'memory', lockable: true, handler: always(cmpxchgPair) },
  {
    opcode: 0x0fc7,
    extension: 1,
    w: 1,
    only: 'memory',
    lockable: true,
    feature: 'cmpxchg16b',
    handler: always(cmpxchgPair),
  },
];
