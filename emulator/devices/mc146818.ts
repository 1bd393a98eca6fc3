import { calendarDate, daysSinceEpoch } from './calendar.ts';
import type { DeviceHost, PortDevice, TimedDevice } from './device.ts';
import { REAL_TIME_CLOCK } from './time.ts';

/**
 * The real-time clock with battery-backed memory (Motorola MC146818A), as PCs have it: index at port 0x70, data at 0x71,
 * century at index 0x32. Bit 7 of the index masks NMIs from the board. Time is a date at instruction count 0 and goes
 * on with the count; nothing ticks while nobody looks or waits for an interrupt.
 */
export const RTC_PORT = 0x70;
export const RTC_IRQ = 8;

const enum Register {
  Seconds = 0x00,
  SecondsAlarm = 0x01,
  Minutes = 0x02,
  MinutesAlarm = 0x03,
  Hours = 0x04,
  HoursAlarm = 0x05,
  Weekday = 0x06,
  Day = 0x07,
  Month = 0x08,
  Year = 0x09,
  A = 0x0a,
  B = 0x0b,
  C = 0x0c,
  D = 0x0d,
  Century = 0x32,
}

/** Register A: update in progress, divider, rate of the periodic interrupt. */
const A_UPDATE_IN_PROGRESS = 1 << 7;
const A_DIVIDER = 7 << 4;
const A_DIVIDER_RUNS = 2 << 4;
const A_RATE = 15;
/** Register B. */
const B_SET = 1 << 7;
const B_PERIODIC = 1 << 6;
const B_ALARM = 1 << 5;
const B_UPDATE_ENDED = 1 << 4;
const B_BINARY = 1 << 2;
const B_24_HOURS = 1 << 1;
/** Register C has flags at the places of their enable bits in B, and bit 7: interrupt requested. */
const INTERRUPTS = B_PERIODIC | B_ALARM | B_UPDATE_ENDED;
const C_REQUESTED = 1 << 7;
const D_BATTERY_GOOD = 1 << 7;

const PM = 1 << 7;
/** In an alarm register: any value matches. */
const ANY = 0xc0;

const MEMORY_SIZE = 128;
const TICKS_PER_SECOND = 32768;
/** An update takes 1984 µs; its beginning is announced 244 µs ahead. */
const UPDATE_TICKS = Math.round((TICKS_PER_SECOND * (1984 + 244)) / 1_000_000);
const SECONDS_PER_DAY = 86400;

/** Places in the memory where PC firmware leaves sizes. */
const EQUIPMENT = 0x14;
const HAS_COPROCESSOR = 1 << 1;
const BASE_KIBIBYTES = 0x15;
const EXTENDED_KIBIBYTES = [0x17, 0x30];
const UNITS_ABOVE_16_MEBIBYTES = 0x34;

export interface RtcState {
  index: number;
  nmiMasked: boolean;
  /** All registers as they are read, but for what is derived: bit 7 of A, C and D. */
  memory: Uint8Array;
  /** Register C, without bit 7. */
  flags: number;
  /** Instruction count at which a second began; fractions of seconds count from here. */
  origin: number;
  /** Ticks since `origin` that have had their effect. */
  ticks: number;
}

export interface Rtc extends TimedDevice<RtcState>, PortDevice {}

export interface RtcSettings {
  /** Seconds since 1970-01-01 00:00 UTC at instruction count 0. */
  readonly startTime: number;
  readonly memoryBytes: number;
}

/** Creates the clock as firmware leaves it: running, BCD, 24 hours, periodic rate 1024 Hz, interrupts off. */
export function createRtc(host: DeviceHost, { startTime, memoryBytes }: RtcSettings): Rtc {
  const state: RtcState = {
    index: 0,
    nmiMasked: false,
    memory: new Uint8Array(MEMORY_SIZE),
    flags: 0,
    origin: 0,
    ticks: 0,
  };
  const { memory } = state;
  memory[Register.A] = A_DIVIDER_RUNS | 6;
  memory[Register.B] = B_24_HOURS;
  writeTime(memory, startTime);
  // 1970 began on a Thursday; Sunday is 1.
  memory[Register.Weekday] = 1 + ((4 + dayOf(startTime)) % 7);
  writeSizes(memory, memoryBytes);

  const dividerRuns = () => (state.memory[Register.A] & A_DIVIDER) === A_DIVIDER_RUNS;
  const updates = () => dividerRuns() && (state.memory[Register.B] & B_SET) === 0;
  const ticksNow = () => REAL_TIME_CLOCK.ticksAt(host.now() - state.origin);

  /** Ticks between periodic interrupts, 0 if there are none. */
  function period(): number {
    const rate = state.memory[Register.A] & A_RATE;
    if (rate === 0 || !dividerRuns()) return 0;
    return 1 << (rate < 3 ? rate + 6 : rate - 1);
  }

  function updateInterrupt(): void {
    host.setInterruptLine(RTC_IRQ, (state.flags & state.memory[Register.B] & INTERRUPTS) !== 0);
  }

  /** Lets everything happen that has become due. */
  function catchUp(): void {
    const now = ticksNow();
    if (now <= state.ticks) return;
    const every = period();
    if (every !== 0 && Math.floor(now / every) !== Math.floor(state.ticks / every)) state.flags |= B_PERIODIC;
    const seconds = Math.floor(now / TICKS_PER_SECOND) - Math.floor(state.ticks / TICKS_PER_SECOND);
    state.ticks = now;
    if (seconds > 0 && updates()) {
      state.flags |= B_UPDATE_ENDED;
      if (meetsAlarm(state.memory, readTime(state.memory), seconds)) state.flags |= B_ALARM;
      passTime(state.memory, seconds);
    }
    updateInterrupt();
  }

  function readRegister(index: number): number {
    catchUp();
    switch (index) {
      case Register.A: {
        const left = TICKS_PER_SECOND - (state.ticks % TICKS_PER_SECOND);
        return state.memory[index] | (updates() && left <= UPDATE_TICKS ? A_UPDATE_IN_PROGRESS : 0);
      }
      case Register.C: {
        const requested = (state.flags & state.memory[Register.B] & INTERRUPTS) !== 0;
        const value = state.flags | (requested ? C_REQUESTED : 0);
        state.flags = 0;
        updateInterrupt();
        return value;
      }
      case Register.D:
        return D_BATTERY_GOOD;
      default:
        return state.memory[index];
    }
  }

  function writeRegister(index: number, value: number): void {
    catchUp();
    switch (index) {
      case Register.A: {
        const stood = !dividerRuns();
        state.memory[index] = value & ~A_UPDATE_IN_PROGRESS;
        if (stood && dividerRuns()) {
          // The first second after the divider is let go is half as long.
          state.origin = host.now() - REAL_TIME_CLOCK.instructionsAt(TICKS_PER_SECOND / 2);
          state.ticks = ticksNow();
        }
        break;
      }
      case Register.B:
        // Setting the time ends the wait for the end of an update.
        state.memory[index] = (value & B_SET) !== 0 ? value & ~B_UPDATE_ENDED : value;
        break;
      case Register.C:
      case Register.D:
        return;
      default:
        state.memory[index] = value;
    }
    updateInterrupt();
    host.eventsChanged();
  }

  return {
    state,
    nextEvent() {
      const enabled = state.memory[Register.B];
      let next = Number.POSITIVE_INFINITY;
      const every = period();
      if ((enabled & B_PERIODIC) !== 0 && every !== 0) next = (Math.floor(state.ticks / every) + 1) * every;
      if ((enabled & (B_ALARM | B_UPDATE_ENDED)) !== 0 && updates()) {
        next = Math.min(next, (Math.floor(state.ticks / TICKS_PER_SECOND) + 1) * TICKS_PER_SECOND);
      }
      return next === Number.POSITIVE_INFINITY ? next : state.origin + REAL_TIME_CLOCK.instructionsAt(next);
    },
    advance: catchUp,
    // The index cannot be read back.
    readPort: (offset) => (offset === 0 ? 0xff : readRegister(state.index)),
    writePort(offset, _size, value) {
      if (offset === 1) writeRegister(state.index, value & 0xff);
      else {
        state.index = value & (MEMORY_SIZE - 1);
        state.nmiMasked = (value & 0x80) !== 0;
      }
    },
  };
}

const dayOf = (time: number): number => Math.floor(time / SECONDS_PER_DAY);
const fromBcd = (byte: number): number => (byte >> 4) * 10 + (byte & 15);
const toBcd = (value: number): number => (Math.floor(value / 10) << 4) | (value % 10);

const decode = (memory: Uint8Array, byte: number): number =>
  (memory[Register.B] & B_BINARY) !== 0 ? byte : fromBcd(byte);
const encode = (memory: Uint8Array, value: number): number =>
  (memory[Register.B] & B_BINARY) !== 0 ? value : toBcd(value);

function decodeHours(memory: Uint8Array, byte: number): number {
  if ((memory[Register.B] & B_24_HOURS) !== 0) return decode(memory, byte);
  return (decode(memory, byte & ~PM) % 12) + ((byte & PM) !== 0 ? 12 : 0);
}

function encodeHours(memory: Uint8Array, hours: number): number {
  if ((memory[Register.B] & B_24_HOURS) !== 0) return encode(memory, hours);
  return encode(memory, hours % 12 === 0 ? 12 : hours % 12) | (hours >= 12 ? PM : 0);
}

/** The time in the registers, in seconds since 1970. What is no date counts on from the date it would be. */
function readTime(memory: Uint8Array): number {
  const at = (register: Register) => decode(memory, memory[register]);
  const year = at(Register.Century) * 100 + at(Register.Year);
  const days = daysSinceEpoch(year, at(Register.Month), at(Register.Day));
  const hours = decodeHours(memory, memory[Register.Hours]);
  return days * SECONDS_PER_DAY + hours * 3600 + at(Register.Minutes) * 60 + at(Register.Seconds);
}

/** All but the day of the week, which does not depend on the date. */
function writeTime(memory: Uint8Array, time: number): void {
  const days = dayOf(time);
  const second = time - days * SECONDS_PER_DAY;
  const { year, month, day } = calendarDate(days);
  const set = (register: Register, value: number) => {
    memory[register] = encode(memory, value);
  };
  set(Register.Seconds, second % 60);
  set(Register.Minutes, Math.floor(second / 60) % 60);
  memory[Register.Hours] = encodeHours(memory, Math.floor(second / 3600));
  set(Register.Day, day);
  set(Register.Month, month);
  set(Register.Year, year % 100);
  set(Register.Century, Math.floor(year / 100) % 100);
}

function passTime(memory: Uint8Array, seconds: number): void {
  const before = readTime(memory);
  const after = before + seconds;
  writeTime(memory, after);
  const days = dayOf(after) - dayOf(before);
  memory[Register.Weekday] = 1 + ((memory[Register.Weekday] + 6 + days) % 7);
}

/** True if the alarm matches one of the `seconds` seconds after `time`. */
function meetsAlarm(memory: Uint8Array, time: number, seconds: number): boolean {
  const matches = (register: Register, value: number): boolean =>
    (memory[register] & ANY) === ANY || memory[register] === value;
  // After a day every time of day has been.
  for (let passed = 1; passed <= Math.min(seconds, SECONDS_PER_DAY); passed++) {
    const second = (time + passed) % SECONDS_PER_DAY;
    if (
      matches(Register.SecondsAlarm, encode(memory, second % 60)) &&
      matches(Register.MinutesAlarm, encode(memory, Math.floor(second / 60) % 60)) &&
      matches(Register.HoursAlarm, encodeHours(memory, Math.floor(second / 3600)))
    )
      return true;
  }
  return false;
}

function writeSizes(memory: Uint8Array, memoryBytes: number): void {
  const word = (index: number, value: number) => {
    memory[index] = value & 0xff;
    memory[index + 1] = value >> 8;
  };
  const most = (value: number) => Math.max(0, Math.min(0xffff, Math.floor(value)));
  memory[EQUIPMENT] = HAS_COPROCESSOR;
  word(BASE_KIBIBYTES, 640);
  for (const index of EXTENDED_KIBIBYTES) word(index, most((memoryBytes - 2 ** 20) / 1024));
  word(UNITS_ABOVE_16_MEBIBYTES, most((memoryBytes - 2 ** 24) / 2 ** 16));
}
