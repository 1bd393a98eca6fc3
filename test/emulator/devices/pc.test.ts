import { describe, expect, test } from 'vitest';
import { createBoard, initializePics } from './board.ts';

describe('empty places', () => {
  test.each([
    [1, 0xff],
    [2, 0xffff],
    [4, 0xffffffff],
  ])('read as ones in accesses of %i bytes', (size, ones) => {
    const board = createBoard();
    expect(board.in(0x170, size)).toBe(ones);
    expect(board.in(0xffff, size)).toBe(ones);
    expect(board.devices.readMemory(0xe0000000, size)).toBe(ones);
    board.out(0xffff, ones, size);
    board.devices.writeMemory(0x2_0000_0000, size, ones);
  });
});

test('a wide access is split between byte-wide ports', () => {
  const board = createBoard();
  board.out(0x3ff, 0x12);
  // Modem status and scratch register.
  expect(board.in(0x3fe, 2)).toBe(0x12b0);
});

test('every port answers every size', () => {
  const board = createBoard();
  for (let port = 0; port < 0x10000; port += 1) {
    for (const size of [1, 2, 4]) {
      const value = board.in(port, size);
      if (!(value >= 0 && value < 2 ** (size * 8))) throw new Error(`port ${port}, ${size} bytes: ${value}`);
    }
  }
});

test('the exit device asks once for the end, with the code as written', () => {
  const board = createBoard();
  expect(board.devices.takeEnding()).toBeUndefined();
  board.out(0xf4, 0x12345678, 4);
  expect(board.devices.takeEnding()).toEqual({ kind: 'exit', code: 0x12345678 });
  expect(board.devices.takeEnding()).toBeUndefined();
});

describe('the ACPI timer', () => {
  test('counts 3579545 ticks a second, to the tick, at any time', () => {
    const board = createBoard();
    for (const seconds of [1, 10, 1200, 1_000_000, 20_000_000]) {
      const count = seconds * 100_000_000;
      board.runTo(count);
      const exact = (BigInt(count) * 315n) / 8800n;
      expect(board.in(0x608, 4)).toBe(Number(exact % (1n << 32n)));
    }
  });

  test('can be read in parts', () => {
    const board = createBoard();
    board.runTo(123_456_789);
    const whole = board.in(0x608, 4);
    expect(board.in(0x608, 1) + board.in(0x609, 1) * 256 + board.in(0x60a, 2) * 65536).toBe(whole);
  });
});

test('saved state is a copy, and restoring it brings back every device', () => {
  const board = createBoard();
  initializePics(board, 0xee, 0xff);
  board.out(0x43, 0x34);
  board.out(0x40, 0x00);
  board.out(0x40, 0x10);
  board.out(0x3fc, 0x0b);
  board.apicWrite(0x3e0, 3);
  board.apicWrite(0x320, 0x20040);
  board.apicWrite(0x380, 777);
  board.ioApicWrite(0x18, 0x8044);
  const runs = [0, 1].map(() => ({ interrupts: [] as [number, number][] }));
  const start = board.devices.saveState();
  const reference = JSON.stringify(start);
  for (const { interrupts } of runs) {
    const replayed = createBoard();
    replayed.devices.restoreState(start);
    for (let n = 0; n < 200; n++) {
      const at = replayed.runToInterrupt();
      interrupts.push([at, replayed.takeInterrupt()]);
      replayed.apicWrite(0xb0, 0);
      replayed.out(0x20, 0x20);
    }
    expect(JSON.stringify(start)).toBe(reference);
  }
  expect(new Set(runs[0].interrupts.map(([, vector]) => vector)).size).toBe(2);
  expect(runs[1]).toEqual(runs[0]);
});

test('random accesses of a hostile guest: devices answer, time goes on, no event is lost in the past', () => {
  const board = createBoard();
  const { devices } = board;
  let seed = 20260101;
  const random = (limit: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * limit);
  };
  const pick = <T>(choices: readonly T[]) => choices[random(choices.length)];
  const ports = [
    0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x40, 0x41, 0x42, 0x43, 0x61, 0x3f8, 0x3f9, 0x3fa, 0x3fc, 0x600, 0x604,
    0x608, 0x60, 0x64, 0x70, 0x92, 0xcf8, 0xcfc,
  ];
  for (let turn = 0; turn < 100_000; turn++) {
    const size = pick([1, 1, 1, 2, 4]);
    const value = random(2 ** (size * 8));
    const port = pick(ports) + random(4);
    const address = pick([0xfee00000, 0xfec00000]) + random(0x400);
    const accesses = [
      () => board.out(port, value, size),
      () => devices.writeMemory(address & ~0xf, 4, pick([value, random(2 ** 32), 0x44 + (random(2) << 15)])),
      () => devices.serial.send(Uint8Array.of(value & 0xff)),
      () => board.runTo(board.now + random(300)),
      () => board.takeInterrupt(),
    ];
    pick(accesses)();
    for (const read of [board.in(port, size), devices.readMemory(address, size)]) {
      if (!(Number.isInteger(read) && read >= 0 && read < 2 ** (size * 8)))
        throw new Error(`turn ${turn}: ${read}`);
    }
    if (Number.isNaN(devices.nextEvent())) throw new Error(`turn ${turn}: no next event`);
  }
  const before = board.now;
  board.runTo(before + 10_000);
  expect(board.now).toBe(before + 10_000);
  expect(devices.nextEvent()).toBeGreaterThan(board.now);
});
