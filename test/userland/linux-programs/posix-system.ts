import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { archiveOf, withArchive } from '../../../debug-adapter/cli/init-image.ts';
import { joinTar, readTar, type TarFile, tarRecord } from '../../../debug-adapter/cli/tar.ts';
import { createBootedMachine, DEFAULT_MEMORY_BYTES } from '../../../emulator/boot/create.ts';
import { findGuest, readGuest } from '../../system/guest-images.ts';
import { watchSerial } from '../../system/serial-watch.ts';

/** A system whose only program is a Linux program on the POSIX server. */

const root = resolve(import.meta.dirname, '../../..');
const guest = findGuest(root);
const driver = (name: string) => new Uint8Array(readFileSync(join(dirname(guest.init), `${name}.elf`)));

/** The manifest for such systems, with another command. */
const manifest = (command: string) =>
  readFileSync(join(root, 'userland/koito/etc/posix.manifest'), 'utf8').replace(
    /^process posix\n/m,
    `process posix\n  arguments ${command}\n`,
  );

export const executable = (name: string, contents: Uint8Array): TarFile => ({
  name,
  kind: 'file',
  mode: 0o755,
  contents,
});
export const directory = (name: string): TarFile => ({
  name,
  kind: 'directory',
  mode: 0o755,
  contents: new Uint8Array(),
});
export const link = (name: string, target: string): TarFile => ({
  name,
  kind: 'link',
  mode: 0o777,
  contents: new TextEncoder().encode(target),
});

/** Init image with these files, whose first program is `command`. */
export function posixImage(files: readonly TarFile[], command: string): Uint8Array {
  const image = readFileSync(guest.init);
  const own = [
    executable('etc/koito.manifest', new TextEncoder().encode(manifest(command))),
    ...['timer', 'rtc'].map((name) => executable(name, driver(name))),
  ];
  return withArchive(
    image,
    joinTar([...readTar(archiveOf(image)), ...[...own, ...files].map((each) => tarRecord(each))]),
  );
}

/** Waiting counts, too: an instruction is 10 ns. */
const HALF_A_SECOND = 50_000_000;

export interface Session {
  /** Runs until the console shows `text`, from where the last wait ended. Returns what it showed until then. */
  waitFor(text: string): string;
  type(keys: string): void;
  /** Lets half a second pass, so that what was started waits for keys. */
  rest(): void;
  /** Runs to the machine's end. */
  end(): { output: string; code: number };
}

export function bootPosix(init: Uint8Array, limit: number): Session {
  const machine = createBootedMachine({ memoryBytes: DEFAULT_MEMORY_BYTES }, { ...readGuest(guest), init });
  const serial = watchSerial(machine);
  let seen = 0;
  const text = () => serial.text.replaceAll('\r', '');

  /** One slice; the exit code if the machine has ended. */
  const step = (mayRest = false): number | undefined => {
    const reason = machine.run(2_000_000);
    if (reason.kind === 'exit') return reason.code;
    if (reason.kind !== 'budget' && reason.kind !== 'idle')
      throw new Error(`${reason.kind}; console:\n${text()}`);
    if (machine.instructionCount > limit) throw new Error(`no end; console:\n${text()}`);
    if (reason.kind === 'idle' && reason.until === undefined && !mayRest)
      throw new Error(`waits for ever; console:\n${text()}`);
    return undefined;
  };

  return {
    waitFor(wanted) {
      for (;;) {
        const at = text().indexOf(wanted, seen);
        if (at >= 0) {
          const shown = text().slice(seen, at + wanted.length);
          seen = at + wanted.length;
          return shown;
        }
        const code = step();
        if (code !== undefined)
          throw new Error(`ended with ${code} before ${JSON.stringify(wanted)}:\n${text()}`);
      }
    },
    type(keys) {
      machine.serial.send(new TextEncoder().encode(keys));
    },
    rest() {
      const until = machine.instructionCount + HALF_A_SECOND;
      while (machine.instructionCount < until) step(true);
    },
    end() {
      for (;;) {
        const code = step();
        if (code !== undefined) return { output: text(), code };
      }
    },
  };
}
