/** Into the kernel and back by source lines: from a capability call's wrappers as if they were one line. */
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

const SERVER = 'userland/ulmm/server.cpp';
const AT_CONVERT = { file: SERVER, text: 'if (!generic.convert(a9n::capability_type::frame' };
const IN_WRAPPER = { file: 'userland/include/a9n/system-call.hpp', text: 'asm volatile("syscall"' };

const folderOf = (frame: DebugProtocol.StackFrame): string =>
  (frame.source?.path ?? '').slice(repository.length + 1).split('/')[0];

describe('stepping into a capability call', () => {
  it('reaches kernel source in three steps, and the server again by stepping out', async () => {
    const client = await bootKoito([AT_CONVERT]);
    const { threadId = 0 } = await run(client, 'configurationDone');
    const [start] = await stackOf(client, threadId);
    expect(start).toMatchObject({ name: 'ulmm::server::allocate', line: lineOf(SERVER, AT_CONVERT.text) });
    await clearBreakpoints(client, SERVER);
    const seen: string[] = [];
    let frames: DebugProtocol.StackFrame[] = [];
    while (seen.length < 3 && frames[0]?.source?.path?.includes('/kernel/') !== true) {
      expect(await run(client, 'stepIn', { threadId })).toMatchObject({ reason: 'step', threadId });
      frames = await stackOf(client, threadId);
      seen.push(`${frames[0].name}:${frames[0].line}`);
    }
    expect(frames[0].source?.path, `after ${seen.join(', ')}`).toContain('/kernel/');

    const boundary = frames.findIndex((frame) => frame.presentationHint === 'label');
    expect(frames[boundary].name).toBe('── kernel ⇄ ulmm ──');
    expect(frames.slice(0, boundary).map(folderOf)).toEqual(frames.slice(0, boundary).map(() => 'kernel'));
    // No wrapper stands between the operation and the kernel.
    expect(frames.slice(boundary + 1).map(({ name }) => name)).toEqual([
      'a9n::generic::convert',
      'ulmm::server::allocate',
      'ulmm::server::handle_client',
      'ulmm::server::handle',
      'ulmm::server::run',
      'main',
      'a9n_start_program',
      '_start',
    ]);
    expect(frames[boundary + 1].line).toBe(
      lineOf('userland/include/a9n/generic.hpp', 'return capability_command('),
    );

    // Out of each kernel function: where the outermost returns, the server goes on.
    let outs = 0;
    while (folderOf(frames[0]) === 'kernel' && outs++ < boundary) {
      expect(await run(client, 'stepOut', { threadId })).toMatchObject({ reason: 'step', threadId });
      frames = await stackOf(client, threadId);
    }
    expect(frames.some((frame) => frame.presentationHint === 'label')).toBe(false);
    expect(frames[0].name).toBe('a9n::generic::convert');
    await run(client, 'stepOut', { threadId });
    expect((await stackOf(client, threadId))[0]).toMatchObject({
      name: 'ulmm::server::allocate',
      line: start.line,
    });
  });

  it('steps over the wrappers as over one line', async () => {
    const client = await bootKoito([
      { file: 'userland/include/a9n/generic.hpp', text: 'return capability_command(' },
    ]);
    const { threadId = 0 } = await run(client, 'configurationDone');
    const before = await stackOf(client, threadId);
    expect(before[0].name).toBe('a9n::generic::convert');
    await run(client, 'next', { threadId });
    const [after] = await stackOf(client, threadId);
    // The closing brace, or the caller where the call was the last of it.
    const callers = before.slice(0, 2).map(({ name, source }) => `${name} in ${source?.path}`);
    expect(callers).toContain(`${after.name} in ${after.source?.path}`);
    if (after.name === before[0].name) expect(after.line).toBeGreaterThan(before[0].line);
  });

  it('stops at a breakpoint within a wrapper, and shows the call', async () => {
    const client = await bootKoito([]);
    const breakpoint = await setBreakpoint(client, IN_WRAPPER);
    expect(breakpoint).toMatchObject({ verified: true, line: lineOf(IN_WRAPPER.file, IN_WRAPPER.text) });
    const { reason, threadId = 0 } = await run(client, 'configurationDone');
    expect(reason).toBe('breakpoint');
    const [frame] = await stackOf(client, threadId);
    expect(folderOf(frame)).toBe('userland');
    expect(frame.name).not.toMatch(/kernel_call|capability_c/);
  });
});
