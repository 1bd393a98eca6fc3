import { describe, expect, test } from 'vitest';
import { createBoard } from './board.ts';

const MASKED = 1 << 16;
const LEVEL = 1 << 15;
const REMOTE_REQUEST = 1 << 14;
const entry = (input: number) => 0x10 + 2 * input;

/** Asserts and releases ISA line 4 by the serial port's transmitter interrupt. */
function prepareSerial(board: ReturnType<typeof createBoard>) {
  board.out(0x3fc, 8);
  return {
    assert() {
      board.out(0x3f9, 2);
    },
    release() {
      board.out(0x3f9, 0);
    },
  };
}

test('has 24 masked inputs', () => {
  const board = createBoard();
  expect(board.ioApicRead(1)).toBe(0x00170011);
  for (let input = 0; input < 24; input++) expect(board.ioApicRead(entry(input))).toBe(MASKED);
});

describe('edge-triggered inputs', () => {
  test('deliver once per edge', () => {
    const board = createBoard();
    const serial = prepareSerial(board);
    board.ioApicWrite(entry(4), 0x44);
    serial.assert();
    expect(board.takeInterrupt()).toBe(0x44);
    board.apicWrite(0xb0, 0);
    expect(board.takeInterrupt()).toBe(-1);
    serial.release();
    serial.assert();
    expect(board.takeInterrupt()).toBe(0x44);
  });

  test('lose an edge while masked', () => {
    const board = createBoard();
    const serial = prepareSerial(board);
    serial.assert();
    board.ioApicWrite(entry(4), 0x44);
    expect(board.takeInterrupt()).toBe(-1);
  });

  test('go only to the processor addressed', () => {
    const board = createBoard();
    const serial = prepareSerial(board);
    board.ioApicWrite(entry(4), 0x44);
    board.ioApicWrite(entry(4) + 1, 0x01000000);
    serial.assert();
    expect(board.takeInterrupt()).toBe(-1);
  });
});

describe('level-triggered inputs', () => {
  test('deliver again after each end of interrupt while the line is asserted', () => {
    const board = createBoard();
    const serial = prepareSerial(board);
    board.ioApicWrite(entry(4), LEVEL | 0x44);
    serial.assert();
    expect(board.takeInterrupt()).toBe(0x44);
    expect(board.ioApicRead(entry(4))).toBe(LEVEL | REMOTE_REQUEST | 0x44);
    expect(board.takeInterrupt()).toBe(-1);
    board.apicWrite(0xb0, 0);
    expect(board.takeInterrupt()).toBe(0x44);
    serial.release();
    board.apicWrite(0xb0, 0);
    expect(board.takeInterrupt()).toBe(-1);
    expect(board.ioApicRead(entry(4))).toBe(LEVEL | 0x44);
  });

  test('deliver when they are unmasked while asserted', () => {
    const board = createBoard();
    const serial = prepareSerial(board);
    serial.assert();
    board.ioApicWrite(entry(4), LEVEL | 0x44);
    expect(board.takeInterrupt()).toBe(0x44);
  });
});

test('survives every register number, offset and size', () => {
  const board = createBoard();
  for (let register = 0; register < 256; register++) {
    board.ioApicRead(register);
    board.ioApicWrite(register, 0xffffffff);
  }
  for (let offset = 0; offset < 4096; offset++) {
    for (const size of [1, 2, 4]) {
      board.devices.writeMemory(0xfec00000 + offset, size, 0xffffffff);
      expect(board.devices.readMemory(0xfec00000 + offset, size)).toBeGreaterThanOrEqual(0);
    }
  }
});
