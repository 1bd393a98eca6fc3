import { describe, expect, it } from 'vitest';
import { pageTableRows, sizeText } from '../../../debug-adapter/kernel-model/page-table.ts';
import { scriptedMachine } from '../support/scripted-machine.ts';

const PRESENT = 1n;
const WRITABLE = 2n;
const USER = 4n;
const LARGE = 1n << 7n;
const NO_EXECUTE = 1n << 63n;

/** A machine whose memory is one table with these entries. */
function tableOf(entries: Record<number, bigint>) {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of Object.entries(entries)) view.setBigUint64(Number(index) * 8, value, true);
  return { ...scriptedMachine(1n), readPhysical: () => bytes };
}

describe('page table rows', () => {
  it('folds pages that continue each other with the same flags', () => {
    const data = PRESENT | WRITABLE | USER | NO_EXECUTE;
    const code = PRESENT | USER;
    const machine = tableOf({
      0: code | 0x10000n,
      1: code | 0x11000n,
      2: data | 0x12000n, // other flags
      3: data | 0x13000n,
      4: data | 0x20000n, // elsewhere
      6: data | 0x21000n, // behind a hole
    });
    const rows = pageTableRows(machine, 0, 1, 0x400000n);
    expect(
      rows.map(({ firstIndex, count, virtualStart, virtualEnd, physicalAddress, size }) => [
        firstIndex,
        count,
        virtualStart,
        virtualEnd,
        physicalAddress,
        size,
      ]),
    ).toEqual([
      [0, 2, '0x400000', '0x402000', '0x10000', '8 KiB'],
      [2, 2, '0x402000', '0x404000', '0x12000', '8 KiB'],
      [4, 1, '0x404000', '0x405000', '0x20000', '4 KiB'],
      [6, 1, '0x406000', '0x407000', '0x21000', '4 KiB'],
    ]);
    expect(rows[0].flags).toEqual(['read', 'execute', 'user']);
    expect(rows[1].flags).toEqual(['read', 'write', 'user']);
  });

  it('tells tables from large pages, and keeps tables apart', () => {
    const machine = tableOf({
      0: PRESENT | 0x1000n,
      1: PRESENT | 0x2000n,
      2: PRESENT | LARGE | WRITABLE | 0x200000n,
      3: PRESENT | LARGE | WRITABLE | 0x400000n | (1n << 12n), // PAT is no address bit
    });
    const rows = pageTableRows(machine, 0, 2, 0n);
    expect(
      rows.map(({ kind, count, size, physicalAddress }) => [kind, count, size, physicalAddress]),
    ).toEqual([
      ['table', 1, '2 MiB', '0x1000'],
      ['table', 1, '2 MiB', '0x2000'],
      ['page', 2, '4 MiB', '0x200000'],
    ]);
  });

  it('writes the upper half in canonical form, to the very end', () => {
    const rows = pageTableRows(tableOf({ 255: PRESENT, 256: PRESENT, 511: PRESENT }), 0, 4, 0n);
    expect(rows.map(({ virtualStart, virtualEnd }) => [virtualStart, virtualEnd])).toEqual([
      ['0x7f8000000000', '0x800000000000'],
      ['0xffff800000000000', '0xffff808000000000'],
      ['0xffffff8000000000', '0x10000000000000000'],
    ]);
  });

  it('writes sizes in the largest unit that fits', () => {
    expect([1n, 4096n, 12288n, 1n << 21n, 3n << 29n, 1n << 39n].map(sizeText)).toEqual([
      '1 bytes',
      '4 KiB',
      '12 KiB',
      '2 MiB',
      '1536 MiB',
      '512 GiB',
    ]);
  });
});
