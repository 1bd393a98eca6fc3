/** Short words for events, so that a sequence of them can be read. */
import type { KernelEvent } from './kernel-state.ts';

const CAPABILITY_CALL = 0xffff_ffff_ffff_ffffn;

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
export function call(target: bigint, operation: Argument, ...values: readonly Argument[]): KernelEvent {
  const registers = [target, operation, ...values, 0, 0, 0, 0, 0, 0, 0, 0].slice(0, 10);
  return {
    kind: 'call',
    callType: CAPABILITY_CALL,
    registers: registers.map((value) => BigInt.asUintN(64, BigInt(value))),
  };
}

/** Any other kernel call: MR0…. */
export const kernelCall = (callType: Argument, ...values: readonly Argument[]): KernelEvent => ({
  kind: 'call',
  callType: BigInt.asUintN(64, BigInt(callType)),
  registers: Array.from({ length: 10 }, (_, i) => BigInt.asUintN(64, BigInt(values[i] ?? 0))),
});

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

// ---- Events as source text -----------------------------------------------------------------------------------------

/** A list of events in the words above, to be kept in a test. */
export function describeScript(events: readonly KernelEvent[]): string {
  return ['[', ...events.map((event) => `  ${describe(event)},`), ']'].join('\n');
}

function describe(event: KernelEvent): string {
  switch (event.kind) {
    case 'call': {
      const used = event.registers.findLastIndex((value) => value !== 0n) + 1;
      if (event.callType !== CAPABILITY_CALL) {
        const values = [BigInt.asIntN(64, event.callType), ...event.registers.slice(0, used)];
        return `kernelCall(${values.map(number).join(', ')})`;
      }
      const [target, ...values] = event.registers.slice(0, Math.max(used, 2));
      return `call(${[path(target), ...values.map(number)].join(', ')})`;
    }
    case 'fault':
      return `fault(${event.type}, ${number(event.detail)}, ${number(event.code)})`;
    case 'tick':
      return 'tick';
    case 'interrupt':
      return `interrupt(${event.irq})`;
    case 'write':
      return `write(${[number(BigInt(event.address)), ...event.words.map(number)].join(', ')})`;
  }
}

function number(value: bigint): string {
  const text = value < 1024n ? `${value}` : `0x${value.toString(16)}`;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? text : `${text}n`;
}

/** Descriptors that fit a root node of radix 8 in short. */
function path(value: bigint): string {
  const index = Number((value >> 48n) & 0xffn);
  return value === root(index) ? `root(${index})` : `0x${value.toString(16)}n`;
}
