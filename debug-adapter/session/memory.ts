/** Reading and writing memory, disassembly. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import {
  type DecodedInstruction,
  disassemble,
  disassembleUpTo,
  LONGEST_INSTRUCTION,
} from '../disassembly/disassembler.ts';
import { flag, integer, object, text } from '../protocol/argument-shape.ts';
import { decodeBase64, encodeBase64 } from '../protocol/base64.ts';
import { RequestError } from '../protocol/protocol-server.ts';
import { hexadecimal, type MemoryPlace, parseMemoryReference } from '../target/memory-reference.ts';
import type { Program } from '../target/program.ts';
import type { Target } from '../target/target.ts';
import { clientLine } from './breakpoint-binding.ts';
import type { Session } from './session.ts';
import { editorSource } from './source.ts';

const readArguments = object({ memoryReference: text, count: integer }, { offset: integer });
const writeArguments = object({ memoryReference: text, data: text }, { offset: integer, allowPartial: flag });
const disassembleArguments = object(
  { memoryReference: text, instructionCount: integer },
  { offset: integer, instructionOffset: integer, resolveSymbols: flag },
);

const MOST_BYTES = 16 * 1024 * 1024;
const MOST_INSTRUCTIONS = 20_000;

export function registerMemory(session: Session): void {
  const { server } = session;
  server.onRequest('readMemory', readArguments, ({ memoryReference, offset, count }) => {
    const { target } = session.requireLaunched();
    if (count < 0 || count > MOST_BYTES) throw new RequestError(`"count" must be from 0 to ${MOST_BYTES}.`);
    const place = displaced(parseMemoryReference(memoryReference), offset);
    const bytes = readMemory(target, place, count);
    session.shownMemory.hasRead(memoryReference);
    const body: NonNullable<DebugProtocol.ReadMemoryResponse['body']> = { address: addressText(place) };
    if (bytes.length > 0) body.data = encodeBase64(bytes);
    if (bytes.length < count) body.unreadableBytes = unreadableBytes(target, place, bytes.length, count);
    return body;
  });
  server.onRequest('writeMemory', writeArguments, ({ memoryReference, offset, data, allowPartial }) => {
    const { target } = session.requireStopped();
    const place = displaced(parseMemoryReference(memoryReference), offset);
    const bytes = decodeBase64(data);
    if (bytes === undefined) throw new RequestError('"data" must be text in base64.');
    const writable = readMemory(target, place, bytes.length).length;
    if (writable < bytes.length && !(allowPartial === true && writable > 0)) {
      throw new RequestError(
        `Only ${writable} of ${bytes.length} bytes at ${addressText(place)} are mapped memory.`,
      );
    }
    const written = writeMemory(target, place, bytes.subarray(0, writable));
    session.stacks.clear();
    session.shownMemory.announceChange(session);
    if (session.client.supportsInvalidated) session.server.sendEvent('invalidated', { areas: ['all'] });
    return { bytesWritten: written };
  });
  server.onRequest('disassemble', disassembleArguments, (args) => {
    const { target } = session.requireLaunched();
    const place = displaced(parseMemoryReference(args.memoryReference), args.offset);
    if (args.instructionCount < 0 || args.instructionCount > MOST_INSTRUCTIONS) {
      throw new RequestError(`"instructionCount" must be from 0 to ${MOST_INSTRUCTIONS}.`);
    }
    return {
      instructions: instructionsAround(
        session,
        target,
        place,
        args.instructionOffset ?? 0,
        args.instructionCount,
      ),
    };
  });
}

// ------------------------------------------------------------------------------------------ memory

function displaced(place: MemoryPlace, offset = 0): MemoryPlace {
  return { ...place, address: BigInt.asUintN(64, place.address + BigInt(offset)) };
}

function rootOf(target: Target, place: MemoryPlace): number {
  return place.kind === 'virtual' && place.root !== undefined ? place.root : target.activeRoot();
}

/** Ends before the first byte that is not there. */
export function readMemory(target: Target, place: MemoryPlace, count: number): Uint8Array {
  if (place.kind === 'virtual')
    return target.machine.readVirtual(place.address, count, rootOf(target, place));
  const { memoryBytes } = target.machine;
  if (place.address >= BigInt(memoryBytes)) return new Uint8Array(0);
  return target.machine.readPhysical(Number(place.address), count);
}

function writeMemory(target: Target, place: MemoryPlace, bytes: Uint8Array): number {
  if (place.kind === 'virtual')
    return target.machine.writeVirtual(place.address, bytes, rootOf(target, place));
  target.machine.writePhysical(Number(place.address), bytes);
  return bytes.length;
}

/** DAP: unreadable bytes from the first one on; clients then ask again behind them. */
function unreadableBytes(target: Target, place: MemoryPlace, readable: number, count: number): number {
  const PAGE = 4096;
  for (let skip = readable; skip < count; ) {
    const next = displaced(place, skip);
    if (readMemory(target, next, 1).length > 0) return skip - readable;
    skip += PAGE - Number(next.address % BigInt(PAGE));
  }
  return count - readable;
}

function addressText(place: MemoryPlace): string {
  return hexadecimal(place.address);
}

// ------------------------------------------------------------------------------------- disassembly

function instructionsAround(
  session: Session,
  target: Target,
  place: MemoryPlace,
  instructionOffset: number,
  count: number,
): DebugProtocol.DisassembledInstruction[] {
  const before =
    instructionOffset < 0
      ? instructionsBefore(target, place, Math.min(-instructionOffset, MOST_INSTRUCTIONS))
      : [];
  const after = Math.max(0, count + instructionOffset);
  const skipped = Math.max(0, instructionOffset);
  const forward = after === 0 ? [] : instructionsFrom(target, place, Math.min(after, 2 * MOST_INSTRUCTIONS));
  const wanted = [...before, ...forward.slice(skipped)].slice(0, count);
  const annotate = annotator(session, target, place);
  return wanted.map(annotate);
}

function instructionsFrom(target: Target, place: MemoryPlace, count: number): DecodedInstruction[] {
  const result: DecodedInstruction[] = [];
  let address = place.address;
  while (result.length < count) {
    const missing = count - result.length;
    const bytes = readMemory(target, { ...place, address }, missing * LONGEST_INSTRUCTION);
    if (bytes.length === 0) {
      result.push(unmapped(address));
      address = BigInt.asUintN(64, address + 1n);
      continue;
    }
    for (const instruction of disassemble(bytes, address, missing, target.machine.codeBits)) {
      result.push(instruction);
      address = BigInt.asUintN(64, instruction.address + BigInt(instruction.bytes.length));
    }
  }
  return result;
}

/** Exactly `count` instructions that end at `place`. */
function instructionsBefore(target: Target, place: MemoryPlace, count: number): DecodedInstruction[] {
  const result: DecodedInstruction[] = [];
  let end = place.address;
  while (result.length < count) {
    const start = blockStart(target, place, end);
    const length = Number(end - start);
    const bytes = length > 0 ? readMemory(target, { ...place, address: start }, length) : new Uint8Array(0);
    const block =
      bytes.length === length && length > 0
        ? disassembleUpTo(bytes, start, end, target.machine.codeBits)
        : [];
    if (block.length === 0) block.push(unmapped(BigInt.asUintN(64, end - 1n)));
    result.unshift(...block);
    end = block[0].address;
  }
  return result.slice(result.length - count);
}

/** Where to begin decoding towards `end`: the start of its function, or a little way back. */
function blockStart(target: Target, place: MemoryPlace, end: bigint): bigint {
  const FARTHEST = 4096n;
  const previous = end - 1n;
  const program = programOf(target, place, previous);
  const range = program?.symbols
    .functionAt(previous)
    ?.ranges.find((each) => previous >= each.start && previous < each.end);
  if (range !== undefined && end - range.start <= FARTHEST) return range.start;
  const line = program?.symbols.lineAt(previous);
  if (line !== undefined && line.start < end) return line.start;
  const pageStart = previous - (previous % FARTHEST);
  const back = end - 64n;
  return back > pageStart ? back : pageStart;
}

function unmapped(address: bigint): DecodedInstruction {
  return {
    address,
    bytes: new Uint8Array(1),
    text: '(not mapped)',
    valid: false,
    calls: false,
    target: undefined,
  };
}

function programOf(target: Target, place: MemoryPlace, address: bigint): Program | undefined {
  return place.kind === 'virtual' ? target.programAt(address, rootOf(target, place)) : undefined;
}

function annotator(session: Session, target: Target, place: MemoryPlace) {
  let lastLine = '';
  return (instruction: DecodedInstruction): DebugProtocol.DisassembledInstruction => {
    const { address, bytes, text: code, valid } = instruction;
    const symbols = programOf(target, place, address)?.symbols;
    const result: DebugProtocol.DisassembledInstruction = {
      address: hexadecimal(address),
      instruction: code + targetName(target, place, instruction),
    };
    if (code !== '(not mapped)') {
      result.instructionBytes = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    }
    if (!valid) result.presentationHint = 'invalid';
    const symbol = symbols?.functionAt(address);
    if (symbol !== undefined && symbol.entry === address) result.symbol = symbol.name;
    const line = symbols?.lineAt(address);
    if (line !== undefined && line.line > 0) {
      const here = `${line.path}:${line.line}`;
      // VS Code shows the source where a location is given: once per run of instructions.
      if (here !== lastLine) {
        result.location = editorSource(session, line.path);
        result.line = clientLine(session, line.line);
      }
      lastLine = here;
    }
    return result;
  };
}

function targetName(target: Target, place: MemoryPlace, { target: address }: DecodedInstruction): string {
  if (address === undefined) return '';
  const symbol = programOf(target, place, address)?.symbols.symbolAt(address);
  if (symbol === undefined) return '';
  return ` <${symbol.name}${symbol.offset === 0n ? '' : `+${hexadecimal(symbol.offset)}`}>`;
}
