/** Where random sequences begin: soon after boot, or with a few processes that share ports and memory. */
import type { KernelEvent, KernelState } from './kernel-state.ts';
import {
  CONVERT,
  call,
  descriptor,
  INTERRUPT,
  MAKE_PORT,
  NODE,
  NOTIFICATION,
  PORT,
  PROCESS,
  root,
  TYPE,
  write,
} from './scenario.ts';

/** Slots of init's root node (a9n-abi, 21). */
const SPACE = 2;
const ROOT = 3;
const FRAMES = 5;
const GENERICS = 7;
const INTERRUPT_REGION = 8;

/** Init's page with init_info: its content is no part of a state, so it must never become an IPC buffer. */
const INIT_INFO_PAGE = 2;

export const forgetInitInfo = call(root(FRAMES), NODE.remove, INIT_INFO_PAGE);

const PROCESSES = 3;
/** Address space, root node, buffer, resolver, priority. */
const CONFIGURED = 0b1_0001_0111;
const BIND = 0b1000;

/**
 * Three ready processes of init's priority with buffers and a resolver port each, two IPC ports, two notification ports, one bound to
 * the last process and both to interrupts, a small node, an address space with tables.
 */
export function stage(booted: KernelState): KernelEvent[] {
  const buffer = booted.slots.find(({ place }) => place.holder === 'process_ipc_buffer')!.capability;
  const initBuffer = buffer.type === 'FRAME' ? buffer.base : 0;
  const make = (from: bigint, type: number, bits: number, count: number, first: number) =>
    call(from, CONVERT, type, bits, count, root(ROOT), first);
  const each = (first: number): number[] => Array.from({ length: PROCESSES }, (_, i) => first + i);
  const [processes, frames] = [each(20), each(23)];
  return [
    forgetInitInfo,
    make(descriptor([8, GENERICS], [7, 0]), TYPE.generic, 17, 2, 10),
    make(root(10), TYPE.process, 0, PROCESSES, 20),
    make(root(10), TYPE.frame, 12, PROCESSES, 23),
    make(root(10), TYPE.ipcPort, 0, 2, 26),
    make(root(10), TYPE.notificationPort, 0, 2, 28),
    make(root(11), TYPE.node, 4, 1, 30),
    make(root(11), TYPE.addressSpace, 0, 1, 31),
    ...[3, 2, 1].map((depth, i) => make(root(11), TYPE.pageTable, depth, 1, 32 + i)),
    call(root(26), PORT.identify, 0x26),
    call(root(28), NOTIFICATION.identify, 1),
    call(root(29), NOTIFICATION.identify, 2),
    ...[0, 1].flatMap((irq) => [
      call(root(INTERRUPT_REGION), MAKE_PORT, irq, root(ROOT), 36 + irq),
      call(root(36 + irq), INTERRUPT.bind, root(28 + irq)),
    ]),
    write(initBuffer + 8 * 10, 0, 31),
    ...processes.map((process, i) => {
      const binding = i === PROCESSES - 1 ? BIND : 0;
      return call(
        root(process),
        PROCESS.configure,
        CONFIGURED | binding,
        root(SPACE),
        root(ROOT),
        root(frames[i]),
        root(29),
        root(26),
      );
    }),
    ...processes.map((process) => call(root(process), PROCESS.resume)),
  ];
}
