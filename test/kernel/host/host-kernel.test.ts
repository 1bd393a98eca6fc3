import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { call, descriptor, root } from '../model/scenario.ts';
import { buildHostProgram, reasonNotToBuild } from './build.ts';
import { driverProgram, type HostKernel, startHostKernel } from './host-kernel.ts';
import { randomEvents } from './random-events.ts';
import { encodeState, hashState, hashWords } from './state-words.ts';

/** The kernel's core on the host HAL: an ordinary Linux program, under AddressSanitizer and UndefinedBehaviorSanitizer. */

const reason = reasonNotToBuild();
const BUILD_TIME = 120_000;

const ROOT = 3;
const IPC_BUFFER = 6;
const IO_PORT = 9;
const GENERIC = descriptor([8, 7], [7, 0]);
const [CONVERT, REMOVE, GET_ADDRESS, READ, WRITE] = [0, 6, 1, 1, 2];
const [NODE_TYPE, IPC_PORT_TYPE] = [2, 8];

async function withKernel(use: (kernel: HostKernel) => void, program = driverProgram) {
  const kernel = await startHostKernel(undefined, program);
  try {
    use(kernel);
  } finally {
    kernel.close();
  }
}

const title = `the kernel on the host${reason === undefined ? '' : ` (not run: ${reason})`}`;
describe.skipIf(reason !== undefined)(title, { timeout: BUILD_TIME }, () => {
  test('boots, answers calls, is restored, halts', async () => {
    const sources = ['test/kernel/host/boot-check.cpp', 'test/kernel/host/boot-image.cpp'];
    const program = await buildHostProgram({ name: 'boot-check', sources });
    const asInit = [
      'ok',
      'descriptor 0: 0 2',
      'IPC buffer: 1 0x11000',
      "address space: init's, in the image: yes",
      'quantum: 9',
    ];
    expect(execFileSync(program, { encoding: 'utf8', timeout: 20_000 }).split('\n')).toEqual([
      expect.stringMatching(/^A9N \d/),
      'A9N: starting init',
      ...asInit,
      ...asInit,
      'A9N: process suspended by a fault without resolver: memory at 0x0000000000000000, detail 0x0000000000001234, code 0x0000000000000004',
      'A9N: no process can ever run again: all are blocked, and no interrupt is bound',
      'A9N: halted',
      'halted: yes',
      '',
    ]);
  });

  test('shows what boot made: the init process, its capabilities, its tables and its memory', () =>
    withKernel(({ booted }) => {
      const [init] = booted.processes;
      expect(booted.current).toBe(init.address);
      expect(init).toMatchObject({ state: 'READY', priority: 31, quantum: 10 });
      const generics = booted.slots.flatMap(({ capability }) =>
        capability.type === 'GENERIC' ? [capability] : [],
      );
      const bytes = generics.map(({ sizeBits, isDevice }) => [isDevice, 2 ** sizeBits]);
      const ram = bytes.reduce((sum, [isDevice, size]) => sum + (isDevice ? 0 : Number(size)), 0);
      // All from the end of the image on, cut into the largest powers of two; a ninth would be 0x4000.
      expect(ram).toBe(16 * 2 ** 20 - 0x1_4000 - 0x4000);
      expect(booted.tables.map(({ depth, entries }) => [depth, entries.length]).sort()).toEqual([
        [1, 4],
        [2, 1],
        [3, 1],
        [4, 1],
      ]);
    }));

  test('a call changes the registers of its caller, and effects are told', () =>
    withKernel((kernel) => {
      const frame = kernel.perform(call(root(IPC_BUFFER), GET_ADDRESS));
      const [, , , rdx, rdi] = frame.state.processes[0].registers;
      expect([rdi, rdx]).toEqual([1n, 0x1_1000n]);
      const [written, read, untouched, debug] = kernel.performAll([
        call(root(IO_PORT), WRITE, 0x3f8, 2, 0x12345),
        call(root(IO_PORT), READ, 0x3f9, 1),
        call(root(IO_PORT), READ, 0x1234, 4),
        { kind: 'call', callType: -3n, registers: [65n] },
      ]);
      const io = { kind: 'io', isWrite: false };
      expect(written.effects).toEqual([{ ...io, isWrite: true, port: 0x3f8, width: 2, value: 0x2345n }]);
      expect(read.effects).toEqual([{ ...io, port: 0x3f9, width: 1, value: 0x23n }]);
      // Each byte is its port's number, low byte exclusive or high byte.
      expect(untouched.effects).toEqual([{ ...io, port: 0x1234, width: 4, value: 0x2524_2726n }]);
      expect(debug.effects).toEqual([{ kind: 'console', character: 65 }]);
    }));

  test('reset undoes everything, and events that cannot be change nothing', () =>
    withKernel((kernel) => {
      const [first] = kernel.hashAll([{ kind: 'interrupt', irq: 3 }]);
      expect(first).toEqual({ outcome: 'impossible', effects: [], state: hashState(kernel.booted) });
      const events = randomEvents(1, 500);
      const once = kernel.hashAll(events);
      kernel.reset();
      expect(kernel.hashAll(events)).toEqual(once);
      kernel.reset();
      expect(kernel.hashAll([{ kind: 'interrupt', irq: 3 }])).toEqual([first]);
    }));

  test('states are the same as words and as data', () =>
    withKernel((kernel) => {
      const events = randomEvents(2, 300);
      const states = kernel.performAll(events).map((step) => step.state);
      kernel.reset();
      const hashes = kernel.hashAll(events).map((step) => step.state);
      expect(states.map((state) => hashWords(encodeState(state)))).toEqual(hashes);
    }));

  test('thousands of pseudo-random events are clean', () =>
    withKernel((kernel) => {
      const states = new Set<bigint>();
      for (let seed = 1; seed <= 100; seed++) {
        kernel.reset();
        for (const { state } of kernel.hashAll(randomEvents(seed, 200))) states.add(state);
      }
      // Most events do something that no other did.
      expect(states.size).toBeGreaterThan(10_000);
    }));

  test('calls interrupted wherever they can be end in the same states', () =>
    withKernel((kernel) => {
      let compared = 0;
      for (let seed = 1; seed <= 60; seed++) {
        const events = randomEvents(seed, 200);
        kernel.reset();
        const whole = kernel.hashAll(events);
        kernel.reset();
        const interrupted = kernel.hashAllInterrupted(events);
        const end = interrupted.findIndex(({ outcome }) => outcome === 'unfinished');
        const length = end < 0 ? events.length : end;
        compared += length;
        expect(interrupted.slice(0, length)).toEqual(whole.slice(0, length));
      }
      expect(compared).toBeGreaterThan(10_000);
    }));

  test('specific bits of objects that have none may be anything', () =>
    withKernel((kernel) => {
      // Found by libFuzzer: a shift by them.
      const port = call(GENERIC, CONVERT, IPC_PORT_TYPE, 24661, 1, root(ROOT), 20);
      const [rdi] = kernel.perform(port).state.processes[0].registers.slice(4);
      expect(rdi).toBe(1n);
    }));

  test('a kernel that uses a removed node is caught', async () => {
    const path = 'kernel/core/capability.cpp';
    const source = readFileSync(path, 'utf8');
    // The slot before goes on pointing at a slot that is removed.
    const fix = '(slot.previous != nullptr ? slot.previous->next : capability_dependency_list) = slot.next;';
    const broken = source.replace(fix, '');
    expect(broken).not.toBe(source);
    const program = { ...driverProgram, name: 'broken-driver', replaced: new Map([[path, broken]]) };
    const events = [
      call(GENERIC, CONVERT, NODE_TYPE, 1, 1, root(ROOT), 20),
      call(GENERIC, CONVERT, IPC_PORT_TYPE, 0, 1, root(20), 0),
      call(root(ROOT), REMOVE, 20),
      call(GENERIC, CONVERT, IPC_PORT_TYPE, 0, 1, root(ROOT), 20),
    ];
    const run = (kernel: HostKernel) => kernel.hashAll(events);
    await withKernel(run);
    await expect(withKernel(run, program)).rejects.toThrow(/use-after-poison.*last events:\n {2}call/s);
  });
});
