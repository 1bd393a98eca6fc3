/** States of the fixture program, recorded by gdb at every call of its function `stop`. */
import { join } from 'node:path';
import type { FrameContext, ProgramSymbols, SourceFrame } from '../../../debug-adapter/symbols/symbol-api.ts';
import { lookupAddress } from '../../../debug-adapter/symbols/unwind.ts';
import { fixtures, run } from './fixture-programs.ts';

export interface Stop {
  /** In DWARF order, rip and xmm0…15 included. */
  readonly registers: readonly string[];
  /** Start address and contents in hexadecimal. */
  readonly memory: ReadonlyArray<readonly [string, string]>;
  readonly frames: ReadonlyArray<{
    readonly function: string;
    readonly pc: string;
    readonly line: number;
    readonly inlined: boolean;
    /** `name:line of declaration` → path inside → number. */
    readonly variables: Readonly<Record<string, Readonly<Record<string, string>>>> | null;
    /** Answers to the expressions asked for: path inside → number. */
    readonly answers: Readonly<Record<string, Readonly<Record<string, string>>>>;
  }>;
}

/** `expressions` are evaluated in every frame of the first stop. */
export function stopsByGdb(path: string, expressions: readonly string[] = []): Stop[] {
  const list = `python EXPRESSIONS = ${JSON.stringify(expressions)}`;
  const output = run('gdb', ['-batch', '-nx', '-ex', list, '-x', join(fixtures, 'dump-frames.py'), path]);
  return [...output.matchAll(/^STOP (.*)$/gm)].map((match) => JSON.parse(match[1]) as Stop);
}

export function frameOf(stop: Stop): FrameContext {
  const regions = stop.memory.map(([start, hex]) => ({
    start: BigInt(start),
    bytes: new Uint8Array(Buffer.from(hex, 'hex')),
  }));
  return {
    pc: BigInt(stop.registers[16]),
    pcIsExact: true,
    readRegister: (register) =>
      register < stop.registers.length ? BigInt(stop.registers[register]) : undefined,
    readMemory: (address, length) => {
      for (const { start, bytes } of regions) {
        const offset = Number(address - start);
        if (offset >= 0 && offset + length <= bytes.length) return bytes.subarray(offset, offset + length);
      }
      return undefined;
    },
  };
}

export interface FlatFrame {
  readonly context: FrameContext;
  readonly source: SourceFrame;
}

/** Inlined frames as frames of their own, down to main. */
export function walk(program: ProgramSymbols, innermost: FrameContext): FlatFrame[] {
  const flat: FlatFrame[] = [];
  for (let context = innermost; ; ) {
    const frames = program.framesAt(lookupAddress(context));
    for (const source of frames) flat.push({ context, source });
    if (frames.length === 0 || frames[frames.length - 1].functionName === 'main') return flat;
    const next = program.unwind(context);
    if (next.kind !== 'caller') return flat;
    context = next.frame;
  }
}
