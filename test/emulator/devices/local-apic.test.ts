import { describe, expect, test } from 'vitest';
import { createBoard, initializePics } from './board.ts';

const TIMER = 0x320;
const PERIODIC = 1 << 17;
const MASKED = 1 << 16;
const [TPR, PPR, EOI, SVR, ISR, IRR, ESR] = [0x80, 0xa0, 0xb0, 0xf0, 0x100, 0x200, 0x280];
const [ICR_LOW, ICR_HIGH, INITIAL, CURRENT, DIVIDE] = [0x300, 0x310, 0x380, 0x390, 0x3e0];
const SELF = 1 << 18;

describe('registers', () => {
  test('identify an enabled xAPIC', () => {
    const board = createBoard();
    expect(board.apicRead(0x20)).toBe(0);
    expect(board.apicRead(0x30) & 0xff).toBe(0x14);
    expect(board.apicRead(SVR)).toBe(0x1ff);
  });

  test('ignore writes that are not aligned words, and survive any offset and size', () => {
    const board = createBoard();
    board.devices.writeMemory(0xfee00081, 1, 0xff);
    board.devices.writeMemory(0xfee00080, 2, 0xff);
    expect(board.apicRead(TPR)).toBe(0);
    for (let offset = 0; offset < 4096; offset++) {
      for (const size of [1, 2, 4]) {
        const value = board.devices.readMemory(0xfee00000 + offset, size);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThan(2 ** (size * 8));
        board.devices.writeMemory(0xfee00000 + offset, size, 0xffffffff);
      }
    }
  });

  test('report an illegal register in the error status after it is written', () => {
    const board = createBoard();
    board.apicRead(0x400);
    expect(board.apicRead(ESR)).toBe(0);
    board.apicWrite(ESR, 0);
    expect(board.apicRead(ESR)).toBe(0x80);
    board.apicWrite(ESR, 0);
    expect(board.apicRead(ESR)).toBe(0);
  });
});

describe('timer', () => {
  test.each([
    [0xb, 1],
    [0x0, 2],
    [0x1, 4],
    [0x2, 8],
    [0x3, 16],
    [0x8, 32],
    [0x9, 64],
    [0xa, 128],
  ])('divide configuration 0x%s divides by %i', (configuration, divisor) => {
    const board = createBoard();
    board.runTo(12345);
    board.apicWrite(DIVIDE, configuration);
    board.apicWrite(TIMER, 0x40);
    board.apicWrite(INITIAL, 1000);
    expect(board.apicRead(CURRENT)).toBe(1000);
    board.runTo(12345 + 10 * divisor);
    expect(board.apicRead(CURRENT)).toBe(990);
    expect(board.runToInterrupt()).toBe(12345 + 1000 * divisor);
    expect(board.takeInterrupt()).toBe(0x40);
    expect(board.apicRead(CURRENT)).toBe(0);
    expect(board.devices.nextEvent()).toBe(Number.POSITIVE_INFINITY);
  });

  test('is periodic without drift', () => {
    const board = createBoard();
    board.apicWrite(DIVIDE, 3);
    board.apicWrite(TIMER, PERIODIC | 0x40);
    board.apicWrite(INITIAL, 625);
    for (let period = 1; period <= 1000; period++) {
      expect(board.runToInterrupt()).toBe(period * 10000);
      expect(board.takeInterrupt()).toBe(0x40);
      board.apicWrite(EOI, 0);
    }
  });

  test('counts exactly at counts beyond 2^32', () => {
    const board = createBoard();
    board.runTo(2 ** 45 + 7);
    board.apicWrite(DIVIDE, 0xa);
    board.apicWrite(TIMER, 0x40);
    board.apicWrite(INITIAL, 0xffffffff);
    expect(board.runToInterrupt()).toBe(2 ** 45 + 7 + 0xffffffff * 128);
  });

  test('counts masked without interrupting, and stops on an initial count of 0', () => {
    const board = createBoard();
    board.apicWrite(DIVIDE, 0xb);
    board.apicWrite(TIMER, MASKED | 0x40);
    board.apicWrite(INITIAL, 100);
    expect(board.runToInterrupt()).toBe(Number.POSITIVE_INFINITY);
    board.apicWrite(TIMER, PERIODIC | 0x40);
    board.apicWrite(INITIAL, 100);
    board.apicWrite(INITIAL, 0);
    expect(board.apicRead(CURRENT)).toBe(0);
    expect(board.runToInterrupt()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('a masked timer', () => {
  test('is no event to wait for, yet counts', () => {
    const board = createBoard();
    board.apicWrite(DIVIDE, 0xb);
    board.apicWrite(TIMER, MASKED | 0x40);
    board.apicWrite(INITIAL, 1000);
    expect(board.devices.nextEvent()).toBe(Number.POSITIVE_INFINITY);
    board.runTo(400);
    expect(board.apicRead(CURRENT)).toBe(600);
    board.apicWrite(TIMER, 0x40);
    expect(board.runToInterrupt()).toBe(1000);
  });

  test('does not interrupt for what ended before it was unmasked, and keeps its phase', () => {
    const board = createBoard();
    board.apicWrite(DIVIDE, 0xb);
    board.apicWrite(TIMER, MASKED | 0x40);
    board.apicWrite(INITIAL, 1000);
    board.runTo(1500);
    board.apicWrite(TIMER, 0x40);
    expect(board.runToInterrupt()).toBe(Number.POSITIVE_INFINITY);

    board.apicWrite(TIMER, MASKED | PERIODIC | 0x40);
    board.apicWrite(INITIAL, 1000);
    board.runTo(1500 + 3700);
    board.apicWrite(TIMER, PERIODIC | 0x40);
    expect(board.takeInterrupt()).toBe(-1);
    expect(board.runToInterrupt()).toBe(1500 + 4000);
  });
});

describe('priorities', () => {
  test('a higher class interrupts a lower one, the same class waits for its end', () => {
    const board = createBoard();
    board.apicWrite(ICR_LOW, SELF | 0x45);
    expect(board.takeInterrupt()).toBe(0x45);
    expect(board.apicRead(PPR)).toBe(0x40);
    expect(board.apicRead(ISR + 0x20)).toBe(1 << 5);
    board.apicWrite(ICR_LOW, SELF | 0x4f);
    expect(board.takeInterrupt()).toBe(-1);
    board.apicWrite(ICR_LOW, SELF | 0x51);
    expect(board.takeInterrupt()).toBe(0x51);
    board.apicWrite(EOI, 0);
    expect(board.takeInterrupt()).toBe(-1);
    expect(board.apicRead(IRR + 0x20)).toBe(1 << 15);
    board.apicWrite(EOI, 0);
    expect(board.takeInterrupt()).toBe(0x4f);
    board.apicWrite(EOI, 0);
    expect(board.apicRead(PPR)).toBe(0);
  });

  test('the task priority holds back its class, also through CR8', () => {
    const board = createBoard();
    const { interruptController } = board.devices;
    board.apicWrite(TPR, 0x50);
    expect(interruptController.readTaskPriority()).toBe(5);
    board.apicWrite(ICR_LOW, SELF | 0x5f);
    expect(board.takeInterrupt()).toBe(-1);
    interruptController.writeTaskPriority(4);
    expect(board.apicRead(TPR)).toBe(0x40);
    expect(board.takeInterrupt()).toBe(0x5f);
  });

  test('a disabled APIC masks its local vectors and takes no messages', () => {
    const board = createBoard();
    board.apicWrite(TIMER, 0x40);
    board.apicWrite(SVR, 0xff);
    expect(board.apicRead(TIMER)).toBe(MASKED | 0x40);
    board.apicWrite(TIMER, 0x40);
    expect(board.apicRead(TIMER)).toBe(MASKED | 0x40);
    board.apicWrite(ICR_LOW, SELF | 0x45);
    expect(board.takeInterrupt()).toBe(-1);
  });
});

describe('interrupt commands', () => {
  test.each([
    ['physical ID 0', 0, 0x45, true],
    ['physical broadcast', 0xff, 0x45, true],
    ['physical ID 1', 1, 0x45, false],
    ['shorthand all', 0, (2 << 18) | 0x45, true],
    ['shorthand all but self', 0, (3 << 18) | 0x45, false],
    ['logical, flat, set bit', 4, 0x845, true],
    ['logical, flat, clear bit', 2, 0x845, false],
  ])('%s', (_name, destination, command, arrives) => {
    const board = createBoard();
    board.apicWrite(0xd0, 0x0c000000);
    board.apicWrite(ICR_HIGH, destination * 2 ** 24);
    board.apicWrite(ICR_LOW, command);
    expect(board.takeInterrupt()).toBe(arrives ? 0x45 : -1);
  });

  test('a vector below 16 is an error', () => {
    const board = createBoard();
    board.apicWrite(ICR_LOW, SELF | 3);
    expect(board.takeInterrupt()).toBe(-1);
    board.apicWrite(ESR, 0);
    expect(board.apicRead(ESR)).toBe(0x20);
  });
});

describe('LINT0, which the 8259 pair drives,', () => {
  const LINT0 = 0x350;
  const connect = (entry: number) => {
    const board = createBoard();
    board.apicWrite(LINT0, entry);
    initializePics(board, 0xef, 0xff);
    board.out(0x3fc, 8);
    board.out(0x3f9, 2); // the serial port's line rises
    return board;
  };

  test('passes the pair’s vector in ExtINT mode', () => {
    expect(connect(0x700).takeInterrupt()).toBe(0x24);
  });
  test('interrupts by its own vector in fixed mode, once for an edge', () => {
    const board = connect(0x5a);
    expect(board.takeInterrupt()).toBe(0x5a);
    board.apicWrite(EOI, 0);
    expect(board.takeInterrupt()).toBe(-1);
  });
  test('raises an NMI in NMI mode', () => {
    const board = connect(0x400);
    expect(board.takeInterrupt()).toBe(-1);
    expect(board.devices.interruptController.hasPendingNmi()).toBe(true);
  });
  test('does nothing when masked', () => {
    const board = connect(MASKED | 0x400);
    expect(board.takeInterrupt()).toBe(-1);
    expect(board.devices.interruptController.hasPendingNmi()).toBe(false);
  });
});
