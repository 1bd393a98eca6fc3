import { lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { builtImage } from './built-image.ts';
import { UsageError } from './exit-code.ts';
import { IMAGE_HELP } from './help.ts';
import { archiveOf, ImageError, withArchive } from './init-image.ts';
import { parseArguments } from './run-options.ts';
import { joinTar, readTar, TarError, type TarRecord, tarRecord } from './tar.ts';

/** `a9n image`: writes an init image with other files in its boot archive. Returns the exit code. Throws UsageError. */
export async function imageCommand(args: string[]): Promise<number> {
  const { values } = parseArguments(() =>
    parseArgs({
      args,
      options: {
        init: { type: 'string' },
        archive: { type: 'string', multiple: true },
        only: { type: 'boolean' },
        output: { type: 'string', short: 'o' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  );
  if (values.help) {
    process.stdout.write(IMAGE_HELP);
    return 0;
  }
  const { init = builtImage('koito.elf', '--init'), archive: sources = [], only = false, output } = values;
  if (output === undefined) throw new UsageError('no output file given. Name it with --output FILE.');
  if (sources.length === 0) {
    throw new UsageError('no files for the archive given. Name a folder or a tar file with --archive.');
  }
  const image = read(init);
  const result = explained(init, () => {
    const kept = only ? [] : readTar(archiveOf(image));
    return withArchive(image, joinTar([...kept, ...sources.flatMap(recordsOf)]));
  });
  try {
    writeFileSync(output, result);
  } catch (error) {
    throw new UsageError(
      `${output} cannot be written (${causeOf(error)}). Choose another file with --output.`,
    );
  }
  return 0;
}

function recordsOf(source: string): TarRecord[] {
  return isDirectory(source) ? recordsBelow(source, '') : explained(source, () => readTar(read(source)));
}

/** In the order of their names, so that every host makes the same archive. */
function recordsBelow(root: string, folder: string): TarRecord[] {
  const names = readdirSync(join(root, folder)).sort((a, b) => (a < b ? -1 : 1));
  return names.flatMap((each) => {
    const name = folder === '' ? each : `${folder}/${each}`;
    const path = join(root, name);
    const status = lstatSync(path);
    const { mode } = status;
    if (status.isSymbolicLink()) {
      const contents = new TextEncoder().encode(readlinkSync(path));
      return [tarRecord({ name, kind: 'link', mode: 0o777, contents })];
    }
    if (status.isDirectory()) {
      const own = tarRecord({ name, kind: 'directory', mode, contents: new Uint8Array() });
      return [own, ...recordsBelow(root, name)];
    }
    if (!status.isFile()) {
      throw new UsageError(`${path} is neither a file nor a folder nor a symbolic link. Leave it out.`);
    }
    return [tarRecord({ name, kind: 'file', mode, contents: read(path) })];
  });
}

function isDirectory(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch (error) {
    throw new UsageError(`${path} cannot be read (${causeOf(error)}).`);
  }
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${path} cannot be read (${causeOf(error)}).`);
  }
}

function explained<T>(file: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof ImageError || error instanceof TarError)
      throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
}

const causeOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
