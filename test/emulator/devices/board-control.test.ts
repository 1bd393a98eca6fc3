import { describe, expect, test } from 'vitest';
import { createBoard } from './board.ts';

/** Power, reset, the keyboard controller and the empty PCI bus. */

describe('resets', () => {
  test.each([
    ['reset control register', [[0xcf9, 0x06]]],
    [
      'reset control register in two steps',
      [
        [0xcf9, 0x02],
        [0xcf9, 0x04],
      ],
    ],
    ['system control port A', [[0x92, 0x03]]],
    ['keyboard controller, pulse', [[0x64, 0xfe]]],
    [
      'keyboard controller, output port',
      [
        [0x64, 0xd1],
        [0x60, 0xde],
      ],
    ],
  ])('%s', (_name, writes) => {
    const board = createBoard();
    for (const [port, value] of writes) {
      expect(board.devices.takeEnding()).toBeUndefined();
      board.out(port, value);
    }
    expect(board.devices.takeEnding()).toEqual({ kind: 'reset' });
    expect(board.devices.takeEnding()).toBeUndefined();
  });

  test('are not caused by what comes near', () => {
    const board = createBoard();
    board.out(0xcf9, 0x02);
    expect(board.in(0xcf9)).toBe(0x02);
    board.out(0x92, 0x00);
    expect(board.in(0x92)).toBe(0x00);
    board.out(0x92, 0x02);
    expect(board.in(0x92)).toBe(0x02);
    for (const command of [0x00, 0xf1, 0xff, 0xd1]) board.out(0x64, command);
    board.out(0x60, 0xdf);
    board.out(0xcf8, 0x8000_0604, 4);
    expect(board.devices.takeEnding()).toBeUndefined();
  });
});

describe('ACPI fixed registers', () => {
  test('S5 switches off, other sleep types do nothing', () => {
    const board = createBoard();
    board.out(0x604, 0x3401, 2);
    board.out(0x604, 0x0000, 2);
    expect(board.devices.takeEnding()).toBeUndefined();
    board.out(0x604, 0x2001, 2);
    expect(board.devices.takeEnding()).toEqual({ kind: 'power-off' });
  });

  test('control: ACPI mode is on, the sleep type stays, SLP_EN does not', () => {
    const board = createBoard();
    expect(board.in(0x604, 2)).toBe(1);
    board.out(0x604, 0xffff, 2);
    expect(board.in(0x604, 2)).toBe(0x1c03);
    board.out(0x605, 0x04);
    expect(board.in(0x604, 2)).toBe(0x0403);
    expect(board.in(0x605)).toBe(0x04);
  });

  test('the timer’s highest bit is an event: level-triggered on line 9, cleared by writing 1', () => {
    const board = createBoard();
    board.ioApicWrite(0x10 + 2 * 9, 0x8055);
    board.out(0x602, 1, 2);
    const half = Math.ceil((2 ** 31 * 8800) / 315);
    expect(board.runToInterrupt()).toBe(half);
    expect(board.in(0x600, 4)).toBe(0x0001_0001);
    expect(board.takeInterrupt()).toBe(0x55);
    board.apicWrite(0xb0, 0);
    expect(board.takeInterrupt()).toBe(0x55);
    board.out(0x600, 1, 2);
    board.apicWrite(0xb0, 0);
    expect(board.takeInterrupt()).toBe(-1);
    expect(board.in(0x600, 2)).toBe(0);
    expect(board.runToInterrupt()).toBe(Math.ceil((2 ** 32 * 8800) / 315));
  });

  test('status rises without being enabled', () => {
    const board = createBoard();
    board.runTo(10 ** 12);
    expect(board.in(0x600, 2)).toBe(1);
    expect(board.devices.nextEvent()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('the keyboard controller', () => {
  const status = { full: 1, system: 4, command: 8, unlocked: 0x10, timeout: 0x40 };

  test('answers its self test and the test of the keyboard’s interface', () => {
    const board = createBoard();
    expect(board.in(0x64)).toBe(status.system | status.unlocked);
    board.out(0x64, 0xaa);
    expect(board.in(0x64)).toBe(status.full | status.system | status.command | status.unlocked);
    expect(board.in(0x60)).toBe(0x55);
    expect(board.in(0x64) & status.full).toBe(0);
    board.out(0x64, 0xab);
    expect(board.in(0x60)).toBe(0);
  });

  test('keeps its command byte; there is no second port to enable', () => {
    const board = createBoard();
    const commandByte = () => {
      board.out(0x64, 0x20);
      return board.in(0x60);
    };
    board.out(0x64, 0x60);
    board.out(0x60, 0x05);
    expect(commandByte()).toBe(0x25);
    board.out(0x64, 0xa8);
    board.out(0x64, 0xad);
    expect(commandByte()).toBe(0x35);
    board.out(0x64, 0xae);
    expect(commandByte()).toBe(0x25);
  });

  test('what is sent to the missing keyboard times out', () => {
    const board = createBoard();
    board.out(0x60, 0xff);
    expect(board.in(0x64) & (status.full | status.timeout)).toBe(status.full | status.timeout);
    expect(board.in(0x60)).toBe(0xfe);
    expect(board.in(0x64) & (status.full | status.timeout)).toBe(0);
  });

  test('raises line 1 while a byte waits, if it may', () => {
    const board = createBoard();
    board.ioApicWrite(0x12, 0x41);
    board.out(0x64, 0xaa);
    expect(board.takeInterrupt()).toBe(-1);
    board.in(0x60);
    board.out(0x64, 0x60);
    board.out(0x60, 0x01);
    board.out(0x64, 0xd2);
    board.out(0x60, 0x1c);
    expect(board.takeInterrupt()).toBe(0x41);
    expect(board.in(0x60)).toBe(0x1c);
  });

  test('address line 20 is open, and its gate can be read back', () => {
    const board = createBoard();
    board.out(0x64, 0xd0);
    expect(board.in(0x60) & 3).toBe(3);
    board.out(0x64, 0xd1);
    board.out(0x60, 0xdd);
    board.out(0x64, 0xd0);
    expect(board.in(0x60) & 3).toBe(1);
  });
});

describe('the PCI bus', () => {
  test('has an address register of whole words and nobody who answers', () => {
    const board = createBoard();
    expect(board.in(0xcf8, 4)).toBe(0);
    board.out(0xcf8, 0xffff_ffff, 4);
    expect(board.in(0xcf8, 4)).toBe(0x80ff_fffc);
    board.out(0xcf8, 0x8000_0000, 4);
    board.out(0xcf8, 0x12);
    board.out(0xcfa, 0x1234, 2);
    expect(board.in(0xcf8, 4)).toBe(0x8000_0000);
    for (const size of [1, 2, 4]) expect(board.in(0xcfc, size)).toBe(2 ** (size * 8) - 1);
    board.out(0xcfc, 0, 4);
    expect(board.in(0xcfe, 2)).toBe(0xffff);
  });
});

test('system control port B keeps its four bits; refresh toggles', () => {
  const board = createBoard();
  board.out(0x61, 0xff);
  expect(board.in(0x61) & 0x0f).toBe(0x0f);
  board.out(0x61, 0);
  const bits = new Set<number>();
  for (let n = 0; n < 10; n++) {
    board.runTo(board.now + 1500);
    bits.add(board.in(0x61) & 0xdf);
  }
  expect([...bits].sort()).toEqual([0x00, 0x10]);
});
