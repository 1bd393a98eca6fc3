/** PINSRB/D/Q, PEXTRB/W/D/Q, INSERTPS, EXTRACTPS, and PTEST. */
import type { Cpu } from '../cpu.ts';
import { CF, setArithmeticFlags, ZF } from '../flags.ts';
import type { Handler, Instruction } from '../instruction.ts';
import { effectiveAddress, store8, store16, store32, store64 } from '../memory-access.ts';
import { always, type Opcode } from '../opcode.ts';
import { HIGH } from '../state.ts';
import { type Guard, legacyForm, packedFloat, requireSse, row, type VectorOperation } from './operands.ts';
import { FETCH, requireAvx, three128, vexRow } from './vex.ts';

// Put a lane into the destination.

const pinsrb: VectorOperation = (cpu, destination, source, lane) => {
  cpu.u8[4 * destination + (lane & 15)] = cpu.u8[4 * source];
};

const pinsrw: VectorOperation = (cpu, destination, source, lane) => {
  cpu.u16[2 * destination + (lane & 7)] = cpu.u16[2 * source];
};

const pinsrd: VectorOperation = (cpu, destination, source, lane) => {
  cpu.i32[destination + (lane & 3)] = cpu.i32[source];
};

const pinsrq: VectorOperation = (cpu, destination, source, lane) => {
  const s = cpu.i32;
  const to = destination + 2 * (lane & 1);
  s[to] = s[source];
  s[to + 1] = s[source + 1];
};

/** Writes a lane of ModRM.reg to memory, or to a general register with zeros above it. */
const pextrb =
  (requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    extract(cpu, i, 1, cpu.u8[4 * i.reg + (i.immediateLow & 15)]);
  };

const pextrw =
  (requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    extract(cpu, i, 2, cpu.u16[2 * i.reg + (i.immediateLow & 7)]);
  };

const pextrd =
  (requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    extract(cpu, i, 4, cpu.i32[i.reg + (i.immediateLow & 3)]);
  };

function extract(cpu: Cpu, i: Instruction, bytes: 1 | 2 | 4, value: number): void {
  const s = cpu.i32;
  if (!i.isMemory) {
    s[i.rm] = value;
    s[i.rm + 1] = 0;
    return;
  }
  const low = effectiveAddress(cpu, i);
  if (bytes === 1) store8(cpu, low, s[HIGH], value);
  else if (bytes === 2) store16(cpu, low, s[HIGH], value);
  else store32(cpu, low, s[HIGH], value);
}

const pextrq =
  (requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    const s = cpu.i32;
    const from = i.reg + 2 * (i.immediateLow & 1);
    if (!i.isMemory) {
      s[i.rm] = s[from];
      s[i.rm + 1] = s[from + 1];
      return;
    }
    const low = effectiveAddress(cpu, i);
    store64(cpu, low, s[HIGH], s[from], s[from + 1]);
  };

/** INSERTPS from a lane of a register that the immediate names, or from memory; then lanes are cleared. */
const insertps =
  (fromRegister: boolean): VectorOperation =>
  (cpu, destination, source, control) => {
    const s = cpu.i32;
    s[destination + ((control >> 4) & 3)] = s[fromRegister ? source + (control >> 6) : source];
    for (let lane = 0; lane < 4; lane++) if ((control >> lane) & 1) s[destination + lane] = 0;
  };

/** ZF: no bit of the source is set in the destination; CF: all are. */
export const ptest: VectorOperation = (cpu, destination, source) => {
  const s = cpu.i32;
  let common = 0;
  let missing = 0;
  for (let word = 0; word < 4; word++) {
    common |= s[destination + word] & s[source + word];
    missing |= ~s[destination + word] & s[source + word];
  }
  setArithmeticFlags(s, (common === 0 ? ZF : 0) | (missing === 0 ? CF : 0));
};

const SHORT_THREE = { length: 128, vvvv: 'vector' } as const;

/** The legacy and the VEX form of an insertion of so many bytes. */
const insertion = (
  opcode: number,
  bytes: 1 | 2 | 4 | 8,
  operation: VectorOperation,
  rest: Partial<Opcode>,
): Opcode[] => [
  row(opcode, 0x66, legacyForm({ bytes, operation }), { ...rest, immediate: 'byte' }),
  vexRow(opcode, 0x66, SHORT_THREE, three128(operation, FETCH[bytes]), {
    ...rest,
    immediate: 'byte',
    feature: 'avx',
  }),
];

const extraction = (
  opcode: number,
  handler: (requireEnabled: Guard) => Handler,
  width: Partial<Opcode> = {},
): Opcode[] => {
  const rest = { rm: 'general', immediate: 'byte', ...width } as const;
  return [
    row(opcode, 0x66, always(handler(requireSse)), { ...rest, feature: 'sse4.1' }),
    vexRow(opcode, 0x66, { length: 128 }, handler(requireAvx), rest),
  ];
};

const sse41 = { feature: 'sse4.1', rm: 'general' } as const;

export const SSE_INSERT_EXTRACT_OPCODES = [
  row(0x3817, 0x66, legacyForm(packedFloat(ptest)), { feature: 'sse4.1' }),
  ...extraction(0x3a14, pextrb),
  ...extraction(0x3a15, pextrw),
  ...extraction(0x3a16, pextrd, { w: 0 }),
  ...extraction(0x3a16, pextrq, { w: 1 }),
  ...extraction(0x3a17, pextrd),
  ...insertion(0xc4, 2, pinsrw, { rm: 'general' }),
  ...insertion(0x3a20, 1, pinsrb, sse41),
  ...insertion(0x3a21, 4, insertps(true), { only: 'register', feature: 'sse4.1' }),
  ...insertion(0x3a21, 4, insertps(false), { only: 'memory', feature: 'sse4.1' }),
  ...insertion(0x3a22, 4, pinsrd, { ...sse41, w: 0 }),
  ...insertion(0x3a22, 8, pinsrq, { ...sse41, w: 1 }),
];
