/** The machine: CPU, RAM and devices behind the Machine API. */
import { addressKey, type Block, extent } from './cpu/code-cache.ts';
import type { Bus, Cpu } from './cpu/cpu.ts';
import { MAX_LENGTH } from './cpu/decoder.ts';
import { PAGE_FAULT } from './cpu/fault.ts';
import { DEFAULT_CPU_MODEL } from './cpu/features.ts';
import { IF } from './cpu/flags.ts';
import { ProfileCounter } from './cpu/profile.ts';
import { seedRandomNumbers } from './cpu/random-numbers.ts';
import { REGISTER_NAMES, readRegisterByName, writeRegisterByName } from './cpu/registers.ts';
import { createCpu } from './cpu/reset.ts';

import { type Breakpoints, hasPendingEvent, type LoopExit, RunLoop } from './cpu/run-loop.ts';

import {
  BLOCK_INDEX,
  CPL,
  DEBUG_TRAP,
  FLAGS,
  HALTED,
  INTERRUPT_SHADOW,
  LEAVE_BLOCK,
  NMI_BLOCKED,
  RANDOM,
  REPEAT_FLAGS,
  RETIRED,
} from './cpu/state.ts';
import { WATCH_PORT } from './cpu/watches.ts';
import { createDevices, type PcDevices } from './devices/pc.ts';
import { Digest } from './digest.ts';
import { MachineHistory, type Traveller } from './history/history.ts';
import { Inputs } from './history/inputs.ts';
import { MemoryKeeper } from './history/snapshot.ts';
import {
  DEFAULT_START_TIME,
  type History,
  type HistoryOptions,
  type Input,
  type InputEvent,
  type Machine,
  type MachineOptions,
  type Profile,
  type Recording,
  type RegisterName,
  type SerialConsole,
  type Snapshot,
  type StopReason,
  type Translation,
  type Watch,
} from './machine-api.ts';
import { RAM } from './memory-layout.ts';
import { inspectTranslation, visitVirtual } from './mmu/inspect.ts';
import { heedAttention } from './mmu/page-attention.ts';

/** State between two instructions that no register shows. */
const HIDDEN = [
  ...[HALTED, INTERRUPT_SHADOW, NMI_BLOCKED, DEBUG_TRAP, REPEAT_FLAGS],
  ...[RANDOM, RANDOM + 1, RANDOM + 2, RANDOM + 3],
];

const MEMORY_UNIT = 2 * 2 ** 20;
const MEMORY_LIMIT = 3 * 2 ** 30;

/**
 * Creates a machine after reset: memory zero, flat 64-bit segments, paging and interrupts off. A loader (or
 * `boot/`) writes memory and registers before it runs. Throws RangeError if the memory size is not possible.
 */
export function createMachine(options: MachineOptions): Machine {
  const { memoryBytes } = options;
  if (!Number.isInteger(memoryBytes / MEMORY_UNIT) || memoryBytes <= 0 || memoryBytes > MEMORY_LIMIT) {
    throw new RangeError(
      `A machine cannot have ${memoryBytes} bytes of memory: choose a multiple of 2 MiB, at most 3 GiB.`,
    );
  }
  return new Pc(options);
}

class Pc implements Machine, Traveller {
  readonly memoryBytes: number;
  readonly serial: SerialConsole;
  readonly #cpu: Cpu;
  readonly #devices: PcDevices;
  readonly #loop: RunLoop;
  readonly #memory: MemoryKeeper;
  readonly #inputs = new Inputs();
  #history: MachineHistory | undefined;
  #isRunning = false;
  /** The past is repeated: nobody is told of it. */
  #isRepeating = false;
  /** Virtual time that was spent halted. */
  #idle = 0;
  /** That when the profile began. */
  #profileIdle = 0;
  /** Count of the next event of a device or from outside; NaN if it must be asked for anew. */
  #nextEvent = Number.NaN;

  constructor(options: MachineOptions) {
    this.memoryBytes = options.memoryBytes;
    const devices = createDevices(
      {
        now: () => this.#now(),
        eventsChanged: () => {
          this.#nextEvent = Number.NaN;
        },
      },
      { memoryBytes: options.memoryBytes, startTime: options.startTime ?? DEFAULT_START_TIME },
    );
    this.#devices = devices;
    this.serial = { onOutput: undefined, send: (bytes) => this.#send(bytes) };
    devices.serial.onOutput = (byte) => {
      if (!this.#isRepeating) this.serial.onOutput?.(byte);
    };
    const bus: Bus = {
      readMemory: devices.readMemory,
      writeMemory: devices.writeMemory,
      readPort: (port, size) => {
        const value = devices.readPort(port, size);
        this.#portAccess('read', port, size, value);
        return value;
      },
      writePort: (port, size, value) => {
        devices.writePort(port, size, value);
        this.#portAccess('write', port, size, value);
      },
    };
    this.#cpu = createCpu(
      options.memoryBytes,
      options.cpu ?? DEFAULT_CPU_MODEL,
      options.start ?? 'flat',
      bus,
      devices.interruptController,
    );
    seedRandomNumbers(this.#cpu.i32, options.seed ?? 0);
    this.#memory = new MemoryKeeper(this.#cpu);
    this.#loop = new RunLoop(this.#cpu, {
      nextEvent: () => this.#eventCount(),
      advance: (now) => this.#advance(now),
      takeEnding: () => devices.takeEnding(),
    });
    this.#loop.stopOnUnknownOpcode = options.stopOnUnknownOpcode ?? false;
    this.#cpu.watches.stopsAtExceptions = options.exceptions === 'stop';
  }

  #now(): number {
    // Devices are created before the CPU.
    return this.#cpu === undefined ? 0 : this.#cpu.f64[RETIRED] + this.#cpu.i32[BLOCK_INDEX];
  }

  #eventCount(): number {
    if (Number.isNaN(this.#nextEvent)) {
      this.#nextEvent = Math.min(this.#devices.nextEvent(), this.#inputs.next());
    }
    return this.#nextEvent;
  }

  #advance(now: number): void {
    this.#advanceDevices(now);
    for (let input = this.#inputs.takeDue(now); input !== undefined; input = this.#inputs.takeDue(now)) {
      this.#enter(now, input);
      this.#advanceDevices(now);
    }
    this.#nextEvent = Number.NaN;
  }

  /** Not without need: when devices were looked at last shows in their state. */
  #advanceDevices(now: number): void {
    if (this.#devices.nextEvent() <= now) this.#devices.advance(now);
  }

  get inputLog(): readonly InputEvent[] {
    return this.#inputs.log;
  }

  scheduleInput(instructionCount: number, input: Input): void {
    if (!(instructionCount >= this.instructionCount)) {
      throw new RangeError(
        `An input cannot enter at ${instructionCount}: it is ${this.instructionCount} already.`,
      );
    }
    this.#forkHistory();
    this.#inputs.schedule({ instructionCount: Math.ceil(instructionCount), input });
  }

  /** Lets an input enter that has its place in the log. */
  #enter(now: number, input: Input): void {
    if (input.kind === 'serial') this.#devices.serial.send(input.bytes);
    else if (input.kind === 'register') this.#setRegister(input.name, input.value);
    else this.#setMemory(input.address, input.bytes);
    if (input.kind === 'serial' || this.#history !== undefined) this.#inputs.record(now, input);
  }

  /** Lets an input enter now. */
  #change(input: Input): void {
    if (this.#isRunning && this.#history !== undefined) {
      throw new Error('A machine can only be changed between two instructions.');
    }
    this.#enter(this.#now(), input);
    this.#forkHistory();
    if (!this.#isRunning) this.#settle();
  }

  /** Lets happen what is due now, as the run loop does before it stops: a moment looks the same however it is reached. */
  #settle(): void {
    const now = this.#now();
    if (now >= this.#eventCount()) this.#advance(now);
  }

  /** In the past, what was to come is no longer to come. */
  #forkHistory(): void {
    const end = this.#history?.end ?? 0;
    if (this.#history?.changed()) this.#inputs.cancelUpTo(end);
    this.#nextEvent = Number.NaN;
  }

  #send(bytes: Uint8Array): void {
    const input: Input = { kind: 'serial', bytes: bytes.slice() };
    if (!this.#isRunning) this.#change(input);
    else {
      // Called by the listener of the serial port, within an instruction.
      this.scheduleInput(this.#now() + 1, input);
      this.#cpu.i32[LEAVE_BLOCK] = 1;
    }
  }

  get instructionCount(): number {
    // Exact even in the midst of a slice, when the serial port calls its listener.
    return this.#now();
  }

  get privilegeLevel(): number {
    return this.#cpu.i32[CPL];
  }

  get executed(): number {
    return this.#now() - this.#idle;
  }

  get codeBits(): 16 | 32 | 64 {
    return this.#cpu.mode.bits;
  }

  get codeAddress(): bigint {
    const rip = this.readRegister('rip');
    return this.codeBits === 64 ? rip : BigInt.asUintN(32, rip + this.readRegister('cs_base'));
  }

  run(maxInstructions: number): StopReason {
    if (!(maxInstructions >= 1)) throw new RangeError('A slice has at least one instruction.');
    this.#passIdleTime(Number.POSITIVE_INFINITY);
    const end = this.instructionCount + Math.floor(maxInstructions);
    // A breakpoint at which the run begins is passed.
    let exit = this.#runLoop(end, 'pass-first');
    while (exit.kind === 'budget' && this.instructionCount < end) exit = this.#runLoop(end, 'heed');
    return this.#stopReason(exit);
  }

  runTo(instructionCount: number): StopReason {
    let breakpoints: Breakpoints = 'pass-first';
    for (;;) {
      this.#passIdleTime(instructionCount);
      if (this.instructionCount >= instructionCount) {
        this.#settle();
        this.#history?.passed();
        return { kind: 'budget' };
      }
      const exit = this.#runLoop(instructionCount, breakpoints);
      const goesOn = exit.kind === 'budget' || (exit.kind === 'idle' && Number.isFinite(this.#eventCount()));
      if (!goesOn) return this.#stopReason(exit);
      breakpoints = 'heed';
    }
  }

  step(): StopReason {
    this.#passIdleTime(Number.POSITIVE_INFINITY);
    const exit = this.#runLoop(this.instructionCount + 1, 'ignore');
    return exit.kind === 'budget' ? { kind: 'step' } : this.#stopReason(exit);
  }

  /** Runs to a count, or to where the next snapshot of the history is due. */
  #runLoop(end: number, breakpoints: Breakpoints): LoopExit {
    const due = this.#history === undefined ? end : this.instructionCount + this.#history.untilDue();
    this.#isRunning = true;
    try {
      return this.#loop.run(Math.min(end, due), breakpoints);
    } finally {
      this.#isRunning = false;
      this.#history?.passed();
    }
  }

  /** A halted CPU without a deliverable interrupt: virtual time jumps to the next event, but not beyond `limit`. */
  #passIdleTime(limit: number): void {
    const cpu = this.#cpu;
    const waits = cpu.i32[HALTED] !== 0 && (cpu.i32[FLAGS] & IF) !== 0;
    if (!waits || hasPendingEvent(cpu)) return;
    const until = Math.min(this.#eventCount(), limit);
    if (!Number.isFinite(until) || until <= cpu.f64[RETIRED]) return;
    this.#idle += until - cpu.f64[RETIRED];
    cpu.f64[RETIRED] = until;
  }

  startProfile(): void {
    this.#loop.profile = new ProfileCounter();
    this.#profileIdle = this.#idle;
  }

  stopProfile(): Profile {
    const { profile } = this.#loop;
    if (profile === undefined) throw new RangeError('No profile was started.');
    this.#loop.profile = undefined;
    return { spaces: profile.read(), idle: this.#idle - this.#profileIdle };
  }

  takeSnapshot(): Snapshot {
    if (this.#isRunning) throw new Error('A snapshot can only be taken between two instructions.');
    return {
      memoryBytes: this.memoryBytes,
      cpu: this.#cpu.model,
      instructionCount: this.instructionCount,
      state: {
        ...this.#memory.take(),
        devices: this.#devices.saveState(),
        inputs: this.#inputs.save(),
        idle: this.#idle,
      },
    };
  }

  restoreSnapshot(snapshot: Snapshot): void {
    if (snapshot.memoryBytes !== this.memoryBytes || snapshot.cpu !== this.#cpu.model) {
      const kind = (machine: Snapshot | Cpu, bytes: number): string =>
        `${bytes / 2 ** 20} MiB of memory and a CPU ${'cpu' in machine ? machine.cpu : machine.model}`;
      throw new RangeError(
        `The snapshot is of a machine with ${kind(snapshot, snapshot.memoryBytes)}, this one has ${kind(this.#cpu, this.memoryBytes)}.`,
      );
    }
    this.#inputs.restore(snapshot.state.inputs);
    this.#replaceState(snapshot);
    if (this.#history !== undefined) this.keepHistory(this.#history.options);
  }

  #replaceState({ state }: Snapshot): void {
    if (this.#isRunning) throw new Error('A machine can only be changed between two instructions.');
    this.#memory.replace(state);
    this.#devices.restoreState(state.devices);
    this.#idle = state.idle;
    this.#nextEvent = Number.NaN;
    this.#loop.forget();
  }

  get history(): History | undefined {
    return this.#history;
  }

  keepHistory(options: HistoryOptions = {}): void {
    this.#history = new MachineHistory(this, options);
  }

  recording(): Recording {
    if (this.#history === undefined) throw new RangeError('The machine keeps no history.');
    const { start, end } = this.#history;
    const inputs = this.#inputs.since(start.state.inputs.length);
    const digest = this.instructionCount === end ? this.digest() : undefined;
    return { start, inputs, end, digest };
  }

  replay({ start, inputs, end }: Recording, options: HistoryOptions = {}): void {
    this.#history = undefined;
    this.restoreSnapshot(start);
    this.#inputs.restore({ ...start.state.inputs, scheduled: inputs });
    this.#nextEvent = Number.NaN;
    this.#history = new MachineHistory(this, options, end);
  }

  seek(instructionCount: number, limit = Number.POSITIVE_INFINITY): boolean {
    if (this.#history === undefined) throw new RangeError('The machine keeps no history.');
    return this.#history.seek(instructionCount, limit);
  }

  returnTo(snapshot: Snapshot): void {
    this.#inputs.returnTo(snapshot.state.inputs);
    this.#replaceState(snapshot);
    this.#settle();
  }

  repeatTo(instructionCount: number): void {
    const { watches } = this.#cpu;
    const { armed } = watches;
    const { profile } = this.#loop;
    watches.armed = 0;
    this.#loop.profile = undefined;
    this.#isRunning = true;
    this.#isRepeating = true;
    try {
      for (let idleTurns = 0; this.instructionCount < instructionCount; ) {
        const before = this.instructionCount;
        this.#loop.run(instructionCount, 'ignore');
        this.#passIdleTime(instructionCount);
        // The guest may end its run at the same count again and again, but what has been reached once is reached again.
        idleTurns = this.instructionCount === before ? idleTurns + 1 : 0;
        if (idleTurns > 2) throw new Error(`The history cannot be repeated beyond ${before}.`);
      }
      this.#settle();
    } finally {
      watches.armed = armed;
      this.#loop.profile = profile;
      this.#isRunning = false;
      this.#isRepeating = false;
    }
  }

  #portAccess(access: 'read' | 'write', port: number, size: number, value: number): void {
    const { watches } = this.#cpu;
    if ((watches.armed & WATCH_PORT) !== 0) watches.port(this.#cpu, access, port, size, value);
  }

  #stopReason(exit: LoopExit): StopReason {
    switch (exit.kind) {
      case 'watch':
        return { kind: 'watch', hits: this.#cpu.watches.takeHits() };
      case 'exception':
        return {
          kind: 'exception',
          vector: exit.vector,
          errorCode: exit.errorCode < 0 ? undefined : exit.errorCode,
          address: this.readRegister('rip'),
          faultAddress: exit.vector === PAGE_FAULT ? this.readRegister('cr2') : undefined,
        };
      case 'breakpoint':
        return { kind: 'breakpoint', address: this.codeAddress };
      case 'idle': {
        const event = this.#eventCount();
        return { kind: 'idle', until: Number.isFinite(event) ? event : undefined };
      }
      case 'triple-fault':
        return { kind: 'triple-fault', vector: exit.vector, address: this.codeAddress };
      case 'unknown-opcode': {
        const address = this.codeAddress;
        return { kind: 'unknown-opcode', address, bytes: this.readVirtual(address, MAX_LENGTH) };
      }
      default:
        return exit;
    }
  }

  readRegister(name: RegisterName): bigint {
    if (name === 'cr8') return BigInt(this.#cpu.interrupts.readTaskPriority());
    return readRegisterByName(this.#cpu, name);
  }

  writeRegister(name: RegisterName, value: bigint): void {
    this.#change({ kind: 'register', name, value });
  }

  #setRegister(name: RegisterName, value: bigint): void {
    writeRegisterByName(this.#cpu, name, value);
    if (name === 'rip') this.#cpu.i32[HALTED] = 0;
  }

  readPhysical(address: number, length: number): Uint8Array {
    const start = Math.max(0, Math.min(address, this.memoryBytes));
    const end = Math.max(start, Math.min(address + length, this.memoryBytes));
    return this.#cpu.u8.slice(RAM + start, RAM + end);
  }

  writePhysical(address: number, bytes: Uint8Array): void {
    if (!(address >= 0) || address + bytes.length > this.memoryBytes) {
      throw new RangeError(
        `Physical addresses 0x${address.toString(16)} to 0x${(address + bytes.length).toString(16)} are not all in RAM (0x${this.memoryBytes.toString(16)} bytes).`,
      );
    }
    this.#change({ kind: 'memory', address, bytes: this.#history === undefined ? bytes : bytes.slice() });
  }

  #setMemory(address: number, bytes: Uint8Array): void {
    for (let page = Math.floor(address / 4096); page * 4096 < address + bytes.length; page++) {
      this.#cpu.pages.writingPage(page);
    }
    this.#cpu.u8.set(bytes, RAM + address);
  }

  translate(address: bigint, root?: number): Translation {
    return inspectTranslation(this.#cpu, address, root);
  }

  readVirtual(address: bigint, length: number, root?: number): Uint8Array {
    const bytes = new Uint8Array(length);
    const done = visitVirtual(this.#cpu, address, length, root, (physical, count, offset) => {
      bytes.set(this.readPhysical(physical, count), offset);
    });
    return bytes.subarray(0, done);
  }

  writeVirtual(address: bigint, bytes: Uint8Array, root?: number): number {
    return visitVirtual(this.#cpu, address, bytes.length, root, (physical, count, offset) => {
      this.writePhysical(physical, bytes.subarray(offset, offset + count));
    });
  }

  setBreakpoints(addresses: Iterable<bigint>): void {
    const before = this.#loop.breakpoints;
    const after = new Set(Array.from(addresses, breakpointKey));
    const changed = [...after].filter((key) => !before.has(key));
    for (const key of before) if (!after.has(key)) changed.push(key);
    this.#loop.breakpoints = after;
    // Blocks with a changed address inside are to be split or joined.
    this.#cpu.code.dropAt(changed);
  }

  setWatches(list: readonly Watch[]): void {
    const { watches } = this.#cpu;
    const mayStop = (block: Block): boolean => {
      const { first, end } = extent(block);
      return watches.mayStopIn(first, end, block.physical);
    };
    this.#cpu.code.dropWhere(mayStop);
    watches.set(list);
    this.#cpu.code.dropWhere(mayStop);
    heedAttention(this.#cpu);
    this.#loop.forget();
  }

  digest(): string {
    const digest = new Digest();
    for (const name of REGISTER_NAMES) digest.text(this.readRegister(name).toString(16));
    digest.text(`${this.instructionCount}`);
    digest.text(HIDDEN.map((word) => this.#cpu.i32[word]).join());
    digest.text(JSON.stringify(this.#devices.saveState()));
    digest.words(this.#cpu.i32.subarray(RAM >> 2, (RAM + this.memoryBytes) / 4));
    return digest.toString();
  }
}

function breakpointKey(address: bigint): number {
  const signed = BigInt.asIntN(64, address);
  return addressKey(Number(BigInt.asIntN(32, signed)), Number(signed >> 32n));
}
