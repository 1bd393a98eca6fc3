import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { describe, expect, it } from 'vitest';
import { loopForever } from '../../emulator/boot/tiny-guest.ts';
import { schemaSource } from '../support/message-schema.ts';
import { initialize, start, temporaryFolder, testClient, tinyLaunch } from '../support/tiny-session.ts';

console.log(`DAP messages are checked against ${schemaSource}.`);

describe('bad input', () => {
  it('answers everything that is no message with an explanation, and lives on', async () => {
    const client = testClient();
    const garbage = [
      'Content-Length: 12\r\n\r\nthis is bad!',
      'Content-Length: 4\r\n\r\nnull',
      'Content-Length: 2\r\n\r\n[]',
      'Content-Length: 2\r\n\r\n{}',
      'Content-Length: 18\r\n\r\n{"type":"request"}',
      'complete nonsense\r\n\r\n',
    ];
    for (const bytes of garbage) {
      const output = client.nextEvent<DebugProtocol.OutputEvent>('output');
      client.sendBytes(bytes);
      // What has no end yet is recognised when the next message begins.
      await initialize(client);
      expect((await output).body.output).toMatch(/skipped it: .+\.\n$/);
    }
  });

  it('answers an unknown command and wrong arguments with an error response', async () => {
    const client = testClient();
    await initialize(client);
    expect(await client.fail('makeCoffee')).toBe(
      'The A9N debug adapter does not know the request "makeCoffee".',
    );
    expect(await client.fail('setBreakpoints', { source: 5 })).toMatch(
      /"source" must be an object, but it is 5/,
    );
    expect(await client.fail('setBreakpoints', { source: {}, breakpoints: [{ line: 'x' }] })).toMatch(
      /"breakpoints\[0\]\.line" must be an integer, but it is "x"/,
    );
    expect(await client.fail('readMemory')).toMatch(/must be an object, but it is nothing/);
    expect(await client.fail('stackTrace', { threadId: 1 })).toMatch(/No machine has been launched/);
    expect(await client.fail('continue', { threadId: 1 })).toMatch(/No machine has been launched/);
    expect(await client.fail('attach', {})).toMatch(/Use "request": "launch"/);
  });

  it('survives every request with every kind of wrong arguments', async () => {
    const client = testClient();
    const entry = client.nextStop();
    await start(client, { ...tinyLaunch({ code: loopForever }), stopOnEntry: true });
    await entry;
    const commands = [
      ...['initialize', 'launch', 'attach', 'configurationDone', 'setBreakpoints', 'setFunctionBreakpoints'],
      ...[
        'setInstructionBreakpoints',
        'setExceptionBreakpoints',
        'breakpointLocations',
        'pause',
        'threads',
        'stackTrace',
      ],
      ...[
        'scopes',
        'variables',
        'setVariable',
        'evaluate',
        'readMemory',
        'writeMemory',
        'disassemble',
        'loadedSources',
      ],
      ...[
        'exceptionInfo',
        'a9n/serialInput',
        'a9n/capabilitySpaces',
        'a9n/capabilitySlots',
        'a9n/addressSpaces',
      ],
      ...['a9n/pageTable', 'a9n/translateAddress', 'source', 'cancel', 'goto', 'toString', '__proto__'],
    ];
    const wrong = [undefined, null, 0, 'text', [], {}, { threadId: 'x' }, { memoryReference: '', count: -1 }];
    for (const command of commands) {
      for (const args of wrong) {
        const response = await client.wrongRequest(command, args);
        if (!response.success) expect(response.message).not.toBe('');
      }
    }
    const { threads } = await client.succeed<DebugProtocol.ThreadsResponse['body']>('threads');
    expect(threads).toHaveLength(1);
  });

  it('refuses references that do not exist (any more)', async () => {
    const client = testClient();
    const entry = client.nextStop();
    await start(client, { ...tinyLaunch({ code: loopForever }), stopOnEntry: true });
    await entry;
    expect(await client.fail('stackTrace', { threadId: 99 })).toMatch(/no thread 99/);
    expect(await client.fail('scopes', { frameId: 12345 })).toMatch(/belongs to an earlier stop/);
    expect(await client.fail('variables', { variablesReference: 4711 })).toMatch(
      /belongs to an earlier stop/,
    );
    expect(await client.fail('readMemory', { memoryReference: 'here', count: 4 })).toMatch(
      /no memory reference/,
    );
    expect(await client.fail('a9n/capabilitySlots', { nodeReference: 'x' })).toMatch(/no node reference/);
    expect(await client.fail('a9n/pageTable', { root: '0xfffffff000', level: 4, base: '0x0' })).toMatch(
      /outside/,
    );
    const unmapped = await client.succeed<DebugProtocol.ReadMemoryResponse['body']>('readMemory', {
      memoryReference: '0x7fff00000000',
      count: 16,
    });
    expect(unmapped).toEqual({ address: '0x7fff00000000', unreadableBytes: 16 });
    await client.succeed('continue', { threadId: 1 });
    expect(await client.fail('stackTrace', { threadId: 1 })).toMatch(/running\. Pause it first/);
    expect(await client.fail('next', { threadId: 1 })).toMatch(/running\. Pause it first/);
  });

  it.each<[string, (folder: string, good: { kernel: string; init: string }) => object, RegExp]>([
    [
      'a missing kernel',
      (folder) => ({ kernel: join(folder, 'none.elf') }),
      /none\.elf.*there is no such file/,
    ],
    ['a missing init', (folder) => ({ init: join(folder, 'none.elf') }), /"init".*there is no such file/],
    ['a folder as kernel', (folder) => ({ kernel: folder }), /it is a folder/],
    [
      'a kernel that is text',
      (folder) => {
        writeFileSync(join(folder, 'text'), '#!/bin/sh\necho this is no kernel\n'.repeat(20));
        return { kernel: join(folder, 'text') };
      },
      /"kernel".*cannot be used: .*ELF/,
    ],
    [
      'a truncated kernel',
      (_, { kernel }) => {
        truncateSync(kernel, 200);
        return {};
      },
      /"kernel".*(truncated|cut off|incomplete|beyond|outside|ends)/i,
    ],
    [
      'an ELF file of another machine',
      (folder) => {
        const arm = new Uint8Array(64);
        arm.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
        arm.set([2, 0, 183, 0], 16);
        writeFileSync(join(folder, 'arm'), arm);
        return { init: join(folder, 'arm') };
      },
      /"init".*(AArch64|machine|x86-64)/i,
    ],
  ])('refuses %s', async (_, damage, message) => {
    const client = testClient();
    await initialize(client);
    const good = tinyLaunch({ code: loopForever });
    const configuration = { ...good, ...damage(temporaryFolder(), good) };
    const response = await client.request('launch', configuration);
    expect(response.success).toBe(false);
    expect(response.message).toMatch(message);
    // The session can be used again with a better configuration.
    const entry = client.nextStop();
    await client.succeed('launch', { ...tinyLaunch({ code: loopForever }), stopOnEntry: true });
    await client.succeed('configurationDone');
    await entry;
  });

  it('goes on without further programs that cannot be used, and says so', async () => {
    const client = testClient();
    const warning = client.nextEvent<DebugProtocol.OutputEvent>(
      'output',
      ({ body }) => body.category === 'important',
    );
    await start(client, { ...tinyLaunch({ code: loopForever }), programs: ['/nowhere/ulmm.elf'] });
    expect((await warning).body.output).toMatch(/\/nowhere\/ulmm\.elf.*"programs".*no such file/);
  });

  it.each([
    [{ kernel: 5 }, /launch configuration is wrong: "kernel" must be text, but it is 5.*launch\.json/],
    [{ cpu: 'x86-64-v4' }, /"cpu" is "x86-64-v4". There are x86-64-v1, x86-64-v2, x86-64-v3/],
    [{ memory: [] }, /"memory" must be a number of bytes or text such as "256M"/],
    [{ stopOnEntry: 'yes' }, /"stopOnEntry" must be true or false/],
  ])('names the wrong attribute of a launch configuration: %j', async (wrong, message) => {
    const client = testClient();
    await initialize(client);
    expect(await client.fail('launch', { ...tinyLaunch({ code: loopForever }), ...wrong })).toMatch(message);
  });
});
