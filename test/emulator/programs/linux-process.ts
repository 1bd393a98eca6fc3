/**
 * Runs a static Linux program on a bare machine, and answers a handful of system calls from
 * outside. For tests that ordinary compiled programs compute what they compute on the real CPU.
 */
import { type BareMachine, createBareMachine } from '../../../emulator/bare-machine.ts';
import type { CpuModel } from '../../../emulator/machine-api.ts';

export interface ProcessOutcome {
  readonly output: string;
  readonly exitCode: number;
  readonly instructions: number;
}

const MEMORY = 96 * 2 ** 20;
const STACK = 0x500_0000;
const STACK_PAGES = 64;
const MAPPINGS = 0x300_0000;
const PAGE = 4096;

const ENOENT = -2n;
const ENOTTY = -25n;
const ENOSYS = -38n;
const EINVAL = -22n;

/** Throws if the program does anything that is not foreseen, or takes more than `limit` instructions. */
export function runLinuxProgram(
  elf: Uint8Array,
  argv: readonly string[],
  cpu: CpuModel,
  limit = 200_000_000,
): ProcessOutcome {
  const machine = createBareMachine({ memoryBytes: MEMORY, cpu });
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  const entry = Number(view.getBigUint64(24, true));
  const programHeaders = Number(view.getBigUint64(32, true));
  const headerCount = view.getUint16(56, true);
  let programBreak = 0;
  let headersAddress = 0;
  for (let n = 0; n < headerCount; n++) {
    const at = programHeaders + n * 56;
    if (view.getUint32(at, true) !== 1) continue;
    const [offset, address, , fileSize, memorySize] = [8, 16, 24, 32, 40].map((field) =>
      Number(view.getBigUint64(at + field, true)),
    );
    machine.map(BigInt(address), memorySize, 'rwx');
    machine.write(BigInt(address), elf.subarray(offset, offset + fileSize));
    if (offset <= programHeaders && programHeaders < offset + fileSize)
      headersAddress = address - offset + programHeaders;
    programBreak = Math.max(programBreak, Math.ceil((address + memorySize) / 4096) * 4096);
  }

  machine.set({ rip: BigInt(entry) });
  machine.map(BigInt(STACK - STACK_PAGES * PAGE), (STACK_PAGES + 1) * PAGE, 'rw');
  writeStack(machine, argv, [
    [3, headersAddress],
    [4, 56],
    [5, headerCount],
    [6, 4096],
    [9, entry],
    [23, 0],
  ]);
  return serve(machine, programBreak, limit);
}

/** argc, argv, environment and auxiliary vector, as the System V ABI has them at the process's entry. */
function writeStack(
  machine: BareMachine,
  argv: readonly string[],
  auxiliary: readonly (readonly [number, number])[],
): void {
  let text = STACK;
  const put = (bytes: Uint8Array): bigint => {
    machine.write(BigInt(text), bytes);
    text += bytes.length;
    return BigInt(text - bytes.length);
  };
  const texts = argv.map((argument) => put(new TextEncoder().encode(`${argument}\0`)));
  const random = put(Uint8Array.from({ length: 16 }, (_, n) => n * 7));
  const words = [
    BigInt(argv.length),
    ...texts,
    0n,
    0n,
    ...auxiliary.flatMap(([type, value]) => [BigInt(type), BigInt(value)]),
    ...[25n, random, 0n, 0n],
  ];
  const rsp = STACK - Math.ceil((words.length * 8) / 16) * 16 - 4096;
  machine.write(BigInt(rsp), new Uint8Array(BigUint64Array.from(words).buffer));
  machine.set({ rsp: BigInt(rsp) });
}

function serve(machine: BareMachine, firstBreak: number, limit: number): ProcessOutcome {
  let programBreak = firstBreak;
  let mappings = MAPPINGS;
  let output = '';
  const number = (name: string): number => Number(machine.get(name));
  const text = (address: number, length: number): string =>
    new TextDecoder('latin1').decode(machine.read(BigInt(address), length));
  const word = (address: number): number =>
    Number(new DataView(machine.read(BigInt(address), 8).slice().buffer).getBigUint64(0, true));

  for (;;) {
    const stop = machine.run({ limit: 10_000_000 });
    if (stop.kind === 'limit' && machine.machine.instructionCount < limit) continue;
    if (stop.kind !== 'syscall') {
      throw new Error(`stopped with ${stop.kind} at 0x${machine.get('rip').toString(16)} after:\n${output}`);
    }
    const [call, a, b, c] = ['rax', 'rdi', 'rsi', 'rdx'].map(number);
    let result = 0n;
    switch (call) {
      case 1: // write
        output += text(b, c);
        result = BigInt(c);
        break;
      case 20: // writev
        for (let n = 0; n < c; n++) {
          output += text(word(b + n * 16), word(b + n * 16 + 8));
          result += BigInt(word(b + n * 16 + 8));
        }
        break;
      case 9: // mmap
        result = BigInt(mappings);
        machine.map(result, b, 'rw');
        mappings += Math.ceil(b / 4096) * 4096;
        break;
      case 12: // brk
        if (a > programBreak && a < MAPPINGS) machine.map(BigInt(programBreak), a - programBreak, 'rw');
        if (a !== 0 && a < MAPPINGS) programBreak = a;
        result = BigInt(programBreak);
        break;
      case 158: // arch_prctl: ARCH_SET_FS
        if (a === 0x1002) machine.set({ fs_base: BigInt(b) });
        else result = EINVAL;
        break;
      case 5: // fstat, newfstatat: a character device
      case 262: {
        const at = call === 5 ? b : c;
        machine.write(BigInt(at), new Uint8Array(144));
        machine.write(BigInt(at + 24), Uint8Array.of(0x90, 0x21));
        break;
      }
      case 16: // ioctl
        result = ENOTTY;
        break;
      case 89: // readlink, openat: there are no files
      case 257:
      case 267:
        result = ENOENT;
        break;
      case 10: // mprotect, munmap, set_tid_address, set_robust_list
      case 11:
      case 218:
      case 273:
        break;
      case 60:
      case 231:
        return { output, exitCode: a & 255, instructions: machine.machine.instructionCount };
      default:
        result = ENOSYS;
    }
    machine.set({ rax: BigInt.asUintN(64, result) });
  }
}
