/** Pointers of the real servers, labelled with the names of the source. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect, it } from 'vitest';
import { bootKoito, run, scope, stackOf } from '../support/koito-session.ts';

it('labels pointers into objects and functions as C++ names them', async () => {
  const client = await bootKoito([
    { file: 'userland/ulmm/server.cpp', text: 'space     *where   = find_space(sender, arguments[0]);' },
  ]);
  const { threadId = 0 } = await run(client, 'configurationDone');
  const [frame] = await stackOf(client, threadId);
  const locals = await scope(client, frame.id, 'Locals');
  expect(locals.get('this')?.value).toMatch(/^0x[0-9a-f]+ <main::memory_server>$/);
  const evaluate = async (expression: string): Promise<string> => {
    const body = await client.succeed<DebugProtocol.EvaluateResponse['body']>('evaluate', {
      expression,
      frameId: frame.id,
      context: 'watch',
    });
    return body.result;
  };
  expect(await evaluate('&this->memory.pages.stocks[2]')).toMatch(
    /<main::memory_server\.memory\.pages\.stocks\[2\]>$/,
  );
  expect(await evaluate('&this->memory.blocks.own')).toMatch(/<main::memory_server\.memory\.blocks\.own>$/);
  expect(await evaluate('&main::memory_server')).toBe(locals.get('this')?.value);
  expect(await evaluate('&a9n::capability_dependency_list')).toMatch(/<a9n::capability_dependency_list>$/);
  expect(await evaluate('&a9n::processors[0].ready_queues[3]')).toMatch(
    /<a9n::processors\[0\]\.ready_queues\[3\]>$/,
  );
});
