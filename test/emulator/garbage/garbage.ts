/**
 * A guest full of garbage, all of it from one seed: random code in every ring and at every exception vector, page tables and
 * control registers that point anywhere, descriptors that are none. What must hold whatever it does: the machine answers in bounded time with a
 * stop reason, the host does not grow, and the same seed gives the same machine again however `run` is sliced.
 */
import { codeMode } from '../../../emulator/cpu/opcode-table.ts';
import {
  CPU_MODELS,
  type CpuModel,
  GENERAL_REGISTERS,
  type Machine,
  type StopReason,
} from '../../../emulator/machine-api.ts';
import { randomNumbers } from '../../random.ts';
import { CODE, createGuest, DATA, type Guest, PRESENT, STACK_TOP, USER, WRITABLE } from '../cpu/guest.ts';

export interface Outcome {
  /** Instructions retired, idle time left out. */
  readonly instructions: number;
  /** How often each kind of stop ended a round. */
  readonly stops: ReadonlyMap<StopReason['kind'], number>;
  /** Of the machine as it is at the end. */
  readonly digest: string;
}

/** The machine did what it must not: with all that is needed to see it again. */
export class GarbageFailure extends Error {
  readonly seed: number;
  readonly instructions: number;

  constructor(seed: number, instructions: number, what: string, options?: ErrorOptions) {
    super(`seed ${seed}, within ${instructions} instructions: ${what}`, options);
    this.seed = seed;
    this.instructions = instructions;
  }
}

const CODE_PAGES = 16;
/** Behind the code, which has the data and the stacks in it and so writes itself. */
const LOOPS = CODE + CODE_PAGES * 0x1000;
/** How code is made, and the instructions after which other code takes its place: as many as take about as long. */
const KINDS = [
  { makeCode: garbageCode, round: 20_000 },
  { makeCode: tameCode, round: 20_000 },
  { makeCode: loopingCode, round: 1_000_000 },
] as const;
const LONGEST_ROUND = Math.max(...KINDS.map(({ round }) => round));
/** Far more than any slice takes on a busy host. */
const PATIENCE_MILLISECONDS = 20_000;

/** Instructions' worth of time that a timer lets pass at most while the guest halts. */
const MOST_IDLE = 1_000_000_000;

type Next = () => number;
const pick = <T>(next: Next, from: readonly T[]): T => from[next() % from.length];

/** Random bytes as they are make #UD of nearly everything; so most are opcodes with prefixes and operands. */
function garbageCode(next: Next, model: CpuModel, length: number): Uint8Array {
  const opcodes = [...codeMode(model, 64).opcodes.keys()];
  const prefixes = [0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x64, 0x65, 0x2e, 0x48, 0x41, 0x4c, 0x4f];
  const code: number[] = [];
  while (code.length < length) {
    if (next() % 8 === 0) {
      for (let n = next() % 16; n > 0; n--) code.push(next() & 0xff);
      continue;
    }
    const opcode = pick(next, opcodes);
    const isVex = opcode >= 0x100_0000;
    const map = (opcode & 0xff_ffff) >>> 8;
    if (isVex) {
      const vexMap = map === 0x0f38 ? 2 : map === 0x0f3a ? 3 : 1;
      code.push(
        0xc4,
        vexMap | pick(next, [0xe0, 0x60, 0xc0]),
        pick(next, [next() & 0xff, 0x79, 0x7d, 0xf9, 0x78]),
      );
    } else {
      for (let n = next() % 3; n > 0; n--) if (next() % 2 === 0) code.push(pick(next, prefixes));
      if (map > 0xff) code.push(map >>> 8);
      if (map > 0) code.push(map & 0xff);
    }
    code.push(opcode & 0xff, next() & 0xff);
    for (let n = next() % 6; n > 0; n--) code.push(pick(next, [0, 0xff, next() & 0xff]));
  }
  return Uint8Array.from(code.slice(0, length));
}

/** Opcodes that stay where they are: moves, arithmetic, bits, short jumps, vectors. */
const isTame = (opcode: number): boolean =>
  (opcode < 0x40 && (opcode & 7) < 6) ||
  (opcode >= 0x70 && opcode <= 0x8b) ||
  (opcode >= 0xb0 && opcode <= 0xc1) ||
  (opcode >= 0xd0 && opcode <= 0xd3) ||
  opcode === 0xeb ||
  (opcode >= 0x0f10 && opcode <= 0x0f17) ||
  (opcode >= 0x0f40 && opcode <= 0x0f7f) ||
  (opcode >= 0x0f90 && opcode <= 0x0f9f) ||
  (opcode >= 0x0fa3 && opcode <= 0x0fa5) ||
  (opcode >= 0x0fb6 && opcode <= 0x0fbf) ||
  (opcode >= 0x0fc0 && opcode <= 0x0fff);

/** Code that gets far before it faults: operands are registers, or memory at RBX, RSI and RDI. */
function tameCode(next: Next, model: CpuModel, length: number): Uint8Array {
  const opcodes = [...codeMode(model, 64).opcodes.keys()].filter(isTame);
  const code: number[] = [];
  while (code.length < length) {
    if (next() % 3 === 0) code.push(pick(next, [0x48, 0x66, 0x41, 0x45]));
    const opcode = pick(next, opcodes);
    if (opcode > 0xff) code.push(0x0f);
    const register = (next() & 7) << 3;
    const rm = next() % 3 === 0 ? 0x43 + pick(next, [0, 3, 4]) : 0xc0 | (next() & 7);
    code.push(opcode & 0xff, register | rm, next() & 0x7f);
  }
  return Uint8Array.from(code.slice(0, length));
}

const little = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, n) => Math.floor(value / 2 ** (8 * n)) & 0xff);

/** Each loop of `loopingCode` begins at a multiple of it. */
const LOOP_BYTES = 1024;
/** Where `loopingCode` has code that makes a good stack and goes into one of the first 32 loops. */
const RESTART = LOOPS + CODE_PAGES * 0x1000 - LOOP_BYTES;

/** Tame code in loops that begin with good addresses and sometimes leave for another: it runs for millions of instructions. */
function loopingCode(next: Next, model: CpuModel, length: number): Uint8Array {
  const code = new Uint8Array(length).fill(0x90);
  for (let start = 0; start < length; start += LOOP_BYTES) {
    const addresses = [0xbb, 0xbe, 0xbf].flatMap((move) => [move, ...little(DATA + (next() & 0x7ff), 4)]);
    const body = tameCode(next, model, 12 + (next() % 900));
    // test al, imm8; jnz back
    const loop = [...addresses, ...body, 0xa8, 1 << (next() & 7), 0x0f, 0x85];
    code.set([...loop, ...little(-(loop.length + 4), 4)], start);
  }
  // mov esp, stack; rdtsc; and eax, 31 * LOOP_BYTES; add eax, CODE; jmp rax
  const restart = [0xbc, ...little(STACK_TOP - 64, 4), 0x0f, 0x31, 0x25, ...little(31 * LOOP_BYTES, 4)];
  code.set([...restart, 0x05, ...little(LOOPS, 4), 0xff, 0xe0], RESTART - LOOPS);
  return code;
}

const randomWord = (next: Next): bigint => (BigInt(next()) << 32n) | BigInt(next());

function randomRegister(next: Next): bigint {
  const candidates = [
    BigInt(CODE + (next() % (CODE_PAGES * 0x1000 + 0x1000))),
    BigInt(DATA + (next() & 0xfff)),
    BigInt(next()),
    -BigInt(next()),
    BigInt(next() & 0xff),
    0xfee0_0000n + BigInt(next() & 0xfff),
    randomWord(next),
  ];
  return BigInt.asUintN(64, pick(next, candidates));
}

/** Devices, the last page of RAM, and what lies beyond it. */
const PHYSICAL = [0xfee0_0000, 0xfec0_0000, 0xfed0_0000, 0xffff_f000, 0x7f_f000, 0x80_0000, 0];

const RUINED_REGISTERS = [
  ...['cr3', 'idtr_base', 'gdtr_base', 'tr_base', 'fs_base', 'gs_base', 'kernel_gs_base', 'lstar', 'star'],
];

/** What is done to a new machine before a round, on top of garbage code, gates and registers. */
const RUINS: readonly ((guest: Guest, next: Next) => void)[] = [
  () => {},
  (guest) => guest.user(),
  function pageTables(guest, next) {
    const tables = guest.machine.translate(BigInt(CODE)).walk;
    for (let n = 0; n < 40; n++) {
      const table = pick(next, tables).entryAddress & ~0xfff;
      guest.write64(table + (next() % 512) * 8, (BigInt(next()) << 32n) | BigInt(next() | 7));
    }
  },
  function devices(guest, next) {
    for (let n = 0; n < 8; n++) {
      guest.map(BigInt(DATA) + BigInt(n * 0x1000), pick(next, PHYSICAL), PRESENT | WRITABLE | USER);
    }
  },
  function registers(guest, next) {
    for (const name of RUINED_REGISTERS) {
      if (next() % 3 === 0) guest.machine.writeRegister(name, randomWord(next));
    }
    guest.machine.writeRegister('idtr_limit', BigInt(next() & 0xffff));
  },
  function interrupts(guest, next) {
    // Timer of the local APIC, and everything the 8259 pair has.
    guest.map(0x6000_0000n, 0xfee0_0000, PRESENT | WRITABLE);
    guest.machine.writeRegister('rflags', 0x202n);
    guest.machine.writeRegister('rbx', 0x6000_0000n + BigInt(pick(next, [0x320, 0x380, 0x3e0, 0xf0, 0x300])));
  },
];

function newGuest(model: CpuModel): Guest {
  const guest = createGuest({ cpu: model });
  for (let page = 0; page < 2 * CODE_PAGES; page++) {
    guest.map(BigInt(CODE + page * 0x1000), CODE + page * 0x1000, PRESENT | WRITABLE | USER);
  }
  return guest;
}

/** Returns the length of the round. */
function fill(guest: Guest, next: Next, model: CpuModel): number {
  const { machine } = guest;
  const { makeCode, round } = pick(next, KINDS);
  const isLooping = makeCode === loopingCode;
  const code = isLooping ? LOOPS : CODE;
  machine.writePhysical(code, makeCode(next, model, CODE_PAGES * 0x1000));
  for (let vector = 0; vector < 256; vector++) {
    guest.gate(vector, {
      target: BigInt(isLooping ? RESTART : CODE + (next() % (CODE_PAGES * 0x1000))),
      ist: isLooping || next() % 3 === 0 ? 1 : 0,
      dpl: next() & 3,
    });
  }
  for (const name of GENERAL_REGISTERS) machine.writeRegister(name, randomRegister(next));
  for (const name of ['rbx', 'rsi', 'rdi'])
    if (next() % 4 > 0) machine.writeRegister(name, BigInt(DATA + (next() & 0x7ff)));
  machine.writeRegister('rsp', BigInt(STACK_TOP - 64));
  machine.writeRegister('rip', BigInt(code + (isLooping ? 0 : next() % 0x1000)));
  return round;
}

/** A machine with the garbage of a seed in it. */
export function garbageMachine(seed: number): Machine {
  const next = randomNumbers(seed);
  const model = pick(next, CPU_MODELS);
  const guest = newGuest(model);
  fill(guest, next, model);
  pick(next, RUINS)(guest, next);
  return guest.machine;
}

/**
 * Runs the garbage of a seed for so many instructions, `slice` at most at a time. Throws a GarbageFailure if the machine throws, or
 * takes too long.
 */
export function runGarbage(seed: number, instructions: number, slice: number): Outcome {
  const next = randomNumbers(seed);
  const model = pick(next, CPU_MODELS);
  const stops = new Map<StopReason['kind'], number>();
  let retired = 0;
  let guest: Guest | undefined;
  try {
    while (retired < instructions) {
      // Now and then what an earlier round has left stays as it is.
      const isNew = guest === undefined || next() % 4 !== 0;
      if (guest === undefined || isNew) guest = newGuest(model);
      const round = fill(guest, next, model);
      if (isNew) pick(next, RUINS)(guest, next);
      let left = Math.min(round, instructions - retired);
      let stop: StopReason = { kind: 'budget' };
      while (left > 0 && (stop.kind === 'budget' || stop.kind === 'idle')) {
        if (stop.kind === 'idle' && stop.until === undefined) break;
        // A `run` from idle makes time jump: that is not work.
        const began = performance.now();
        const start = guest.machine.instructionCount;
        const before = stop.kind === 'idle' ? (stop.until ?? 0) : start;
        stop = guest.machine.run(Math.min(slice, left));
        const end = guest.machine.instructionCount;
        if (end < start || (stop.kind !== 'idle' && end > start + slice + MOST_IDLE)) {
          throw new GarbageFailure(seed, retired + slice, `time went from ${start} to ${end}`);
        }
        const took = performance.now() - began;
        if (took > PATIENCE_MILLISECONDS) {
          throw new GarbageFailure(seed, retired + slice, `a slice took ${Math.round(took)} ms`);
        }
        // However slices fall, the end of a round is no instruction; what goes on gets on.
        const goesOn = stop.kind === 'budget' || stop.kind === 'idle';
        const done = goesOn ? Math.max(1, end - before) : end - before;
        left -= done;
        retired += done;
      }
      stops.set(stop.kind, (stops.get(stop.kind) ?? 0) + 1);
    }
  } catch (error) {
    if (error instanceof GarbageFailure) throw error;
    throw new GarbageFailure(seed, retired + LONGEST_ROUND, `the machine threw: ${error}`, { cause: error });
  }
  return { instructions: retired, stops, digest: guest?.machine.digest() ?? '' };
}

/** Fewest instructions, to a thousandth, within which a seed still fails. */
export function minimise(failure: GarbageFailure): GarbageFailure {
  let best = failure;
  let low = 0;
  while (best.instructions - low > Math.max(1, best.instructions / 1000)) {
    const middle = Math.floor((low + best.instructions) / 2);
    try {
      runGarbage(best.seed, middle, middle);
      low = middle;
    } catch (error) {
      if (!(error instanceof GarbageFailure)) throw error;
      best = new GarbageFailure(best.seed, middle, error.message, { cause: error.cause });
    }
  }
  return best;
}
