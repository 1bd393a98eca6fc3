/**
 * Snapshots of the whole machine in memory: the CPU's state and the TLB, RAM, the devices, the inputs to come. What is alike is
 * shared between them. A page of RAM is copied when it is written for the first time after a snapshot, so taking one costs little.
 */
import type { Cpu } from '../cpu/cpu.ts';
import { deriveFromState } from '../cpu/derived-state.ts';
import type { DevicesState } from '../devices/pc.ts';
import { RAM } from '../memory-layout.ts';
import { heedAttention } from '../mmu/page-attention.ts';
import type { InputsState } from './inputs.ts';
import {
  bytesOf,
  differingPages,
  type MemoryImage,
  PAGE_BYTES,
  Page,
  PageCopies,
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
  /** How many images. */
  #taken = 0;

  constructor(cpu: Cpu) {
    this.#cpu = cpu;
    this.#ram = zeroImage(cpu.ramBytes / PAGE_BYTES);
    cpu.pages.beforeChange = (page) => pageOf(this.#ram, page)?.keep();
  }

  take(): Pick<MachineState, 'cpu' | 'ram'> {
    const cpu = this.#cpu;
    const changed = cpu.pages.takeChanged();
    if (changed.length > 0) heedAttention(cpu);
    this.#taken++;
    const copies = new PageCopies(() => this.#taken);
    const { u8 } = cpu;
    this.#ram = withPages(this.#ram, changed, (page) => new Page(u8, RAM + page * PAGE_BYTES, copies));
    this.#state = withPages(
      this.#state,
      this.#changedState(),
      (page) => new Page(...copies.copy(u8.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES))),
    );
    return { cpu: this.#state, ram: this.#ram };
  }

  *#changedState(): Iterable<number> {
    for (let page = 0; page < this.#state.pageCount; page++) {
      if (!equalsPage(this.#cpu.i32, (page * PAGE_BYTES) / 4, bytesOf(this.#state, page))) yield page;
    }
  }

  replace({ cpu: state, ram }: Pick<MachineState, 'cpu' | 'ram'>): void {
    const cpu = this.#cpu;
    for (const page of new Set([...cpu.pages.changed, ...differingPages(this.#ram, ram)])) {
      cpu.pages.writingPage(page);
      cpu.u8.set(bytesOf(ram, page), RAM + page * PAGE_BYTES);
    }
    cpu.pages.takeChanged();
    for (let page = 0; page < state.pageCount; page++) cpu.u8.set(bytesOf(state, page), page * PAGE_BYTES);
    this.#ram = ram;
    this.#state = state;
    deriveFromState(cpu);
    heedAttention(cpu);
  }
}

function equalsPage(words: Int32Array, at: number, page: Uint8Array): boolean {
  const size = PAGE_BYTES / 4;
  const other = new Int32Array(page.buffer, page.byteOffset, size);
  for (let n = 0; n < size; n++) if (words[at + n] !== other[n]) return false;
  return true;
}
