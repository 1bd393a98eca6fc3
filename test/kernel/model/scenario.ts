/** Short words for events, so that a sequence of them can be read. */
import type { KernelEvent } from './kernel-state.ts';

export type Argument = number | bigint;

/** A descriptor: the path through nodes, each by its radix and an index (a9n-abi, 3). */
export function descriptor(...path: readonly (readonly [radix: number, index: number])[]): bigint {
  let used = 8;
  let word = 0n;
  for (const [radix, index] of path) {
    used += radix;
    word |= BigInt(index) << BigInt(64 - used);
  }
  return (BigInt(used - 8) << 56n) | word;
}

/** A slot of a root node of radix 8. */
export const root = (index: number): bigint => descriptor([8, index]);

/** A capability call: MR0 descriptor, MR1 operation, MR2… arguments. */
export function call(target: bigint, operation: number, ...values: readonly Argument[]): KernelEvent {
  const registers = [target, operation, ...values, 0, 0, 0, 0, 0, 0, 0, 0].slice(0, 10);
  return {
    kind: 'call',
    callType: -1n,
    registers: registers.map((value) => BigInt.asUintN(64, BigInt(value))),
  };
}

export const yieldCall: KernelEvent = { kind: 'call', callType: -2n, registers: new Array(10).fill(0n) };

export const write = (address: number, ...words: readonly Argument[]): KernelEvent => ({
  kind: 'write',
  address,
  words: words.map((word) => BigInt.asUintN(64, BigInt(word))),
});

export const fault = (type: number, detail: Argument = 0, code: Argument = 0): KernelEvent => ({
  kind: 'fault',
  type,
  detail: BigInt(detail),
  code: BigInt(code),
});

export const tick: KernelEvent = { kind: 'tick' };
export const interrupt = (irq: number): KernelEvent => ({ kind: 'interrupt', irq });

/** message_info (a9n-abi, 12). */
export const info = ({ block = true, length = 0, transfers = 0 } = {}): number =>
  Number(block) | (length << 1) | (transfers << 9);

export const NODE = { copy: 1, move: 2, mint: 3, demote: 4, revoke: 5, remove: 6 } as const;
export const CONVERT = 0;
export const SPACE = { map: 1, unmap: 2, getUnsetDepth: 3, canMap: 4 } as const;
export const PROCESS = { configure: 1, readRegister: 2, writeRegister: 3, resume: 4, suspend: 5 } as const;
export const PORT = { send: 1, receive: 2, call: 3, reply: 4, replyReceive: 5, identify: 6 } as const;
export const NOTIFICATION = { notify: 1, wait: 2, poll: 3, identify: 4 } as const;
export const MAKE_PORT = 1;
export const INTERRUPT = { bind: 1, unbind: 2, ack: 3, getIrqNumber: 4 } as const;
export const IO = { read: 1, write: 2, mint: 3 } as const;

/** Types that CONVERT makes (a9n-abi, 4). */
export const TYPE = {
  node: 2,
  generic: 3,
  addressSpace: 4,
  pageTable: 5,
  frame: 6,
  process: 7,
  ipcPort: 8,
  notificationPort: 9,
} as const;
