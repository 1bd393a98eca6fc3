import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { archiveOf, withArchive } from '../../debug-adapter/cli/init-image.ts';
import { joinTar, readTar, tarRecord } from '../../debug-adapter/cli/tar.ts';
import { createBootedMachine, DEFAULT_MEMORY_BYTES } from '../../emulator/boot/create.ts';
import { findGuest, readGuest } from '../system/guest-images.ts';
import { watchSerial } from '../system/serial-watch.ts';

/** Init images with other files in their archive, and what they print on the emulator. */

export const guest = findGuest(resolve(import.meta.dirname, '../..'));

/** A program of the build. */
export const program = (name: string) => readFileSync(join(dirname(guest.init), `${name}.elf`));

/** The built image with these files in its archive, too. */
export function imageWith(files: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  const image = readFileSync(guest.init);
  const added = Object.entries(files).map(([name, contents]) => {
    const bytes = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents;
    return tarRecord({ name, kind: 'file', mode: 0o755, contents: bytes });
  });
  return withArchive(image, joinTar([...readTar(archiveOf(image)), ...added]));
}

const ULMM = `process ulmm
  priority 20
  essential
  slot 9 serves
  slot 10 generic 20
`;
const CONSOLE = `process console
  priority 24
  restart 5
  slot 8 node 5
  slot 9 serves
  slot 10 notification
  slot 11 io-ports 0x3f8 0x3ff
  slot 12 interrupt 4
`;

/** A manifest of ULMM, the console and what the text adds. */
export const manifestWith = (text: string) => `${ULMM}${CONSOLE}${text}`;

/** Runs until the guest ends the machine. Returns the serial log's lines and the exit code. */
export function run(init: Uint8Array, limit = 400_000_000): { lines: string[]; code: number | undefined } {
  const images = readGuest(guest);
  const machine = createBootedMachine({ memoryBytes: DEFAULT_MEMORY_BYTES }, { ...images, init });
  const serial = watchSerial(machine);
  while (machine.instructionCount < limit) {
    const reason = machine.run(5_000_000);
    if (reason.kind === 'exit') return { lines: serial.text.split('\n'), code: reason.code };
    if (reason.kind !== 'budget' && reason.kind !== 'idle')
      throw new Error(`${reason.kind}; serial log:\n${serial.text}`);
    if (reason.kind === 'idle' && reason.until === undefined)
      throw new Error(`waits for ever; serial log:\n${serial.text}`);
  }
  throw new Error(`no end; serial log:\n${serial.text}`);
}
