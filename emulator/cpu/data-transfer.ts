/** MOV, MOVZX, MOVSX, LEA, XCHG, PUSH, POP, CMOVcc, SETcc, BSWAP and the sign extensions of the accumulator. */
import { registerDestination } from './arithmetic.ts';
import type { Cpu } from './cpu.ts';
import { condition } from './flags.ts';
import type { Handler, Instruction } from './instruction.ts';
import {
  effectiveAddress,
  load8,
  load16,
  load32,
  load64,
  segmentAddress,
  store8,
  store16,
  store32,
  store64,
} from './memory-access.ts';
import { always, bySize, type Opcode } from './opcode.ts';
import {
  readRegister,
  readRm,
  readRmForWrite,
  signExtend8,
  signExtend16,
  store,
  writeRegister,
  writeRm,
} from './operands.ts';
import { pop, pop64, push, push64 } from './stack.ts';
import { HIGH, RAX, RBX, RDX, RSP, ZERO } from './state.ts';

// MOV

const movRegister64: Handler = (cpu, i) => {
  const s = cpu.i32;
  s[i.rm] = s[i.reg];
  s[i.rm + 1] = s[i.reg + 1];
};
const movRegister32: Handler = (cpu, i) => {
  const s = cpu.i32;
  s[i.rm] = s[i.reg];
  s[i.rm + 1] = 0;
};
const movRegister16: Handler = (cpu, i) => {
  cpu.u16[i.rm * 2] = cpu.u16[i.reg * 2];
};
const movRegister8: Handler = (cpu, i) => {
  cpu.u8[i.rm] = cpu.u8[i.reg];
};
const movLoad64: Handler = (cpu, i) => {
  const s = cpu.i32;
  const address = effectiveAddress(cpu, i);
  s[i.reg] = load64(cpu, address, s[HIGH]);
  s[i.reg + 1] = s[HIGH];
};
const movLoad32: Handler = (cpu, i) => {
  const s = cpu.i32;
  const address = effectiveAddress(cpu, i);
  s[i.reg] = load32(cpu, address, s[HIGH]);
  s[i.reg + 1] = 0;
};
const movLoad16: Handler = (cpu, i) => {
  const address = effectiveAddress(cpu, i);
  cpu.u16[i.reg * 2] = load16(cpu, address, cpu.i32[HIGH]);
};
const movLoad8: Handler = (cpu, i) => {
  const address = effectiveAddress(cpu, i);
  cpu.u8[i.reg] = load8(cpu, address, cpu.i32[HIGH]);
};
const movStore64: Handler = (cpu, i) => {
  const s = cpu.i32;
  const address = effectiveAddress(cpu, i);
  store64(cpu, address, s[HIGH], s[i.reg], s[i.reg + 1]);
};
const movStore32: Handler = (cpu, i) => {
  const s = cpu.i32;
  const address = effectiveAddress(cpu, i);
  store32(cpu, address, s[HIGH], s[i.reg]);
};
const movStore16: Handler = (cpu, i) => {
  const address = effectiveAddress(cpu, i);
  store16(cpu, address, cpu.i32[HIGH], cpu.u16[i.reg * 2]);
};
const movStore8: Handler = (cpu, i) => {
  const address = effectiveAddress(cpu, i);
  store8(cpu, address, cpu.i32[HIGH], cpu.u8[i.reg]);
};
const movImmediate64: Handler = (cpu, i) => {
  const s = cpu.i32;
  s[i.rm] = i.immediateLow;
  s[i.rm + 1] = i.immediateHigh;
};
const movImmediate32: Handler = (cpu, i) => {
  const s = cpu.i32;
  s[i.rm] = i.immediateLow;
  s[i.rm + 1] = 0;
};
const movImmediateNarrow: Handler = (cpu, i) => writeRegister(cpu, i.rm, i.operandSize, i.immediateLow, 0);
const movStoreImmediate: Handler = (cpu, i) => {
  const address = effectiveAddress(cpu, i);
  store(cpu, address, cpu.i32[HIGH], i.operandSize, i.immediateLow, i.immediateHigh);
};

const bySize4 = (i: Instruction, b: Handler, w: Handler, d: Handler, q: Handler): Handler =>
  i.operandSize === 8 ? q : i.operandSize === 4 ? d : i.operandSize === 2 ? w : b;

const movRmReg = (i: Instruction): Handler =>
  i.isMemory
    ? bySize4(i, movStore8, movStore16, movStore32, movStore64)
    : bySize4(i, movRegister8, movRegister16, movRegister32, movRegister64);
const movRegRm = (i: Instruction): Handler => {
  if (i.isMemory) return bySize4(i, movLoad8, movLoad16, movLoad32, movLoad64);
  registerDestination(i);
  return movRmReg(i);
};
const movRmImmediate = (i: Instruction): Handler =>
  i.isMemory
    ? movStoreImmediate
    : bySize4(i, movImmediateNarrow, movImmediateNarrow, movImmediate32, movImmediate64);

// MOVZX, MOVSX, MOVSXD. The source size is in the opcode, the destination size is the operand size.

/** Value of the 8-bit source, unsigned. */
const source8 = (cpu: Cpu, i: Instruction): number => {
  if (!i.isMemory) return cpu.u8[i.rm];
  const address = effectiveAddress(cpu, i);
  return load8(cpu, address, cpu.i32[HIGH]);
};
const source16 = (cpu: Cpu, i: Instruction): number => {
  if (!i.isMemory) return cpu.u16[i.rm * 2];
  const address = effectiveAddress(cpu, i);
  return load16(cpu, address, cpu.i32[HIGH]);
};
/** A zero-extended result is the same for 32 and 64 bits. */
const movzx8: Handler = (cpu, i) => {
  const value = source8(cpu, i);
  cpu.i32[i.reg] = value;
  cpu.i32[i.reg + 1] = 0;
};
const movzx16: Handler = (cpu, i) => {
  const value = source16(cpu, i);
  cpu.i32[i.reg] = value;
  cpu.i32[i.reg + 1] = 0;
};
const movzx8To16: Handler = (cpu, i) => {
  cpu.u16[i.reg * 2] = source8(cpu, i);
};
const movx16To16: Handler = (cpu, i) => {
  cpu.u16[i.reg * 2] = source16(cpu, i);
};
const movsx8: Handler = (cpu, i) => {
  const value = signExtend8(source8(cpu, i));
  writeRegister(cpu, i.reg, i.operandSize, value, value >> 31);
};
const movsx16: Handler = (cpu, i) => {
  const value = signExtend16(source16(cpu, i));
  writeRegister(cpu, i.reg, i.operandSize, value, value >> 31);
};
const movsxdRegister: Handler = (cpu, i) => {
  const value = cpu.i32[i.rm];
  cpu.i32[i.reg] = value;
  cpu.i32[i.reg + 1] = value >> 31;
};
const movsxdMemory: Handler = (cpu, i) => {
  const address = effectiveAddress(cpu, i);
  const value = load32(cpu, address, cpu.i32[HIGH]);
  cpu.i32[i.reg] = value;
  cpu.i32[i.reg + 1] = value >> 31;
};

// LEA ignores segment bases.

const lea64: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = effectiveAddress(cpu, i);
  s[i.reg + 1] = s[HIGH];
  s[i.reg] = low;
};
const lea32: Handler = (cpu, i) => {
  const s = cpu.i32;
  s[i.reg] = effectiveAddress(cpu, i);
  s[i.reg + 1] = 0;
};
const lea16: Handler = (cpu, i) => {
  cpu.u16[i.reg * 2] = effectiveAddress(cpu, i);
};
const lea = (i: Instruction): Handler => {
  i.segmentBase = ZERO;
  return bySize(lea16, lea32, lea64)(i);
};

const xchg: Handler = (cpu, i) => {
  const s = cpu.i32;
  const size = i.operandSize;
  const low = readRmForWrite(cpu, i);
  const high = s[HIGH];
  const other = readRegister(cpu, i.reg, size);
  writeRm(cpu, i, other, s[HIGH]);
  writeRegister(cpu, i.reg, size, low, high);
};
const xchgAccumulator: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = readRegister(cpu, i.rm, i.operandSize);
  const high = s[HIGH];
  const accumulator = readRegister(cpu, RAX, i.operandSize);
  writeRegister(cpu, i.rm, i.operandSize, accumulator, s[HIGH]);
  writeRegister(cpu, RAX, i.operandSize, low, high);
};
const nop: Handler = () => {};

// Stack

const pushRegister64: Handler = (cpu, i) => push64(cpu, cpu.i32[i.rm], cpu.i32[i.rm + 1]);
const popRegister64: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = pop64(cpu);
  s[i.rm] = low;
  s[i.rm + 1] = s[HIGH];
};
const pushRm: Handler = (cpu, i) => {
  const low = readRm(cpu, i);
  push(cpu, i, low, cpu.i32[HIGH]);
};
const popRm: Handler = (cpu, i) => {
  const s = cpu.i32;
  const rsp = s[RSP];
  const rspHigh = s[RSP + 1];
  const low = pop(cpu, i);
  const high = s[HIGH];
  if (!i.isMemory) {
    writeRegister(cpu, i.rm, i.operandSize, low, high);
    return;
  }
  // The address is computed with RSP already popped; a fault restores it.
  const address = effectiveAddress(cpu, i);
  const addressHigh = s[HIGH];
  const popped = s[RSP];
  const poppedHigh = s[RSP + 1];
  s[RSP] = rsp;
  s[RSP + 1] = rspHigh;
  store(cpu, address, addressHigh, i.operandSize, low, high);
  s[RSP] = popped;
  s[RSP + 1] = poppedHigh;
};
const pushImmediate: Handler = (cpu, i) => push(cpu, i, i.immediateLow, i.immediateHigh);

// CMOVcc, SETcc

const cmovRegister64: Handler = (cpu, i) => {
  const s = cpu.i32;
  if (condition(s, i.operation)) {
    s[i.reg] = s[i.rm];
    s[i.reg + 1] = s[i.rm + 1];
  }
};
/** The 32-bit form clears the upper half even if the condition does not hold. */
const cmovRegister32: Handler = (cpu, i) => {
  const s = cpu.i32;
  if (condition(s, i.operation)) s[i.reg] = s[i.rm];
  s[i.reg + 1] = 0;
};
/** The source is read, and may fault, whether the condition holds or not. */
const cmov: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = readRm(cpu, i);
  const high = s[HIGH];
  if (condition(s, i.operation)) writeRegister(cpu, i.reg, i.operandSize, low, high);
  else if (i.operandSize === 4) s[i.reg + 1] = 0;
};
const setRegister: Handler = (cpu, i) => {
  cpu.u8[i.rm] = condition(cpu.i32, i.operation) ? 1 : 0;
};
const setMemory: Handler = (cpu, i) => {
  const address = effectiveAddress(cpu, i);
  store8(cpu, address, cpu.i32[HIGH], condition(cpu.i32, i.operation) ? 1 : 0);
};

// Extensions within the accumulator, BSWAP, MOVBE, XLAT

const extendAccumulator16: Handler = (cpu) => {
  cpu.u16[RAX * 2] = signExtend8(cpu.u8[RAX]);
};
const extendAccumulator32: Handler = (cpu) => {
  cpu.i32[RAX] = signExtend16(cpu.u16[RAX * 2]);
  cpu.i32[RAX + 1] = 0;
};
const extendAccumulator64: Handler = (cpu) => {
  cpu.i32[RAX + 1] = cpu.i32[RAX] >> 31;
};
const spreadSign: Handler = (cpu, i) => {
  const s = cpu.i32;
  readRegister(cpu, RAX, i.operandSize);
  const sign = s[HIGH] >> 31;
  writeRegister(cpu, RDX, i.operandSize, sign, sign);
};

const swapBytes = (value: number): number =>
  (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
const swapWord = (value: number): number => ((value & 255) << 8) | ((value >> 8) & 255);
const movbe =
  (
    read: (cpu: Cpu, i: Instruction) => number,
    write: (cpu: Cpu, i: Instruction, low: number, high: number) => void,
  ): Handler =>
  (cpu, i) => {
    const low = read(cpu, i);
    if (i.operandSize === 8) write(cpu, i, swapBytes(cpu.i32[HIGH]), swapBytes(low));
    else write(cpu, i, i.operandSize === 4 ? swapBytes(low) : swapWord(low), 0);
  };
const movbeLoad = movbe(readRm, (cpu, i, low, high) => writeRegister(cpu, i.reg, i.operandSize, low, high));
const movbeStore = movbe((cpu, i) => readRegister(cpu, i.reg, i.operandSize), writeRm);

const bswap64: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = s[i.rm];
  s[i.rm] = swapBytes(s[i.rm + 1]);
  s[i.rm + 1] = swapBytes(low);
};
const bswap32: Handler = (cpu, i) => {
  cpu.i32[i.rm] = swapBytes(cpu.i32[i.rm]);
  cpu.i32[i.rm + 1] = 0;
};
/** Undefined by the manuals; processors clear the word. */
const bswap16: Handler = (cpu, i) => {
  cpu.u16[i.rm * 2] = 0;
};

/** AL ← byte at RBX + AL, as an address with index AL. */
const xlat: Handler = (cpu, i) => {
  const s = cpu.i32;
  let low = (s[RBX] + cpu.u8[RAX * 4]) | 0;
  if (i.addressSize !== 8) {
    const address = segmentAddress(s, i, low, i.segmentBase);
    cpu.u8[RAX * 4] = load8(cpu, address, s[HIGH]);
    return;
  }
  let high = s[RBX + 1] + (low >>> 0 < s[RBX] >>> 0 ? 1 : 0);
  low = (low + s[i.segmentBase]) | 0;
  high = (high + s[i.segmentBase + 1] + (low >>> 0 < s[i.segmentBase] >>> 0 ? 1 : 0)) | 0;
  cpu.u8[RAX * 4] = load8(cpu, low, high);
};

/** MOV between the accumulator and an absolute address: the register is rAX. */
const absolute =
  (choose: (i: Instruction) => Handler) =>
  (i: Instruction): Handler => {
    i.reg = RAX;
    return choose(i);
  };

const conditional: Opcode[] = [];
for (let code = 0; code < 16; code++) {
  conditional.push(
    {
      opcode: 0x0f40 + code,
      modrm: true,
      handler: (i) => {
        i.operation = code;
        if (i.isMemory || i.operandSize === 2) return cmov;
        return i.operandSize === 8 ? cmovRegister64 : cmovRegister32;
      },
    },
    {
      opcode: 0x0f90 + code,
      modrm: true,
      size: 'byte',
      handler: (i) => {
        i.operation = code;
        return i.isMemory ? setMemory : setRegister;
      },
    },
  );
}

export const DATA_TRANSFER_OPCODES: readonly Opcode[] = [
  { opcode: 0x88, modrm: true, size: 'byte', handler: movRmReg },
  { opcode: 0x89, modrm: true, handler: movRmReg },
  { opcode: 0x8a, modrm: true, size: 'byte', handler: movRegRm },
  { opcode: 0x8b, modrm: true, handler: movRegRm },
  { opcode: 0xc6, extension: 0, size: 'byte', immediate: 'byte', handler: movRmImmediate },
  { opcode: 0xc7, extension: 0, immediate: 'z', handler: movRmImmediate },
  { opcode: 0xb0, registerInOpcode: true, size: 'byte', immediate: 'byte', handler: movRmImmediate },
  { opcode: 0xb8, registerInOpcode: true, immediate: 'full', handler: movRmImmediate },
  { opcode: 0xa0, size: 'byte', immediate: 'address', handler: absolute(movRegRm) },
  { opcode: 0xa1, immediate: 'address', handler: absolute(movRegRm) },
  { opcode: 0xa2, size: 'byte', immediate: 'address', handler: absolute(movRmReg) },
  { opcode: 0xa3, immediate: 'address', handler: absolute(movRmReg) },
  { opcode: 0x0fb6, modrm: true, rm: 'byte', handler: bySize(movzx8To16, movzx8, movzx8) },
  { opcode: 0x0fb7, modrm: true, handler: bySize(movx16To16, movzx16, movzx16) },
  { opcode: 0x0fbe, modrm: true, rm: 'byte', handler: always(movsx8) },
  { opcode: 0x0fbf, modrm: true, handler: always(movsx16) },
  {
    opcode: 0x63,
    mode: 'long',
    modrm: true,
    // Without REX.W it is an ordinary move.
    handler: (i) => (i.operandSize === 8 ? (i.isMemory ? movsxdMemory : movsxdRegister) : movRegRm(i)),
  },
  { opcode: 0x8d, modrm: true, only: 'memory', handler: lea },
  { opcode: 0x86, modrm: true, size: 'byte', lockable: true, handler: always(xchg) },
  { opcode: 0x87, modrm: true, lockable: true, handler: always(xchg) },
  {
    opcode: 0x90,
    registerInOpcode: true,
    // 90 is NOP without REX.B, not XCHG EAX, EAX, and PAUSE with F3 even if there is REX.B.
    handler: (i) => (i.rmNumber === 0 || (i.rmNumber === 8 && i.repeat === 0xf3) ? nop : xchgAccumulator),
  },
  {
    opcode: 0x50,
    registerInOpcode: true,
    size: 'stack',
    handler: (i) => (i.operandSize === 8 ? pushRegister64 : pushRm),
  },
  {
    opcode: 0x58,
    registerInOpcode: true,
    size: 'stack',
    handler: (i) => (i.operandSize === 8 ? popRegister64 : popRm),
  },
  { opcode: 0xff, extension: 6, size: 'stack', handler: always(pushRm) },
  { opcode: 0x8f, extension: 0, size: 'stack', handler: always(popRm) },
  { opcode: 0x68, size: 'stack', immediate: 'z', handler: always(pushImmediate) },
  { opcode: 0x6a, size: 'stack', immediate: 'byte', handler: always(pushImmediate) },
  { opcode: 0x98, handler: bySize(extendAccumulator16, extendAccumulator32, extendAccumulator64) },
  { opcode: 0x99, handler: always(spreadSign) },
  { opcode: 0x0fc8, registerInOpcode: true, handler: bySize(bswap16, bswap32, bswap64) },
  ...([0, 0x66] as const).flatMap((prefix): Opcode[] => {
    const row = { prefix, modrm: true, only: 'memory', feature: 'movbe' } as const;
    return [
      { opcode: 0x0f38f0, ...row, handler: always(movbeLoad) },
      { opcode: 0x0f38f1, ...row, handler: always(movbeStore) },
    ];
  }),
  { opcode: 0xd7, handler: always(xlat) },
  // Hints and multi-byte NOPs; ENDBR64 is one of them.
  ...[0x0f18, 0x0f19, 0x0f1a, 0x0f1b, 0x0f1c, 0x0f1d, 0x0f1e, 0x0f1f, 0x0f0d].map(
    (opcode): Opcode => ({ opcode, modrm: true, handler: always(nop) }),
  ),
  ...conditional,
];
