/** The guest's serial port: what it prints goes to the client in pieces, what the user types goes to the guest. */
import type { Machine } from '../../emulator/machine-api.ts';
import { object, text } from '../protocol/argument-shape.ts';
import type { Session } from './session.ts';

/** A guest that prints without pause sends this many events in a second at most. */
const EVENT_INTERVAL_MILLISECONDS = 30;

/** Bytes from the guest on their way to the client. */
export interface SerialOutput {
  pending: number[];
  /** Keeps the beginning of a character that the guest has not sent completely yet. */
  readonly decoder: TextDecoder;
  lastSent: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export function connectSerial(session: Session, machine: Machine): void {
  const output: SerialOutput = {
    pending: [],
    decoder: new TextDecoder(),
    lastSent: Number.NEGATIVE_INFINITY,
    timer: undefined,
  };
  session.serialOutput = output;
  machine.serial.onOutput = (byte) => output.pending.push(byte);
}

/** Sends what has gathered; if the last piece is just out, a little later. `now`: the machine will print no more. */
export function flushSerial(session: Session, now = false): void {
  const serial = session.serialOutput;
  if (serial === undefined || serial.pending.length === 0) return;
  const wait = serial.lastSent + EVENT_INTERVAL_MILLISECONDS - performance.now();
  if (wait > 0 && !now) {
    serial.timer ??= setTimeout(() => {
      serial.timer = undefined;
      flushSerial(session, true);
    }, wait);
    return;
  }
  clearTimeout(serial.timer);
  serial.timer = undefined;
  const output = serial.decoder.decode(Uint8Array.from(serial.pending), { stream: true });
  serial.pending = [];
  serial.lastSent = performance.now();
  if (output === '') return;
  session.server.sendEvent('a9n/serialOutput', { text: output });
  if (!session.client.isVisualStudioCode) session.server.sendEvent('output', { category: 'stdout', output });
}

export function registerSerial(session: Session): void {
  session.server.onRequest('a9n/serialInput', object({ text }), (args) => {
    const { target, run } = session.requireLaunched();
    target.machine.serial.send(new TextEncoder().encode(args.text));
    run.wake();
    return {};
  });
}
