/** What a launch configuration leaves out, filled in. Knows nothing of VS Code; paths and URIs are opaque text. */
import type { LaunchConfiguration } from '../../debug-adapter/custom-requests.ts';

/** What the extension brings along, and where the sources are that its debug information speaks of. */
export interface Bundled {
  readonly kernel: string;
  readonly init: string;
  /** Programs that the bundled init server starts. */
  readonly programs: readonly string[];
  /** Folder that holds `kernel/` and `userland/`. */
  readonly sources: string;
}

/** Prefix of all source paths in the debug information of the bundled programs. */
export const sourcePrefix = '/a9n';

/** The configuration that F5 starts where there is no launch.json. */
export const bootKoito = { type: 'a9n', request: 'launch', name: 'Boot KOITO' } as const;

/** Images in dist/guest that are no programs of the running system. */
const notPrograms = new Set(['kernel.elf', 'koito.elf', 'loader.elf', 'conformance.elf']);

export function programsAmong(images: readonly string[]): string[] {
  return images.filter((name) => !notPrograms.has(name));
}

/**
 * Fills in what is absent and touches nothing else: values of a wrong type go to the adapter, which says what is
 * wrong with them. Bundled programs are offered only to the bundled init server.
 */
export function withDefaults<T extends object>(
  configuration: T & Partial<LaunchConfiguration> & { readonly name: string },
  bundled: Bundled,
): T & Partial<LaunchConfiguration> {
  const { kernel, init, programs, sourceMap, machineName } = configuration;
  return {
    ...configuration,
    kernel: kernel ?? bundled.kernel,
    init: init ?? bundled.init,
    programs: programs ?? (init === undefined ? bundled.programs : []),
    sourceMap: sourceMap ?? { [sourcePrefix]: bundled.sources },
    machineName: machineName ?? configuration.name,
  };
}
