import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createBootedMachine } from '../../emulator/boot/create.ts';
import { modelOf, visitExits } from './kernel-exits.ts';
import { findConformance } from './kernel-images.ts';
import { readKernelState } from './machine-state.ts';
import type { KernelState } from './model/kernel-state.ts';

/** The debugger's kernel model reads everything that the kernel knows, out of a running machine. */

const LIMIT = 400_000_000;
const STRIDE = 20_000;
const MEMORY = 128 * 2 ** 20;
const TIMEOUT = 120_000;

function visitStates(visit: (state: KernelState) => void): void {
  const paths = findConformance();
  const images = { kernel: readFileSync(paths.kernel), init: readFileSync(paths.init) };
  const machine = createBootedMachine({ memoryBytes: MEMORY }, images);
  const model = modelOf(machine, images.kernel);
  const reason = visitExits(machine, images.kernel, { stride: STRIDE, maxInstructions: LIMIT }, () =>
    visit(readKernelState(machine, model)),
  );
  expect(reason).toEqual({ kind: 'exit', code: 0 });
}

test(
  'the first exit leads to the init process as the ABI describes it; later ones show every kind of object and wait',
  () => {
    let first: KernelState | undefined;
    const types = new Set<string>();
    const holders = new Set<string>();
    const states = new Set<string>();
    const waits = new Set<string>();
    const seen = { fault: false, sending: false, reply: false, flags: false, bound: false, ready: false };
    visitStates((state) => {
      first ??= state;
      for (const { place, capability } of state.slots) {
        holders.add(place.holder);
        types.add(capability.type);
      }
      for (const process of state.processes) {
        states.add(process.state);
        seen.fault ||= process.fault !== undefined;
        seen.sending ||= process.sending !== undefined;
        seen.reply ||= process.replyTarget !== 0;
      }
      for (const { waiting } of state.ipcPorts) waits.add(waiting);
      seen.flags ||= state.notificationPorts.some(({ flags }) => flags !== 0n);
      seen.bound ||= state.notificationPorts.some(({ bound }) => bound !== 0);
      seen.ready ||= state.readyQueues.some((queue) => queue.length > 0);
    });

    const init = first?.processes[0];
    expect(first?.processes).toHaveLength(1);
    expect(init).toMatchObject({ address: first?.current, state: 'READY', priority: 31, quantum: 10 });
    const root = first?.slots.find(({ place }) => place.holder === 'process_root_node')?.capability;
    const rootNode = root?.type === 'NODE' ? root.object : undefined;
    const inRoot = first?.slots
      .filter(({ place }) => place.holder === 'node' && place.owner === rootNode)
      .sort((a, b) => a.place.index - b.place.index)
      .map(({ place, capability }) => `${place.index} ${capability.type}`);
    expect(inRoot).toEqual([
      '1 PROCESS_CONTROL_BLOCK',
      '2 ADDRESS_SPACE',
      '3 NODE',
      '4 NODE',
      '5 NODE',
      '6 FRAME',
      '7 NODE',
      '8 INTERRUPT_REGION',
      '9 IO_PORT',
    ]);

    expect([...types].sort()).toEqual([
      'ADDRESS_SPACE',
      'FRAME',
      'GENERIC',
      'INTERRUPT_PORT',
      'INTERRUPT_REGION',
      'IO_PORT',
      'IPC_PORT',
      'NODE',
      'NOTIFICATION_PORT',
      'PAGE_TABLE',
      'PROCESS_CONTROL_BLOCK',
    ]);
    expect([...holders].sort()).toEqual([
      'interrupt_binding',
      'node',
      'process_address_space',
      'process_ipc_buffer',
      'process_notification_port',
      'process_resolver_port',
      'process_root_node',
    ]);
    expect([...states].sort()).toEqual([
      'BLOCKED_FAULT',
      'BLOCKED_RECEIVE',
      'BLOCKED_REPLY',
      'BLOCKED_SEND',
      'BLOCKED_SUSPEND',
      'BLOCKED_WAIT',
      'READY',
      'UNUSED',
    ]);
    expect([...waits].sort()).toEqual(['nobody', 'receivers', 'senders']);
    expect(seen).toEqual({ fault: true, sending: true, reply: true, flags: true, bound: true, ready: true });
  },
  TIMEOUT,
);
