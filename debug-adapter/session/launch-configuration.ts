/** The launch configuration, checked. Each wrong attribute gets a message that names it and what it should be. */
import { CPU_MODELS, type CpuModel, DEFAULT_CPU_MODEL } from '../../emulator/machine-api.ts';
import type { LaunchConfiguration } from '../custom-requests.ts';
import {
  either,
  flag,
  integer,
  listOf,
  mapOf,
  object,
  ShapeError,
  text,
} from '../protocol/argument-shape.ts';
import { RequestError } from '../protocol/protocol-server.ts';

const MEBIBYTE = 1024 * 1024;
export const DEFAULT_MEMORY_BYTES = 256 * MEBIBYTE;
const SMALLEST_MEMORY_BYTES = 4 * MEBIBYTE;
const LARGEST_MEMORY_BYTES = 3072 * MEBIBYTE;
const MEMORY_UNIT = 2 * MEBIBYTE;

const shape = object(
  { kernel: text, init: text },
  {
    programs: listOf(text),
    memory: either(text, integer, 'a number of bytes or text such as "256M"'),
    cpu: text,
    stopOnEntry: flag,
    sourceMap: mapOf(text),
    stopOnUnknownOpcode: flag,
    machineName: text,
    noDebug: flag,
  },
);

export interface CheckedLaunch extends LaunchConfiguration {
  readonly memoryBytes: number;
  readonly cpu: CpuModel;
  readonly noDebug: boolean;
}

/** Throws RequestError. */
export function checkLaunchConfiguration(raw: unknown): CheckedLaunch {
  let configuration: ReturnType<typeof shape>;
  try {
    configuration = shape(raw, '');
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new RequestError(`The launch configuration is wrong: ${error.message}. Correct it in launch.json.`);
  }
  for (const name of ['kernel', 'init'] as const) {
    if (configuration[name].trim() === '') {
      throw new RequestError(
        `The launch configuration is wrong: "${name}" is empty. Name an x86-64 ELF file there.`,
      );
    }
  }
  return {
    ...configuration,
    noDebug: configuration.noDebug ?? false,
    memoryBytes: memoryBytes(configuration.memory),
    cpu: cpuModel(configuration.cpu),
  };
}

function cpuModel(name: string | undefined): CpuModel {
  if (name === undefined) return DEFAULT_CPU_MODEL;
  const model = CPU_MODELS.find((one) => one === name);
  if (model !== undefined) return model;
  throw new RequestError(
    `The launch configuration is wrong: "cpu" is ${JSON.stringify(name)}. There are ${CPU_MODELS.join(', ')}.`,
  );
}

function memoryBytes(memory: string | number | undefined): number {
  if (memory === undefined) return DEFAULT_MEMORY_BYTES;
  const units: Record<string, number> = { '': 1, K: 1024, M: MEBIBYTE, G: 1024 * MEBIBYTE };
  const match = /^\s*(\d+)\s*([KMG]?)(?:i?B)?\s*$/i.exec(String(memory));
  const bytes = match === null ? Number.NaN : Number(match[1]) * units[match[2].toUpperCase()];
  if (!(bytes >= SMALLEST_MEMORY_BYTES && bytes <= LARGEST_MEMORY_BYTES && bytes % MEMORY_UNIT === 0)) {
    throw new RequestError(
      `The launch configuration is wrong: "memory" is ${JSON.stringify(memory)}. ` +
        'Use a multiple of 2 MiB from 4M to 3G, for example "256M".',
    );
  }
  return bytes;
}
