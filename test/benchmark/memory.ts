import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBootedMachine, DEFAULT_MEMORY_BYTES } from '../../emulator/boot/create.ts';
import type { Machine } from '../../emulator/machine-api.ts';

/**
 * What ULMM's requests and policies cost, in instructions: exact, and the same in each run. Requests are made within
 * userland/apps/memory-costs, so they are the server's work and the kernel's for it, without the messages. The fault is that of a
 * program in the running system, with everything: the kernel, KOITO's thread, ULMM.
 */

export interface MemoryFigures {
  readonly operations: ReadonlyArray<{ readonly name: string; readonly instructions: number }>;
  readonly values: ReadonlyArray<{ readonly name: string; readonly value: number }>;
  /** From the access that faults to the same access when it succeeds. */
  readonly faults: { readonly count: number; readonly median: number; readonly most: number };
}

export function measureMemory(folder: string): MemoryFigures {
  return { ...countRequests(folder), faults: countFaults(folder) };
}

const SLICE = 2_000_000;

function boot(folder: string, init: string): Machine {
  return createBootedMachine(
    { memoryBytes: DEFAULT_MEMORY_BYTES },
    { kernel: readFileSync(join(folder, 'kernel.elf')), init: readFileSync(join(folder, init)) },
  );
}

function countRequests(folder: string): Pick<MemoryFigures, 'operations' | 'values'> {
  const machine = boot(folder, 'memory-costs.elf');
  const operations: { name: string; instructions: number }[] = [];
  const values: { name: string; value: number }[] = [];
  let line = '';
  let lineStart = 0;
  let begun: { name: string; at: number } | undefined;
  let overhead = 0;
  machine.serial.onOutput = (byte) => {
    if (line === '') lineStart = machine.instructionCount;
    if (byte !== 10) {
      line += String.fromCharCode(byte);
      return;
    }
    const [, kind, name] = /^(begin|end|value) (.*?)\r?$/.exec(line) ?? [];
    line = '';
    if (kind === 'begin') begun = { name, at: machine.instructionCount };
    else if (kind === 'value') {
      const [, label, value] = /^(.*) (\d+)$/.exec(name) ?? [];
      values.push({ name: label, value: Number(value) });
    } else if (kind === 'end' && begun !== undefined) {
      const between = lineStart - begun.at;
      if (begun.name === 'nothing') overhead = between;
      else
        operations.push({ name: begun.name, instructions: Math.round((between - overhead) / Number(name)) });
      begun = undefined;
    }
  };
  let reason = machine.run(SLICE);
  while (reason.kind === 'budget') reason = machine.run(SLICE);
  if (reason.kind !== 'exit' || reason.code !== 0)
    throw new Error(`memory-costs ended: ${reason.kind}, after: ${line}`);
  return { operations, values };
}

const FAULTS = 400;

/** Page faults of the program that tours the memory server. */
function countFaults(folder: string): MemoryFigures['faults'] {
  const machine = boot(folder, 'koito.elf');
  let text = '';
  machine.serial.onOutput = (byte) => {
    text += String.fromCharCode(byte);
  };
  while (!text.includes('starting memory-tour')) {
    const { kind } = machine.run(10_000);
    if (kind !== 'budget' && kind !== 'idle') throw new Error(`KOITO ended: ${kind}\n${text}`);
  }
  const costs: number[] = [];
  while (costs.length < FAULTS) {
    machine.setWatches([{ kind: 'exception' }]);
    let reason = machine.run(SLICE);
    while (reason.kind === 'budget' || reason.kind === 'idle') reason = machine.run(SLICE);
    if (reason.kind !== 'watch') throw new Error(`no more faults: ${reason.kind}\n${text}`);
    machine.setWatches([]);
    const at = machine.readRegister('rip');
    const space = machine.readRegister('cr3');
    const begin = machine.instructionCount;
    machine.step();
    machine.setBreakpoints([at]);
    do {
      reason = machine.run(SLICE);
    } while (reason.kind === 'budget' || machine.readRegister('cr3') !== space);
    machine.setBreakpoints([]);
    costs.push(machine.instructionCount - begin);
  }
  costs.sort((a, b) => a - b);
  return { count: FAULTS, median: costs[FAULTS / 2], most: costs[FAULTS - 1] };
}

/** Rows for a table. */
export function memoryRows({ operations, values, faults }: MemoryFigures): string[][] {
  return [
    ['ULMM, instructions', ''],
    ...operations.map(({ name, instructions }) => [name, String(instructions)]),
    [`a page fault of a program, with everything (median of ${faults.count})`, String(faults.median)],
    ['the dearest of these: page tables and a chunk of pages are made', String(faults.most)],
    ...values.map(({ name, value }) => [name, String(value)]),
  ];
}
