/**
 * What a debugger has asked to be told of: accesses to memory, ports and MSRs, writes of control registers, exceptions,
 * interrupts, system calls. Whatever is not armed costs nothing: pages with watched bytes are suspended in the TLB
 * (`mmu/page-attention.ts`), everything else is on cold paths that look at one word, `armed`.
 *
 * A hit ends the running block, so that the machine stops after the instruction.
 */
import type { ControlRegister, Watch, WatchHit } from '../machine-api.ts';
import { addressKey } from './code-cache.ts';
import type { Cpu } from './cpu.ts';
import { PAGE_FAULT } from './fault.ts';
import type { Handler } from './instruction.ts';
import { CR2, CR3, LEAVE_BLOCK } from './state.ts';

/** Bits of `armed`. */
export const WATCH_READ = 1;
export const WATCH_WRITE = 2;
export const WATCH_PORT = 4;
export const WATCH_MSR = 8;
export const WATCH_CONTROL = 0x10;
export const WATCH_EXCEPTION = 0x20;
export const WATCH_INTERRUPT = 0x40;
export const WATCH_SYSTEM_CALL = 0x80;

/** A range of bytes, `first` and `last` as `addressKey` has them, or physical. */
interface Range {
  readonly watch: number;
  readonly physical: boolean;
  readonly first: number;
  readonly last: number;
  /** Page table of the address space that is meant; undefined for any. */
  readonly root: number | undefined;
}

const PAGE = 0x1000;

const overlaps = (range: Range, first: number, last: number): boolean =>
  first <= range.last && last >= range.first;

/** The page table in use, as `Watch.root` names it. */
const rootOf = (s: Int32Array): number => (s[CR3 + 1] & 0xf_ffff) * 0x1_0000_0000 + ((s[CR3] & ~0xfff) >>> 0);

const isIn = (s: Int32Array, range: Range): boolean => range.root === undefined || range.root === rootOf(s);

export const word64 = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
const fromKey = (key: number): bigint => BigInt.asUintN(64, BigInt(key));

export class Watches {
  armed = 0;
  /** Stop at exceptions and software interrupts in place of delivering them. */
  stopsAtExceptions = false;
  /** The exception that has been looked at before its delivery, −1 for none. */
  announced = -1;
  #list: readonly Watch[] = [];
  #reads: Range[] = [];
  #writes: Range[] = [];
  #executes: Range[] = [];
  #hits: WatchHit[] = [];

  set(list: readonly Watch[]): void {
    this.#list = list.map((watch) => ({ ...watch }));
    this.#reads = [];
    this.#writes = [];
    this.#executes = [];
    this.armed = 0;
    list.forEach((watch, index) => {
      this.#arm(watch, index);
    });
  }

  #arm(watch: Watch, index: number): void {
    switch (watch.kind) {
      case 'memory': {
        const range = toRange(watch, index);
        if (watch.access === 'execute') this.#executes.push(range);
        if (watch.access === 'read' || watch.access === 'read-write') this.#reads.push(range);
        if (watch.access === 'write' || watch.access === 'read-write') this.#writes.push(range);
        this.armed |= (this.#reads.length > 0 ? WATCH_READ : 0) | (this.#writes.length > 0 ? WATCH_WRITE : 0);
        break;
      }
      case 'port':
        this.armed |= WATCH_PORT;
        break;
      case 'msr':
        this.armed |= WATCH_MSR;
        break;
      case 'control-register':
      case 'address-space':
        this.armed |= WATCH_CONTROL;
        break;
      case 'exception':
        this.armed |= WATCH_EXCEPTION;
        break;
      case 'interrupt':
        this.armed |= WATCH_INTERRUPT;
        break;
      default:
        this.armed |= WATCH_SYSTEM_CALL;
    }
  }

  get hasHits(): boolean {
    return this.#hits.length !== 0;
  }

  /** Says which instruction the hits so far belong to. */
  setInstruction(low: number, high: number): void {
    const instruction = word64(low, high);
    this.#hits = this.#hits.map((hit) => ({ ...hit, instruction }));
  }

  takeHits(): readonly WatchHit[] {
    const hits = this.#hits;
    this.#hits = [];
    return hits;
  }

  /** An instruction that faults has not happened. */
  forgetHits(): void {
    if (this.#hits.length > 0) this.#hits = [];
  }

  #hit(cpu: Cpu, hit: WatchHit): void {
    this.#hits.push(hit);
    cpu.i32[LEAVE_BLOCK] = 1;
  }

  #each<Kind extends Watch['kind']>(
    kind: Kind,
    visit: (watch: Extract<Watch, { kind: Kind }>, index: number) => void,
  ): void {
    this.#list.forEach((watch, index) => {
      if (watch.kind === kind) visit(watch as Extract<Watch, { kind: Kind }>, index); // By the line's own test.
    });
  }

  // Memory.

  /** True if accesses to a page, virtual or physical, may be hits. */
  onPage(writes: boolean, physicalPage: number, low: number, high: number): boolean {
    const ranges = writes ? this.#writes : this.#reads;
    const virtual = addressKey(low & ~0xfff, high);
    return ranges.some((range) => {
      const first = range.physical ? physicalPage * PAGE : virtual;
      return overlaps(range, first, first + PAGE - 1);
    });
  }

  /** True if an access may be a hit. `second` is the physical address of what lies in the next page. */
  #matches(
    cpu: Cpu,
    range: Range,
    low: number,
    high: number,
    size: number,
    physical: number,
    second: number,
  ): boolean {
    if (!isIn(cpu.i32, range)) return false;
    const virtual = addressKey(low, high);
    if (!range.physical) return overlaps(range, virtual, virtual + size - 1);
    const inPage = Math.min(size, PAGE - (low & 0xfff));
    return (
      overlaps(range, physical, physical + inPage - 1) ||
      (inPage < size && overlaps(range, second, second + size - inPage - 1))
    );
  }

  /** True if a write is one that somebody watches for. */
  mayHit(cpu: Cpu, low: number, high: number, size: number, physical: number, second: number): boolean {
    return this.#writes.some((range) => this.#matches(cpu, range, low, high, size, physical, second));
  }

  /** To be told of an access that happens. */
  accessed(
    cpu: Cpu,
    writes: boolean,
    low: number,
    high: number,
    size: number,
    physical: number,
    second: number,
    before: bigint,
    after: bigint,
  ): void {
    for (const range of writes ? this.#writes : this.#reads) {
      if (!this.#matches(cpu, range, low, high, size, physical, second)) continue;
      this.#hit(cpu, {
        watch: range.watch,
        kind: 'memory',
        instruction: 0n,
        access: writes ? 'write' : 'read',
        address: word64(low, high),
        physicalAddress: physical,
        size,
        before,
        after,
      });
    }
  }

  /** True if code at an address is watched, in any address space. */
  mayStopAt(key: number, physical: number): boolean {
    return this.#executes.some((range) => {
      const at = range.physical ? physical : key;
      return overlaps(range, at, at);
    });
  }

  /** True if any code from one address to another, `physical` bytes of which begin there, is watched. */
  mayStopIn(first: number, end: number, physical: number): boolean {
    return this.#executes.some((range) =>
      range.physical ? overlaps(range, physical, physical + end - first) : overlaps(range, first, end),
    );
  }

  /** Records that the instruction at an address is about to be executed; false if nobody watches it here. */
  execute(cpu: Cpu, key: number, physical: number): boolean {
    const ranges = this.#executes.filter((range) => {
      const at = range.physical ? physical : key;
      return isIn(cpu.i32, range) && overlaps(range, at, at);
    });
    const address = fromKey(key);
    for (const { watch } of ranges) {
      this.#hit(cpu, { watch, kind: 'execute', instruction: address, address, physicalAddress: physical });
    }
    return ranges.length > 0;
  }

  // Everything else.

  port(cpu: Cpu, access: 'read' | 'write', port: number, size: number, value: number): void {
    this.#each('port', (watch, index) => {
      const last = watch.last ?? watch.first;
      const isMeant = watch.access === 'read-write' || watch.access === access;
      if (!isMeant || port > last || port + size - 1 < watch.first) return;
      this.#hit(cpu, { watch: index, kind: 'port', instruction: 0n, access, port, size, value });
    });
  }

  msr(cpu: Cpu, access: 'read' | 'write', index: number, before: bigint, after: bigint): void {
    this.#each('msr', (watch, n) => {
      const isMeant = watch.access === 'read-write' || watch.access === access;
      if (!isMeant || (watch.index !== undefined && watch.index !== index)) return;
      this.#hit(cpu, { watch: n, kind: 'msr', instruction: 0n, access, index, before, after });
    });
  }

  controlRegister(cpu: Cpu, register: ControlRegister, before: bigint, after: bigint): void {
    this.#each('control-register', (watch, index) => {
      if (watch.register !== undefined && watch.register !== register) return;
      this.#hit(cpu, { watch: index, kind: 'control-register', instruction: 0n, register, before, after });
    });
    if (register !== 'cr3' || before === after) return;
    this.#each('address-space', (_watch, index) => {
      this.#hit(cpu, { watch: index, kind: 'address-space', instruction: 0n, before, after });
    });
  }

  /** Records an exception; false if nobody watches for it. `errorCode` is −1 for none. */
  exception(cpu: Cpu, vector: number, errorCode: number, instruction: bigint, delivered: boolean): boolean {
    const s = cpu.i32;
    const faultAddress = vector === PAGE_FAULT ? word64(s[CR2], s[CR2 + 1]) : undefined;
    let isWatched = false;
    this.#each('exception', (watch, index) => {
      if (watch.vector !== undefined && watch.vector !== vector) return;
      isWatched = true;
      this.#hit(cpu, {
        watch: index,
        kind: 'exception',
        instruction,
        vector,
        errorCode: errorCode < 0 ? undefined : errorCode,
        faultAddress,
        delivered,
      });
    });
    return isWatched;
  }

  interrupt(cpu: Cpu, vector: number, software: boolean, instruction: bigint): void {
    this.#each('interrupt', (watch, index) => {
      if (watch.vector !== undefined && watch.vector !== vector) return;
      this.#hit(cpu, { watch: index, kind: 'interrupt', instruction, vector, software });
    });
  }

  syscall(cpu: Cpu, by: 'syscall' | 'sysenter'): void {
    this.#each('syscall', (_watch, index) => {
      this.#hit(cpu, { watch: index, kind: 'syscall', instruction: 0n, by });
    });
  }

  sysret(cpu: Cpu, by: 'sysret' | 'sysexit'): void {
    this.#each('sysret', (_watch, index) => {
      this.#hit(cpu, { watch: index, kind: 'sysret', instruction: 0n, by });
    });
  }
}

/** Throws RangeError if the range is empty or beyond all addresses. */
function toRange(watch: Extract<Watch, { kind: 'memory' }>, index: number): Range {
  const { address, length, space } = watch;
  const first = space === 'physical' ? Number(address) : Number(BigInt.asIntN(64, address));
  if (!(length >= 1) || !Number.isSafeInteger(first + length)) {
    throw new RangeError(`There are no ${length} bytes to watch at 0x${address.toString(16)}.`);
  }
  return { watch: index, physical: space === 'physical', first, last: first + length - 1, root: watch.root };
}

/** A handler that reports what it has done if a watch of the kind is armed. */
export const reporting =
  (bit: number, handler: Handler, report: (cpu: Cpu) => void): Handler =>
  (cpu, i) => {
    handler(cpu, i);
    if ((cpu.watches.armed & bit) !== 0) report(cpu);
  };
