/** Runs guests from kernel exit to kernel exit and checks the invariants of the kernel's state at each. */
import { readFileSync } from 'node:fs';
import { createBootedMachine } from '../../emulator/boot/create.ts';
import type { Machine } from '../../emulator/machine-api.ts';
import type { GuestPaths } from '../system/guest-images.ts';
import { INTERRUPT_MASK_WATCHES, interruptMasks } from './interrupt-masks.ts';
import { modelOf, visitExits } from './kernel-exits.ts';
import { readKernelState } from './machine-state.ts';
import { INVARIANTS } from './model/invariants.ts';
import type { KernelState } from './model/kernel-state.ts';

const MEMORY = 128 * 2 ** 20;
const LIMIT = 2_000_000_000;
/** Then it has been said often enough. */
const MOST_VIOLATIONS = 10;

export interface InvariantRun {
  readonly exits: number;
  /** Exits at which a revocation was under way. */
  readonly unfinished: number;
  /** The most capabilities that there were. */
  readonly capabilities: number;
  /** With the number of instructions executed until then. */
  readonly violations: readonly string[];
  readonly serial: string;
}

/**
 * While a revocation is under way, capabilities go before those that derive from them, and tables are the last to forget; the memory
 * is not free before (kernel/README.md).
 */
const HOLD_AT_THE_END: readonly string[] = [
  'derivation: depths grow by at most one',
  'tables refer to frames and tables that a capability is to',
];

function violationsOf(state: KernelState, isUnfinished: boolean): string[] {
  return INVARIANTS.filter(({ name }) => !isUnfinished || !HOLD_AT_THE_END.includes(name)).flatMap(
    ({ name, violations }) => violations(state).map((violation) => `${name}: ${violation}`),
  );
}

/** What is typed, once the guest has printed `after`. */
export interface Typed {
  readonly after: string;
  readonly text: string;
}

/** Runs until the guest stops; `stride` as in visitExits. */
export function checkInvariants(
  { kernel: kernelPath, init }: GuestPaths,
  stride: number,
  typed: readonly Typed[] = [],
): InvariantRun {
  const kernel = readFileSync(kernelPath);
  const machine = createBootedMachine({ memoryBytes: MEMORY }, { kernel, init: readFileSync(init) });
  const model = modelOf(machine, kernel);
  const masks = interruptMasks();
  const serial = typeOnSerial(machine, typed);
  const violations: string[] = [];
  let exits = 0;
  let unfinished = 0;
  let capabilities = 0;
  machine.setWatches(INTERRUPT_MASK_WATCHES);
  const reason = visitExits(machine, kernel, { stride, maxInstructions: LIMIT, onWatch: masks.note }, () => {
    exits++;
    if (violations.length >= MOST_VIOLATIONS) return;
    const state = readKernelState(machine, model, masks.isMasked);
    capabilities = Math.max(capabilities, state.slots.length);
    const isUnfinished = model.isRevocationUnfinished();
    if (isUnfinished) unfinished++;
    violations.push(
      ...violationsOf(state, isUnfinished).map((text) => `at ${machine.instructionCount}: ${text}`),
    );
  });
  if (reason.kind !== 'exit') throw new Error(`the guest ends with ${reason.kind}; serial log:\n${serial()}`);
  return { exits, unfinished, capabilities, violations, serial: serial() };
}

function typeOnSerial(machine: Machine, typed: readonly Typed[]): () => string {
  const waiting = [...typed];
  let text = '';
  let from = 0;
  machine.serial.onOutput = (byte) => {
    text += String.fromCharCode(byte);
    const next = waiting.at(0);
    if (next === undefined || !text.slice(from).includes(next.after)) return;
    waiting.shift();
    from = text.length;
    machine.serial.send(new TextEncoder().encode(next.text));
  };
  return () => text;
}
