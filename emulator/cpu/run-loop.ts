/**
 * The run loop: blocks of decoded instructions up to a deadline, which is the nearer of the slice's end and the next
 * device event. Between blocks it looks at interrupts, but only if something has happened that could change them.
 */

import type { GuestEnding } from '../machine-api.ts';
import { isCanonical } from '../mmu/page-walk.ts';
import { lookUp } from '../mmu/tlb.ts';
import { blockAtRip, type CodeStops } from './block.ts';
import { addressKey, type Block, extent } from './code-cache.ts';
import type { Cpu } from './cpu.ts';
import { hitsOnExecution } from './debug-registers.ts';
import {
  DEBUG,
  EXCEPTION_STOP,
  FAULT,
  GENERAL_PROTECTION,
  INVALID_OPCODE,
  NMI,
  raise,
  STACK_FAULT,
} from './fault.ts';
import { IF, RF, TF } from './flags.ts';
import { BRANCHES, ENDS, type Instruction } from './instruction.ts';
import { deliverWithEscalation, EXCEPTION, EXTERNAL } from './interrupts.ts';
import { effectiveAddress } from './memory-access.ts';
import type { ProfileCounter } from './profile.ts';
import {
  BLOCK_INDEX,
  CR3,
  CS,
  DEADLINE,
  DEBUG_TRAP,
  DR6,
  DR6_HITS,
  DR6_STEP,
  FAULT_ERROR,
  FAULT_VECTOR,
  FLAGS,
  HALTED,
  HIGH,
  INTERRUPT_SHADOW,
  LEAVE_BLOCK,
  NMI_BLOCKED,
  NON_CANONICAL,
  REPEAT_FLAGS,
  RETIRED,
  RIP,
  RSP,
  SEGMENT_BASE,
  STACK_SHADOW,
  segment,
} from './state.ts';
import { WATCH_EXCEPTION, word64 } from './watches.ts';

/** What the loop needs of the machine around the CPU. */
export interface Surroundings {
  /** Count of the next device event, Infinity for none. */
  nextEvent(): number;
  advance(now: number): void;
  /** How the guest ended the run, undefined if it did not. */
  takeEnding(): GuestEnding | undefined;
}

/** Which breakpoints a run stops at; the first may be where it begins, and be passed. */
export type Breakpoints = 'heed' | 'pass-first' | 'ignore';

export type LoopExit =
  | { readonly kind: 'budget' }
  | { readonly kind: 'breakpoint' }
  | { readonly kind: 'idle' }
  | { readonly kind: 'halted' }
  | GuestEnding
  | { readonly kind: 'triple-fault'; readonly vector: number }
  | { readonly kind: 'unknown-opcode' }
  /** Something was watched for: `Watches.takeHits`. */
  | { readonly kind: 'watch' }
  | { readonly kind: 'exception'; readonly vector: number; readonly errorCode: number };

const BUDGET: LoopExit = { kind: 'budget' };
const BREAKPOINT: LoopExit = { kind: 'breakpoint' };
const IDLE: LoopExit = { kind: 'idle' };
const HALT: LoopExit = { kind: 'halted' };
const UNKNOWN_OPCODE: LoopExit = { kind: 'unknown-opcode' };
const WATCH: LoopExit = { kind: 'watch' };

export class RunLoop {
  stopOnUnknownOpcode = false;
  /** Counts instructions, if any. */
  profile: ProfileCounter | undefined;

  #breakpoints: ReadonlySet<number> = new Set();
  /** The debug registers' breakpoints that `#marks` has. */
  #armed: ReadonlySet<number> = new Set();
  /** Where blocks begin: all breakpoints. */
  #marks: ReadonlySet<number> = new Set();
  /** Count of the instruction that the debug registers do not stop, because of RF or because it has begun already. */
  #resumed = Number.NaN;
  readonly #cpu: Cpu;
  readonly #surroundings: Surroundings;
  /** The block that is running or was last: names the instruction that faulted. */
  #block: Block | undefined;
  /** The breakpoint that has been reported and must now be passed: where, and in which frame. */
  #passed = Number.NaN;
  #passedStack = 0;
  #passedSpace = 0;
  /** Count at which an exception has been reported and must now be delivered. */
  #reported = Number.NaN;
  readonly #codeStops: CodeStops;

  constructor(cpu: Cpu, surroundings: Surroundings) {
    this.#cpu = cpu;
    this.#codeStops = {
      has: (key, physical) => this.#marks.has(key) || cpu.watches.mayStopAt(key, physical),
    };
    this.#surroundings = surroundings;
  }

  /** Keys (`addressKey`) of addresses before which `run` stops. */
  get breakpoints(): ReadonlySet<number> {
    return this.#breakpoints;
  }
  set breakpoints(keys: ReadonlySet<number>) {
    this.#breakpoints = keys;
    this.#markBlocks();
  }

  #markBlocks(): void {
    this.#armed = this.#cpu.executionBreakpoints;
    this.#marks = new Set([...this.#breakpoints, ...this.#armed]);
  }

  /** Runs until the count reaches `end`, or something else happens. The delivery of an exception or interrupt counts as
   * one instruction, so that even a guest that only faults makes time pass. */
  run(end: number, breakpoints: Breakpoints): LoopExit {
    try {
      return this.#run(end, breakpoints);
    } catch (stop) {
      if (stop !== EXCEPTION_STOP) throw stop;
      const { i32 } = this.#cpu;
      return { kind: 'exception', vector: i32[FAULT_VECTOR], errorCode: i32[FAULT_ERROR] };
    }
  }

  /** Forgets what has been reported, after the machine has been put somewhere else. */
  forget(): void {
    this.#reported = Number.NaN;
    this.#cpu.watches.forgetHits();
  }

  #run(end: number, breakpoints: Breakpoints): LoopExit {
    const cpu = this.#cpu;
    const s = cpu.i32;
    const heedBreakpoints = breakpoints !== 'ignore';
    if (breakpoints === 'pass-first') {
      this.#passed = blockKey(cpu);
      this.#passedStack = s[RSP];
      this.#passedSpace = s[CR3];
    }
    for (;;) {
      const now = cpu.f64[RETIRED];
      s[LEAVE_BLOCK] = 0;
      if (cpu.executionBreakpoints !== this.#armed) this.#markBlocks();
      if (now >= this.#surroundings.nextEvent()) this.#surroundings.advance(now);
      if (cpu.watches.hasHits) return WATCH;
      const ending = this.#surroundings.takeEnding();
      if (ending !== undefined) return ending;
      if (now >= end) return BUDGET;

      const shadow = s[INTERRUPT_SHADOW];
      if (s[DEBUG_TRAP] !== 0 && shadow !== STACK_SHADOW) {
        s[DR6] = (s[DR6] & ~DR6_HITS) | s[DEBUG_TRAP];
        s[DEBUG_TRAP] = 0;
        cpu.f64[RETIRED] = now + 1;
        this.profile?.delivered(cpu);
        if (!deliverWithEscalation(cpu, DEBUG, -1, EXCEPTION)) return { kind: 'triple-fault', vector: DEBUG };
        continue;
      }
      if (cpu.interrupts.hasPendingNmi() && s[NMI_BLOCKED] === 0 && shadow !== STACK_SHADOW) {
        cpu.interrupts.takeNmi();
        s[NMI_BLOCKED] = 1;
        cpu.f64[RETIRED] = now + 1;
        this.profile?.delivered(cpu);
        if (!deliverWithEscalation(cpu, NMI, -1, EXTERNAL)) return { kind: 'triple-fault', vector: NMI };
        continue;
      }
      if ((s[FLAGS] & IF) !== 0 && shadow === 0 && cpu.interrupts.hasPendingInterrupt()) {
        const vector = cpu.interrupts.acknowledgeInterrupt();
        cpu.f64[RETIRED] = now + 1;
        this.profile?.delivered(cpu);
        if (!deliverWithEscalation(cpu, vector, -1, EXTERNAL)) return { kind: 'triple-fault', vector };
        continue;
      }
      if (s[HALTED] !== 0) return (s[FLAGS] & IF) !== 0 ? IDLE : HALT;

      // What holds for one instruction: a shadow, RF, and TF as it is before the instruction.
      const flags = s[FLAGS];
      const single = shadow !== 0 || (flags & (TF | RF)) !== 0;
      s[INTERRUPT_SHADOW] = 0;
      if ((flags & RF) !== 0) s[FLAGS] = flags & ~RF;
      // Not 0 only behind a load of SS.
      const delayed = s[DEBUG_TRAP];
      if ((flags & TF) !== 0) s[DEBUG_TRAP] |= DR6_STEP;
      const resumes = (flags & RF) !== 0 || shadow === STACK_SHADOW || s[REPEAT_FLAGS] !== 0;
      this.#resumed = resumes ? now : Number.NaN;
      cpu.f64[DEADLINE] = Math.min(end, this.#surroundings.nextEvent(), single ? now + 1 : end);
      let stop: LoopExit | undefined;
      try {
        stop = this.#runToDeadline(heedBreakpoints);
      } catch (fault) {
        if (fault === EXCEPTION_STOP) {
          // INT n has been executed.
          const executed = s[BLOCK_INDEX] + 1;
          cpu.f64[RETIRED] += executed;
          s[BLOCK_INDEX] = 0;
          if (this.#block !== undefined) this.profile?.leave(cpu, this.#block, executed, executed - 1);
        }
        if (fault !== FAULT) throw fault;
        s[DEBUG_TRAP] = delayed;
        stop = this.#deliverFault();
        if (stop === undefined) continue;
      }
      if (stop !== undefined) {
        // The instruction has not run, and is to find things as they were.
        s[INTERRUPT_SHADOW] = shadow;
        s[FLAGS] |= flags & RF;
        s[DEBUG_TRAP] = delayed;
        return stop;
      }
      if (s[REPEAT_FLAGS] !== 0) s[FLAGS] |= flags & RF;
    }
  }

  /** Runs blocks until the deadline or until the outer loop has something to look at. */
  #runToDeadline(heedBreakpoints: boolean): LoopExit | undefined {
    const cpu = this.#cpu;
    const s = cpu.i32;
    const f = cpu.f64;
    const deadline = f[DEADLINE];
    const { profile } = this;
    const looksBeforeFetch = heedBreakpoints && this.#breakpoints.size > 0;
    while (f[RETIRED] < deadline) {
      this.#block = undefined;
      if (looksBeforeFetch && this.#stopsBeforeFetch()) return BREAKPOINT;
      const block = blockAtRip(cpu, this.#codeStops);
      if (block.breakpoint) {
        const stop = heedBreakpoints ? this.#stopAt(block) : undefined;
        if (stop !== undefined) return stop;
        this.#heedDebugRegisters();
      }
      this.#block = block;
      if (profile !== undefined) profile.enter(cpu);

      const instructions = block.instructions;
      const left = deadline - f[RETIRED];
      const count = Math.min(instructions.length, left);
      let index = 0;
      let instruction: Instruction;
      do {
        s[BLOCK_INDEX] = index;
        instruction = instructions[index];
        instruction.execute(cpu, instruction);
        index++;
      } while (index < count && s[LEAVE_BLOCK] === 0);
      s[BLOCK_INDEX] = 0;
      f[RETIRED] += index;
      if (profile !== undefined) profile.leave(cpu, block, index, index - 1);
      if (instruction.ends !== BRANCHES) {
        s[RIP] = instruction.nextLow;
        s[RIP + 1] = instruction.nextHigh;
      }
      if (block.breakpoint) this.#passed = Number.NaN;
      if (s[LEAVE_BLOCK] !== 0 || instruction.ends === ENDS) {
        if (cpu.watches.hasHits) cpu.watches.setInstruction(instruction.ripLow, instruction.ripHigh);
        return undefined;
      }
    }
    return undefined;
  }

  /** Whether to stop before a block, unless the last run has stopped here and the instruction has not run since. */
  #stopAt(block: Block): LoopExit | undefined {
    if (this.#isPassed(addressKey(block.ripLow, block.ripHigh))) return undefined;
    const key = extent(block).first;
    if (this.#breakpoints.has(key)) return BREAKPOINT;
    return this.#cpu.watches.execute(this.#cpu, key, block.physical) ? WATCH : undefined;
  }

  #isPassed(blockKey: number): boolean {
    const s = this.#cpu.i32;
    return blockKey === this.#passed && s[RSP] === this.#passedStack && s[CR3] === this.#passedSpace;
  }

  /** A stop at a page that has not been entered for execution must not enter it, nor set its accessed bits: the moment
   * would differ from the one that is reached without a breakpoint. */
  #stopsBeforeFetch(): boolean {
    const cpu = this.#cpu;
    const s = cpu.i32;
    if (cpu.mode.bits !== 64 || lookUp(s, cpu.executeTlb, s[RIP], s[RIP + 1]) >= 0) return false;
    const key = addressKey(s[RIP], s[RIP + 1]);
    return this.#breakpoints.has(key) && !this.#isPassed(key);
  }

  /** Raises #DB if the debug registers have a breakpoint on the instruction at RIP. */
  #heedDebugRegisters(): void {
    const cpu = this.#cpu;
    const s = cpu.i32;
    if (this.#armed.size === 0 || cpu.f64[RETIRED] === this.#resumed) return;
    const bits = hitsOnExecution(cpu, linearKey(cpu));
    if (bits === 0) return;
    s[DR6] = (s[DR6] & ~DR6_HITS) | bits;
    raise(cpu, DEBUG);
  }

  #preferBreakpoint(): void {
    try {
      this.#heedDebugRegisters();
    } catch (fault) {
      if (fault !== FAULT) throw fault;
    }
  }

  #deliverFault(): LoopExit | undefined {
    const cpu = this.#cpu;
    const s = cpu.i32;
    const index = s[BLOCK_INDEX];
    const instruction = this.#block?.instructions[index];
    cpu.f64[RETIRED] += index;
    s[BLOCK_INDEX] = 0;
    if (this.#block !== undefined) this.profile?.leave(cpu, this.#block, index, index);
    if (instruction === undefined) {
      // The fetch faulted, and RIP is where it was. Breakpoints come first.
      if (this.#armed.size > 0 && s[FAULT_VECTOR] !== DEBUG) this.#preferBreakpoint();
    } else {
      s[RIP] = instruction.ripLow;
      s[RIP + 1] = instruction.ripHigh;
    }
    let vector = s[FAULT_VECTOR];
    if (s[NON_CANONICAL] !== 0) {
      s[NON_CANONICAL] = 0;
      if (vector === GENERAL_PROTECTION && instruction !== undefined && addressesStack(cpu, instruction))
        vector = STACK_FAULT;
    }
    cpu.watches.forgetHits();
    if (cpu.watches.stopsAtExceptions) return { kind: 'exception', vector, errorCode: s[FAULT_ERROR] };
    if (this.stopOnUnknownOpcode && vector === INVALID_OPCODE && !isDeliberate(instruction))
      return UNKNOWN_OPCODE;
    const now = cpu.f64[RETIRED];
    if ((cpu.watches.armed & WATCH_EXCEPTION) !== 0 && now !== this.#reported) {
      const at = word64(s[RIP], s[RIP + 1]);
      if (cpu.watches.exception(cpu, vector, s[FAULT_ERROR], at, false)) {
        this.#reported = now;
        return WATCH;
      }
    }
    this.#reported = Number.NaN;
    cpu.f64[RETIRED] = now + 1;
    this.profile?.delivered(cpu);
    cpu.watches.announced = vector;
    const isDelivered = deliverWithEscalation(cpu, vector, s[FAULT_ERROR], EXCEPTION);
    cpu.watches.announced = -1;
    return isDelivered ? undefined : { kind: 'triple-fault', vector };
  }
}

/** Something other than a device's next event ends HLT. */
export const hasPendingEvent = (cpu: Cpu): boolean =>
  cpu.i32[DEBUG_TRAP] !== 0 || cpu.interrupts.hasPendingNmi() || cpu.interrupts.hasPendingInterrupt();

/** Linear address of the instruction at RIP, as a key. */
function linearKey(cpu: Cpu): number {
  const s = cpu.i32;
  if (cpu.mode.bits === 64) return addressKey(s[RIP], s[RIP + 1]);
  return addressKey((s[segment(CS) + SEGMENT_BASE] + s[RIP]) | 0, 0);
}

/** What `addressKey` is of the block at RIP. */
function blockKey(cpu: Cpu): number {
  const s = cpu.i32;
  return addressKey(s[RIP], cpu.mode.bits === 64 ? s[RIP + 1] : cpu.mode.key);
}

/**
 * Non-canonical addresses raise #SS if RSP or RBP is their base, or the stack is used implicitly. PUSH and CALL with a
 * memory operand use both; they read the operand first.
 */
function addressesStack(cpu: Cpu, i: Instruction): boolean {
  if (!i.isMemory) return usesStackImplicitly(i.opcode);
  if (i.usesStackSegment) return true;
  if (i.opcode === 0x8f) return !isCanonicalStack(cpu, 0, i.operandSize);
  if (i.opcode !== 0xff) return false;
  // INC, DEC, CALL, far CALL, JMP, far JMP, PUSH.
  const pushed = [0, 0, 1, 2, 0, 0, 1, 0][i.regNumber & 7] * i.operandSize;
  if (pushed === 0) return false;
  effectiveAddress(cpu, i);
  return isCanonical(cpu.i32[HIGH]) && !isCanonicalStack(cpu, -pushed, pushed);
}

/** All bytes of an operand at RSP + `offset` have canonical addresses. */
function isCanonicalStack(cpu: Cpu, offset: number, size: number): boolean {
  const s = cpu.i32;
  const highOf = (by: number): number => s[RSP + 1] + Math.floor(((s[RSP] >>> 0) + by) / 0x1_0000_0000);
  return isCanonical(highOf(offset) | 0) && isCanonical(highOf(offset + size - 1) | 0);
}

function usesStackImplicitly(opcode: number): boolean {
  return (
    (opcode >= 0x50 && opcode <= 0x5f) ||
    [
      0x68, 0x6a, 0x9c, 0x9d, 0xc2, 0xc3, 0xc8, 0xc9, 0xca, 0xcb, 0xcf, 0xe8, 0xff, 0x8f, 0x0fa0, 0x0fa1,
      0x0fa8, 0x0fa9,
    ].includes(opcode)
  );
}

/** UD0, UD1, UD2: opcodes whose purpose is to raise #UD. */
const isDeliberate = (i: Instruction | undefined): boolean =>
  i !== undefined && (i.opcode === 0x0f0b || i.opcode === 0x0fb9 || i.opcode === 0x0fff);
