import { createMachine } from '../../../emulator/machine.ts';
import { GENERAL_REGISTERS, type Machine } from '../../../emulator/machine-api.ts';
import {
  dataPattern,
  entryOffset,
  type InstructionCase,
  initialState,
  type Outcome,
} from './instruction-case.ts';
import {
  CODE,
  CODE_SIZE,
  DATA,
  GS_BASE,
  INT3,
  LDT_SEGMENTS,
  LINUX_SEGMENTS,
  PAGE,
  type Segment,
  segmentOf,
  USER_CS,
  USER_SS,
  VECTOR_TIMEOUT,
  WRITABLE_SIZE,
} from './layout.ts';
import { decodeX87, encodeX87, INITIAL_X87, type X87State } from './x87-state.ts';

/**
 * A machine with the least there must be around a user program: page tables, GDT, IDT, TSS. A case runs at privilege
 * level 3 until an exception takes it to the handler of its vector, where a breakpoint waits; what the case was is in
 * the registers and in the frame on the kernel's stack.
 */

/** The kernel half: physical memory from KERNEL_PHYSICAL on, as one 2 MiB page. */
const KERNEL = 0xffff_ffff_8000_0000n;
const KERNEL_PHYSICAL = 0x20_0000;
const PML4 = 0x0000;
const USER_PDPT = 0x1000;
const KERNEL_PDPT = 0x2000;
const USER_DIRECTORY = 0x3000;
const KERNEL_DIRECTORY = 0x4000;
const CODE_TABLE = 0x5000;
const DATA_TABLE = 0x6000;
const GDT = 0x7000;
const IDT = 0x8000;
const TSS = 0x9000;
const LDT = 0x9800;
const HANDLERS = 0xa000;
const SETUP = 0xb000;
/** Code that loads and saves the x87 state, which has no other way in and out, and the area it is in. */
const LOAD_X87 = 0xb800;
const SAVE_X87 = 0xb810;
const X87_AREA = 0xbc00;
const STACK_TOP = 0xd000;
const CODE_PAGES = 0x1_0000;
const DATA_PAGES = 0x2_0000;

const PRESENT = 1;
const WRITABLE = 2;
const USER = 4;
const LARGE = 0x80;
const NO_EXECUTE = 1n << 63n;

const KERNEL_CS = 0x10;
const TSS_SELECTOR = 0x40;
/** Nothing is at it: the register is written directly. */
const LDT_SELECTOR = 0x50;
const HANDLER_SIZE = 16;
/** Vectors that user programs may raise by INT n, as under Linux. */
const USER_VECTORS = [3, 4];
const WITH_ERROR_CODE = [8, 10, 11, 12, 13, 14, 17, 21];
const MAX_INSTRUCTIONS = 20_000;

export interface EmulatedCpu {
  run(test: InstructionCase): Outcome;
}

export function createEmulatedCpu(): EmulatedCpu {
  const machine = createMachine({ memoryBytes: 4 * 2 ** 20 });
  writeTables(machine);
  machine.writeRegister('cr3', BigInt(KERNEL_PHYSICAL + PML4));
  machine.writeRegister('cr4', 0x5_0620n); // PAE, OSFXSR, OSXMMEXCPT, FSGSBASE, OSXSAVE
  machine.writeRegister('xcr0', 7n);
  machine.writeRegister('efer', 0xd01n); // SCE, LME, LMA, NXE
  machine.writeRegister('cr0', 0x8005_0033n); // PG, AM, WP, NE, ET, MP, PE
  machine.writeRegister('gdtr_base', KERNEL + BigInt(GDT));
  machine.writeRegister('gdtr_limit', 0x4fn);
  machine.writeRegister('ldtr_base', KERNEL + BigInt(LDT));
  machine.writeRegister('ldtr_limit', BigInt(LDT_SEGMENTS.length * 8 - 1));
  machine.writeRegister('idtr_base', KERNEL + BigInt(IDT));
  machine.writeRegister('idtr_limit', 0xfffn);
  machine.writeRegister('cs', BigInt(KERNEL_CS));
  machine.writeRegister('rip', KERNEL + BigInt(SETUP));
  machine.run(2);
  for (const segment of ['es', 'ds', 'fs', 'gs']) machine.writeRegister(segment, 0n);
  machine.writeRegister('gs_base', BigInt(GS_BASE));
  machine.setBreakpoints(
    Array.from({ length: 256 }, (_, vector) => KERNEL + BigInt(HANDLERS + vector * HANDLER_SIZE)),
  );
  return { run: (test) => runCase(machine, test) };
}

function writeTables(machine: Machine): void {
  const put = (at: number, value: bigint) => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
    machine.writePhysical(KERNEL_PHYSICAL + at, bytes);
  };
  const entry = (table: number, index: number, to: number, flags: number, more = 0n) =>
    put(table + 8 * index, BigInt((KERNEL_PHYSICAL + to) | flags) | more);
  const all = PRESENT | WRITABLE | USER;
  entry(PML4, 0, USER_PDPT, all);
  entry(PML4, 511, KERNEL_PDPT, PRESENT | WRITABLE);
  entry(USER_PDPT, 0, USER_DIRECTORY, all);
  entry(KERNEL_PDPT, 510, KERNEL_DIRECTORY, PRESENT | WRITABLE);
  entry(KERNEL_DIRECTORY, 0, 0, PRESENT | WRITABLE | LARGE);
  entry(USER_DIRECTORY, CODE >> 21, CODE_TABLE, all);
  entry(USER_DIRECTORY, DATA >> 21, DATA_TABLE, all);
  for (let page = 0; page < CODE_SIZE / PAGE; page++) {
    entry(CODE_TABLE, page, CODE_PAGES + page * PAGE, PRESENT | USER);
  }
  entry(DATA_TABLE, 0, DATA_PAGES, all, NO_EXECUTE);
  entry(DATA_TABLE, 1, DATA_PAGES + PAGE, all, NO_EXECUTE);
  entry(DATA_TABLE, 2, DATA_PAGES + 2 * PAGE, PRESENT | USER, NO_EXECUTE);

  put(GDT + KERNEL_CS, 0x00af_9b00_0000_ffffn);
  put(GDT + 0x18, 0x00cf_9300_0000_ffffn);
  for (const segment of LINUX_SEGMENTS) put(GDT + (segment.selector & ~7), descriptor(segment));
  for (const segment of LDT_SEGMENTS) put(LDT + (segment.selector & ~7), descriptor(segment));
  const tss = KERNEL + BigInt(TSS);
  put(
    GDT + TSS_SELECTOR,
    0x0000_8900_0000_0067n | ((tss & 0xff_ffffn) << 16n) | (((tss >> 24n) & 0xffn) << 56n),
  );
  put(GDT + TSS_SELECTOR + 8, tss >> 32n);
  put(TSS + 4, KERNEL + BigInt(STACK_TOP)); // RSP0, at an address that is not aligned to 8
  put(TSS + 0x60, 0x0068_0000_0000_0000n); // no I/O permission bitmap
  for (let vector = 0; vector < 256; vector++) {
    const handler = KERNEL + BigInt(HANDLERS + vector * HANDLER_SIZE);
    const privilege = USER_VECTORS.includes(vector) ? 3n : 0n;
    const attributes = 0x8e00n | (privilege << 13n);
    put(
      IDT + 16 * vector,
      (handler & 0xffffn) |
        (BigInt(KERNEL_CS) << 16n) |
        (attributes << 32n) |
        (((handler >> 16n) & 0xffffn) << 48n),
    );
    put(IDT + 16 * vector + 8, handler >> 32n);
  }
  // mov eax, TSS_SELECTOR; ltr ax
  machine.writePhysical(
    KERNEL_PHYSICAL + SETUP,
    Uint8Array.of(0xb8, TSS_SELECTOR, 0, 0, 0, 0x0f, 0x00, 0xd8),
  );
  // fxrstor64 [X87_AREA], fxsave64 [X87_AREA]
  for (const [at, modrm] of [
    [LOAD_X87, 0x0c],
    [SAVE_X87, 0x04],
  ]) {
    machine.writePhysical(
      KERNEL_PHYSICAL + at,
      Uint8Array.of(0x48, 0x0f, 0xae, modrm, 0x25, X87_AREA & 255, X87_AREA >> 8, 0, 0x80),
    );
  }
  machine.writePhysical(KERNEL_PHYSICAL + CODE_PAGES, new Uint8Array(CODE_SIZE).fill(INT3));
  machine.writePhysical(KERNEL_PHYSICAL + DATA_PAGES, dataPattern);
}

function descriptor({ base, limit, attributes }: Segment): bigint {
  const upper = attributes | ((base >>> 16) & 0xff) | (base & 0xff00_0000);
  const units = (attributes & 0x80_0000) !== 0 ? limit >>> 12 : limit;
  return (
    (BigInt((upper | (units & 0xf_0000)) >>> 0) << 32n) | BigInt((units & 0xffff) | ((base << 16) >>> 0))
  );
}

const SEGMENT_REGISTERS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'] as const;

/** Loads the segment registers with what the descriptor tables hold. */
function loadSegments(machine: Machine, selectors: readonly number[]): void {
  SEGMENT_REGISTERS.forEach((name, n) => {
    const segment = segmentOf(selectors[n]);
    machine.writeRegister(name, BigInt(selectors[n]));
    machine.writeRegister(`${name}_base`, BigInt(segment?.base ?? 0));
    machine.writeRegister(`${name}_limit`, BigInt(segment?.limit ?? 0));
    machine.writeRegister(`${name}_attributes`, BigInt(segment?.attributes ?? 0));
  });
}

const LONG_SELECTORS = [0, USER_CS, USER_SS, 0, 0, 0];

function runCase(machine: Machine, test: InstructionCase): Outcome {
  const code = KERNEL_PHYSICAL + CODE_PAGES + test.codeOffset;
  const data = KERNEL_PHYSICAL + DATA_PAGES;
  machine.writePhysical(code, test.code);
  machine.writePhysical(data + test.patchOffset, test.patch);
  const before = machine.readPhysical(data, WRITABLE_SIZE);

  const state = initialState(test);
  loadX87(machine, state.x87);
  loadSegments(machine, test.selectors ?? LONG_SELECTORS);
  machine.writeRegister('ldtr', BigInt(test.selectors === undefined ? 0 : LDT_SELECTOR));
  if (test.selectors === undefined) machine.writeRegister('gs_base', BigInt(GS_BASE));
  machine.writeRegister('rip', BigInt(entryOffset(test)));
  machine.writeRegister('rflags', BigInt(state.rflags));
  machine.writeRegister('mxcsr', BigInt(state.mxcsr));
  GENERAL_REGISTERS.forEach((name, i) => {
    machine.writeRegister(name, state.gpr[i]);
  });
  const words = new BigUint64Array(state.vectors.buffer);
  for (let i = 0; i < 16; i++) {
    const [a, b, c, d] = words.subarray(4 * i);
    machine.writeRegister(`ymm${i}`, a | (b << 64n) | (c << 128n) | (d << 192n));
  }

  const stop = machine.run(MAX_INSTRUCTIONS);
  if (stop.kind !== 'breakpoint' && stop.kind !== 'budget') {
    throw new Error(`${test.form}: the machine stopped with ${JSON.stringify(stop)}`);
  }
  const outcome = readOutcome(machine, stop.kind === 'budget');
  if (test.x87) outcome.x87 = saveX87(machine);
  const after = machine.readPhysical(data, WRITABLE_SIZE);
  Object.assign(outcome, dataDifference(before, after));

  machine.writePhysical(code, new Uint8Array(test.code.length).fill(INT3));
  machine.writePhysical(data, dataPattern);
  return outcome;
}

function runKernelCode(machine: Machine, at: number): void {
  machine.writeRegister('cs', BigInt(KERNEL_CS));
  machine.writeRegister('rip', KERNEL + BigInt(at));
  machine.step();
}

// An image of x87-state.ts has no gap where FXSAVE has MXCSR.

function loadX87(machine: Machine, state: X87State): void {
  const image = encodeX87(state);
  const area = new Uint8Array(512);
  area.set(image.subarray(0, 24));
  area.set([0x80, 0x1f], 24);
  area.set(image.subarray(24), 32);
  machine.writePhysical(KERNEL_PHYSICAL + X87_AREA, area);
  runKernelCode(machine, LOAD_X87);
}

function saveX87(machine: Machine): X87State {
  runKernelCode(machine, SAVE_X87);
  const area = machine.readPhysical(KERNEL_PHYSICAL + X87_AREA, 160);
  return decodeX87(Uint8Array.of(...area.subarray(0, 24), ...area.subarray(32)));
}

function readOutcome(machine: Machine, timeout: boolean): Outcome {
  const kernelOffset = (address: bigint) => Number(address - KERNEL);
  const vector = timeout
    ? VECTOR_TIMEOUT
    : (kernelOffset(machine.readRegister('rip')) - HANDLERS) / HANDLER_SIZE;
  const hasErrorCode = WITH_ERROR_CODE.includes(vector);
  // [error code] RIP CS RFLAGS RSP SS
  const frame = timeout
    ? undefined
    : new BigUint64Array(
        machine.readPhysical(KERNEL_PHYSICAL + kernelOffset(machine.readRegister('rsp')), 48).buffer,
      ).subarray(hasErrorCode ? 1 : 0);
  const errorCode = hasErrorCode
    ? machine.readPhysical(KERNEL_PHYSICAL + kernelOffset(machine.readRegister('rsp')), 4)
    : undefined;
  const gpr = BigUint64Array.from(GENERAL_REGISTERS, (name) => machine.readRegister(name));
  if (frame) gpr[4] = frame[3];
  const vectors = new BigUint64Array(64);
  for (let i = 0; i < 16; i++) {
    const value = machine.readRegister(`ymm${i}`);
    for (let word = 0; word < 4; word++)
      vectors[4 * i + word] = BigInt.asUintN(64, value >> BigInt(64 * word));
  }
  return {
    vector,
    errorCode: errorCode ? new DataView(errorCode.buffer).getUint32(0, true) : 0,
    faultAddress: vector === 14 ? machine.readRegister('cr2') : 0n,
    rip: frame ? frame[0] : machine.readRegister('rip'),
    rflags: Number(frame ? frame[2] : machine.readRegister('rflags')),
    gpr,
    vectors: new Uint8Array(vectors.buffer),
    x87: INITIAL_X87,
    selectors: SEGMENT_REGISTERS.map((name) =>
      Number(
        (frame && name === 'cs' ? frame[1] : frame && name === 'ss' ? frame[4] : machine.readRegister(name)) &
          0xffffn,
      ),
    ),
    mxcsr: Number(machine.readRegister('mxcsr')),
    diffOffset: 0,
    diff: new Uint8Array(0),
  };
}

function dataDifference(before: Uint8Array, after: Uint8Array): Pick<Outcome, 'diffOffset' | 'diff'> {
  let first = 0;
  let end = before.length;
  while (first < end && before[first] === after[first]) first++;
  while (end > first && before[end - 1] === after[end - 1]) end--;
  return first === end
    ? { diffOffset: 0, diff: new Uint8Array(0) }
    : { diffOffset: first, diff: after.slice(first, end) };
}
