import { describe, expect, test } from 'vitest';
import { randomNumbers } from '../../random.ts';
import { createBoard } from './board.ts';

const SECOND = 100_000_000;
const MEBIBYTE = 2 ** 20;
const at = (text: string) => Date.parse(`${text}Z`) / 1000;

function createClock(start = '2026-01-01T00:00:00', memoryBytes = 256 * MEBIBYTE) {
  const board = createBoard({ memoryBytes, startTime: at(start) });
  const read = (index: number) => {
    board.out(0x70, index);
    return board.in(0x71);
  };
  const write = (index: number, value: number) => {
    board.out(0x70, index);
    board.out(0x71, value);
  };
  return {
    board,
    read,
    write,
    pass: (instructions: number) => board.runTo(board.now + instructions),
    /** Century to second, as the registers have them. */
    digits: () =>
      [0x32, 9, 8, 7, 4, 2, 0].map((index) => read(index).toString(16).padStart(2, '0')).join(' '),
  };
}

/** Lets IRQ 8 through to vector 0x70 and drops what waits there. */
function listen({ board }: ReturnType<typeof createClock>) {
  board.out(0x21, 0xfb);
  board.out(0xa1, 0xfe);
  return {
    /** Instruction count at which the interrupt comes, Infinity if none does within a limit. */
    next(limit: number): number {
      const count = board.runToInterrupt(board.now + limit);
      if (count === Number.POSITIVE_INFINITY) return count;
      expect(board.takeInterrupt()).toBe(0x70);
      board.out(0xa0, 0x20);
      board.out(0x20, 0x20);
      return count;
    },
  };
}

describe('the date', () => {
  test.each([
    ['2026-01-01T00:00:00', 1, '20 26 01 01 00 00 01'],
    ['2026-12-31T23:59:58', 3, '20 27 01 01 00 00 01'],
    ['2024-02-28T23:59:59', 1, '20 24 02 29 00 00 00'],
    ['2100-02-28T23:59:59', 1, '21 00 03 01 00 00 00'],
    ['1999-12-31T12:34:56', 86400, '20 00 01 01 12 34 56'],
    ['1970-01-01T09:08:07', 0, '19 70 01 01 09 08 07'],
  ])('%s and %i seconds later', (start, seconds, expected) => {
    const clock = createClock(start);
    clock.pass(seconds * SECOND);
    expect(clock.digits()).toBe(expected);
  });

  test('is that of the host’s calendar for random times, with the day of the week', () => {
    const random = randomNumbers(8);
    for (let turn = 0; turn < 500; turn++) {
      const start = random() % at('2199-01-01T00:00:00');
      const board = createBoard({ memoryBytes: 16 * MEBIBYTE, startTime: start });
      const passed = random() % 2 ** 31;
      board.runTo(passed * SECOND);
      const date = new Date((start + passed) * 1000);
      const read = (index: number) => {
        board.out(0x70, index);
        return Number(board.in(0x71).toString(16));
      };
      expect([read(9), read(8), read(7), read(4), read(2), read(0)]).toEqual([
        date.getUTCFullYear() % 100,
        date.getUTCMonth() + 1,
        date.getUTCDate(),
        date.getUTCHours(),
        date.getUTCMinutes(),
        date.getUTCSeconds(),
      ]);
      expect(read(6)).toBe(date.getUTCDay() + 1);
    }
  });

  test.each([
    [0x12, 0x01],
    [0x11, 0x92],
    [0x92, 0x81],
    [0x91, 0x12],
  ])('in 12-hour form: an hour after %i', (hour, next) => {
    const clock = createClock('2026-03-04T10:00:00');
    clock.write(0x0b, 0x80);
    clock.write(4, hour);
    clock.write(0x0b, 0x00);
    clock.pass(SECOND);
    expect(clock.read(4)).toBe(hour);
    clock.pass(3600 * SECOND);
    expect(clock.read(4)).toBe(next);
    expect(clock.read(7)).toBe(next === 0x12 ? 5 : 4);
  });

  test('in binary form', () => {
    const clock = createClock('2026-12-31T23:59:59');
    clock.write(0x0b, 0x86);
    for (const [index, value] of [
      [0x32, 20],
      [9, 59],
      [8, 12],
      [7, 31],
      [4, 23],
      [2, 59],
      [0, 58],
    ]) {
      clock.write(index, value);
    }
    clock.write(0x0b, 0x06);
    clock.pass(2 * SECOND);
    expect([0x32, 9, 8, 7, 4, 2, 0].map(clock.read)).toEqual([20, 60, 1, 1, 0, 0, 0]);
  });
});

describe('setting it', () => {
  test('the SET bit stops updates but not the fractions of a second', () => {
    const clock = createClock();
    clock.pass(SECOND / 4);
    clock.write(0x0b, 0x82);
    clock.pass(5 * SECOND);
    clock.write(0, 0x30);
    expect(clock.read(0x0a) & 0x80).toBe(0);
    clock.write(0x0b, 0x02);
    clock.pass((SECOND / 4) * 3 - 1);
    expect(clock.read(0)).toBe(0x30);
    clock.pass(1);
    expect(clock.read(0)).toBe(0x31);
  });

  test('after a reset of the divider the first update comes half a second later', () => {
    const clock = createClock();
    clock.pass(123_456);
    clock.write(0x0a, 0x66);
    clock.pass(7 * SECOND);
    clock.write(0x0a, 0x26);
    clock.pass(SECOND / 2 - 1);
    expect(clock.read(0)).toBe(0);
    clock.pass(1);
    expect(clock.read(0)).toBe(1);
    clock.pass(SECOND);
    expect(clock.read(0)).toBe(2);
  });

  test('an update is announced 244 µs ahead of its 1984 µs', () => {
    const clock = createClock();
    clock.pass(SECOND - 224_000);
    expect(clock.read(0x0a)).toBe(0x26);
    clock.pass(2000);
    expect(clock.read(0x0a)).toBe(0xa6);
    clock.pass(222_000);
    expect(clock.read(0x0a)).toBe(0x26);
  });
});

describe('interrupts', () => {
  test('periodic ones come at each of the rates', () => {
    for (let rate = 1; rate < 16; rate++) {
      const clock = createClock();
      const line = listen(clock);
      const ticks = rate < 3 ? 1 << (rate + 6) : 1 << (rate - 1);
      clock.write(0x0a, 0x20 | rate);
      clock.write(0x0b, 0x42);
      for (let n = 1; n < 20; n++) {
        expect(line.next(SECOND)).toBe(Math.ceil((n * ticks * SECOND) / 32768));
        expect(clock.read(0x0c) & 0xc0).toBe(0xc0);
      }
    }
  });

  test('wait until register C is read', () => {
    const clock = createClock();
    const line = listen(clock);
    clock.write(0x0b, 0x42);
    expect(line.next(SECOND)).toBeLessThan(SECOND);
    expect(line.next(SECOND)).toBe(Number.POSITIVE_INFINITY);
    expect(clock.read(0x0c) & 0xc0).toBe(0xc0);
    expect(clock.read(0x0c)).toBe(0);
    expect(line.next(SECOND)).toBeLessThan(2.1 * SECOND);
  });

  test('at the end of each update', () => {
    const clock = createClock();
    const line = listen(clock);
    clock.write(0x0a, 0x20);
    clock.write(0x0b, 0x12);
    for (let second = 1; second < 4; second++) {
      expect(line.next(2 * SECOND)).toBe(second * SECOND);
      expect(clock.read(0x0c)).toBe(0x90);
      expect(clock.read(0)).toBe(second);
    }
  });

  test.each([
    ['at a time', [0x05, 0x06, 0x07], at('2026-01-02T07:06:05')],
    ['each hour', [0x00, 0x30, 0xff], at('2026-01-02T00:30:00')],
    ['each minute', [0x10, 0xc0, 0xff], at('2026-01-01T23:50:10')],
  ])('the alarm %s', (_name, alarm, expected) => {
    const start = '2026-01-01T23:50:00';
    const clock = createClock(start);
    const line = listen(clock);
    for (const [index, value] of alarm.entries()) clock.write(2 * index + 1, value);
    clock.write(0x0a, 0x20);
    clock.write(0x0b, 0x22);
    expect(line.next(90_000 * SECOND)).toBe((expected - at(start)) * SECOND);
    expect(clock.read(0x0c)).toBe(0xb0);
  });

  test('flags rise without being enabled, and raise the line when they are', () => {
    const clock = createClock();
    const line = listen(clock);
    clock.pass(SECOND);
    expect(line.next(10)).toBe(Number.POSITIVE_INFINITY);
    clock.write(0x0b, 0x52);
    expect(line.next(10)).toBe(clock.board.now);
    expect(clock.read(0x0c)).toBe(0xd0);
  });
});

describe('the memory', () => {
  test('keeps bytes; C and D are read-only, D says that the battery is good, the index reads as ones', () => {
    const clock = createClock();
    for (const index of [0x0f, 0x40, 0x7f]) {
      clock.write(index, index ^ 0x55);
      expect(clock.read(index)).toBe(index ^ 0x55);
    }
    clock.write(0x0d, 0);
    expect(clock.read(0x0d)).toBe(0x80);
    expect(clock.board.in(0x70)).toBe(0xff);
    expect(clock.read(0x8f)).toBe(0x0f ^ 0x55);
  });

  test.each([
    [2, 1024, 0],
    [64, 63 * 1024, 48 * 16],
    [256, 0xffff, 240 * 16],
    [3072, 0xffff, 3056 * 16],
  ])('tells of %i MiB', (mebibytes, extended, above16) => {
    const clock = createClock(undefined, mebibytes * MEBIBYTE);
    const word = (index: number) => clock.read(index) | (clock.read(index + 1) << 8);
    expect([word(0x15), word(0x17), word(0x30), word(0x34)]).toEqual([640, extended, extended, above16]);
  });
});

test('whatever a guest writes, the clock goes on and its registers stay bytes', () => {
  const random = randomNumbers(9);
  const below = (limit: number) => random() % limit;
  const clock = createClock();
  for (let turn = 0; turn < 20_000; turn++) {
    clock.write(below(256), below(256));
    clock.pass(below(turn % 10 === 0 ? 10 * SECOND : 100_000));
    const value = clock.read(below(256));
    if (!(Number.isInteger(value) && value >= 0 && value < 256)) throw new Error(`turn ${turn}: ${value}`);
    if (!(clock.board.devices.nextEvent() > clock.board.now))
      throw new Error(`turn ${turn}: event in the past`);
  }
});
