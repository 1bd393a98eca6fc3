import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBootedMachine } from '../../emulator/boot/create.ts';
import { INSTRUCTIONS_PER_CHARACTER } from '../../emulator/devices/uart-16550.ts';
import type { Machine, Watch } from '../../emulator/machine-api.ts';

/**
 * How long interrupts wait for the kernel, in instructions. The guest program long-operations performs the kernel's longest
 * operations; whenever it or the timer enters the kernel, a byte comes in at the serial port at the worst moment, which is the entry's first
 * instruction: what the kernel does between two looks for interrupts begins there. The emulator counts exactly until it
 * delivers the interrupt.
 */
export interface Latency {
  readonly operation: string;
  /** Interrupts that waited for it. */
  readonly interrupts: number;
  readonly most: number;
}

const MEMORY = 128 * 2 ** 20;
const SLICE = 5_000_000;
/** I/O APIC inputs have vectors from 0x30 on, in A9N; the serial port is at 4. */
const SERIAL_VECTOR = 0x34;
const TIMER_VECTOR = 0xf0;
/** Kernel calls of the driver for one interrupt: supervise, read, acknowledge, wait. The next interrupt can come after them. */
const DRIVER_CALLS = 4;
const DEBUG_CALL = -3n;
const SERIAL_PORT = 0x3f8;

/** Where the machine stops: when something is printed, which may be that an operation begins; then at kernel entries. */
const BETWEEN_OPERATIONS: Watch[] = [{ kind: 'port', first: SERIAL_PORT, access: 'write' }];
const IN_OPERATIONS: Watch[] = [
  { kind: 'syscall' },
  { kind: 'interrupt', vector: SERIAL_VECTOR },
  { kind: 'interrupt', vector: TIMER_VECTOR },
];

/** Measures the kernel and the program of a folder. With 3 GiB of memory: frames of 1 GiB, and nothing else. Throws with the serial log if the guest fails. */
export function measureInterruptLatency(folder: string, memoryBytes = MEMORY): Latency[] {
  const images = {
    kernel: readFileSync(join(folder, 'kernel.elf')),
    init: readFileSync(join(folder, 'long-operations.elf')),
  };
  const machine = createBootedMachine({ memoryBytes }, images);
  const console = markReader(machine);
  machine.setWatches(BETWEEN_OPERATIONS);
  const latencies: Latency[] = [];
  let current: { operation: string; interrupts: number; most: number } | undefined;
  /** When the interrupt under way became pending. */
  let pendingSince: number | undefined;
  /** Bytes do not come in faster. */
  let nextByteAt = 0;
  let callsToGo = 0;
  for (;;) {
    const reason = machine.run(SLICE);
    if (reason.kind === 'budget') continue;
    if (reason.kind === 'exit' && reason.code === 0) return latencies;
    if (reason.kind !== 'watch') throw new Error(`the guest ended: ${reason.kind}\n${console.log()}`);
    if (current?.operation !== console.operation()) {
      if (current !== undefined) latencies.push(current);
      const operation = console.operation();
      current = operation === undefined ? undefined : { operation, interrupts: 0, most: 0 };
      machine.setWatches(operation === undefined ? BETWEEN_OPERATIONS : IN_OPERATIONS);
    }
    const now = machine.instructionCount;
    const [hit] = reason.hits;
    if (hit.kind === 'port') continue;
    if (hit.kind === 'interrupt' && hit.vector === SERIAL_VECTOR) {
      if (pendingSince === undefined) throw new Error('an interrupt that nobody made');
      if (current !== undefined) {
        current.interrupts++;
        current.most = Math.max(current.most, now - pendingSince);
      }
      pendingSince = undefined;
      callsToGo = DRIVER_CALLS;
    } else if (callsToGo > 0) {
      if (hit.kind === 'syscall') callsToGo--;
    } else if (
      pendingSince === undefined &&
      current !== undefined &&
      now >= nextByteAt &&
      !(hit.kind === 'syscall' && isDebugCall(machine))
    ) {
      pendingSince = now + 1;
      nextByteAt = pendingSince + INSTRUCTIONS_PER_CHARACTER;
      machine.scheduleInput(pendingSince, { kind: 'serial', bytes: Uint8Array.of(0) });
    }
  }
}

const isDebugCall = (machine: Machine) => BigInt.asIntN(64, machine.readRegister('rax')) === DEBUG_CALL;

/** Reads `begin NAME` and `end` on the serial console. */
function markReader(machine: Machine) {
  let text = '';
  let line = '';
  let operation: string | undefined;
  machine.serial.onOutput = (byte) => {
    text += String.fromCharCode(byte);
    line += String.fromCharCode(byte);
    if (byte !== 10) return;
    const begin = /^begin (.*?)\r?\n$/.exec(line);
    if (begin !== null) operation = begin[1];
    else if (/^end\r?\n$/.test(line)) operation = undefined;
    line = '';
  };
  return { operation: () => operation, log: () => text };
}
