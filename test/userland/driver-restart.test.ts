import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { archiveOf } from '../../debug-adapter/cli/init-image.ts';
import { parseElf } from '../../debug-adapter/symbols/elf.ts';
import { boot, CLIENT_ENDED, runUntil } from '../system/session.ts';
import { guest, program } from './boot-image.ts';

/** The console driver dies when a key is typed, because its code in memory is destroyed; its successor is whole. */

const FAULT = Uint8Array.of(0x0f, 0x0b); // ud2
const PAGE = 4096;

/** Where the code of a function of the program lies in physical memory, other than in the archive. */
function placesOf(memory: Buffer, name: string, symbol: RegExp): number[] {
  const elf = parseElf(program(name), name);
  const { address } = elf.symbols.find((each) => each.kind === 'function' && symbol.test(each.name))!;
  const segment = elf.segments.find(
    (each) => each.virtualAddress <= address && address < each.virtualAddress + BigInt(each.bytes.length),
  )!;
  const offset = Number(address - segment.virtualAddress);
  const code = segment.bytes.subarray(offset, Math.ceil((offset + 1) / PAGE) * PAGE).subarray(0, 64);
  const places: number[] = [];
  for (let at = memory.indexOf(code); at >= 0; at = memory.indexOf(code, at + 1)) places.push(at);
  const archive = Buffer.from(archiveOf(readFileSync(guest.init)));
  const start = memory.indexOf(archive.subarray(0, PAGE));
  return places.filter((at) => at < start || at >= start + archive.length);
}

it('goes on with input after its driver died of a key and was started again', () => {
  const booted = boot(guest);
  const { machine, serial } = booted;
  runUntil(booted, () => serial.lineEnd(CLIENT_ENDED) !== undefined);
  const memory = Buffer.from(machine.readPhysical(0, machine.memoryBytes));
  const places = placesOf(memory, 'console', /serial_port4read/);
  expect(places).toHaveLength(1);
  machine.writePhysical(places[0], FAULT);

  machine.serial.send(new TextEncoder().encode('x'));
  runUntil(booted, () => serial.lineEnd('koito: starting console again, 1 of 5') !== undefined);
  machine.serial.send(new TextEncoder().encode('and on\r'));
  runUntil(booted, () => serial.text.split('and on').length === 3);
  machine.serial.send(Uint8Array.of(4));
  const reason = runUntil(booted, () => false);
  expect(serial.text).toMatch(/koito: console faulted: invalid instruction at 0x40/);
  expect(reason).toEqual({ kind: 'exit', code: 0 });
}, 60_000);
