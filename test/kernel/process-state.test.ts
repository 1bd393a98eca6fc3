import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parseElf } from '../../debug-adapter/symbols/elf.ts';
import { createBootedMachine } from '../../emulator/boot/create.ts';
import type { Machine } from '../../emulator/machine-api.ts';
import { findGuest, readGuest } from '../system/guest-images.ts';

/**
 * What a process has in the processor besides general registers stays its own, whatever switches to another process: calls,
 * faults and the timer. The values are put there through the machine, because no program could choose all of them.
 */

const guest = findGuest(resolve(import.meta.dirname, '../..'));
const images = readGuest({ ...guest, init: join(dirname(guest.kernel), 'call-costs.elf') });

const stack = stackOfWorker();

/** By its stack the program's second process is told from the first. */
function stackOfWorker() {
  const symbol = parseElf(images.init, 'call-costs.elf').symbols.find(({ name }) =>
    /12worker_stackE$/.test(name),
  );
  if (symbol === undefined) throw new Error('call-costs has no worker_stack');
  return symbol;
}

type State = Readonly<Record<string, bigint>>;

/** Vector registers that the program does not use. Bases last: writing a selector changes them. */
function stateOf(mark: bigint, selectors: bigint, bases: bigint): State {
  const wide = (n: bigint) => (mark << 96n) | (n << 64n) | 0xdead_beefn;
  return {
    ...Object.fromEntries([12n, 13n, 14n, 15n].map((n) => [`xmm${n}`, wide(n)])),
    mxcsr: 0x1f80n | (mark << 13n),
    fcw: 0x37fn | (mark << 10n),
    ...Object.fromEntries(['ds', 'es', 'fs', 'gs'].map((name) => [name, selectors])),
    fs_base: bases,
    gs_base: bases === 0n ? 0n : bases + 0x1000n,
  };
}

const read = (machine: Machine, like: State): State =>
  Object.fromEntries(Object.keys(like).map((name) => [name, machine.readRegister(name)]));

/** Writing FS or GS leaves what the processor knows of the segment. */
function write(machine: Machine, state: State): void {
  for (const [name, value] of Object.entries(state)) {
    machine.writeRegister(name, value);
    if (name !== 'fs' && name !== 'gs') continue;
    for (const part of ['limit', 'attributes']) {
      machine.writeRegister(`${name}_${part}`, machine.readRegister(`ds_${part}`));
    }
  }
}

/** Runs to the next user instruction after a kernel entry; false when the program has ended. */
function passKernel(machine: Machine): boolean {
  let reason = machine.run(10_000_000);
  if (reason.kind !== 'watch') return false;
  do reason = machine.step();
  while (machine.privilegeLevel === 0 && reason.kind === 'step');
  return machine.privilegeLevel === 3;
}

test.each([
  ['selectors and bases', Number.POSITIVE_INFINITY, [0n, 0x7000_0000n], [0x23n, 0n]],
  ['bases', 60, [0n, 0x7000_0000n], [0n, 0x6000_0000n]],
  ['one base that is 0', 60, [0n, 0n], [0n, 0x6000_0000n]],
  ['nothing of segments', 60, [0x23n, 0n], [0x23n, 0n]],
])('two processes that differ in %s', (_, most, ...segments) => {
  const machine = createBootedMachine({ memoryBytes: 64 * 2 ** 20 }, images);
  machine.setWatches([{ kind: 'syscall' }, { kind: 'exception' }, { kind: 'interrupt' }]);
  const states = new Map<boolean, State>();
  let last = false;
  let switches = 0;
  while (switches < most && passKernel(machine)) {
    const offset = machine.readRegister('rsp') - stack.address;
    const isWorker = offset >= 0n && offset <= BigInt(stack.size);
    const known = states.get(isWorker);
    if (known === undefined) {
      const [selectors, bases] = segments[states.size];
      const state = stateOf(BigInt(states.size + 1), selectors, bases);
      write(machine, state);
      states.set(isWorker, state);
    } else {
      expect(read(machine, known)).toEqual(known);
    }
    if (isWorker !== last) switches++;
    last = isWorker;
  }
  expect(states.size).toBe(2);
  expect(switches).toBeGreaterThanOrEqual(60);
});
