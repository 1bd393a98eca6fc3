import { describe, expect, test } from 'vitest';
import { INSTRUCTIONS_PER_CHARACTER, type UartState } from '../../../emulator/devices/uart-16550.ts';
import { createBoard, initializePics } from './board.ts';

const [DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR] = [0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x3fd, 0x3fe, 0x3ff];
const FCR = IIR;

function createSerialBoard() {
  const board = createBoard();
  initializePics(board, 0xef, 0xff);
  board.out(MCR, 0x0b);
  const output: number[] = [];
  board.devices.serial.onOutput = (byte) => output.push(byte);
  const send = (text: string) => board.devices.serial.send(new TextEncoder().encode(text));
  return { board, output, send };
}

test('sends bytes, and not those for the divisor', () => {
  const { board, output } = createSerialBoard();
  board.out(LCR, 0x83);
  board.out(DATA, 1);
  board.out(IER, 0);
  expect(board.in(DATA)).toBe(1);
  board.out(LCR, 0x03);
  for (const byte of [0x48, 0x69]) {
    expect(board.in(LSR) & 0x60).toBe(0x60);
    board.out(DATA, byte);
  }
  expect(output).toEqual([0x48, 0x69]);
});

describe('receiving', () => {
  test('takes one byte without FIFO, and the next when there is room, at the line speed', () => {
    const { board, send } = createSerialBoard();
    board.runTo(1000);
    send('ab');
    board.runTo(100_000);
    expect(board.in(LSR) & 3).toBe(1);
    expect(board.in(DATA)).toBe(0x61);
    board.runTo(100_001);
    expect(board.in(DATA)).toBe(0x62);
    expect(board.in(LSR) & 1).toBe(0);
  });

  test('fills a FIFO of 16 and never overruns it', () => {
    const { board, send } = createSerialBoard();
    board.out(FCR, 1);
    send('0123456789abcdefgh');
    const received = () => board.devices.saveState().uart as UartState;
    board.runTo(0);
    for (let n = 1; n < 16; n++) {
      board.runTo(n * INSTRUCTIONS_PER_CHARACTER - 1);
      expect(received().receiveFifo).toHaveLength(n);
      board.runTo(n * INSTRUCTIONS_PER_CHARACTER);
      expect(received().receiveFifo).toHaveLength(n + 1);
    }
    board.runTo(1_000_000);
    // Two wait on the cable, and belong to the machine's state.
    expect(received()).toMatchObject({ taken: 16, cable: new TextEncoder().encode('0123456789abcdefgh') });
    let text = '';
    while (board.in(LSR) & 1) {
      text += String.fromCharCode(board.in(DATA));
      board.runTo(board.now + 2 * INSTRUCTIONS_PER_CHARACTER);
    }
    expect(text).toBe('0123456789abcdefgh');
    expect(board.in(LSR) & 2).toBe(0);
  });

  test('interrupts at the trigger level, and below it after four characters of silence', () => {
    const { board, send } = createSerialBoard();
    board.out(FCR, 0x81);
    board.out(IER, 1);
    send('12345678');
    expect(board.runToInterrupt()).toBe(7 * INSTRUCTIONS_PER_CHARACTER);
    expect(board.takeInterrupt()).toBe(0x24);
    expect(board.in(IIR)).toBe(0xc4);
    for (let n = 0; n < 8; n++) board.in(DATA);
    expect(board.in(IIR)).toBe(0xc1);
    board.out(0x20, 0x20);
    send('x');
    const entered = Math.max(board.now, 8 * INSTRUCTIONS_PER_CHARACTER);
    expect(board.runToInterrupt()).toBe(entered + 4 * INSTRUCTIONS_PER_CHARACTER);
    expect(board.in(IIR)).toBe(0xcc);
    expect(board.in(DATA)).toBe(0x78);
    expect(board.in(IIR)).toBe(0xc1);
  });
});

test('the host keeps its bytes until the guest asserts RTS', () => {
  const { board, send } = createSerialBoard();
  board.out(MCR, 0);
  send('q');
  board.runTo(1_000_000);
  expect(board.in(LSR) & 1).toBe(0);
  board.out(FCR, 0xc7);
  board.out(MCR, 3);
  board.runTo(1_000_001);
  expect(board.in(DATA)).toBe(0x71);
});

describe('interrupts', () => {
  test('of the transmitter come when enabled and after each byte, and are cleared by reading IIR', () => {
    const { board } = createSerialBoard();
    board.out(IER, 2);
    expect(board.takeInterrupt()).toBe(0x24);
    board.out(0x20, 0x20);
    expect(board.in(IIR)).toBe(0x02);
    expect(board.in(IIR)).toBe(0x01);
    board.out(DATA, 0x41);
    expect(board.takeInterrupt()).toBe(0x24);
  });

  test('need OUT2', () => {
    const { board } = createSerialBoard();
    board.out(MCR, 0x03);
    board.out(IER, 2);
    expect(board.takeInterrupt()).toBe(-1);
    board.out(MCR, 0x0b);
    expect(board.takeInterrupt()).toBe(0x24);
  });
});

describe('loopback', () => {
  test('returns what is sent, and overruns', () => {
    const { board, output } = createSerialBoard();
    board.out(MCR, 0x1e);
    board.out(DATA, 0xae);
    expect(board.in(DATA)).toBe(0xae);
    board.out(DATA, 1);
    board.out(DATA, 2);
    expect(board.in(LSR) & 3).toBe(3);
    expect(board.in(LSR) & 3).toBe(1);
    expect(board.in(DATA)).toBe(2);
    expect(output).toEqual([]);
  });

  test('shows the modem control lines as modem status, with changes', () => {
    const { board } = createSerialBoard();
    board.in(MSR);
    board.out(MCR, 0x10);
    // DCD, DSR and CTS fall.
    expect(board.in(MSR)).toBe(0x0b);
    board.out(MCR, 0x1a);
    expect(board.in(MSR)).toBe(0x90 | 0x09);
  });

  test("keeps the host's bytes waiting", () => {
    const { board, send } = createSerialBoard();
    board.out(MCR, 0x1b);
    send('z');
    board.runTo(1_000_000);
    expect(board.in(LSR) & 1).toBe(0);
    board.out(MCR, 0x0b);
    board.runTo(1_000_001);
    expect(board.in(DATA)).toBe(0x7a);
  });
});

test('keeps the scratch register, and survives any port, size and value', () => {
  const { board } = createSerialBoard();
  board.out(SCR, 0x5a);
  expect(board.in(SCR)).toBe(0x5a);
  for (let port = 0x3f0; port < 0x400; port++) {
    for (const size of [1, 2, 4]) {
      board.out(port, 0xffffffff, size);
      const value = board.in(port, size);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThan(2 ** (size * 8));
    }
  }
});
