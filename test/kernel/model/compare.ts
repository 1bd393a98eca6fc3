/** A sequence of events on the model and on the kernel: are effects and the whole visible state equal after every step? */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { HostProgram } from '../host/build.ts';
import {
  defaultMachine,
  describeEvent,
  driverProgram,
  type HostKernel,
  startHostKernel,
} from '../host/host-kernel.ts';
import { hashState } from '../host/state-words.ts';
import { createChoices } from './choices.ts';
import type { Effect, KernelEvent, KernelState } from './kernel-state.ts';
import type { Model } from './model.ts';
import { nextEvent } from './random-events.ts';
import { forgetInitInfo, stage } from './stage.ts';
import { createModel, stateOf } from './state.ts';
import { step } from './step.ts';

/** What the model says about a sequence. */
export interface Play {
  readonly events: readonly KernelEvent[];
  readonly steps: readonly { readonly effects: readonly Effect[]; readonly hash: bigint }[];
}

/** Called after every step of a model. */
export type Observer = (model: Model, event: KernelEvent) => void;

const noObserver: Observer = () => {};

export function playEvents(booted: KernelState, events: Iterable<KernelEvent>, observe = noObserver): Play {
  const model = createModel(booted);
  return play(model, events, observe);
}

function play(model: Model, events: Iterable<KernelEvent>, observe: Observer): Play {
  const played: KernelEvent[] = [];
  const steps: Play['steps'][number][] = [];
  for (const event of events) {
    const effects = step(model, event);
    observe(model, event);
    played.push(event);
    steps.push({ effects, hash: hashState(stateOf(model)) });
  }
  return { events: played, steps };
}

/** One event for each seed, chosen by what the model's state has to offer, until nothing can happen any more. */
export function playRandomly(
  booted: KernelState,
  isStaged: boolean,
  seeds: readonly number[],
  observe = noObserver,
): Play {
  const model = createModel(booted);
  function* events() {
    yield* isStaged ? stage(booted) : [forgetInitInfo];
    for (const seed of seeds) {
      const event = nextEvent(model, createChoices(seed));
      if (event === undefined) {
        return;
      }
      yield event;
    }
  }
  return play(model, events(), observe);
}

const equalEffects = (a: readonly Effect[], b: readonly Effect[]): boolean =>
  a.length === b.length && a.every((effect, i) => describe(effect) === describe(b[i]));

/**
 * Kernels to compare with: as it is; without the fast path of IPC, which must change nothing; with calls left and made again for
 * interrupts wherever that can be, which nobody sees unless another process runs in between.
 */
export interface ComparedKernels {
  readonly booted: KernelState;
  /**
   * Plays it on all of them. The first step after which one differs from the model, or the report of a crash, in words; undefined if all
   * is equal.
   */
  findDifference(play: Play): Promise<string | undefined>;
  /** What the kernel reports after boot and after each event. */
  statesOf(events: readonly KernelEvent[]): readonly KernelState[];
  close(): void;
}

const FAST_PATH = 'kernel/core/ipc_fast_path.cpp';
const ENABLED = 'bool is_fast_path_enabled = true;';
const DISABLED = 'bool is_fast_path_enabled = false;';

function withoutFastPath(): HostProgram {
  const text = readFileSync(resolve(import.meta.dirname, '../../..', FAST_PATH), 'utf8');
  if (!text.includes(ENABLED)) {
    throw new Error(`${FAST_PATH} has changed: it no longer contains "${ENABLED}"`);
  }
  return { ...driverProgram, replaced: new Map([[FAST_PATH, text.replace(ENABLED, DISABLED)]]) };
}

export async function startComparedKernels(): Promise<ComparedKernels> {
  const variants = [
    { name: 'as it is', program: driverProgram, isInterrupted: false },
    { name: 'without fast path', program: withoutFastPath(), isInterrupted: false },
    { name: 'interrupted', program: driverProgram, isInterrupted: true },
  ];
  const start = ({ program }: (typeof variants)[number]) => startHostKernel(defaultMachine, program);
  const kernels = await Promise.all(variants.map(start));
  const compare = async (play: Play, i: number): Promise<string | undefined> => {
    try {
      return findDifference(kernels[i], play, variants[i].isInterrupted);
    } catch (error) {
      // It has crashed, and is started anew.
      kernels[i].close();
      kernels[i] = await start(variants[i]);
      return error instanceof Error ? error.message : String(error);
    }
  };
  return {
    booted: kernels[0].booted,
    async findDifference(play) {
      for (const [i, { name }] of variants.entries()) {
        const difference = await compare(play, i);
        if (difference !== undefined) {
          return `(kernel ${name}) ${difference}`;
        }
      }
      return undefined;
    },
    statesOf(events) {
      kernels[0].reset();
      return [kernels[0].booted, ...kernels[0].performAll(events).map(({ state }) => state)];
    },
    close: () => {
      for (const kernel of kernels) {
        kernel.close();
      }
    },
  };
}

function findDifference(
  kernel: HostKernel,
  { events, steps }: Play,
  isInterrupted: boolean,
): string | undefined {
  kernel.reset();
  const actual = isInterrupted ? kernel.hashAllInterrupted(events) : kernel.hashAll(events);
  const end = actual.findIndex(({ outcome }) => outcome === 'unfinished');
  const at = steps
    .slice(0, end < 0 ? steps.length : end)
    .findIndex(
      ({ effects, hash }, i) => hash !== actual[i].state || !equalEffects(effects, actual[i].effects),
    );
  return at < 0 ? undefined : explain(kernel, events.slice(0, at + 1));
}

function explain(kernel: HostKernel, events: readonly KernelEvent[]): string {
  kernel.reset();
  const actual = kernel.performAll(events).at(-1)!;
  const model = createModel(kernel.booted);
  let effects: readonly Effect[] = [];
  for (const event of events) {
    effects = step(model, event);
  }
  const what = equalEffects(effects, actual.effects)
    ? differenceOf(stateOf(model), actual.state, 'state')
    : differenceOf(effects, actual.effects, 'effects');
  return `after event ${events.length}, ${describeEvent(events.at(-1)!)}:\n${what}`;
}

/** The first place where two values of plain data differ. */
export function differenceOf(model: unknown, kernel: unknown, path: string): string {
  const [a, b] = [model, kernel].map(plain);
  if (isRecord(a) && isRecord(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    const key = keys.find((name) => describe(a[name]) !== describe(b[name]));
    if (key !== undefined) {
      const inside = differenceOf(a[key], b[key], `${path}.${key}`);
      const names = ['place', 'address', 'capability', 'state', 'holder'].filter(
        (name) => name in a && name !== key,
      );
      const context = names.map((name) => `${name} ${describe(a[name])}`).join(', ');
      return context === '' ? inside : `${inside}\n  of ${context}`;
    }
  }
  if (describe(a) === describe(b)) {
    return `${path}: nothing`;
  }
  return `${path}: model ${describe(model)}, kernel ${describe(kernel)}`;
}

const plain = (value: unknown): unknown => (value instanceof Map ? Object.fromEntries(value) : value);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** Numbers in hexadecimal, as addresses are read. */
export function describe(value: unknown): string {
  const of = plain(value);
  if (typeof of === 'number' || typeof of === 'bigint') {
    return of < 10 ? `${of}` : `0x${of.toString(16)}`;
  }
  if (Array.isArray(of)) {
    return `[${of.map(describe).join(', ')}]`;
  }
  if (isRecord(of)) {
    return `{${Object.entries(of)
      .map(([key, inside]) => `${key}: ${describe(inside)}`)
      .join(', ')}}`;
  }
  return String(of);
}
