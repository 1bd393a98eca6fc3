/** The machine: CPU, RAM and devices behind the Machine API. */
import { addressKey } from './cpu/block.ts';
import type { Cpu } from './cpu/cpu.ts';
import { MAX_LENGTH } from './cpu/decoder.ts';
import { DEFAULT_CPU_MODEL } from './cpu/features.ts';
import { IF } from './cpu/flags.ts';
import { REGISTER_NAMES, readRegisterByName, writeRegisterByName } from './cpu/registers.ts';
import { createCpu } from './cpu/reset.ts';
import { type LoopExit, RunLoop } from './cpu/run-loop.ts';
import {
  BLOCK_INDEX,
  CPL,
  DEBUG_TRAP,
  FLAGS,
  HALTED,
  INTERRUPT_SHADOW,
  NMI_BLOCKED,
  REPEAT_FLAGS,
  RETIRED,
} from './cpu/state.ts';
import { createDevices, type PcDevices } from './devices/pc.ts';
import { Digest } from './digest.ts';
import {
  DEFAULT_START_TIME,
  type InputEvent,
  type Machine,
  type MachineOptions,
  type RegisterName,
  type SerialConsole,
  type StopReason,
  type Translation,
} from './machine-api.ts';
import { RAM } from './memory-layout.ts';
import { inspectTranslation, visitVirtual } from './mmu/inspect.ts';

/** State between two instructions that no register shows. */
const WAITING = [HALTED, INTERRUPT_SHADOW, NMI_BLOCKED, DEBUG_TRAP, REPEAT_FLAGS];

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

class Pc implements Machine {
  readonly memoryBytes: number;
  readonly serial: SerialConsole;
  readonly inputLog: readonly InputEvent[];
  readonly #cpu: Cpu;
  readonly #devices: PcDevices;
  readonly #loop: RunLoop;
  /** Count of the next device event; NaN if it must be asked for anew. */
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
    this.serial = devices.serial;
    this.inputLog = devices.inputLog;
    this.#cpu = createCpu(
      options.memoryBytes,
      options.cpu ?? DEFAULT_CPU_MODEL,
      devices,
      devices.interruptController,
    );
    this.#loop = new RunLoop(this.#cpu, {
      nextEvent: () => this.#eventCount(),
      advance: (now) => this.#advance(now),
      takeEnding: () => devices.takeEnding(),
    });
    this.#loop.stopOnUnknownOpcode = options.stopOnUnknownOpcode ?? false;
  }

  #now(): number {
    // Devices are created before the CPU.
    return this.#cpu === undefined ? 0 : this.#cpu.f64[RETIRED] + this.#cpu.i32[BLOCK_INDEX];
  }

  #eventCount(): number {
    if (Number.isNaN(this.#nextEvent)) this.#nextEvent = this.#devices.nextEvent();
    return this.#nextEvent;
  }

  #advance(now: number): void {
    this.#devices.advance(now);
    this.#nextEvent = Number.NaN;
  }

  get instructionCount(): number {
    // Exact even in the midst of a slice, when the serial port calls its listener.
    return this.#now();
  }

  get privilegeLevel(): number {
    return this.#cpu.i32[CPL];
  }

  run(maxInstructions: number): StopReason {
    if (!(maxInstructions >= 1)) throw new RangeError('A slice has at least one instruction.');
    this.#passIdleTime();
    return this.#stopReason(this.#loop.run(this.instructionCount + Math.floor(maxInstructions), true));
  }

  step(): StopReason {
    this.#passIdleTime();
    const exit = this.#loop.run(this.instructionCount + 1, false);
    return exit.kind === 'budget' ? { kind: 'step' } : this.#stopReason(exit);
  }

  /** A halted CPU without a deliverable interrupt: virtual time jumps to the next device event. */
  #passIdleTime(): void {
    const cpu = this.#cpu;
    const waits = cpu.i32[HALTED] !== 0 && (cpu.i32[FLAGS] & IF) !== 0;
    if (!waits || cpu.interrupts.hasPendingInterrupt()) return;
    const event = this.#eventCount();
    if (Number.isFinite(event)) cpu.f64[RETIRED] = Math.max(cpu.f64[RETIRED], event);
  }

  #stopReason(exit: LoopExit): StopReason {
    switch (exit.kind) {
      case 'breakpoint':
        return { kind: 'breakpoint', address: this.readRegister('rip') };
      case 'idle': {
        const event = this.#eventCount();
        return { kind: 'idle', until: Number.isFinite(event) ? event : undefined };
      }
      case 'triple-fault':
        return { kind: 'triple-fault', vector: exit.vector, address: this.readRegister('rip') };
      case 'unknown-opcode': {
        const address = this.readRegister('rip');
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
    if (name === 'rip') this.#cpu.i32[HALTED] = 0;
    writeRegisterByName(this.#cpu, name, value);
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
    this.#cpu.u8.set(bytes, RAM + address);
    for (let page = Math.floor(address / 4096); page * 4096 < address + bytes.length; page++) {
      this.#cpu.pages.pageWritten(page);
    }
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
    this.#cpu.code.dropWhere((block) => {
      const first = addressKey(block.ripLow, block.ripHigh);
      const last = block.instructions[block.instructions.length - 1];
      const end = addressKey(last.nextLow, last.nextHigh);
      return changed.some((key) => key >= first && key <= end);
    });
  }

  digest(): string {
    const digest = new Digest();
    for (const name of REGISTER_NAMES) digest.text(this.readRegister(name).toString(16));
    digest.text(`${this.instructionCount}`);
    digest.text(WAITING.map((word) => this.#cpu.i32[word]).join());
    digest.text(JSON.stringify(this.#devices.saveState()));
    digest.words(this.#cpu.i32.subarray(RAM >> 2, (RAM + this.memoryBytes) / 4));
    return digest.toString();
  }
}

function breakpointKey(address: bigint): number {
  const signed = BigInt.asIntN(64, address);
  return addressKey(Number(BigInt.asIntN(32, signed)), Number(signed >> 32n));
}
