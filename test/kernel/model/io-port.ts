/** IO_PORT (section 16): a range of I/O ports. */
import type { Call, End, Operation } from './capability-call.ts';
import { demand } from './failure.ts';
import type { Capability } from './kernel-state.ts';
import { destination, freeSlots } from './lookup.ts';
import { COPY, READ, WRITE } from './model.ts';
import { addChild, nodePlace } from './slots.ts';

type PortCall = Call<Extract<Capability, { type: 'IO_PORT' }>>;

const missing = 'permission_denied';
export const IO_PORT_OPERATIONS: readonly Operation<PortCall['capability']>[] = [
  { number: 1, name: 'read', needs: READ, missing, perform: read },
  { number: 2, name: 'write', needs: WRITE, missing, perform: write },
  { number: 3, name: 'mint', needs: COPY, missing, perform: mint },
];

const END = 0x1_0000n;

/** MR2 port, MR3 width: every byte must lie in the range and be a port at all. */
function decodeAccess(call: PortCall): { port: number; width: number } {
  const [port, width] = [call.argument(2), call.argument(3)];
  demand(width === 1n || width === 2n || width === 4n, 'fatal');
  const last = port + width - 1n;
  const { first: lowest, last: highest } = call.capability;
  demand(port >= lowest && last <= highest && last < END, 'permission_denied');
  return { port: Number(port), width: Number(width) };
}

function read(call: PortCall): End {
  const { port, width } = decodeAccess(call);
  let value = 0n;
  for (let i = 0; i < width; i++) {
    value |= BigInt(call.model.devices.readByte(port + i)) << BigInt(8 * i);
  }
  call.model.effects.push({ kind: 'io', isWrite: false, port, width, value });
  call.setResult(2, value);
  return 'success';
}

/** MR4 data. */
function write(call: PortCall): End {
  const { port, width } = decodeAccess(call);
  const value = BigInt.asUintN(8 * width, call.argument(4));
  for (let i = 0; i < width; i++) {
    call.model.devices.writeByte(port + i, Number((value >> BigInt(8 * i)) & 0xffn));
  }
  call.model.effects.push({ kind: 'io', isWrite: true, port, width, value });
  return 'success';
}

/** MR2 first port, MR3 last port, MR4 node descriptor, MR5 index. Rule: the node needs WRITE, else DENIED. */
function mint(call: PortCall): End {
  const [first, last] = [call.argument(2), call.argument(3)];
  const { address, node } = destination(call, call.argument(4), 'invalid_argument');
  demand(first <= last, 'invalid_argument');
  const index = freeSlots(node, call.argument(5));
  demand(first >= call.capability.first && last <= call.capability.last, 'permission_denied');
  addChild(call.model, call.slot, nodePlace(address, index), call.slot.rights, {
    type: 'IO_PORT',
    first,
    last,
  });
  return 'success';
}
