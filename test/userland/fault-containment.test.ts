import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseElf } from '../../debug-adapter/symbols/elf.ts';
import { createBootedMachine, DEFAULT_MEMORY_BYTES } from '../../emulator/boot/create.ts';
import { findGuest, readGuest } from '../system/guest-images.ts';
import { watchSerial } from '../system/serial-watch.ts';

/** A program that faults takes nothing else down: the system's log, with one function of one program made to fault. */

const guest = findGuest(resolve(import.meta.dirname, '../..'));
const LIMIT = 400_000_000;
/** `ud2`, which raises invalid opcode. */
const FAULT = Uint8Array.of(0x0f, 0x0b);

/**
 * Init image in whose archive the function of `program` `symbol` (its mangled name) faults at once. Functions that
 * only their own source file calls may have been inlined: name others.
 */
function initWithFault(program: string, symbol: string): Uint8Array {
  const file = readFileSync(join(dirname(guest.init), `${program}.elf`));
  const elf = parseElf(file, program);
  const found = elf.symbols.filter((each) => each.kind === 'function' && each.name === symbol);
  if (found.length !== 1) throw new Error(`${found.length} functions of ${program} are called ${symbol}`);
  const { address } = found[0];
  const segment = elf.segments.find(
    (each) => each.virtualAddress <= address && address < each.virtualAddress + BigInt(each.bytes.length),
  );
  if (segment === undefined) throw new Error(`${symbol} is in no segment`);

  // The archive has the same segment, byte for byte.
  const init = Uint8Array.from(readFileSync(guest.init));
  const start = Buffer.from(init.buffer).indexOf(segment.bytes);
  if (start < 0) throw new Error(`${program} is not in the init image`);
  init.set(FAULT, start + Number(address - segment.virtualAddress));
  return init;
}

/** The serial log until the system waits for input, or ends. */
function logOf(init: Uint8Array): string[] {
  const images = readGuest(guest);
  const machine = createBootedMachine({ memoryBytes: DEFAULT_MEMORY_BYTES }, { ...images, init });
  const serial = watchSerial(machine);
  for (;;) {
    const reason = machine.run(1_000_000);
    const waitsForInput = reason.kind === 'idle' && reason.until === undefined;
    const goesOn = reason.kind === 'budget' || (reason.kind === 'idle' && !waitsForInput);
    if (!goesOn) return serial.text.split('\n');
    // An idle system still has its timer.
    if (/memory-tour (?:exited|faulted).*\n/.test(serial.text)) return serial.text.split('\n');
    if (machine.instructionCount > LIMIT) throw new Error(`no end; serial log:\n${serial.text}`);
  }
}

describe('a program that faults', () => {
  it('is named, and ends, if it is the client', () => {
    const log = logOf(initWithFault('memory-tour', 'main'));
    expect(log).toContainEqual(
      expect.stringMatching(/^koito: memory-tour faulted: invalid instruction at 0x4/),
    );
    expect(log).not.toContain('memory-tour: done');
  }, 60_000);

  it('ends the system, with the reason, if it is the memory server', () => {
    const log = logOf(initWithFault('ulmm', '_ZN4ulmm6server6handleERKN3a9n7messageE'));
    const faulted = log.findIndex((line) => /^koito: ulmm faulted: invalid instruction at 0x4/.test(line));
    expect(faulted).toBeGreaterThan(0);
    expect(log.slice(faulted + 1).filter((line) => !line.includes('memory of the machine'))).toEqual([
      'koito: without ulmm the system cannot go on',
      'koito: shutting down with code 1',
      '',
    ]);
  }, 60_000);

  it('does not hold up KOITO, though its call has not even been received', () => {
    const log = logOf(initWithFault('ulmm', 'main'));
    expect(log).toContainEqual(expect.stringMatching(/^koito: ulmm faulted: invalid instruction at 0x4/));
    expect(log).toContain('koito: without ulmm the system cannot go on');
  }, 60_000);

  it('costs no output if it is the console driver: it is started again, and in the end the kernel console takes over', () => {
    const log = logOf(initWithFault('console', '_ZNK7console11serial_port5beginEv'));
    const faults = log.filter((line) => /^koito: console faulted: invalid instruction at 0x4/.test(line));
    expect(faults).toHaveLength(6);
    expect(log).toContain('koito: starting console again, 5 of 5');
    expect(log).toContain('koito: console has ended too often and is not started again');
    expect(log).toContain('memory-tour: done');
    expect(log).toContain('koito: memory-tour exited with code 0');
  }, 60_000);
});
