/** Custom requests about address spaces and their page tables. */

import type { Translation } from '../../emulator/machine-api.ts';
import type {
  AddressSpacesResponse,
  PageTableResponse,
  TranslateAddressResponse,
} from '../custom-requests.ts';
import { pageTableRows, sizeText } from '../kernel-model/page-table.ts';
import { integer, object, text } from '../protocol/argument-shape.ts';
import { RequestError } from '../protocol/protocol-server.ts';
import { hexadecimal } from '../target/memory-reference.ts';
import type { Target } from '../target/target.ts';
import { evaluateAddress } from './evaluation.ts';
import type { Session } from './session.ts';

const LEVEL_NAMES: Readonly<Record<number, string>> = { 4: 'PML4', 3: 'PDPT', 2: 'PD', 1: 'PT' };

export function registerPageTables(session: Session): void {
  const { server } = session;
  server.onRequest('a9n/addressSpaces', object({}), () => addressSpaces(session.requireLaunched().target));
  server.onRequest(
    'a9n/pageTable',
    object({ root: text, level: integer, base: text }, { table: text }),
    ({ root, table, level, base }): PageTableResponse => {
      const { machine } = session.requireLaunched().target;
      if (level < 1 || level > 4) throw new RequestError('"level" must be from 4 (PML4) to 1 (PT).');
      const address = physicalAddress(table ?? root, machine.memoryBytes);
      return { rows: pageTableRows(machine, address, level, addressFrom(base, 'base')) };
    },
  );
  server.onRequest(
    'a9n/translateAddress',
    object({ root: text, expression: text }, { frameId: integer }),
    ({ root, expression, frameId }): TranslateAddressResponse => {
      const { machine } = session.requireLaunched().target;
      const address = evaluateAddress(session, expression, frameId);
      return describeTranslation(
        address,
        machine.translate(address, physicalAddress(root, machine.memoryBytes)),
      );
    },
  );
}

/** Processes that share an address space are named together. */
function addressSpaces(target: Target): AddressSpacesResponse {
  const byRoot = new Map<number, { threadId: number; names: string[] }>();
  for (const { id, name, details } of target.threads()) {
    if (details?.addressSpaceRoot === undefined) continue;
    const known = byRoot.get(details.addressSpaceRoot);
    if (known === undefined) byRoot.set(details.addressSpaceRoot, { threadId: id, names: [name] });
    else known.names.push(name);
  }
  const spaces: { threadId?: number; name: string; root: string }[] = [...byRoot].map(
    ([root, { threadId, names }]) => ({ threadId, name: names.join(', '), root: hexadecimal(root) }),
  );
  const active = target.activeRoot();
  if (!byRoot.has(active)) spaces.push({ name: 'kernel', root: hexadecimal(active) });
  return { spaces };
}

function describeTranslation(address: bigint, translation: Translation): TranslateAddressResponse {
  const { walk, physicalAddress: physical, pageSize, user, writable, executable } = translation;
  const path = walk
    .filter(({ value }) => (value & 1n) !== 0n)
    .map(({ level, index, entryAddress }) => ({
      level,
      index,
      table: hexadecimal(entryAddress - 8 * index),
    }));
  const virtualAddress = hexadecimal(address);
  if (physical === undefined) {
    const last = walk.at(-1);
    const where =
      last === undefined
        ? 'it is no canonical address'
        : `entry ${last.index} of the ${LEVEL_NAMES[last.level]} is not present`;
    return { virtualAddress, path, explanation: `${virtualAddress} is not mapped: ${where}.` };
  }
  const rights = ['read', ...(writable ? ['write'] : []), ...(executable ? ['execute'] : [])].join(', ');
  return {
    virtualAddress,
    physicalAddress: hexadecimal(physical),
    path,
    explanation:
      `${virtualAddress} is mapped to physical ${hexadecimal(physical)} by a ${sizeText(BigInt(pageSize))} page ` +
      `(${rights}; ${user ? 'user' : 'kernel only'}).`,
  };
}

function addressFrom(value: string, name: string): bigint {
  if (/^0x[0-9a-f]{1,16}$/i.test(value)) return BigInt(value);
  throw new RequestError(`"${name}" must be a hexadecimal address such as 0x1a2000, but it is "${value}".`);
}

function physicalAddress(value: string, memoryBytes: number): number {
  const address = addressFrom(value, 'root') & ~0xfffn;
  if (address < BigInt(memoryBytes)) return Number(address);
  throw new RequestError(`${value} lies outside of the machine's memory: there is no page table.`);
}
