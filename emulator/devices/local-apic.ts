import type { Clock, InterruptController, MemoryMappedDevice, TimedDevice } from './device.ts';

/**
 * The local APIC in xAPIC mode (SDM vol. 3, chapter 11) of the machine's one processor, APIC ID 0. Its timer
 * runs at one tick per instruction before division. Delivery modes other than fixed, lowest priority and (on
 * LINT0) ExtINT are accepted and do nothing: there is no other processor to start and no NMI source.
 */
export const LOCAL_APIC_ADDRESS = 0xfee0_0000;

const enum Register {
  Id = 0x020,
  Version = 0x030,
  TaskPriority = 0x080,
  ArbitrationPriority = 0x090,
  ProcessorPriority = 0x0a0,
  EndOfInterrupt = 0x0b0,
  LogicalDestination = 0x0d0,
  DestinationFormat = 0x0e0,
  SpuriousVector = 0x0f0,
  InService = 0x100,
  TriggerMode = 0x180,
  InterruptRequest = 0x200,
  ErrorStatus = 0x280,
  InterruptCommandLow = 0x300,
  InterruptCommandHigh = 0x310,
  LvtTimer = 0x320,
  LvtThermal = 0x330,
  LvtPerformance = 0x340,
  LvtLint0 = 0x350,
  LvtLint1 = 0x360,
  LvtError = 0x370,
  InitialCount = 0x380,
  CurrentCount = 0x390,
  DivideConfiguration = 0x3e0,
}

/** Version 0x14, six local vector table entries. */
const VERSION = 0x0005_0014;
const SOFTWARE_ENABLE = 1 << 8;
const LVT_MASKED = 1 << 16;
const TIMER_PERIODIC = 1 << 17;
const DELIVERY_MODE = 7 << 8;
/** Delivery mode of an interrupt command. */
const NMI = 4;
const EXTINT = 7 << 8;
const ERROR_SEND_ILLEGAL_VECTOR = 1 << 5;
const ERROR_RECEIVED_ILLEGAL_VECTOR = 1 << 6;
const ERROR_ILLEGAL_REGISTER = 1 << 7;

/** Writable bits of each local vector table entry, in register order from LvtTimer. */
const LVT_WRITABLE = [0x300ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff];

export interface LocalApicState {
  taskPriority: number;
  logicalDestination: number;
  destinationFormat: number;
  spuriousVector: number;
  errorStatus: number;
  /** Errors since the last write of the error status register, which makes them visible. */
  errorsSeen: number;
  interruptCommandLow: number;
  interruptCommandHigh: number;
  /** Timer, thermal, performance, LINT0, LINT1, error. */
  lvt: number[];
  initialCount: number;
  divideConfiguration: number;
  /** Instruction count at which the timer reaches 0, Infinity while it stands still. */
  timerDeadline: number;
  /** 256 bits each: accepted, in service, level-triggered. */
  interruptRequest: Uint32Array;
  inService: Uint32Array;
  triggerMode: Uint32Array;
  /** Level of the 8259 pair's INTR output at LINT0. */
  lint0: boolean;
  nmi: boolean;
}

export interface LocalApicWiring {
  readonly clock: Clock;
  /** Acknowledges the 8259 pair and returns its vector. */
  acknowledgeExternal(): number;
  /** Tells the I/O APIC that a level-triggered interrupt is done. */
  endOfLevelInterrupt(vector: number): void;
}

export interface LocalApic extends TimedDevice<LocalApicState>, MemoryMappedDevice, InterruptController {
  /** Takes an interrupt message from the bus if it is meant for this processor. */
  receive(vector: number, destination: number, logical: boolean, levelTriggered: boolean): void;
  /** Level of the 8259 pair's INTR output. */
  setExternalInterrupt(high: boolean): void;
  /** Recomputes what is derived from `state`, after that was replaced. */
  stateReplaced(): void;
}

/**
 * Creates the local APIC as firmware leaves it: enabled, in virtual wire mode (LINT0 passes the 8259 pair
 * through, LINT1 is NMI).
 */
export function createLocalApic({
  clock,
  acknowledgeExternal,
  endOfLevelInterrupt,
}: LocalApicWiring): LocalApic {
  const state: LocalApicState = {
    taskPriority: 0,
    logicalDestination: 0,
    destinationFormat: 0xffff_ffff,
    spuriousVector: SOFTWARE_ENABLE | 0xff,
    errorStatus: 0,
    errorsSeen: 0,
    interruptCommandLow: 0,
    interruptCommandHigh: 0,
    lvt: [LVT_MASKED, LVT_MASKED, LVT_MASKED, EXTINT, 4 << 8, LVT_MASKED],
    initialCount: 0,
    divideConfiguration: 0,
    timerDeadline: Number.POSITIVE_INFINITY,
    interruptRequest: new Uint32Array(8),
    inService: new Uint32Array(8),
    triggerMode: new Uint32Array(8),
    lint0: false,
    nmi: false,
  };
  /** Vector to deliver now, −1 if none; EXTERNAL for the 8259 pair's. Derived from `state`. */
  let pending = -1;
  const EXTERNAL = 256;

  function processorPriority(): number {
    const inService = highestBit(state.inService);
    const serviceClass = inService < 0 ? 0 : inService & 0xf0;
    return (state.taskPriority & 0xf0) >= serviceClass ? state.taskPriority : serviceClass;
  }

  function updatePending(): void {
    const requested = highestBit(state.interruptRequest);
    if (requested >= 0 && requested >> 4 > processorPriority() >> 4) pending = requested;
    else if (state.lint0 && (state.lvt[3] & (LVT_MASKED | DELIVERY_MODE)) === EXTINT) pending = EXTERNAL;
    else pending = -1;
  }

  function error(bit: number): void {
    state.errorsSeen |= bit;
    const entry = state.lvt[5];
    if ((entry & LVT_MASKED) === 0 && (entry & 0xf0) !== 0) setBit(state.interruptRequest, entry & 0xff);
  }

  function accept(vector: number, levelTriggered: boolean): void {
    if ((state.spuriousVector & SOFTWARE_ENABLE) === 0) return;
    if (vector < 16) error(ERROR_RECEIVED_ILLEGAL_VECTOR);
    else {
      setBit(state.interruptRequest, vector);
      if (levelTriggered) setBit(state.triggerMode, vector);
      else clearBit(state.triggerMode, vector);
    }
    updatePending();
  }

  function isAddressed(destination: number, logical: boolean): boolean {
    if (destination === 0xff) return true;
    if (!logical) return destination === 0;
    const own = state.logicalDestination >>> 24;
    const flat = state.destinationFormat >>> 28 === 0xf;
    if (flat) return (destination & own) !== 0;
    return destination >> 4 === own >> 4 && (destination & own & 0xf) !== 0;
  }

  function sendInterruptCommand(command: number): void {
    const mode = (command & DELIVERY_MODE) >> 8;
    const vector = command & 0xff;
    const shorthand = (command >>> 18) & 3;
    const reachesSelf =
      shorthand === 0
        ? isAddressed(state.interruptCommandHigh >>> 24, (command & (1 << 11)) !== 0)
        : shorthand !== 3;
    if (mode === NMI && shorthand !== 1) {
      if (reachesSelf) state.nmi = true;
      return;
    }
    if (mode > 1 || shorthand === 3) return;
    if (vector < 16) {
      error(ERROR_SEND_ILLEGAL_VECTOR);
      updatePending();
    } else if (reachesSelf) {
      accept(vector, false);
    }
  }

  function divider(): number {
    const bits = ((state.divideConfiguration & 8) >> 1) | (state.divideConfiguration & 3);
    return bits === 7 ? 1 : 2 << bits;
  }

  function currentCount(): number {
    apic.advance(clock.now());
    if (state.timerDeadline === Number.POSITIVE_INFINITY) return 0;
    return Math.ceil((state.timerDeadline - clock.now()) / divider());
  }

  function startTimer(ticks: number): void {
    state.timerDeadline = ticks === 0 ? Number.POSITIVE_INFINITY : clock.now() + ticks * divider();
    clock.eventsChanged();
  }

  function endOfInterrupt(): void {
    const vector = highestBit(state.inService);
    if (vector < 0) return;
    clearBit(state.inService, vector);
    const wasLevel = hasBit(state.triggerMode, vector);
    updatePending();
    if (wasLevel) endOfLevelInterrupt(vector);
  }

  function readWhole(register: number): number {
    switch (register) {
      case Register.Id:
        return 0;
      case Register.Version:
        return VERSION;
      case Register.TaskPriority:
        return state.taskPriority;
      case Register.ArbitrationPriority:
      case Register.ProcessorPriority:
        return processorPriority();
      case Register.EndOfInterrupt:
        return 0;
      case Register.LogicalDestination:
        return state.logicalDestination;
      case Register.DestinationFormat:
        return state.destinationFormat;
      case Register.SpuriousVector:
        return state.spuriousVector;
      case Register.ErrorStatus:
        return state.errorStatus;
      case Register.InterruptCommandLow:
        return state.interruptCommandLow;
      case Register.InterruptCommandHigh:
        return state.interruptCommandHigh;
      case Register.InitialCount:
        return state.initialCount;
      case Register.CurrentCount:
        return currentCount();
      case Register.DivideConfiguration:
        return state.divideConfiguration;
    }
    const word = (register >> 4) & 7;
    const bank = register & ~0x7f;
    if (bank === Register.InService) return state.inService[word];
    if (bank === Register.TriggerMode) return state.triggerMode[word];
    if (bank === Register.InterruptRequest) return state.interruptRequest[word];
    if (register >= Register.LvtTimer && register <= Register.LvtError) {
      return state.lvt[(register - Register.LvtTimer) >> 4];
    }
    error(ERROR_ILLEGAL_REGISTER);
    updatePending();
    return 0;
  }

  function writeWhole(register: number, value: number): void {
    switch (register) {
      case Register.TaskPriority:
        state.taskPriority = value & 0xff;
        break;
      case Register.EndOfInterrupt:
        endOfInterrupt();
        return;
      case Register.LogicalDestination:
        state.logicalDestination = (value & 0xff00_0000) >>> 0;
        break;
      case Register.DestinationFormat:
        state.destinationFormat = (value | 0x0fff_ffff) >>> 0;
        break;
      case Register.SpuriousVector:
        state.spuriousVector = value & 0x1ff;
        // A disabled APIC keeps every local vector table entry masked.
        if ((value & SOFTWARE_ENABLE) === 0) state.lvt = state.lvt.map((entry) => entry | LVT_MASKED);
        clock.eventsChanged();
        break;
      case Register.ErrorStatus:
        state.errorStatus = state.errorsSeen;
        state.errorsSeen = 0;
        break;
      case Register.InterruptCommandLow:
        // Delivery is immediate: the status bit (12) always reads idle.
        state.interruptCommandLow = value & 0x000c_cfff;
        sendInterruptCommand(state.interruptCommandLow);
        return;
      case Register.InterruptCommandHigh:
        state.interruptCommandHigh = (value & 0xff00_0000) >>> 0;
        break;
      case Register.InitialCount:
        state.initialCount = value;
        startTimer(value);
        break;
      case Register.DivideConfiguration: {
        const remaining = currentCount();
        state.divideConfiguration = value & 0xb;
        startTimer(remaining);
        break;
      }
      default: {
        if (register < Register.LvtTimer || register > Register.LvtError) {
          // Read-only registers ignore writes; what is no register at all is an error.
          if (!isReadOnly(register)) error(ERROR_ILLEGAL_REGISTER);
          break;
        }
        const index = (register - Register.LvtTimer) >> 4;
        if (index === 0) {
          // Periods that ended while the entry was masked are over.
          apic.advance(clock.now());
          clock.eventsChanged();
        }
        const forcedMask = (state.spuriousVector & SOFTWARE_ENABLE) === 0 ? LVT_MASKED : 0;
        state.lvt[index] = (value & LVT_WRITABLE[index]) | forcedMask;
      }
    }
    updatePending();
  }

  const apic: LocalApic = {
    state,
    // A masked timer has nothing to tell anybody: it is brought up to date when looked at.
    nextEvent: () => ((state.lvt[0] & LVT_MASKED) === 0 ? state.timerDeadline : Number.POSITIVE_INFINITY),
    advance(now) {
      if (now < state.timerDeadline) return;
      const timer = state.lvt[0];
      if ((timer & TIMER_PERIODIC) !== 0) {
        const period = state.initialCount * divider();
        state.timerDeadline += period * (1 + Math.floor((now - state.timerDeadline) / period));
      } else {
        state.timerDeadline = Number.POSITIVE_INFINITY;
      }
      clock.eventsChanged();
      if ((timer & LVT_MASKED) === 0) accept(timer & 0xff, false);
    },
    readRegister(offset, size) {
      const byte = offset & 0xf;
      if (byte + size > 4) return 0;
      const value = readWhole(offset & 0xff0) >>> (byte * 8);
      return size === 4 ? value : value & (size === 2 ? 0xffff : 0xff);
    },
    writeRegister(offset, size, value) {
      // The manual allows only aligned 32-bit writes; processors ignore or fault on others. We ignore.
      if (size === 4 && (offset & 0xf) === 0) writeWhole(offset & 0xff0, value >>> 0);
    },
    hasPendingInterrupt: () => pending >= 0,
    hasPendingNmi: () => state.nmi,
    takeNmi() {
      state.nmi = false;
    },
    acknowledgeInterrupt() {
      if (pending === EXTERNAL) return acknowledgeExternal();
      if (pending < 0) return state.spuriousVector & 0xff;
      const vector = pending;
      clearBit(state.interruptRequest, vector);
      setBit(state.inService, vector);
      updatePending();
      return vector;
    },
    readTaskPriority: () => state.taskPriority >> 4,
    writeTaskPriority(priorityClass) {
      state.taskPriority = (priorityClass & 0xf) << 4;
      updatePending();
    },
    receive(vector, destination, logical, levelTriggered) {
      if (isAddressed(destination, logical)) accept(vector, levelTriggered);
    },
    setExternalInterrupt(high) {
      state.lint0 = high;
      updatePending();
    },
    stateReplaced: updatePending,
  };
  return apic;
}

function isReadOnly(register: number): boolean {
  return (
    register === Register.Id ||
    register === Register.Version ||
    register === Register.ArbitrationPriority ||
    register === Register.ProcessorPriority ||
    register === Register.CurrentCount ||
    (register >= Register.InService && register < Register.ErrorStatus)
  );
}

function highestBit(bits: Uint32Array): number {
  for (let word = 7; word >= 0; word--) {
    if (bits[word] !== 0) return word * 32 + 31 - Math.clz32(bits[word]);
  }
  return -1;
}

function hasBit(bits: Uint32Array, index: number): boolean {
  return ((bits[index >> 5] >>> (index & 31)) & 1) !== 0;
}

function setBit(bits: Uint32Array, index: number): void {
  bits[index >> 5] |= 1 << (index & 31);
}

function clearBit(bits: Uint32Array, index: number): void {
  bits[index >> 5] &= ~(1 << (index & 31));
}
