/** A sequence of events on the model and on the kernel: are effects and the whole visible state equal after every step? */
import { describeEvent, type HostKernel, startHostKernel } from '../host/host-kernel.ts';
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

/** The kernel to compare with, started anew after it has crashed. */
export interface ComparedKernel {
  readonly booted: KernelState;
  /**
   * Plays it on the kernel. The first step after which it differs from the model, or the report of a crash, in words; undefined if all is
   * equal.
   */
  findDifference(play: Play): Promise<string | undefined>;
  /** What the kernel reports after boot and after each event. */
  statesOf(events: readonly KernelEvent[]): readonly KernelState[];
  close(): void;
}

export async function startComparedKernel(
  start: () => Promise<HostKernel> = startHostKernel,
): Promise<ComparedKernel> {
  let kernel = await start();
  return {
    booted: kernel.booted,
    async findDifference(play) {
      try {
        return findDifference(kernel, play);
      } catch (error) {
        kernel.close();
        kernel = await start();
        return error instanceof Error ? error.message : String(error);
      }
    },
    statesOf(events) {
      kernel.reset();
      return [kernel.booted, ...kernel.performAll(events).map(({ state }) => state)];
    },
    close: () => kernel.close(),
  };
}

function findDifference(kernel: HostKernel, { events, steps }: Play): string | undefined {
  kernel.reset();
  const actual = kernel.hashAll(events);
  const at = steps.findIndex(
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
