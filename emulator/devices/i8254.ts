import type { DeviceHost, PortDevice, TimedDevice } from './device.ts';
import { PIT_CLOCK } from './time.ts';

/**
 * The programmable interval timer (Intel 8254, 231164): three counters at 1.193182 MHz. Counter 0 drives ISA
 * line 0; counter 2's gate and output are at port 0x61. Nothing counts by itself: counts are computed from the
 * tick at which counting began. A counter runs from the write of its count, and a new count takes effect at once.
 */
export const PIT_PORT = 0x40;
export const SYSTEM_CONTROL_PORT = 0x61;

interface Counter {
  mode: number;
  /** 0 none, 1 low byte, 2 high byte, 3 low then high. */
  access: number;
  bcd: boolean;
  /** Ticks of one period, 1…65536; 0 before the first count is written. */
  reload: number;
  gate: boolean;
  /** Tick at which the count was `reload`. */
  start: number;
  /** Ticks counted when the gate stopped the counter, or −1 while it runs or waits for its trigger. */
  stoppedAfter: number;
  /** Modes 1 and 5 wait for a rising gate. */
  triggered: boolean;
  writeLow: number | undefined;
  readHighNext: boolean;
  /** Bytes latched by a counter latch or read-back command, read before the live count. */
  latched: number[];
}

export interface PitState {
  counters: Counter[];
  /** Port 0x61 bits 0 to 3: gate of counter 2, speaker, and two that would mask NMIs from the board. */
  systemControl: number;
  output0: boolean;
  /** Tick up to which output 0 has been brought. */
  updatedTick: number;
}

export interface Pit extends TimedDevice<PitState>, PortDevice {
  readonly systemControlPort: PortDevice;
}

export function createPit(host: DeviceHost): Pit {
  const state: PitState = {
    counters: [createCounter(true), createCounter(true), createCounter(false)],
    systemControl: 0,
    output0: false,
    updatedTick: 0,
  };
  const tick = () => PIT_CLOCK.ticksAt(host.now());

  function updateOutput(now: number): void {
    state.updatedTick = now;
    const high = outputAt(state.counters[0], now);
    if (high === state.output0) return;
    state.output0 = high;
    host.setInterruptLine(0, high);
  }

  function changed(): void {
    updateOutput(tick());
    host.eventsChanged();
  }

  function writeControl(value: number): void {
    const selected = value >> 6;
    if (selected === 3) {
      readBack(value);
      return;
    }
    const counter = state.counters[selected];
    const access = (value >> 4) & 3;
    if (access === 0) {
      if (counter.latched.length === 0) latchCount(counter, tick());
      return;
    }
    const gate = counter.gate;
    const mode = (value >> 1) & 7;
    Object.assign(counter, createCounter(gate), {
      access,
      mode: mode > 5 ? mode - 4 : mode,
      bcd: (value & 1) !== 0,
    });
    changed();
  }

  function readBack(value: number): void {
    for (let index = 0; index < 3; index++) {
      if ((value & (2 << index)) === 0) continue;
      const counter = state.counters[index];
      if (counter.latched.length > 0) continue;
      const now = tick();
      if ((value & 0x10) === 0) counter.latched.push(statusAt(counter, now));
      if ((value & 0x20) === 0) latchCount(counter, now);
    }
  }

  function writeCount(counter: Counter, value: number): void {
    if (counter.access === 3 && counter.writeLow === undefined) {
      counter.writeLow = value;
      return;
    }
    const raw =
      counter.access === 2 ? value << 8 : counter.access === 1 ? value : (value << 8) | counter.writeLow!;
    counter.writeLow = undefined;
    const count = counter.bcd ? fromBcd(raw) : raw;
    counter.reload = count === 0 ? countRange(counter) : count;
    counter.start = tick();
    counter.stoppedAfter = counter.gate || isTriggered(counter) ? -1 : 0;
    counter.triggered = false;
    changed();
  }

  function readCount(counter: Counter): number {
    const latched = counter.latched.shift();
    if (latched !== undefined) return latched;
    const count = countAt(counter, tick());
    if (counter.access === 2) return count >> 8;
    if (counter.access !== 3) return count & 0xff;
    counter.readHighNext = !counter.readHighNext;
    return counter.readHighNext ? count & 0xff : count >> 8;
  }

  function setGate(counter: Counter, high: boolean): void {
    if (high === counter.gate) return;
    const now = tick();
    const pauses = counter.mode === 0 || counter.mode === 4;
    if (!high) {
      if (!isTriggered(counter)) counter.stoppedAfter = pauses ? now - counter.start : 0;
    } else if (isTriggered(counter)) {
      counter.triggered = true;
      counter.start = now;
    } else {
      // Modes 2 and 3 start anew, 0 and 4 go on.
      counter.start = pauses && counter.stoppedAfter > 0 ? now - counter.stoppedAfter : now;
      counter.stoppedAfter = -1;
    }
    counter.gate = high;
  }

  return {
    state,
    nextEvent() {
      const next = nextTransition(state.counters[0], state.updatedTick);
      return next === Number.POSITIVE_INFINITY ? next : PIT_CLOCK.instructionsAt(next);
    },
    advance(now) {
      const ticks = PIT_CLOCK.ticksAt(now);
      const next = nextTransition(state.counters[0], state.updatedTick);
      if (next <= ticks) updateOutput(next);
    },
    readPort(offset) {
      return offset === 3 ? 0xff : readCount(state.counters[offset]) & 0xff;
    },
    writePort(offset, _size, value) {
      if (offset === 3) writeControl(value & 0xff);
      else if (state.counters[offset].access !== 0) writeCount(state.counters[offset], value & 0xff);
    },
    systemControlPort: {
      readPort() {
        // Bit 4 toggles with each memory refresh, about every 15 µs: 18 ticks.
        const refresh = (Math.floor(tick() / 18) & 1) << 4;
        const output = outputAt(state.counters[2], tick()) ? 0x20 : 0;
        return state.systemControl | refresh | output;
      },
      writePort(_offset, _size, value) {
        state.systemControl = value & 0xf;
        setGate(state.counters[2], (value & 1) !== 0);
      },
    },
  };
}

function createCounter(gate: boolean): Counter {
  return {
    mode: 0,
    access: 0,
    bcd: false,
    reload: 0,
    gate,
    start: 0,
    stoppedAfter: -1,
    triggered: false,
    writeLow: undefined,
    readHighNext: false,
    latched: [],
  };
}

const isTriggered = (counter: Counter) => counter.mode === 1 || counter.mode === 5;
const countRange = (counter: Counter) => (counter.bcd ? 10000 : 0x10000);

/** Ticks counted since `start`; −1 if the counter does not count yet. */
function elapsedAt(counter: Counter, now: number): number {
  if (counter.reload === 0 || (isTriggered(counter) && !counter.triggered)) return -1;
  return counter.stoppedAfter >= 0 ? counter.stoppedAfter : now - counter.start;
}

function countAt(counter: Counter, now: number): number {
  const elapsed = elapsedAt(counter, now);
  const range = countRange(counter);
  const { reload, mode } = counter;
  let count: number;
  if (elapsed < 0) count = reload % range;
  else if (mode === 2) count = (reload - (elapsed % reload)) % range;
  else if (mode === 3) {
    // Counts by twos, through the range twice a period.
    const half = Math.ceil(reload / 2);
    const phase = elapsed % reload;
    count = ((reload & ~1) - 2 * (phase < half ? phase : phase - half)) % range;
    if (count < 0) count = 0;
  } else {
    count = (((reload - elapsed) % range) + range) % range;
  }
  return counter.bcd ? toBcd(count) : count;
}

function outputAt(counter: Counter, now: number): boolean {
  const elapsed = elapsedAt(counter, now);
  const { reload, mode } = counter;
  if (elapsed < 0) return mode !== 0 && counter.access !== 0;
  switch (mode) {
    case 0:
    case 1:
      return elapsed >= reload;
    case 2:
      return counter.stoppedAfter >= 0 || elapsed % reload !== reload - 1;
    case 3:
      return counter.stoppedAfter >= 0 || elapsed % reload < Math.ceil(reload / 2);
    default:
      return elapsed !== reload;
  }
}

/** First tick after `now` at which the output changes, Infinity if it stays. */
function nextTransition(counter: Counter, now: number): number {
  const elapsed = elapsedAt(counter, now);
  if (elapsed < 0 || counter.stoppedAfter >= 0) return Number.POSITIVE_INFINITY;
  const { reload, mode, start } = counter;
  if (mode === 2 || mode === 3) {
    const period = start + Math.floor(elapsed / reload) * reload;
    const fall = mode === 2 ? reload - 1 : Math.ceil(reload / 2);
    return elapsed % reload < fall ? period + fall : period + reload;
  }
  if (elapsed < reload) return start + reload;
  return mode >= 4 && elapsed === reload ? start + reload + 1 : Number.POSITIVE_INFINITY;
}

function statusAt(counter: Counter, now: number): number {
  const output = outputAt(counter, now) ? 0x80 : 0;
  const nullCount = counter.reload === 0 ? 0x40 : 0;
  return output | nullCount | (counter.access << 4) | (counter.mode << 1) | (counter.bcd ? 1 : 0);
}

function latchCount(counter: Counter, now: number): void {
  const count = countAt(counter, now);
  if (counter.access !== 2) counter.latched.push(count & 0xff);
  if (counter.access !== 1) counter.latched.push((count >> 8) & 0xff);
}

function toBcd(value: number): number {
  return (
    (value % 10) |
    ((Math.floor(value / 10) % 10) << 4) |
    ((Math.floor(value / 100) % 10) << 8) |
    (Math.floor(value / 1000) << 12)
  );
}

function fromBcd(value: number): number {
  return (value & 0xf) + ((value >> 4) & 0xf) * 10 + ((value >> 8) & 0xf) * 100 + (value >> 12) * 1000;
}
