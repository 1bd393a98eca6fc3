import type {
  ApicMode,
  Clock,
  InterruptController,
  InterruptMessage,
  MemoryMappedDevice,
  TimedDevice,
  Words64,
} from './device.ts';

/**
 * The local APIC (SDM vol. 3, chapter 11) of the machine's one processor, APIC ID 0, with its registers in memory (xAPIC) or
 * in MSRs (x2APIC). Its timer runs at one tick per instruction before division. INIT resets the machine; start-up and
 * system management interrupts do nothing, because no processor waits for the one and none has the other.
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
const TIMER_TSC_DEADLINE = 1 << 18;
const TIMER_MODE = TIMER_PERIODIC | TIMER_TSC_DEADLINE;
const DELIVERY_MODE = 7 << 8;
const EXTINT = 7 << 8;
/** Of an interrupt command: level-triggered, and the level. */
const LEVEL_TRIGGERED = 1 << 15;
const ASSERTED = 1 << 14;
const LOGICAL = 1 << 11;
/** Delivery modes. */
const LOWEST_PRIORITY = 1;
const NMI = 4;
const INIT = 5;
const ERROR_SEND_ILLEGAL_VECTOR = 1 << 5;
const ERROR_RECEIVED_ILLEGAL_VECTOR = 1 << 6;
const ERROR_ILLEGAL_REGISTER = 1 << 7;

/** Writable bits of each local vector table entry, in register order from LvtTimer. */
const LVT_WRITABLE = [0x700ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff];
/** Read-only bits of those entries: delivery status, remote request. */
const LVT_READ_ONLY = 0x5000;

/** x2APIC registers, at a sixteenth of their offset in memory. The command register is one of 64 bits there. */
const X2_COMMAND = Register.InterruptCommandLow >> 4;
const X2_SELF_INTERRUPT = 0x3f;
const X2_COMMAND_WRITABLE = 0x000c_cfff;
const X2_READ_ONLY: readonly Register[] = [
  Register.Id,
  Register.Version,
  Register.ProcessorPriority,
  Register.LogicalDestination,
  Register.CurrentCount,
];
/** Those that can be written, and the bits of them that are not reserved. */
const X2_WRITABLE: ReadonlyMap<number, number> = new Map([
  [Register.TaskPriority, 0xff],
  [Register.EndOfInterrupt, 0],
  [Register.SpuriousVector, 0x1ff],
  [Register.ErrorStatus, 0],
  ...LVT_WRITABLE.map((bits, index): [number, number] => [
    Register.LvtTimer + 0x10 * index,
    bits | LVT_READ_ONLY,
  ]),
  [Register.InitialCount, 0xffff_ffff],
  [Register.DivideConfiguration, 0xb],
]);
/** Cluster 0, first processor in it: follows from the APIC ID. */
const X2_LOGICAL_DESTINATION = 1;

export interface LocalApicState {
  mode: ApicMode;
  /** Physical address of the page of registers. */
  address: number;
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
  /** Instruction count at which the timer reaches 0 or its deadline, Infinity while it stands still. */
  timerDeadline: number;
  /** The deadline in TSC-deadline mode, as it was written. */
  tscDeadline: Words64;
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
  /** INIT arrived. */
  reset(): void;
}

export interface LocalApic extends TimedDevice<LocalApicState>, MemoryMappedDevice, InterruptController {
  /** Takes an interrupt message from the bus if it is meant for this processor. */
  receive(message: InterruptMessage): void;
  /** Level of the 8259 pair's INTR output. */
  setExternalInterrupt(high: boolean): void;
  /** Recomputes what is derived from `state`, after that was replaced. */
  stateReplaced(): void;
}

/**
 * Creates the local APIC as firmware leaves it: enabled, in virtual wire mode (LINT0 passes the 8259 pair
 * through, LINT1 is NMI).
 */
export function createLocalApic(wiring: LocalApicWiring): LocalApic {
  const { clock } = wiring;
  const state: LocalApicState = {
    ...afterReset(),
    mode: 'xapic',
    address: LOCAL_APIC_ADDRESS,
    spuriousVector: SOFTWARE_ENABLE | 0xff,
    lvt: [LVT_MASKED, LVT_MASKED, LVT_MASKED, EXTINT, NMI << 8, LVT_MASKED],
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
    const passesExternal =
      state.mode === 'disabled' || (state.lvt[3] & (LVT_MASKED | DELIVERY_MODE)) === EXTINT;
    if (requested >= 0 && requested >> 4 > processorPriority() >> 4) pending = requested;
    else if (state.lint0 && passesExternal) pending = EXTERNAL;
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

  /** `destination` is of 32 bits in x2APIC mode, of 8 otherwise and from the I/O APIC. */
  function isAddressed(destination: number, logical: boolean): boolean {
    if (!logical) return destination === 0;
    if (state.mode === 'x2apic')
      return destination >>> 16 === 0 && (destination & X2_LOGICAL_DESTINATION) !== 0;
    const own = state.logicalDestination >>> 24;
    const flat = state.destinationFormat >>> 28 === 0xf;
    if (flat) return (destination & own) !== 0;
    return destination >> 4 === own >> 4 && (destination & own & 0xf) !== 0;
  }

  function deliver(mode: number, vector: number, levelTriggered: boolean): void {
    if (state.mode === 'disabled') return;
    if (mode <= LOWEST_PRIORITY) accept(vector, levelTriggered);
    else if (mode === NMI) state.nmi = true;
    else if (mode === INIT) wiring.reset();
  }

  function sendInterruptCommand(command: number): void {
    const mode = (command & DELIVERY_MODE) >> 8;
    const vector = command & 0xff;
    const shorthand = (command >>> 18) & 3;
    const isWide = state.mode === 'x2apic';
    const destination = isWide ? state.interruptCommandHigh : state.interruptCommandHigh >>> 24;
    const isBroadcast = destination === (isWide ? 0xffff_ffff : 0xff);
    const reachesSelf =
      shorthand === 0 ? isBroadcast || isAddressed(destination, (command & LOGICAL) !== 0) : shorthand !== 3;
    // The end of an INIT's level is for processors that are no longer built.
    const isDeassert = mode === INIT && (command & (LEVEL_TRIGGERED | ASSERTED)) === LEVEL_TRIGGERED;
    if (mode <= LOWEST_PRIORITY && vector < 16 && shorthand !== 3) {
      error(ERROR_SEND_ILLEGAL_VECTOR);
      updatePending();
    } else if (reachesSelf && !isDeassert && (mode <= LOWEST_PRIORITY || shorthand !== 1)) {
      deliver(mode, vector, false);
    }
  }

  function divider(): number {
    const bits = ((state.divideConfiguration & 8) >> 1) | (state.divideConfiguration & 3);
    return bits === 7 ? 1 : 2 << bits;
  }

  function currentCount(): number {
    apic.advance(clock.now());
    if (state.timerDeadline === Number.POSITIVE_INFINITY || isDeadlineMode()) return 0;
    return Math.ceil((state.timerDeadline - clock.now()) / divider());
  }

  function isDeadlineMode(): boolean {
    return (state.lvt[0] & TIMER_MODE) === TIMER_TSC_DEADLINE;
  }

  function stopTimer(): void {
    state.timerDeadline = Number.POSITIVE_INFINITY;
    state.tscDeadline = NO_DEADLINE;
    clock.eventsChanged();
  }

  function startTimer(ticks: number): void {
    if (isDeadlineMode()) return;
    state.timerDeadline = ticks === 0 ? Number.POSITIVE_INFINITY : clock.now() + ticks * divider();
    clock.eventsChanged();
  }

  function endOfInterrupt(): void {
    const vector = highestBit(state.inService);
    if (vector < 0) return;
    clearBit(state.inService, vector);
    const wasLevel = hasBit(state.triggerMode, vector);
    updatePending();
    if (wasLevel) wiring.endOfLevelInterrupt(vector);
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
        return state.mode === 'x2apic' ? X2_LOGICAL_DESTINATION : state.logicalDestination;
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
        if (!isDeadlineMode()) state.initialCount = value;
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
          // To and from TSC-deadline mode the timer does not go on.
          if (((value ^ state.lvt[0]) & TIMER_TSC_DEADLINE) !== 0) stopTimer();
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
      if ((timer & TIMER_MODE) === TIMER_PERIODIC) {
        const period = state.initialCount * divider();
        state.timerDeadline += period * (1 + Math.floor((now - state.timerDeadline) / period));
      } else {
        state.timerDeadline = Number.POSITIVE_INFINITY;
        state.tscDeadline = NO_DEADLINE;
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
      if (pending === EXTERNAL) return wiring.acknowledgeExternal();
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
    get mode() {
      return state.mode;
    },
    get address() {
      return state.address;
    },
    setMode(mode, address) {
      if (mode === 'disabled') Object.assign(state, afterReset());
      if (mode === 'x2apic' && state.mode !== mode) state.interruptCommandHigh = 0;
      state.mode = mode;
      state.address = address;
      updatePending();
      clock.eventsChanged();
    },
    readX2Register(number) {
      if (number === X2_COMMAND) return { low: state.interruptCommandLow, high: state.interruptCommandHigh };
      const register = number << 4;
      const isVector = register >= Register.InService && register < Register.ErrorStatus;
      const isReadable = isVector || X2_READ_ONLY.includes(register) || X2_WRITABLE.has(register);
      if (!isReadable || register === Register.EndOfInterrupt) return undefined;
      return { low: readWhole(register) | 0, high: 0 };
    },
    writeX2Register(number, { low, high }) {
      if (number === X2_COMMAND) {
        if ((low & ~X2_COMMAND_WRITABLE) !== 0) return false;
        state.interruptCommandLow = low;
        state.interruptCommandHigh = high;
        sendInterruptCommand(low);
        return true;
      }
      const register = number << 4;
      const isSelfInterrupt = number === X2_SELF_INTERRUPT;
      const writable = isSelfInterrupt ? 0xff : X2_WRITABLE.get(register);
      if (writable === undefined || high !== 0 || (low & ~writable) !== 0) return false;
      if (isSelfInterrupt) accept(low, false);
      else writeWhole(register, low);
      return true;
    },
    readTscDeadline() {
      apic.advance(clock.now());
      return state.tscDeadline;
    },
    writeTscDeadline(value, count) {
      if (!isDeadlineMode()) return;
      stopTimer();
      if ((value.low | value.high) === 0) return;
      state.tscDeadline = value;
      state.timerDeadline = count;
    },
    receive({ mode, vector, destination, logical, levelTriggered }) {
      if (destination === 0xff || isAddressed(destination, logical)) deliver(mode, vector, levelTriggered);
    },
    setExternalInterrupt(high) {
      const rises = high && !state.lint0;
      state.lint0 = high;
      const entry = state.lvt[3];
      // In another mode than ExtINT the edge is an interrupt of the entry's own; in ExtINT mode `deliver` does nothing.
      if (rises && (entry & LVT_MASKED) === 0) deliver((entry & DELIVERY_MODE) >> 8, entry & 0xff, false);
      updatePending();
    },
    stateReplaced: updatePending,
  };
  return apic;
}

const NO_DEADLINE: Words64 = { low: 0, high: 0 };

/** What a reset of the APIC leaves (SDM vol. 3, 11.4.7.1): software-disabled, everything masked, nothing pending. */
function afterReset(): Omit<LocalApicState, 'mode' | 'address' | 'lint0' | 'nmi'> {
  return {
    taskPriority: 0,
    logicalDestination: 0,
    destinationFormat: 0xffff_ffff,
    spuriousVector: 0xff,
    errorStatus: 0,
    errorsSeen: 0,
    interruptCommandLow: 0,
    interruptCommandHigh: 0,
    lvt: new Array<number>(LVT_WRITABLE.length).fill(LVT_MASKED),
    initialCount: 0,
    divideConfiguration: 0,
    timerDeadline: Number.POSITIVE_INFINITY,
    tscDeadline: NO_DEADLINE,
    interruptRequest: new Uint32Array(8),
    inService: new Uint32Array(8),
    triggerMode: new Uint32Array(8),
  };
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
