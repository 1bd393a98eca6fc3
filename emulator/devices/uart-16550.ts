import type { SerialConsole } from '../machine-api.ts';
import type { DeviceHost, PortDevice, TimedDevice } from './device.ts';

/**
 * A 16550A serial port (National Semiconductor PC16550D): 16-byte receive FIFO, loopback, interrupts gated by
 * OUT2 as on PC boards. Transmission takes no virtual time, so the transmitter is always empty; received bytes
 * come no faster than 115200 baud allows, and only while the guest asserts RTS.
 */
export const COM1_PORT = 0x3f8;
export const COM1_IRQ = 4;

/** Ten bits at 115200 baud, in instructions of 10 ns. */
export const INSTRUCTIONS_PER_CHARACTER = 8681;
const FIFO_SIZE = 16;
const TRIGGER_LEVELS = [1, 4, 8, 14];

const LCR_DIVISOR_LATCH = 0x80;
const IER_RECEIVED = 1;
const IER_TRANSMITTER_EMPTY = 2;
const IER_LINE_STATUS = 4;
const IER_MODEM_STATUS = 8;
const MCR_RTS = 2;
const MCR_OUT2 = 8;
const MCR_LOOPBACK = 0x10;
const LSR_DATA_READY = 1;
const LSR_OVERRUN = 2;
const LSR_TRANSMITTER_EMPTY = 0x60;

const enum InterruptIdentification {
  ModemStatus = 0x0,
  None = 0x1,
  TransmitterEmpty = 0x2,
  Received = 0x4,
  LineStatus = 0x6,
  CharacterTimeout = 0xc,
}

export interface UartState {
  interruptEnable: number;
  lineControl: number;
  modemControl: number;
  scratch: number;
  divisor: number;
  fifoEnabled: boolean;
  triggerLevel: number;
  receiveFifo: number[];
  overrun: boolean;
  /** The transmitter-empty interrupt is an event: set when the transmitter empties, cleared by reading IIR. */
  transmitterEmptied: boolean;
  modemDelta: number;
  /** Instruction count from which the next byte from the cable may enter. */
  lineFreeAt: number;
  /** When bytes below the trigger level raise the timeout interrupt; Infinity if none wait or it is raised. */
  timeoutAt: number;
  timedOut: boolean;
  /** Bytes on the cable, of which the first `taken` have been received. */
  cable: Uint8Array;
  taken: number;
}

export interface Uart extends TimedDevice<UartState>, PortDevice {
  readonly console: SerialConsole;
}

export function createUart(host: DeviceHost, irq: number): Uart {
  const state: UartState = {
    interruptEnable: 0,
    lineControl: 0,
    modemControl: 0,
    scratch: 0,
    divisor: 12,
    fifoEnabled: false,
    triggerLevel: 1,
    receiveFifo: [],
    overrun: false,
    transmitterEmptied: false,
    modemDelta: 0,
    lineFreeAt: 0,
    timeoutAt: Number.POSITIVE_INFINITY,
    timedOut: false,
    cable: new Uint8Array(0),
    taken: 0,
  };

  const capacity = () => (state.fifoEnabled ? FIFO_SIZE : 1);
  const isLoopback = () => (state.modemControl & MCR_LOOPBACK) !== 0;
  const triggerLevel = () => (state.fifoEnabled ? state.triggerLevel : 1);

  function interruptIdentification(): InterruptIdentification {
    const enabled = state.interruptEnable;
    if (enabled & IER_LINE_STATUS && state.overrun) return InterruptIdentification.LineStatus;
    if (enabled & IER_RECEIVED) {
      if (state.receiveFifo.length >= triggerLevel()) return InterruptIdentification.Received;
      if (state.timedOut) return InterruptIdentification.CharacterTimeout;
    }
    if (enabled & IER_TRANSMITTER_EMPTY && state.transmitterEmptied) {
      return InterruptIdentification.TransmitterEmpty;
    }
    if (enabled & IER_MODEM_STATUS && state.modemDelta !== 0) return InterruptIdentification.ModemStatus;
    return InterruptIdentification.None;
  }

  function updateInterrupt(): void {
    // OUT2 connects the interrupt to the bus; in loopback mode the pin is inactive.
    const connected = (state.modemControl & (MCR_OUT2 | MCR_LOOPBACK)) === MCR_OUT2;
    host.setInterruptLine(irq, connected && interruptIdentification() !== InterruptIdentification.None);
  }

  function restartTimeout(): void {
    state.timedOut = false;
    const waits = state.fifoEnabled && state.receiveFifo.length > 0;
    state.timeoutAt = waits ? host.now() + 4 * INSTRUCTIONS_PER_CHARACTER : Number.POSITIVE_INFINITY;
    host.eventsChanged();
  }

  function receive(byte: number): void {
    if (state.receiveFifo.length >= capacity()) {
      state.overrun = true;
      // Without FIFO the new byte replaces the old one; with FIFO it is lost.
      if (!state.fifoEnabled) state.receiveFifo[0] = byte;
    } else {
      state.receiveFifo.push(byte);
    }
    restartTimeout();
    updateInterrupt();
  }

  function nextByteAt(): number {
    // The other end heeds RTS, so that nothing typed ahead is lost before the guest has set up the port.
    const isReady = (state.modemControl & (MCR_RTS | MCR_LOOPBACK)) === MCR_RTS;
    const hasRoom = state.receiveFifo.length < capacity();
    return state.taken < state.cable.length && isReady && hasRoom
      ? state.lineFreeAt
      : Number.POSITIVE_INFINITY;
  }

  function clearReceiver(): void {
    state.receiveFifo = [];
    restartTimeout();
  }

  function modemLines(): number {
    // Outside of loopback the other end is always there: carrier, data set ready, clear to send.
    if (!isLoopback()) return 0xb0;
    const out = state.modemControl;
    return ((out & 2) << 3) | ((out & 1) << 5) | ((out & 4) << 4) | ((out & 8) << 4);
  }

  function writeModemControl(value: number): void {
    const before = modemLines();
    state.modemControl = value & 0x1f;
    const changed = before ^ modemLines();
    // RI (bit 6) counts only when it falls.
    state.modemDelta |= ((changed & 0xb0) | (changed & before & 0x40)) >> 4;
    host.eventsChanged();
  }

  function writeFifoControl(value: number): void {
    const enabled = (value & 1) !== 0;
    if (enabled !== state.fifoEnabled || (enabled && (value & 2) !== 0)) clearReceiver();
    state.fifoEnabled = enabled;
    if (enabled) state.triggerLevel = TRIGGER_LEVELS[(value >> 6) & 3];
  }

  function transmit(byte: number): void {
    if (isLoopback()) receive(byte);
    else uart.console.onOutput?.(byte);
    state.transmitterEmptied = true;
  }

  function readByte(offset: number): number {
    if ((state.lineControl & LCR_DIVISOR_LATCH) !== 0 && offset < 2) {
      return offset === 0 ? state.divisor & 0xff : state.divisor >> 8;
    }
    switch (offset) {
      case 0: {
        const byte = state.receiveFifo.shift() ?? 0;
        restartTimeout();
        return byte;
      }
      case 1:
        return state.interruptEnable;
      case 2: {
        const identification = interruptIdentification();
        if (identification === InterruptIdentification.TransmitterEmpty) state.transmitterEmptied = false;
        return identification | (state.fifoEnabled ? 0xc0 : 0);
      }
      case 3:
        return state.lineControl;
      case 4:
        return state.modemControl;
      case 5: {
        const ready = state.receiveFifo.length > 0 ? LSR_DATA_READY : 0;
        const overrun = state.overrun ? LSR_OVERRUN : 0;
        state.overrun = false;
        return LSR_TRANSMITTER_EMPTY | ready | overrun;
      }
      case 6: {
        const status = modemLines() | state.modemDelta;
        state.modemDelta = 0;
        return status;
      }
      default:
        return state.scratch;
    }
  }

  function writeByte(offset: number, value: number): void {
    if ((state.lineControl & LCR_DIVISOR_LATCH) !== 0 && offset < 2) {
      state.divisor = offset === 0 ? (state.divisor & 0xff00) | value : (state.divisor & 0xff) | (value << 8);
      return;
    }
    switch (offset) {
      case 0:
        transmit(value);
        break;
      case 1:
        // Enabling the interrupt while the transmitter is empty, as it always is, raises it.
        if ((value & ~state.interruptEnable & IER_TRANSMITTER_EMPTY) !== 0) state.transmitterEmptied = true;
        state.interruptEnable = value & 0xf;
        break;
      case 2:
        writeFifoControl(value);
        break;
      case 3:
        state.lineControl = value;
        break;
      case 4:
        writeModemControl(value);
        break;
      case 7:
        state.scratch = value;
        break;
    }
  }

  const uart: Uart = {
    state,
    console: {
      onOutput: undefined,
      send(bytes) {
        const waiting = state.cable.subarray(state.taken);
        state.cable = new Uint8Array(waiting.length + bytes.length);
        state.cable.set(waiting);
        state.cable.set(bytes, waiting.length);
        state.taken = 0;
        host.eventsChanged();
      },
    },
    nextEvent: () => Math.min(nextByteAt(), state.timeoutAt),
    advance(now) {
      if (nextByteAt() <= now) {
        const byte = state.cable[state.taken++];
        state.lineFreeAt = now + INSTRUCTIONS_PER_CHARACTER;
        receive(byte);
      }
      if (state.timeoutAt <= now) {
        state.timeoutAt = Number.POSITIVE_INFINITY;
        state.timedOut = true;
        updateInterrupt();
      }
    },
    readPort(offset) {
      const value = readByte(offset & 7);
      updateInterrupt();
      return value;
    },
    writePort(offset, _size, value) {
      writeByte(offset & 7, value & 0xff);
      updateInterrupt();
    },
  };
  return uart;
}
