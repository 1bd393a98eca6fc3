import type { DeviceHost, PortDevice } from './device.ts';

/**
 * The keyboard controller (Intel 8042 with the program of IBM's PC AT Technical Reference), with nothing plugged in: it
 * answers its own commands, gates address line 20 (which is always open here) and resets the machine. What is sent to
 * the keyboard times out.
 */
export const KEYBOARD_DATA_PORT = 0x60;
export const KEYBOARD_COMMAND_PORT = 0x64;
export const KEYBOARD_IRQ = 1;

const STATUS_OUTPUT_FULL = 1 << 0;
const STATUS_SYSTEM = 1 << 2;
const STATUS_COMMAND = 1 << 3;
const STATUS_UNLOCKED = 1 << 4;
const STATUS_TIMEOUT = 1 << 6;

/** Bits of the controller's command byte. */
const INTERRUPT_ENABLE = 1 << 0;
const SYSTEM_FLAG = 1 << 2;
const DISABLE_KEYBOARD = 1 << 4;
const DISABLE_AUXILIARY = 1 << 5;

/** Bits of the output port. Reset is active low. */
const NOT_RESET = 1 << 0;
const ADDRESS_LINE_20 = 1 << 1;
const KEYBOARD_LINES = 0xc0;

const SELF_TEST_PASSED = 0x55;
const INTERFACE_WORKS = 0x00;
/** What the controller puts in the keyboard's place when that does not answer. */
const RESEND = 0xfe;

const enum Command {
  ReadCommandByte = 0x20,
  WriteCommandByte = 0x60,
  DisableAuxiliary = 0xa7,
  EnableAuxiliary = 0xa8,
  SelfTest = 0xaa,
  TestKeyboardInterface = 0xab,
  DisableKeyboard = 0xad,
  EnableKeyboard = 0xae,
  ReadInputPort = 0xc0,
  ReadOutputPort = 0xd0,
  WriteOutputPort = 0xd1,
  WriteKeyboardBuffer = 0xd2,
  PulseOutputPort = 0xf0,
}

export interface KeyboardControllerState {
  commandByte: number;
  outputPort: number;
  /** The byte to be read at the data port, undefined if there is none. */
  output: number | undefined;
  timedOut: boolean;
  lastWasCommand: boolean;
  /** What the next byte at the data port is for. */
  expects: 'keyboard' | 'command-byte' | 'output-port' | 'keyboard-buffer';
}

export interface KeyboardController {
  readonly state: KeyboardControllerState;
  readonly dataPort: PortDevice;
  readonly commandPort: PortDevice;
}

export function createKeyboardController(host: DeviceHost): KeyboardController {
  const state: KeyboardControllerState = {
    commandByte: SYSTEM_FLAG | DISABLE_KEYBOARD | DISABLE_AUXILIARY,
    outputPort: NOT_RESET | ADDRESS_LINE_20 | KEYBOARD_LINES,
    output: undefined,
    timedOut: false,
    lastWasCommand: false,
    expects: 'keyboard',
  };

  function updateInterrupt(): void {
    const wants = state.output !== undefined && (state.commandByte & INTERRUPT_ENABLE) !== 0;
    host.setInterruptLine(KEYBOARD_IRQ, wants);
  }

  function answer(byte: number, timedOut = false): void {
    state.output = byte;
    state.timedOut = timedOut;
    updateInterrupt();
  }

  function writeOutputPort(value: number): void {
    state.outputPort = value | NOT_RESET;
    if ((value & NOT_RESET) === 0) host.end({ kind: 'reset' });
  }

  function writeCommand(command: number): void {
    state.lastWasCommand = true;
    state.expects = 'keyboard';
    switch (command) {
      case Command.ReadCommandByte:
        answer(state.commandByte);
        return;
      case Command.WriteCommandByte:
        state.expects = 'command-byte';
        return;
      case Command.DisableAuxiliary:
        state.commandByte |= DISABLE_AUXILIARY;
        return;
      case Command.EnableAuxiliary:
        // There is no second port: the bit stays, which is how drivers find that out.
        return;
      case Command.SelfTest:
        state.commandByte |= SYSTEM_FLAG;
        answer(SELF_TEST_PASSED);
        return;
      case Command.TestKeyboardInterface:
        answer(INTERFACE_WORKS);
        return;
      case Command.DisableKeyboard:
        state.commandByte |= DISABLE_KEYBOARD;
        return;
      case Command.EnableKeyboard:
        state.commandByte &= ~DISABLE_KEYBOARD;
        return;
      case Command.ReadInputPort:
        answer(0x80); // not locked
        return;
      case Command.ReadOutputPort:
        answer(state.outputPort | (state.output === undefined ? 0 : 1 << 4));
        return;
      case Command.WriteOutputPort:
        state.expects = 'output-port';
        return;
      case Command.WriteKeyboardBuffer:
        state.expects = 'keyboard-buffer';
        return;
      default:
        // F0…FF pulse the bits that are 0 low, for a moment.
        if (command >= Command.PulseOutputPort && (command & NOT_RESET) === 0) host.end({ kind: 'reset' });
    }
  }

  function writeData(value: number): void {
    const purpose = state.expects;
    state.lastWasCommand = false;
    state.expects = 'keyboard';
    switch (purpose) {
      case 'command-byte':
        state.commandByte = (value & 0x7f) | DISABLE_AUXILIARY;
        updateInterrupt();
        return;
      case 'output-port':
        writeOutputPort(value);
        return;
      case 'keyboard-buffer':
        answer(value);
        return;
      case 'keyboard':
        answer(RESEND, true);
    }
  }

  return {
    state,
    dataPort: {
      readPort() {
        const byte = state.output ?? 0;
        state.output = undefined;
        state.timedOut = false;
        updateInterrupt();
        return byte;
      },
      writePort: (_offset, _size, value) => writeData(value & 0xff),
    },
    commandPort: {
      readPort: () =>
        (state.output === undefined ? 0 : STATUS_OUTPUT_FULL) |
        ((state.commandByte & SYSTEM_FLAG) !== 0 ? STATUS_SYSTEM : 0) |
        (state.lastWasCommand ? STATUS_COMMAND : 0) |
        STATUS_UNLOCKED |
        (state.timedOut ? STATUS_TIMEOUT : 0),
      writePort: (_offset, _size, value) => writeCommand(value & 0xff),
    },
  };
}
