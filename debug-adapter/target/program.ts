/** The programs of a session, and which of them runs in which address space. */
import type { Machine } from '../../emulator/machine-api.ts';
import type { ProgramSymbols } from '../symbols/symbol-api.ts';

export interface Program {
  /** The file's name without folder and extension: `ulmm`. */
  readonly name: string;
  /** As the launch configuration names it. */
  readonly path: string;
  readonly isKernel: boolean;
  readonly symbols: ProgramSymbols;
}

/** `/a/b/ulmm.elf` → `ulmm`; also for URIs and Windows paths. */
export function programName(path: string): string {
  const file = path.split(/[\\/]/).pop() ?? path;
  return file.replace(/\.(elf|out|bin|exe)$/i, '') || path;
}

/** User programs live below, the kernel above. */
export const USER_ADDRESS_END = 0x8000_0000_0000n;

/** Where a kernel's code is linked. Before it has built its page tables it runs at the physical addresses it was loaded to. */
export function linkAddress({ isKernel, symbols }: Program, pc: bigint): bigint {
  if (!isKernel || pc >= USER_ADDRESS_END || symbols.contains(pc)) return pc;
  const segment = symbols.elf.segments.find(
    ({ physicalAddress, memorySize }) => pc >= physicalAddress && pc < physicalAddress + memorySize,
  );
  return segment === undefined ? pc : pc - segment.physicalAddress + segment.virtualAddress;
}

const PAGE = 4096n;
/** Code that was patched or relocated at run time still counts as the same program. */
const SUFFICIENT_MATCH = 0.98;
/** Fewer bytes of code in memory prove nothing. */
const SMALLEST_EVIDENCE = 32;

interface CodeChunk {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

/**
 * Recognises the program in an address space by comparing the code there with the ELF files. Pages that are not mapped
 * are left out, so demand-paged programs are recognised too.
 */
export class ProgramFinder {
  readonly #machine: Machine;
  readonly #candidates: readonly { readonly program: Program; readonly code: readonly CodeChunk[] }[];
  /** By page-table root. The evidence is one piece of code that is compared again before the answer is reused. */
  readonly #found = new Map<number, { readonly program: Program; readonly evidence: CodeChunk }>();

  constructor(machine: Machine, programs: readonly Program[]) {
    this.#machine = machine;
    this.#candidates = programs
      .filter((program) => !program.isKernel)
      .map((program) => ({ program, code: codeOf(program.symbols) }));
  }

  /** `root`: physical address of the PML4. Undefined if the code there is of no known program. */
  programIn(root: number): Program | undefined {
    const known = this.#found.get(root);
    if (known !== undefined && this.#matches(known.evidence, root)) return known.program;
    this.#found.delete(root);
    let best: { program: Program; evidence: CodeChunk; matched: number } | undefined;
    for (const { program, code } of this.#candidates) {
      const result = this.#compare(code, root);
      if (result !== undefined && result.matched > (best?.matched ?? 0)) best = { program, ...result };
    }
    if (best !== undefined) this.#found.set(root, best);
    return best?.program;
  }

  #matches({ address, bytes }: CodeChunk, root: number): boolean {
    const memory = this.#machine.readVirtual(address, bytes.length, root);
    return memory.length === bytes.length && equalBytes(memory, bytes) >= SUFFICIENT_MATCH * bytes.length;
  }

  #compare(code: readonly CodeChunk[], root: number): { matched: number; evidence: CodeChunk } | undefined {
    let matched = 0;
    let compared = 0;
    let evidence: CodeChunk | undefined;
    for (const chunk of code) {
      const memory = this.#machine.readVirtual(chunk.address, chunk.bytes.length, root);
      if (memory.length === 0) continue;
      compared += memory.length;
      const equal = equalBytes(memory, chunk.bytes);
      matched += equal;
      if (matched < compared * SUFFICIENT_MATCH - 64) return undefined;
      if (equal === chunk.bytes.length && equal > (evidence?.bytes.length ?? 0)) evidence = chunk;
    }
    if (evidence === undefined || matched < SMALLEST_EVIDENCE || matched < compared * SUFFICIENT_MATCH)
      return undefined;
    return { matched, evidence };
  }
}

/** A program's code in pieces that do not cross pages. */
function codeOf(symbols: ProgramSymbols): CodeChunk[] {
  const EXECUTABLE_SECTION = 0x4;
  const sections = symbols.elf.sections
    .filter((section) => (section.flags & EXECUTABLE_SECTION) !== 0 && section.bytes.length > 0)
    .map(({ address, bytes }) => ({ address, bytes }));
  const pieces =
    sections.length > 0 ? sections : symbols.readOnlySegments.filter((segment) => segment.executable);
  return pieces.flatMap(({ address, bytes }) => splitAtPages(address, bytes));
}

function splitAtPages(address: bigint, bytes: Uint8Array): CodeChunk[] {
  const chunks: CodeChunk[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const start = address + BigInt(offset);
    const room = Number(PAGE - (start % PAGE));
    chunks.push({ address: start, bytes: bytes.subarray(offset, offset + room) });
    offset += room;
  }
  return chunks;
}

function equalBytes(memory: Uint8Array, expected: Uint8Array): number {
  let equal = 0;
  for (let index = 0; index < memory.length; index++) if (memory[index] === expected[index]) equal++;
  return equal;
}
