import type { DebugProtocol } from '@vscode/debugprotocol';
import { describe, expect, it } from 'vitest';
import type {
  AddressSpacesResponse,
  PageTableResponse,
  TranslateAddressResponse,
} from '../../../debug-adapter/custom-requests.ts';
import { loopForever, print } from '../../emulator/boot/tiny-guest.ts';
import type { DapClient } from '../support/dap-client.ts';
import { start, testClient, tinyLaunch } from '../support/tiny-session.ts';

type Instructions = NonNullable<DebugProtocol.DisassembleResponse['body']>['instructions'];

/** movabs rax, 0xffff800000000000; mov rbx, rax; jmp -2 */
const code = [0x48, 0xb8, 0, 0, 0, 0, 0, 0x80, 0xff, 0xff, 0x48, 0x89, 0xc3, ...loopForever];

async function atEntry(): Promise<DapClient> {
  const client = testClient();
  const entry = client.nextStop();
  await start(client, { ...tinyLaunch({ code }), stopOnEntry: true });
  await entry;
  return client;
}

async function register(client: DapClient, name: string): Promise<string> {
  const { result } = await client.succeed<DebugProtocol.EvaluateResponse['body']>('evaluate', {
    expression: `$${name}`,
    context: 'watch',
    format: { hex: true },
  });
  return result;
}

describe('the bare machine', () => {
  it('disassembles forwards and backwards', async () => {
    const client = await atEntry();
    const { instructions } = await client.succeed<{ instructions: Instructions }>('disassemble', {
      memoryReference: '0x10000d',
      instructionOffset: -4,
      instructionCount: 6,
    });
    expect(instructions).toHaveLength(6);
    expect(instructions.slice(2, 5).map(({ address, instruction }) => [address, instruction])).toEqual([
      ['0x100000', 'mov rax, 0xffff800000000000'],
      ['0x10000a', 'mov rbx, rax'],
      ['0x10000d', 'jmp 0x10000d'],
    ]);
    const unmapped = await client.succeed<{ instructions: Instructions }>('disassemble', {
      memoryReference: '0x700000000000',
      instructionOffset: -10,
      instructionCount: 20,
    });
    expect(unmapped.instructions).toHaveLength(20);
    expect(unmapped.instructions[10].address).toBe('0x700000000000');
  });

  it('steps by instruction and shows registers', async () => {
    const client = await atEntry();
    expect(BigInt((await register(client, 'rip')).split(' ')[0])).toBe(0x100000n);
    for (const rip of [0x10000an, 0x10000dn]) {
      const stop = client.nextStop();
      await client.succeed('next', { threadId: 1, granularity: 'instruction' });
      expect((await stop).body.reason).toBe('step');
      expect(BigInt((await register(client, 'rip')).split(' ')[0])).toBe(rip);
    }
    expect(BigInt(await register(client, 'rbx'))).toBe(0xffff800000000000n);
  });

  it('reads and writes memory', async () => {
    const client = await atEntry();
    const data = Buffer.from('new bytes').toString('base64');
    const written = await client.succeed('writeMemory', { memoryReference: '0x200000', offset: 16, data });
    expect(written).toEqual({ bytesWritten: 9 });
    const read = await client.succeed<DebugProtocol.ReadMemoryResponse['body']>('readMemory', {
      memoryReference: 'physical:200010',
      count: 9,
    });
    expect(Buffer.from(read?.data ?? '', 'base64').toString()).toBe('new bytes');
    expect(await client.fail('writeMemory', { memoryReference: '0x7fff00000000', data })).toMatch(
      /0 of 9 bytes/,
    );
  });

  it('says that memory which was read is out of date after a step and after a write', async () => {
    const client = await atEntry();
    await client.succeed('readMemory', { memoryReference: '0x100000', offset: 8, count: 4 });
    const everything = { memoryReference: '0x100000', offset: 0, count: 2 ** 40 };
    const afterStep = client.nextEvent('memory');
    await client.succeed('next', { threadId: 1, granularity: 'instruction' });
    expect((await afterStep).body).toEqual(everything);
    const afterWrite = client.nextEvent('memory');
    await client.succeed('writeMemory', { memoryReference: 'physical:100000', data: 'AAAA' });
    expect((await afterWrite).body).toEqual(everything);
  });

  it('shows the page tables that the loader made', async () => {
    const client = await atEntry();
    const { spaces } = await client.succeed<AddressSpacesResponse>('a9n/addressSpaces');
    expect(spaces).toHaveLength(1);
    const { root } = spaces[0];
    const { rows } = await client.succeed<PageTableResponse>('a9n/pageTable', {
      root,
      level: 4,
      base: '0x0',
    });
    expect(rows[0]).toMatchObject({ firstIndex: 0, virtualStart: '0x0', kind: 'table', level: 4 });
    const translation = await client.succeed<TranslateAddressResponse>('a9n/translateAddress', {
      root,
      expression: '0x100008',
    });
    expect(translation.physicalAddress).toBe('0x100008');
    expect(translation.path[0]).toEqual({ level: 4, index: 0, table: root });
    const missing = await client.succeed<TranslateAddressResponse>('a9n/translateAddress', {
      root,
      expression: '0x7fff00000000',
    });
    expect(missing.physicalAddress).toBeUndefined();
    expect(missing.explanation).toMatch(/not mapped: entry 255 of the PML4 is not present/);
  });

  it('answers a pause request within 20 ms', async () => {
    const client = testClient();
    await start(client, tinyLaunch({ code: [...print('x'), ...loopForever] }));
    await client.serialOutput('x');
    const latencies: number[] = [];
    for (let round = 0; round < 9; round++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      const stop = client.nextStop();
      const asked = performance.now();
      await client.succeed('pause', { threadId: 1 });
      expect((await stop).body.reason).toBe('pause');
      latencies.push(performance.now() - asked);
      await client.succeed('continue', { threadId: 1 });
    }
    const median = latencies.toSorted((a, b) => a - b)[4];
    console.log(
      `pause latency: median ${median.toFixed(1)} ms, worst ${Math.max(...latencies).toFixed(1)} ms`,
    );
    expect(median).toBeLessThan(20);
  });
});
