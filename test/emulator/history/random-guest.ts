/**
 * A guest whose program is put together at random from pieces that a replay could get wrong: writes all over memory, page
 * tables changed without telling the TLB, code that changes itself, repeated instructions, exceptions, timer
 * interrupts, halts, the time-stamp counter, the serial port.
 */
import type { InputEvent, Machine } from '../../../emulator/machine-api.ts';
import { randomNumbers } from '../../random.ts';
import { CODE, createGuest, PRESENT, WRITABLE } from '../cpu/guest.ts';

const REGION = 0x20_0000;
const REGION_PAGES = 256;
const LOCAL_APIC = 0x6000_0000;
const TIMER_VECTOR = 0x40;
const TIMER_HANDLER = CODE + 0x1800;
const UD_HANDLER = CODE + 0x1840;
const COUNTER = REGION + 0x8_0000;

const word = (value: number): number[] => [...new Uint8Array(Int32Array.of(value).buffer)];
/** rax = a random multiple of 8 below 1 MiB; r12 is the region. */
const RANDOM_OFFSET = [0x48, 0x89, 0xd8, 0x48, 0xc1, 0xe8, 0x14, 0x25, ...word(0xf_fff8)];

/** `entry(page)` is the physical (and virtual) address of the page-table entry of a page of the region. */
function piece(next: () => number, entry: (page: number) => number): number[] {
  const page = next() % REGION_PAGES;
  const pte = entry(page);
  const pieces: (() => number[])[] = [
    // imul rbx, rbx, imm; add rbx, imm
    () => [0x48, 0x69, 0xdb, ...word(next() | 1), 0x48, 0x81, 0xc3, ...word(next())],
    // mov [r12+rax], rbx
    () => [...RANDOM_OFFSET, 0x49, 0x89, 0x1c, 0x04],
    // xor rbx, [r12+rax]
    () => [...RANDOM_OFFSET, 0x49, 0x33, 0x1c, 0x04],
    // add [r12+rax+0xffd], rbx: across pages now and then
    () => [...RANDOM_OFFSET, 0x49, 0x01, 0x9c, 0x04, ...word(0xffd)],
    // lea rdi, [r12+rax]; mov ecx, n; rep stosb
    () => [...RANDOM_OFFSET, 0x49, 0x8d, 0x3c, 0x04, 0xb9, ...word(next() % 6000), 0xf3, 0xaa],
    // lea rdi, [r12+rax]; lea rsi, [r12+rax+n]; mov ecx, n; rep movsq
    () => [
      ...[...RANDOM_OFFSET, 0x49, 0x8d, 0x3c, 0x04, 0x49, 0x8d, 0xb4, 0x04, ...word((next() % 64) - 32)],
      ...[0xb9, ...word(next() % 700), 0xf3, 0x48, 0xa5],
    ],
    // lea rsi, rdi as above; repe cmpsb; adc rbx, rcx
    () => [
      ...[...RANDOM_OFFSET, 0x49, 0x8d, 0x3c, 0x04, 0x49, 0x8d, 0xb4, 0x04, ...word(4096)],
      ...[0xb9, ...word(next() % 700), 0xf3, 0xa6, 0x48, 0x11, 0xcb],
    ],
    // xor qword [pte], 0x60: accessed and dirty bits, without INVLPG
    () => [0x48, 0x81, 0x34, 0x25, ...word(pte), ...word([0x20, 0x40, 0x60][next() % 3])],
    // xor qword [pte], 0x1000: another frame, without INVLPG
    () => [0x48, 0x81, 0x34, 0x25, ...word(pte), ...word(0x1000)],
    // add rbx, [pte]
    () => [0x48, 0x03, 0x1c, 0x25, ...word(pte)],
    // invlpg [page]
    () => [0x0f, 0x01, 0x3c, 0x25, ...word(REGION + page * 4096)],
    // mov rax, cr3; mov cr3, rax
    () => [0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8],
    // mov [rip+1], bl; mov al, imm; add rbx, rax: the immediate is what was just written
    () => [0x88, 0x1d, 1, 0, 0, 0, 0xb0, 0, 0x48, 0x01, 0xc3],
    // rdtsc; add rbx, rax
    () => [0x0f, 0x31, 0x48, 0x01, 0xc3],
    // ud2, whose handler skips it
    () => [0x0f, 0x0b],
    // sti; hlt: until the timer ticks
    () => [0xfb, 0xf4],
    // mov dx, 0x3fd; in al, dx; test al, 1; jz over; mov dx, 0x3f8; in al, dx; add rbx, rax; out dx, al
    () => [
      ...[0x66, 0xba, 0xfd, 0x03, 0xec, 0xa8, 1, 0x74, 9],
      ...[0x66, 0xba, 0xf8, 0x03, 0xec, 0x48, 0x01, 0xc3, 0xee],
    ],
  ];
  return pieces[next() % pieces.length]();
}

/** Creates the guest of a seed, ready to run for ever. */
export function randomGuest(seed: number): Machine {
  const next = randomNumbers(seed);
  const guest = createGuest({ memoryBytes: 4 * 2 ** 20 });
  const { machine } = guest;
  for (let page = -1; page < REGION_PAGES + 4; page++) {
    guest.map(BigInt(REGION + page * 4096), REGION + page * 4096, PRESENT | WRITABLE);
  }
  guest.map(BigInt(LOCAL_APIC), 0xfee0_0000, PRESENT | WRITABLE);
  const store = (address: number, value: number) => [0xc7, 0x04, 0x25, ...word(address), ...word(value)];
  guest.gate(TIMER_VECTOR, { target: BigInt(TIMER_HANDLER) });
  guest.gate(6, { target: BigInt(UD_HANDLER) });
  // inc qword [COUNTER]; end of interrupt; iretq
  machine.writePhysical(
    TIMER_HANDLER,
    Uint8Array.from([0x48, 0xff, 0x04, 0x25, ...word(COUNTER), ...store(LOCAL_APIC + 0xb0, 0), 0x48, 0xcf]),
  );
  // add qword [rsp], 2; iretq
  machine.writePhysical(UD_HANDLER, Uint8Array.of(0x48, 0x83, 0x04, 0x24, 2, 0x48, 0xcf));
  const setUp = [
    ...store(LOCAL_APIC + 0xf0, 0x1ff),
    ...store(LOCAL_APIC + 0x3e0, 0xb),
    ...store(LOCAL_APIC + 0x320, 0x2_0000 | TIMER_VECTOR),
    ...store(LOCAL_APIC + 0x380, 500 + (next() % 5000)),
    // COM1: RTS, DTR
    ...[0x66, 0xba, 0xfc, 0x03, 0xb0, 0x03, 0xee],
    ...[0x49, 0xc7, 0xc4, ...word(REGION), 0xfb],
  ];
  const entry = (page: number): number => guest.entry(BigInt(REGION + page * 4096));
  const loop: number[] = [];
  while (loop.length < 1200) loop.push(...piece(next, entry));
  // jmp to the beginning of the loop
  loop.push(0xe9, ...word(-loop.length - 5));
  guest.code([...setUp, ...loop]);
  machine.writeRegister('rbx', BigInt(next()));
  return machine;
}

/** Serial input at random counts. */
export function randomInput(seed: number, begin: number, end: number): InputEvent[] {
  const next = randomNumbers(seed ^ 0x5eed);
  return Array.from({ length: 12 }, () => ({
    instructionCount: begin + (next() % (end - begin)),
    input: { kind: 'serial' as const, bytes: Uint8Array.from({ length: 1 + (next() % 5) }, () => next()) },
  })).sort((a, b) => a.instructionCount - b.instructionCount);
}

/** Runs to an exact count in slices that `slice` chooses. */
export function runTo(machine: Machine, count: number, slice: () => number): void {
  while (machine.instructionCount < count) {
    const stop = machine.runTo(Math.min(machine.instructionCount + slice(), count));
    if (stop.kind !== 'budget') throw new Error(`stopped with ${stop.kind}`);
  }
}
