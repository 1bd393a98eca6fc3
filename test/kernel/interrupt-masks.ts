/** Which interrupt lines are masked: the machine's I/O APIC does not show its registers, so their writes are watched. */
import type { Watch, WatchHit } from '../../emulator/machine-api.ts';

const IO_APIC = 0xfec0_0000;
const SELECT = IO_APIC;
const WINDOW = IO_APIC + 0x10;
/** Of the low words of the redirection entries. */
const FIRST_ENTRY = 0x10;
const ENTRIES = 24;
const MASKED = 1n << 16n;
/** ISA interrupt 0 is the only one that is not the input of its number on this machine. */
const INPUT_OF_TIMER = 2;

export const INTERRUPT_MASK_WATCHES: readonly Watch[] = [SELECT, WINDOW].map((address) => ({
  kind: 'memory',
  space: 'physical',
  address: BigInt(address),
  length: 4,
  access: 'write',
}));

export interface InterruptMasks {
  /** What the watches report. */
  note(hits: readonly WatchHit[]): void;
  /** A line without an input cannot interrupt and counts as masked. */
  isMasked(irq: number): boolean;
}

export function interruptMasks(): InterruptMasks {
  const masks = Array.from({ length: ENTRIES }, () => true);
  let selected = 0;
  return {
    note(hits) {
      for (const hit of hits) {
        if (hit.kind !== 'memory' || hit.access !== 'write') continue;
        const offset = selected - FIRST_ENTRY;
        if (hit.physicalAddress === SELECT) selected = Number(hit.after & 0xffn);
        else if (hit.physicalAddress === WINDOW && offset >= 0 && offset % 2 === 0 && offset / 2 < ENTRIES)
          masks[offset / 2] = (hit.after & MASKED) !== 0n;
      }
    },
    isMasked: (irq) => masks[irq === 0 ? INPUT_OF_TIMER : irq] ?? true,
  };
}
