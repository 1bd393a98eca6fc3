import { parseArgs } from 'node:util';
import { DEFAULT_MEMORY_BYTES } from '../../emulator/boot/create.ts';
import { CPU_MODELS, type CpuModel, DEFAULT_CPU_MODEL } from '../../emulator/machine-api.ts';
import { UsageError } from './exit-code.ts';

export interface RunOptions {
  /** Undefined: the image that was built with this package. */
  readonly kernel: string | undefined;
  readonly init: string | undefined;
  readonly a9nAbi: 2025 | 2026 | undefined;
  readonly initrds: readonly string[] | undefined;
  readonly commandLine: string | undefined;
  readonly loadAddress: number | undefined;
  /** Seconds since 1970. */
  readonly startTime: number | undefined;
  readonly cpu: CpuModel;
  readonly memoryBytes: number;
  /** Infinity if there is no limit. */
  readonly maxInstructions: number;
  readonly stopOnUnknownOpcode: boolean;
}

const MEMORY_STEP = 2 * 2 ** 20;
const MAX_MEMORY = 3 * 2 ** 30;

/** Reads the arguments of `a9n run`; undefined if only help is wanted. Throws UsageError. */
export function parseRunOptions(args: string[]): RunOptions | undefined {
  const { values } = parseArguments(() =>
    parseArgs({
      args,
      options: {
        kernel: { type: 'string' },
        init: { type: 'string' },
        'a9n-abi': { type: 'string' },
        initrd: { type: 'string', multiple: true },
        append: { type: 'string' },
        'load-address': { type: 'string' },
        date: { type: 'string' },
        cpu: { type: 'string' },
        memory: { type: 'string' },
        'max-instructions': { type: 'string' },
        'stop-on-unknown-opcode': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  );
  if (values.help) return undefined;
  return {
    kernel: values.kernel,
    init: values.init,
    a9nAbi: values['a9n-abi'] === undefined ? undefined : parseA9nAbi(values['a9n-abi']),
    initrds: values.initrd,
    commandLine: values.append,
    loadAddress: values['load-address'] === undefined ? undefined : parseAddress(values['load-address']),
    startTime: values.date === undefined ? undefined : parseDate(values.date),
    cpu: parseCpu(values.cpu ?? DEFAULT_CPU_MODEL),
    memoryBytes: values.memory === undefined ? DEFAULT_MEMORY_BYTES : parseMemory(values.memory),
    maxInstructions:
      values['max-instructions'] === undefined
        ? Number.POSITIVE_INFINITY
        : parseScaled('--max-instructions', values['max-instructions'], 1000, 'as in 5000000 or 500M'),
    stopOnUnknownOpcode: values['stop-on-unknown-opcode'] ?? false,
  };
}

/** Calls `parse`; what `node:util` says about wrong arguments becomes a UsageError. */
export function parseArguments<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
      throw new UsageError(`${error.message.split('. ')[0]}. See a9n --help.`);
    }
    throw error;
  }
}

function parseCpu(text: string): CpuModel {
  const model = CPU_MODELS.find((name) => name === text);
  if (model !== undefined) return model;
  throw new UsageError(`--cpu ${text}: there are ${CPU_MODELS.join(', ')}.`);
}

function parseA9nAbi(text: string): 2025 | 2026 {
  if (text === '2025') return 2025;
  if (text === '2026') return 2026;
  throw new UsageError(`--a9n-abi ${text}: there are 2025 and 2026.`);
}

function parseAddress(text: string): number {
  const value = /^(0x[\da-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new UsageError(`--load-address ${text}: must be a physical address, as in 0x100000.`);
}

/** A date and time of UTC. The clock chip has years of four digits. */
function parseDate(text: string): number {
  const isDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z?)?$/.test(text);
  const milliseconds = isDate ? Date.parse(/T.*\d$/.test(text) ? `${text}Z` : text) : Number.NaN;
  if (Number.isFinite(milliseconds)) return milliseconds / 1000;
  throw new UsageError(
    `--date ${text}: must be a date and time of UTC, as in 2026-01-31 or 2026-01-31T12:00:00.`,
  );
}

function parseMemory(text: string): number {
  const bytes = parseScaled('--memory', text, 1024, 'as in 256M or 1G');
  if (bytes % MEMORY_STEP !== 0 || bytes > MAX_MEMORY) {
    throw new UsageError(`--memory ${text}: must be a multiple of 2M and at most 3G.`);
  }
  return bytes;
}

function parseScaled(option: string, text: string, unit: number, example: string): number {
  const match = /^(\d[\d_]*)([KMG]?)$/i.exec(text);
  const power = match === null ? 0 : ['', 'K', 'M', 'G'].indexOf(match[2].toUpperCase());
  const value = match === null ? 0 : Number(match[1].replaceAll('_', '')) * unit ** power;
  if (!Number.isSafeInteger(value) || value <= 0) {
    throw new UsageError(`${option} ${text}: must be a positive number, ${example}.`);
  }
  return value;
}
