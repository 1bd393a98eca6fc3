/** A fingerprint of how a machine's state is laid out: what says whether a snapshot file is of this version. */
import * as state from '../cpu/state.ts';
import { createDevices, type DevicesState } from '../devices/pc.ts';
import { Digest } from '../digest.ts';
import * as memory from '../memory-layout.ts';
import * as tlb from '../mmu/tlb.ts';

/** The devices' fields and the kinds of those that have one. */
export function shapeOf(devices: DevicesState): string {
  const fieldsOf = (device: object): string[] =>
    Object.entries(device)
      .map(([name, value]) => `${name}:${kindOf(value)}`)
      .sort();
  return Object.entries(devices)
    .map(([name, device]) => `${name}{${fieldsOf(device)}}`)
    .sort()
    .join();
}

function kindOf(value: unknown): string {
  if (ArrayBuffer.isView(value)) {
    // The cable and such grow; tables of registers do not.
    return value instanceof Uint8Array ? 'bytes' : `${value.constructor.name}${value.byteLength}`;
  }
  return Array.isArray(value) ? 'array' : '';
}

/** Where everything lies, and what the devices' state is like. */
export function layoutFingerprint(): string {
  const digest = new Digest();
  for (const part of [state, memory, tlb]) {
    const constants = Object.entries(part).filter(([, value]) => typeof value === 'number');
    digest.text(JSON.stringify(constants.sort()));
  }
  digest.text(deviceShape());
  return digest.toString();
}

/** The shape that the devices' state has in this version. */
export function deviceShape(): string {
  const clock = { now: () => 0, eventsChanged: () => undefined };
  return shapeOf(createDevices(clock, { memoryBytes: 2 ** 21, startTime: 0 }).saveState());
}
