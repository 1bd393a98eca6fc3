/** Into the kernel and back by source lines: from a capability call's wrappers as if they were one line. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { describe, expect, it } from 'vitest';
import {
  bootKoito,
  clearBreakpoints,
  lineOf,
  repository,
  run,
  setBreakpoint,
  stackOf,
} from '../support/koito-session.ts';

const SERVER = 'userland/ulmm/page-store.cpp';
const AT_CONVERT = { file: SERVER, text: 'if (!generic.convert(type, details' };
const IN_WRAPPER = { file: 'userland/include/a9n/system-call.hpp', text: 'asm volatile("syscall"' };

const WRAPPERS = /kernel_call|capability_call|capability_command|outcome/;

const isBoundary = (frame: DebugProtocol.StackFrame): boolean => frame.presentationHint === 'label';

const folderOf = (frame: DebugProtocol.StackFrame): string =>
  (frame.source?.path ?? '').slice(repository.length + 1).split('/')[0];

/** Optimizing harder, a compiler puts code of other lines between the line and its call. */
function stepsToKernel(): number {
  const index = join(repository, 'dist/guest/index.json');
  const isDebug =
    process.env['A9N_GUEST'] === undefined && readFileSync(index, 'utf8').includes('"gcc-debug"');
  return isDebug ? 3 : 20;
}

describe('stepping into a capability call', () => {
  it('reaches kernel source in few steps, and the server again by stepping out', async () => {
    const client = await bootKoito([AT_CONVERT]);
    const { threadId = 0 } = await run(client, 'configurationDone');
    const [start] = await stackOf(client, threadId);
    expect(start).toMatchObject({
      name: 'ulmm::page_store::fill_chunk',
      line: lineOf(SERVER, AT_CONVERT.text),
    });
    await clearBreakpoints(client, SERVER);
    const seen: string[] = [];
    let frames: DebugProtocol.StackFrame[] = [];
    while (seen.length < stepsToKernel() && !frames.some(isBoundary)) {
      expect(await run(client, 'stepIn', { threadId })).toMatchObject({ reason: 'step', threadId });
      frames = await stackOf(client, threadId);
      seen.push(`${frames[0].name}:${frames[0].line}`);
    }
    expect(frames[0].source?.path, `after ${seen.join(', ')}`).toContain('/kernel/');

    const boundary = frames.findIndex(isBoundary);
    expect(frames[boundary].name).toBe('── kernel ⇄ ulmm ──');
    expect(frames.slice(0, boundary).map(folderOf)).toEqual(frames.slice(0, boundary).map(() => 'kernel'));
    // No wrapper stands between the operation and the kernel.
    const names = frames.slice(boundary + 1).map(({ name }) => name);
    expect(names.slice(0, 2)).toEqual(['a9n::generic::convert', 'ulmm::page_store::fill_chunk']);
    expect(names.slice(-3)).toEqual(['main', 'a9n_start_program', '_start']);
    expect(frames[boundary + 1].line).toBe(
      lineOf('userland/include/a9n/generic.hpp', 'return capability_command('),
    );

    // Out of each kernel function: where the outermost returns, the server goes on.
    for (let outs = 0; folderOf(frames[0]) === 'kernel' && outs < boundary; outs++) {
      expect(await run(client, 'stepOut', { threadId })).toMatchObject({ reason: 'step', threadId });
      frames = await stackOf(client, threadId);
    }
    expect(frames.some(isBoundary)).toBe(false);
    expect(frames.map(({ name }) => name)).toContain('ulmm::page_store::fill_chunk');
    expect(frames[0].name).not.toMatch(WRAPPERS);
    if (frames[0].name === 'a9n::generic::convert') await run(client, 'stepOut', { threadId });
    expect((await stackOf(client, threadId))[0].name).toBe('ulmm::page_store::fill_chunk');
  });

  it('steps over the wrappers as over one line', async () => {
    const client = await bootKoito([
      { file: 'userland/include/a9n/generic.hpp', text: 'return capability_command(' },
    ]);
    const { threadId = 0 } = await run(client, 'configurationDone');
    const before = await stackOf(client, threadId);
    await run(client, 'next', { threadId });
    const [after] = await stackOf(client, threadId);
    // The closing brace, or the caller where the call was the last of it.
    const callers = before.map(({ name, source }) => `${name} in ${source?.path}`);
    expect(callers).toContain(`${after.name} in ${after.source?.path}`);
    expect(after.name).not.toMatch(WRAPPERS);
    expect(`${after.name}:${after.line}`).not.toBe(`${before[0].name}:${before[0].line}`);
  });

  it('stops at a breakpoint within a wrapper, and shows the call', async () => {
    const client = await bootKoito([]);
    const breakpoint = await setBreakpoint(client, IN_WRAPPER);
    expect(breakpoint).toMatchObject({ verified: true, line: lineOf(IN_WRAPPER.file, IN_WRAPPER.text) });
    const { reason, threadId = 0 } = await run(client, 'configurationDone');
    expect(reason).toBe('breakpoint');
    const [frame] = await stackOf(client, threadId);
    expect(folderOf(frame)).toBe('userland');
    expect(frame.name).not.toMatch(WRAPPERS);
  });
});
