import { describe, expect, test } from 'vitest';
import { type Board, createBoard, initializePics } from './board.ts';

/** Instructions of 10 ns in which `ticks` of 105/88 MHz have passed. */
const instructions = (ticks: number) => Number((BigInt(ticks) * 88000n + 1049n) / 1050n);

function program(board: Board, channel: number, mode: number, count: number): void {
  board.out(0x43, (channel << 6) | 0x30 | (mode << 1));
  board.out(0x40 + channel, count & 0xff);
  board.out(0x40 + channel, (count >> 8) & 0xff);
}

function readCount(board: Board, channel: number): number {
  board.out(0x43, channel << 6);
  return board.in(0x40 + channel) | (board.in(0x40 + channel) << 8);
}

function createTimerBoard(): Board {
  const board = createBoard();
  initializePics(board, 0xfe, 0xff);
  return board;
}

function takeTick(board: Board): number {
  const at = board.runToInterrupt();
  expect(board.takeInterrupt()).toBe(0x20);
  board.out(0x20, 0x20);
  return at;
}

describe('counter 0', () => {
  test.each([
    [2, 11932],
    [3, 11932],
    [3, 11933],
    [2, 0],
  ])('mode %i interrupts every %i ticks without drift', (mode, count) => {
    const board = createTimerBoard();
    // Mode 3 and 2 begin high: that is the first edge.
    program(board, 0, mode, count);
    expect(takeTick(board)).toBe(0);
    const period = count === 0 ? 65536 : count;
    for (let n = 1; n <= 300; n++) expect(takeTick(board)).toBe(instructions(n * period));
  });

  test('mode 0 interrupts once', () => {
    const board = createTimerBoard();
    program(board, 0, 0, 1000);
    expect(takeTick(board)).toBe(instructions(1000));
    expect(board.runToInterrupt(10_000_000)).toBe(Number.POSITIVE_INFINITY);
  });

  test('reaches input 2 of the I/O APIC', () => {
    const board = createBoard();
    board.ioApicWrite(0x14, 0x30);
    program(board, 0, 0, 100);
    board.runToInterrupt();
    expect(board.takeInterrupt()).toBe(0x30);
  });

  test('survives the smallest and illegal counts', () => {
    for (const mode of [0, 1, 2, 3, 4, 5, 6, 7]) {
      for (const count of [1, 2, 3]) {
        const board = createTimerBoard();
        program(board, 0, mode, count);
        board.runTo(100_000);
        expect(readCount(board, 0)).toBeLessThan(0x10000);
      }
    }
  });
});

describe('counts', () => {
  test('fall by one a tick and can be latched', () => {
    const board = createBoard();
    program(board, 0, 2, 10000);
    board.runTo(instructions(1234));
    board.out(0x43, 0x00);
    board.runTo(instructions(5000));
    expect(board.in(0x40) | (board.in(0x40) << 8)).toBe(10000 - 1234);
    expect(board.in(0x40) | (board.in(0x40) << 8)).toBe(5000);
  });

  test('are decimal on request', () => {
    const board = createBoard();
    board.out(0x43, 0x35);
    board.out(0x40, 0x00);
    board.out(0x40, 0x12);
    board.runTo(instructions(1));
    expect(readCount(board, 0)).toBe(0x1199);
  });

  test('status is read back before the count', () => {
    const board = createBoard();
    program(board, 0, 3, 500);
    board.out(0x43, 0xc2);
    expect(board.in(0x40)).toBe(0x80 | 0x36);
    expect(board.in(0x40) | (board.in(0x40) << 8)).toBe(500);
  });
});

describe('counter 2', () => {
  test('waits for its gate and shows its output at port 0x61', () => {
    const board = createBoard();
    program(board, 2, 0, 11932);
    board.runTo(5000);
    expect(readCount(board, 2)).toBe(11932);
    board.out(0x61, 1);
    board.runTo(5000 + instructions(11931));
    expect(board.in(0x61) & 0x20).toBe(0);
    board.runTo(5000 + instructions(11933));
    expect(board.in(0x61) & 0x21).toBe(0x21);
  });

  test('goes on where the gate stopped it', () => {
    const board = createBoard();
    board.out(0x61, 1);
    program(board, 2, 0, 1000);
    board.runTo(instructions(400));
    board.out(0x61, 0);
    board.runTo(instructions(5000));
    expect(readCount(board, 2)).toBe(600);
    board.out(0x61, 1);
    board.runTo(instructions(5100));
    expect(readCount(board, 2)).toBe(500);
  });
});
