import type { Device, InterruptMessage, MemoryMappedDevice } from './device.ts';

/**
 * The I/O APIC (Intel 82093AA, 290566): 24 inputs, each with a redirection entry. Inputs 1…15 are the ISA
 * lines of the same number, except that ISA line 0 (the PIT) is wired to input 2. ExtINT, for which the 8259 pair would
 * have to be wired to an input, sends nothing.
 */
export const IO_APIC_ADDRESS = 0xfec0_0000;
export const IO_APIC_INPUTS = 24;

const enum Register {
  Id = 0,
  Version = 1,
  Arbitration = 2,
  Redirection = 0x10,
}

/** Version 0x11, index of the last redirection entry above it. */
const VERSION = ((IO_APIC_INPUTS - 1) << 16) | 0x11;
const LOWEST_PRIORITY = 1;
const LOGICAL = 1 << 11;
const REMOTE_REQUEST = 1 << 14;
const LEVEL = 1 << 15;
const MASKED = 1 << 16;
const LOW_WRITABLE = 0x1afff;

export interface IoApicState {
  id: number;
  selected: number;
  /** Low and high half of each redirection entry. */
  low: number[];
  high: number[];
  /** Which inputs are asserted. */
  lines: boolean[];
}

export interface IoApic extends Device<IoApicState>, MemoryMappedDevice {
  /** Drives an input. Polarity bits are kept but change nothing: `asserted` is in the line's own polarity. */
  setInput(input: number, asserted: boolean): void;
  /** A processor ended the level-triggered interrupt `vector`. */
  endOfInterrupt(vector: number): void;
}

/** `send` puts an interrupt message on the APIC bus. */
export function createIoApic(send: (message: InterruptMessage) => void): IoApic {
  const state: IoApicState = {
    id: 0,
    selected: 0,
    low: new Array<number>(IO_APIC_INPUTS).fill(MASKED),
    high: new Array<number>(IO_APIC_INPUTS).fill(0),
    lines: new Array<boolean>(IO_APIC_INPUTS).fill(false),
  };

  function deliver(input: number): void {
    const entry = state.low[input];
    const mode = (entry >> 8) & 7;
    // NMI, INIT and SMI are edges whatever the entry says.
    const levelTriggered = (entry & LEVEL) !== 0 && mode <= LOWEST_PRIORITY;
    if (levelTriggered) state.low[input] |= REMOTE_REQUEST;
    send({
      mode,
      vector: entry & 0xff,
      destination: state.high[input] >>> 24,
      logical: (entry & LOGICAL) !== 0,
      levelTriggered,
    });
  }

  /** Delivers a level-triggered input that is asserted and not yet in service. */
  function serveLevel(input: number): void {
    const entry = state.low[input];
    if (((entry >> 8) & 7) > LOWEST_PRIORITY) return;
    if ((entry & (LEVEL | MASKED | REMOTE_REQUEST)) === LEVEL && state.lines[input]) deliver(input);
  }

  function readSelected(): number {
    const { selected } = state;
    if (selected === Register.Id || selected === Register.Arbitration) return state.id << 24;
    if (selected === Register.Version) return VERSION;
    const input = (selected - Register.Redirection) >> 1;
    if (input < 0 || input >= IO_APIC_INPUTS) return 0xffff_ffff;
    return (selected & 1) === 0 ? state.low[input] : state.high[input];
  }

  function writeSelected(value: number): void {
    const { selected } = state;
    if (selected === Register.Id) state.id = (value >>> 24) & 0xf;
    const input = (selected - Register.Redirection) >> 1;
    if (input < 0 || input >= IO_APIC_INPUTS) return;
    if ((selected & 1) !== 0) {
      state.high[input] = (value & 0xff00_0000) >>> 0;
      return;
    }
    // The remote request bit is read-only, but a change to edge mode clears it.
    const kept = (value & LEVEL) !== 0 ? state.low[input] & REMOTE_REQUEST : 0;
    state.low[input] = (value & LOW_WRITABLE) | kept;
    serveLevel(input);
  }

  return {
    state,
    readRegister(offset, _size) {
      if (offset === 0x00) return state.selected;
      return offset === 0x10 ? readSelected() >>> 0 : 0;
    },
    writeRegister(offset, size, value) {
      if (offset === 0x00) state.selected = value & 0xff;
      // The data window takes whole words only.
      else if (offset === 0x10 && size === 4) writeSelected(value);
    },
    setInput(input, asserted) {
      const rises = asserted && !state.lines[input];
      state.lines[input] = asserted;
      const isLevel = (state.low[input] & LEVEL) !== 0 && ((state.low[input] >> 8) & 7) <= LOWEST_PRIORITY;
      if (isLevel) serveLevel(input);
      // An edge that comes while the input is masked is lost, as on the chip.
      else if (rises && (state.low[input] & MASKED) === 0) deliver(input);
    },
    endOfInterrupt(vector) {
      for (let input = 0; input < IO_APIC_INPUTS; input++) {
        const entry = state.low[input];
        if ((entry & 0xff) === vector && (entry & LEVEL) !== 0) {
          state.low[input] &= ~REMOTE_REQUEST;
          serveLevel(input);
        }
      }
    },
  };
}
