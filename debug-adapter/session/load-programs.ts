/** Reads the ELF files of a launch configuration. */
import { RequestError } from '../protocol/protocol-server.ts';
import { parseElf } from '../symbols/elf.ts';
import { loadProgramSymbols } from '../symbols/program-symbols.ts';
import { SymbolError } from '../symbols/symbol-error.ts';
import { type Program, programName } from '../target/program.ts';
import type { FileAccess } from './file-access.ts';
import type { CheckedLaunch } from './launch-configuration.ts';

export interface LoadedPrograms {
  readonly kernel: Program;
  /** The kernel, the init server and further programs. */
  readonly programs: readonly Program[];
  readonly kernelImage: Uint8Array;
  readonly initImage: Uint8Array;
  /** Files of `programs` that cannot be used: debugging goes on without them. */
  readonly warnings: readonly string[];
}

/** Throws RequestError if kernel or init cannot be used. */
export async function loadPrograms(configuration: CheckedLaunch, files: FileAccess): Promise<LoadedPrograms> {
  const extra = (configuration.programs ?? []).filter((path) => path !== configuration.init);
  const [kernel, init, ...others] = await Promise.allSettled([
    load('kernel', configuration.kernel, files),
    load('init', configuration.init, files),
    ...extra.map((path) => load('programs', path, files)),
  ]);
  if (kernel.status === 'rejected') throw kernel.reason;
  if (init.status === 'rejected') throw init.reason;
  const loaded = others.flatMap((result) => (result.status === 'fulfilled' ? [result.value.program] : []));
  const warnings = others.flatMap((result) =>
    result.status === 'rejected' ? [messageOf(result.reason)] : [],
  );
  return {
    kernel: kernel.value.program,
    programs: [kernel.value.program, init.value.program, ...loaded],
    kernelImage: kernel.value.bytes,
    initImage: init.value.bytes,
    warnings,
  };
}

async function load(
  attribute: 'kernel' | 'init' | 'programs',
  path: string,
  files: FileAccess,
): Promise<{ program: Program; bytes: Uint8Array }> {
  let bytes: Uint8Array;
  try {
    bytes = await files.readFile(path);
  } catch (error) {
    throw new RequestError(
      `The file "${path}" (attribute "${attribute}") cannot be read: ${messageOf(error)}. ` +
        'Build it, or correct the path in launch.json.',
    );
  }
  try {
    const symbols = loadProgramSymbols(parseElf(bytes, path));
    return { program: { name: programName(path), path, isKernel: attribute === 'kernel', symbols }, bytes };
  } catch (error) {
    if (!(error instanceof SymbolError)) throw error;
    throw new RequestError(`The file "${path}" (attribute "${attribute}") cannot be used: ${error.message}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
