import { expect, test } from 'vitest';
import { createPicPair } from '../../../emulator/devices/i8259.ts';
import { createBoard, initializePics } from './board.ts';

function createPics(firstMask = 0, secondMask = 0) {
  const output = { high: false };
  const pics = createPicPair((high) => {
    output.high = high;
  });
  const write = (ports: 'first' | 'second', values: [number, number][]) => {
    for (const [offset, value] of values) pics[`${ports}Ports`].writePort(offset, 1, value);
  };
  write('first', [
    [0, 0x11],
    [1, 0x20],
    [1, 4],
    [1, 1],
    [1, firstMask],
  ]);
  write('second', [
    [0, 0x11],
    [1, 0x28],
    [1, 2],
    [1, 1],
    [1, secondMask],
  ]);
  return { pics, output, write };
}

test('acknowledges by priority and holds back lower requests until the end of interrupt', () => {
  const { pics, output, write } = createPics();
  pics.setLine(4, true);
  pics.setLine(1, true);
  expect(pics.acknowledge()).toBe(0x21);
  expect(output.high).toBe(false);
  write('first', [[0, 0x20]]);
  expect(output.high).toBe(true);
  expect(pics.acknowledge()).toBe(0x24);
});

test('passes the second controller through the cascade', () => {
  const { pics, output, write } = createPics();
  pics.setLine(12, true);
  pics.setLine(10, true);
  expect(pics.acknowledge()).toBe(0x2a);
  write('first', [[0, 0x20]]);
  expect(output.high).toBe(false);
  write('second', [[0, 0x20]]);
  expect(output.high).toBe(true);
  expect(pics.acknowledge()).toBe(0x2c);
});

test.each([
  ['in special fully nested mode a higher request of the second controller comes at once', 0x11, true],
  ['otherwise it waits for the end of the lower one', 0x01, false],
])('%s', (_name, fourthWord, nests) => {
  const { pics, output, write } = createPics();
  write('first', [
    [0, 0x11],
    [1, 0x20],
    [1, 4],
    [1, fourthWord],
    [1, 0],
  ]);
  pics.setLine(12, true);
  expect(pics.acknowledge()).toBe(0x2c);
  pics.setLine(14, true);
  expect(output.high).toBe(false);
  pics.setLine(9, true);
  expect(output.high).toBe(nests);
  if (!nests) write('first', [[0, 0x20]]);
  expect(pics.acknowledge()).toBe(0x29);
});

test('answers with the spurious vector when the request has gone', () => {
  const { pics, output } = createPics();
  pics.setLine(3, true);
  pics.setLine(3, false);
  expect(output.high).toBe(false);
  expect(pics.acknowledge()).toBe(0x27);
});

test('an edge asks once, a level as long as it lasts', () => {
  const { pics, output, write } = createPics();
  pics.setLine(5, true);
  expect(pics.acknowledge()).toBe(0x25);
  write('first', [[0, 0x20]]);
  expect(output.high).toBe(false);
  pics.setLine(5, false);
  pics.edgeLevelPorts.writePort(0, 1, 0xff);
  expect(pics.edgeLevelPorts.readPort(0, 1)).toBe(0xf8);
  pics.setLine(5, true);
  expect(pics.acknowledge()).toBe(0x25);
  write('first', [[0, 0x20]]);
  expect(output.high).toBe(true);
  pics.setLine(5, false);
  expect(output.high).toBe(false);
});

test('shows requests, requests in service and the mask', () => {
  const { pics, write } = createPics(0x02);
  pics.setLine(1, true);
  pics.setLine(6, true);
  pics.acknowledge();
  pics.setLine(7, true);
  expect(pics.firstPorts.readPort(1, 1)).toBe(0x02);
  expect(pics.firstPorts.readPort(0, 1)).toBe(0x82);
  write('first', [[0, 0x0b]]);
  expect(pics.firstPorts.readPort(0, 1)).toBe(0x40);
});

test('rotates priorities on a rotating end of interrupt', () => {
  const { pics, write } = createPics();
  pics.setLine(0, true);
  expect(pics.acknowledge()).toBe(0x20);
  write('first', [[0, 0xa0]]);
  pics.setLine(0, false);
  pics.setLine(0, true);
  pics.setLine(5, true);
  expect(pics.acknowledge()).toBe(0x25);
});

test('ends by itself in automatic mode, a specific end names its input, a poll acknowledges', () => {
  const { pics, output, write } = createPics();
  write('first', [
    [0, 0x11],
    [1, 0x20],
    [1, 4],
    [1, 3],
    [1, 0],
  ]);
  pics.setLine(1, true);
  pics.acknowledge();
  pics.setLine(6, true);
  expect(output.high).toBe(true);
  write('first', [
    [0, 0x11],
    [1, 0x20],
    [1, 4],
    [1, 1],
    [1, 0],
  ]);
  pics.setLine(3, true);
  write('first', [[0, 0x0c]]);
  expect(pics.firstPorts.readPort(0, 1)).toBe(0x83);
  write('first', [[0, 0x63]]);
  expect(pics.state.first.inService).toBe(0);
});

test('interrupts through LINT0 until that is masked', () => {
  const board = createBoard();
  initializePics(board, 0xef, 0xff);
  board.out(0x3fc, 8);
  board.out(0x3f9, 2);
  expect(board.devices.interruptController.hasPendingInterrupt()).toBe(true);
  board.apicWrite(0x350, 0x10700);
  expect(board.devices.interruptController.hasPendingInterrupt()).toBe(false);
  board.apicWrite(0x350, 0x700);
  expect(board.takeInterrupt()).toBe(0x24);
});
