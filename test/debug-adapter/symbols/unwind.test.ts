/** Stacks that calls alone did not make. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateExpression } from '../../../debug-adapter/expressions/evaluate.ts';
import type { FrameContext } from '../../../debug-adapter/symbols/symbol-api.ts';
import { lookupAddress } from '../../../debug-adapter/symbols/unwind.ts';
import { formatValue } from '../../../debug-adapter/values/format-value.ts';
import { fixtures, load, requireTool } from './fixture-programs.ts';
import { frameOf, stopsByGdb } from './stopped-process.ts';

const hasTools = requireTool('gdb', 'stacks through signals') && requireTool('gcc', 'stacks through signals');

describe.skipIf(!hasTools)('a stack through a signal', () => {
  it.each(['-O0', '-Og', '-O2'])(
    'unwinds to the interrupted instruction at %s',
    (optimization) => {
      const directory = mkdtempSync(join(tmpdir(), 'a9n-unwind-'));
      try {
        const path = join(directory, 'interrupted');
        const options = ['-g', optimization, '-fomit-frame-pointer', '-static', '-no-pie', '-D_GNU_SOURCE'];
        execFileSync('gcc', [...options, join(fixtures, 'interrupted.c'), '-o', path]);
        const program = load(path);
        const stop = stopsByGdb(path)[0];
        const names: string[] = [];
        const addresses: string[] = [];
        let interrupted: FrameContext | undefined;
        let end = '';
        for (let frame = frameOf(stop), afterSignal = false; ; ) {
          const next = program.unwind(frame);
          // The trampoline that a signal handler returns to is a label, not a function.
          const trampoline = next.kind === 'caller' && next.signalFrame ? ['<signal handler called>'] : [];
          for (const name of [
            ...trampoline,
            ...program.framesAt(lookupAddress(frame)).map((f) => f.functionName),
          ]) {
            names.push(name);
            addresses.push(frame.pc.toString());
          }
          if (afterSignal) {
            expect(frame.pcIsExact).toBe(true);
            interrupted = frame;
          }
          if (next.kind !== 'caller') {
            end = next.kind;
            break;
          }
          afterSignal = next.signalFrame;
          frame = next.frame;
        }
        const theirs = stop.frames.map((frame) => frame.function);
        expect(names.slice(0, theirs.length)).toEqual(theirs);
        expect(addresses.slice(0, theirs.length)).toEqual(stop.frames.map(({ pc }) => pc));
        // The C library says by rule that nothing called _start.
        expect(names[names.length - 1]).toBe('_start');
        expect(end).toBe('end');
        expect(interrupted).toBeDefined();
        if (interrupted === undefined) return;
        // Every register of the interrupted code is known, so its variables are too.
        const sourceFrame = program.framesAt(interrupted.pc)[0];
        const context = { frame: interrupted, programs: [program] };
        const counted = evaluateExpression('counted', { ...context, sourceFrame });
        expect(sourceFrame.functionName).toBe('spin');
        expect(formatValue(counted, context)).toBe('1000');
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
    30_000,
  );
});
