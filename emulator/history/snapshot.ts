/**
 * Snapshots of the whole machine in memory: the CPU's state and the TLB, RAM, the devices, the inputs to come. Taking one costs
 * what has been written since the last; what is alike is shared between them.
 */
import type { Cpu } from '../cpu/cpu.ts';
import { deriveFromState } from '../cpu/derived-state.ts';
import type { DevicesState } from '../devices/pc.ts';
import { RAM } from '../memory-layout.ts';
import { heedAttention } from '../mmu/page-attention.ts';
import type { InputsState } from './inputs.ts';
import {
  differingPages,
  type MemoryImage,
  PAGE_BYTES,
  type Page,
  PageCopier,
  pageOf,
  withPages,
  zeroImage,
} from './memory-image.ts';

/** The insides of a snapshot. */
export interface MachineState {
  /** The pages below RAM: `memory-layout.ts`. */
  readonly cpu: MemoryImage;
  readonly ram: MemoryImage;
  readonly devices: DevicesState;
  readonly inputs: InputsState;
  /** Virtual time that was spent halted. */
  readonly idle: number;
}

/** Copies and replaces the machine's memory, and knows which pages of it the last image has. */
export class MemoryKeeper {
  readonly #cpu: Cpu;
  /** RAM is as here but for the pages that have been written since. */
  #ram: MemoryImage;
  #state = zeroImage(RAM / PAGE_BYTES);

  constructor(cpu: Cpu) {
    this.#cpu = cpu;
    this.#ram = zeroImage(cpu.ramBytes / PAGE_BYTES);
  }

  take(): Pick<MachineState, 'cpu' | 'ram'> {
    const cpu = this.#cpu;
    const changed = cpu.pages.takeChanged();
    if (changed.length > 0) heedAttention(cpu);
    const copier = new PageCopier();
    const copies = changed.map((page): [number, Page] => [
      page,
      copier.copy(cpu.i32, (RAM + page * PAGE_BYTES) / 4),
    ]);
    this.#ram = withPages(this.#ram, copies);
    this.#state = withPages(this.#state, this.#changedState(copier));
    return { cpu: this.#state, ram: this.#ram };
  }

  *#changedState(copier: PageCopier): Iterable<[number, Page]> {
    const words = this.#cpu.i32;
    for (let page = 0; page < this.#state.pageCount; page++) {
      const at = (page * PAGE_BYTES) / 4;
      if (!equalsPage(words, at, pageOf(this.#state, page))) yield [page, copier.copy(words, at)];
    }
  }

  replace({ cpu: state, ram }: Pick<MachineState, 'cpu' | 'ram'>): void {
    const cpu = this.#cpu;
    for (const page of new Set([...cpu.pages.changed, ...differingPages(this.#ram, ram)])) {
      putPage(cpu.u8, RAM + page * PAGE_BYTES, pageOf(ram, page));
      cpu.pages.pageWritten(page);
    }
    cpu.pages.takeChanged();
    for (let page = 0; page < state.pageCount; page++)
      putPage(cpu.u8, page * PAGE_BYTES, pageOf(state, page));
    this.#ram = ram;
    this.#state = state;
    deriveFromState(cpu);
    heedAttention(cpu);
  }
}

function equalsPage(words: Int32Array, at: number, page: Page): boolean {
  const size = PAGE_BYTES / 4;
  if (page === undefined) {
    for (let n = 0; n < size; n++) if (words[at + n] !== 0) return false;
    return true;
  }
  const other = new Int32Array(page.buffer, page.byteOffset, size);
  for (let n = 0; n < size; n++) if (words[at + n] !== other[n]) return false;
  return true;
}

function putPage(bytes: Uint8Array, at: number, page: Page): void {
  if (page === undefined) bytes.fill(0, at, at + PAGE_BYTES);
  else bytes.set(page, at);
}
