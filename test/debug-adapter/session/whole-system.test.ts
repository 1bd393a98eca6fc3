/** The real kernel and servers, debugged as an editor does it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { describe, expect, it } from 'vitest';
import type {
  AddressSpacesResponse,
  CapabilitySlotsResponse,
  CapabilitySpacesResponse,
  PageTableResponse,
  TranslateAddressResponse,
} from '../../../debug-adapter/custom-requests.ts';
import { buildElf } from '../../emulator/boot/elf-builder.ts';
import type { DapClient } from '../support/dap-client.ts';
import {
  bootKoito,
  children,
  clearBreakpoints,
  koitoLaunch,
  lineOf,
  repository,
  run,
  scope,
  setBreakpoint,
  stackOf,
  threadNames,
} from '../support/koito-session.ts';
import { start, temporaryFolder, testClient } from '../support/tiny-session.ts';

const SERVER = 'userland/ulmm/server.cpp';
const IN_MAP = { file: SERVER, text: 'space     *where   = find_space(sender, arguments[0]);' };
const AT_RECEIVE = { file: SERVER, text: 'incoming = requests.reply_receive(reply);' };
/** The wrappers around the system call are a part of this line. */
const AT_KERNEL_CALL = {
  file: 'userland/include/a9n/ipc-port.hpp',
  text: 'transact(value, abi::ipc_port_operation::reply_receive',
};

const BOUNDARY = '── kernel ⇄ ulmm ──';

/** Stopped where ULMM maps what memory-tour asked for. */
async function inMap(): Promise<{
  client: DapClient;
  threadId: number;
  frames: DebugProtocol.StackFrame[];
}> {
  const client = await bootKoito([IN_MAP]);
  const { reason, threadId = 0 } = await run(client, 'configurationDone');
  expect(reason).toBe('breakpoint');
  return { client, threadId, frames: await stackOf(client, threadId) };
}

/** Steps into until the innermost frame is kernel C++ code. */
async function stepIntoKernel(client: DapClient, threadId: number): Promise<DebugProtocol.StackFrame[]> {
  for (let steps = 0; steps < 40; steps++) {
    const stop = await run(client, 'stepIn', { threadId });
    expect(stop).toMatchObject({ reason: 'step', threadId });
    const frames = await stackOf(client, threadId);
    if (frames[0].source?.path?.startsWith(join(repository, 'kernel/hal'))) return frames;
  }
  throw new Error('forty steps did not lead into the kernel');
}

/** Pauses as soon as no process runs. Returns the threads' names. */
async function pauseWhenIdle(client: DapClient): Promise<Map<number, string>> {
  for (let attempt = 0; attempt < 50; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { threadId = 0 } = await run(client, 'pause', { threadId: 1 });
    const names = await threadNames(client);
    if (names.get(threadId) === 'kernel') {
      expect((await stackOf(client, threadId)).map((frame) => frame.name)).toEqual(['idle']);
      return names;
    }
    await client.succeed('continue', { threadId });
  }
  throw new Error('the system does not become idle');
}

describe('breakpoints in a server', () => {
  it('stops where one was set before launch, with every process as a named thread', async () => {
    const { client, threadId, frames } = await inMap();
    const names = await threadNames(client);
    expect(names.get(threadId)).toBe('ulmm');
    expect([...names.values()]).toEqual(expect.arrayContaining(['ulmm', 'koito', 'memory-tour', 'console']));
    expect(frames[0]).toMatchObject({
      name: 'ulmm::server::map',
      line: lineOf(IN_MAP.file, IN_MAP.text),
      source: { path: join(repository, SERVER) },
    });
    expect(frames.map((frame) => frame.name)).toEqual([
      'ulmm::server::map',
      'ulmm::server::handle_client',
      'ulmm::server::handle',
      'ulmm::server::run',
      'main',
      'a9n_start_program',
      '_start',
    ]);
  });

  it('stops where one is set while the machine runs, without a pause', async () => {
    const client = await bootKoito([]);
    await client.succeed('configurationDone');
    await client.serialOutput('memory-tour exited');
    const stop = client.nextStop();
    const place = { file: 'userland/drivers/console/main.cpp', text: 'if (incoming)' };
    const file = join(repository, place.file);
    // The console waits for the next key: everything in its loop will be reached.
    const { breakpoints } = await client.succeed<DebugProtocol.SetBreakpointsResponse['body']>(
      'setBreakpoints',
      {
        source: { path: file },
        breakpoints: [{ line: lineOf(place.file, place.text) }],
      },
    );
    expect(breakpoints[0].verified).toBe(true);
    await client.succeed('a9n/serialInput', { text: 'x' });
    const { reason, threadId = 0 } = (await stop).body;
    expect(reason).toBe('breakpoint');
    expect((await threadNames(client)).get(threadId)).toBe('console');
  });

  it('says where a breakpoint without code goes, or why it goes nowhere', async () => {
    const { client } = await inMap();
    const empty = await setBreakpoint(client, { file: SERVER, text: 'namespace ulmm' });
    expect(empty.verified).toBe(true);
    expect(empty.message).toMatch(/^Line 3 has no code; stops at line \d+\.$/);
    const set = async (path: string, line: number) => {
      const { breakpoints } = await client.succeed<DebugProtocol.SetBreakpointsResponse['body']>(
        'setBreakpoints',
        {
          source: { path },
          breakpoints: [{ line }],
        },
      );
      return breakpoints[0];
    };
    const behind = await set(join(repository, SERVER), 100_000);
    expect(behind).toMatchObject({ verified: false });
    expect(behind.message).toMatch(/no code at line 100000 or below.*line with a statement/);
    const foreign = await set('/somewhere/else.cpp', 1);
    expect(foreign).toMatchObject({ verified: false });
    expect(foreign.message).toMatch(
      /No program of this session has code from this file.*"programs".*"sourceMap"/,
    );
  });

  it('knows functions by their qualified names, kernel and user', async () => {
    const client = await bootKoito([]);
    const { breakpoints } = await client.succeed<DebugProtocol.SetFunctionBreakpointsResponse['body']>(
      'setFunctionBreakpoints',
      {
        breakpoints: [
          { name: 'ulmm::server::statistics' },
          { name: 'a9n::start_kernel' },
          { name: 'no::such' },
        ],
      },
    );
    expect(breakpoints.map((each) => each.verified)).toEqual([true, true, false]);
    expect(breakpoints[2].message).toMatch(/No program has a function "no::such"/);
    const kernelStop = await run(client, 'configurationDone');
    expect(kernelStop.reason).toBe('function breakpoint');
    expect((await threadNames(client)).get(kernelStop.threadId ?? 0)).toBe('kernel');
    expect((await stackOf(client, kernelStop.threadId ?? 0))[0].name).toBe('a9n::start_kernel');
    const userStop = await run(client, 'continue', { threadId: 1 });
    expect((await stackOf(client, userStop.threadId ?? 0))[0].name).toBe('ulmm::server::statistics');
  });

  it('honours conditions, hit counts and log messages', async () => {
    const client = testClient();
    await client.succeed('initialize', { adapterID: 'a9n' });
    const initialized = client.nextEvent('initialized');
    await client.succeed('launch', koitoLaunch());
    await initialized;
    const line = lineOf(IN_MAP.file, IN_MAP.text);
    await client.succeed('setBreakpoints', {
      source: { path: join(repository, SERVER) },
      breakpoints: [
        { line, condition: 'size > 50000' },
        { line: lineOf(SERVER, 'mapping_request wanted { .address = address'), logMessage: 'map {size}' },
      ],
    });
    const { threadId = 0 } = await run(client, 'configurationDone');
    const locals = await scope(client, (await stackOf(client, threadId))[0].id, 'Locals');
    expect(locals.get('size')?.value).toBe('102400');
    const logged = client.events.flatMap(({ event, body }) => (event === 'output' ? [body.output] : []));
    expect(logged.filter((text) => text.startsWith('map '))).toEqual(['map 4096\n', 'map 20480\n']);
  });

  it("stops on entry at the kernel's first instruction, where it still runs at physical addresses", async () => {
    const client = await bootKoito([], { stopOnEntry: true });
    const { reason, threadId = 0 } = await run(client, 'configurationDone');
    expect(reason).toBe('entry');
    const [frame] = await stackOf(client, threadId);
    expect(frame).toMatchObject({
      name: 'kernel_entry',
      source: { path: join(repository, 'kernel/hal/x86_64/boot.S') },
      instructionPointerReference: expect.stringMatching(/^10[0-9a-f]{4}@/),
    });
  });

  it('does not take one program for another at the same address', async () => {
    // Both are linked to the same address, and both begin with the same start-up code.
    const client = await bootKoito([
      { file: 'userland/apps/memory-tour/main.cpp', text: 'regions[i] = visit(stops[i], i);' },
    ]);
    for (let stop = 0; stop < 4; stop++) {
      const { threadId = 0 } = await run(client, stop === 0 ? 'configurationDone' : 'continue', {
        threadId: 1,
      });
      expect((await threadNames(client)).get(threadId)).toBe('memory-tour');
      expect((await stackOf(client, threadId))[0].name).toBe('main');
    }
  });
});

describe('values', () => {
  it('shows arguments, locals, members and registers', async () => {
    const { client, frames } = await inMap();
    const locals = await scope(client, frames[0].id, 'Locals');
    expect(locals.get('size')).toMatchObject({ value: '4096', type: expect.stringMatching(/word/) });
    const sender = locals.get('sender');
    const members = await children(client, sender?.variablesReference ?? 0);
    expect(members.get('identifier')?.value).toBe('4');
    const registers = await scope(client, frames[0].id, 'Registers');
    expect(registers.get('rip')?.value).toMatch(/^0x40[0-9a-f]+ <ulmm::server::map\+0x/);
    const control = await children(client, registers.get('Control')?.variablesReference ?? 0);
    expect([...control.keys()]).toEqual(['cr0', 'cr2', 'cr3', 'cr4', 'efer']);
    const x87 = await children(client, registers.get('x87')?.variablesReference ?? 0);
    expect(x87.get('st7')?.value).toBe('0x0');
    expect(x87.get('fctrl')?.value).toBe('0x37f');
    // A caller's frame has its own values.
    const incoming = await scope(client, frames[3].id, 'Locals');
    expect(incoming.get('incoming')?.value).toMatch(/ok=true/);
  });

  it('evaluates expressions, also over arrays in pages', async () => {
    const { client, frames } = await inMap();
    const evaluate = async (expression: string) =>
      client.succeed<DebugProtocol.EvaluateResponse['body']>('evaluate', {
        expression,
        frameId: frames[0].id,
        context: 'watch',
      });
    expect((await evaluate('size + 1')).result).toBe('4097');
    expect((await evaluate('size,x')).result).toBe('0x1000');
    expect((await evaluate('sender.own')).type).toMatch(/space/);
    expect((await evaluate('a9n::processors[0].current_process->priority')).result).toMatch(/^\d+$/);
    const queues = await evaluate('a9n::processors[0].ready_queues');
    expect(queues.indexedVariables).toBe(32);
    const { variables } = await client.succeed<DebugProtocol.VariablesResponse['body']>('variables', {
      variablesReference: queues.variablesReference,
      filter: 'indexed',
      start: 30,
      count: 10,
    });
    expect(variables.map(({ name }) => name)).toEqual(['[30]', '[31]']);
    expect(await client.fail('evaluate', { expression: 'nowhere', frameId: frames[0].id })).toMatch(
      /nowhere/,
    );
    expect(await client.fail('evaluate', { expression: 'size +', frameId: frames[0].id })).not.toBe('');
  });

  it('sets a variable, which the guest then uses', async () => {
    const { client, threadId, frames } = await inMap();
    const { scopes } = await client.succeed<DebugProtocol.ScopesResponse['body']>('scopes', {
      frameId: frames[0].id,
    });
    const changed = await client.succeed<DebugProtocol.SetVariableResponse['body']>('setVariable', {
      variablesReference: scopes[0].variablesReference,
      name: 'size',
      value: '8192',
    });
    expect(changed.value).toBe('8192');
    await clearBreakpoints(client, SERVER);
    await client.succeed('continue', { threadId });
    await client.serialOutput('memory-tour: in between: 1 ranges, 2228224 bytes mapped');
  });

  it('keeps memory of one address space apart from another', async () => {
    const { client, frames } = await inMap();
    const { memoryReference } = await client.succeed<DebugProtocol.EvaluateResponse['body']>('evaluate', {
      expression: '*this',
      frameId: frames[0].id,
    });
    expect(memoryReference).toMatch(/^[0-9a-f]+@[0-9a-f]+$/);
    const names = await threadNames(client);
    const tour = [...names].find(([, name]) => name === 'memory-tour')?.[0] ?? 0;
    const tourFrame = (await stackOf(client, tour)).at(-1);
    const read = (reference: string | undefined) =>
      client.succeed<NonNullable<DebugProtocol.ReadMemoryResponse['body']>>('readMemory', {
        memoryReference: reference,
        count: 32,
      });
    // Both programs begin at the same address, with different code behind it.
    const entry = frames.at(-1)?.instructionPointerReference;
    expect(tourFrame?.instructionPointerReference?.split('@')[1]).not.toBe(entry?.split('@')[1]);
    expect((await read(memoryReference)).data?.length).toBeGreaterThan(40);
  });

  it('disassembles with symbols and source lines', async () => {
    const { client, frames } = await inMap();
    const { instructions } = await client.succeed<NonNullable<DebugProtocol.DisassembleResponse['body']>>(
      'disassemble',
      {
        memoryReference: frames[0].instructionPointerReference,
        instructionOffset: -60,
        instructionCount: 120,
        resolveSymbols: true,
      },
    );
    expect(instructions).toHaveLength(120);
    const pc = frames[0].instructionPointerReference?.split('@')[0];
    expect(instructions[60].address).toBe(`0x${pc}`);
    expect(instructions.some(({ symbol }) => symbol === 'ulmm::server::map')).toBe(true);
    expect(instructions.some(({ location }) => location?.path === join(repository, SERVER))).toBe(true);
    expect(instructions.some(({ instruction }) => /^call 0x[0-9a-f]+ <ulmm::/.test(instruction))).toBe(true);
    const addresses = instructions.map(({ address }) => BigInt(address));
    expect(addresses).toEqual(addresses.toSorted((a, b) => (a < b ? -1 : 1)));
  });
});

describe('stepping', () => {
  it('steps into a capability call as far as the kernel, and out again to the server', async () => {
    const client = await bootKoito([AT_RECEIVE]);
    const { threadId = 0 } = await run(client, 'configurationDone');
    await clearBreakpoints(client, SERVER);
    const inKernel = await stepIntoKernel(client, threadId);
    const boundary = inKernel.findIndex((frame) => frame.presentationHint === 'label');
    expect(inKernel[boundary].name).toBe(BOUNDARY);
    expect(inKernel.slice(0, boundary).every((frame) => frame.source?.path?.includes('/kernel/'))).toBe(true);
    expect(inKernel.slice(boundary + 1).map((frame) => frame.name)).toEqual(
      expect.arrayContaining(['a9n::ipc_port::reply_receive', 'ulmm::server::run', 'main']),
    );
    // The user frame stands at its system call.
    expect(inKernel[boundary + 1]).toMatchObject({
      name: 'a9n::ipc_port::reply_receive',
      line: lineOf(AT_KERNEL_CALL.file, AT_KERNEL_CALL.text),
    });
    // Deeper into the kernel, and out of it: the outermost kernel function's caller is the server.
    await run(client, 'stepIn', { threadId });
    expect((await stackOf(client, threadId))[0].source?.path).toMatch(/\/kernel\//);
    await run(client, 'stepOut', { threadId });
    expect((await stackOf(client, threadId))[0].source?.path).toMatch(/\/kernel\//);
    const out = await run(client, 'stepOut', { threadId });
    expect(out).toMatchObject({ reason: 'step', threadId });
    const back = await stackOf(client, threadId);
    expect(back.some((frame) => frame.presentationHint === 'label')).toBe(false);
    expect(back.map((frame) => frame.name)).toContain('ulmm::server::run');
  });

  it('steps over a blocking call to the next line of the same process', async () => {
    const client = await bootKoito([AT_RECEIVE]);
    const { threadId = 0 } = await run(client, 'configurationDone');
    await clearBreakpoints(client, SERVER);
    const before = client.serial;
    for (let round = 0; round < 3; round++) {
      const line = lineOf(SERVER, AT_RECEIVE.text);
      for (let steps = 0; steps < 10; steps++) {
        const stop = await run(client, 'next', { threadId });
        expect(stop).toMatchObject({ reason: 'step', threadId });
        const [frame] = await stackOf(client, threadId);
        expect(frame.name).toBe('ulmm::server::run');
        if (frame.line === line) break;
      }
    }
    // Others have run meanwhile.
    expect(client.serial.length).toBeGreaterThanOrEqual(before.length);
    const { result } = await client.succeed<DebugProtocol.EvaluateResponse['body']>('evaluate', {
      expression: 'incoming.ok',
      frameId: (await stackOf(client, threadId))[0].id,
    });
    expect(result).toBe('true');
  });

  it('steps a line in less than 100 ms', async () => {
    const { client, threadId } = await inMap();
    const times: number[] = [];
    for (let steps = 0; steps < 25; steps++) {
      const begin = performance.now();
      await run(client, steps % 3 === 0 ? 'stepIn' : 'next', { threadId });
      times.push(performance.now() - begin);
    }
    times.sort((a, b) => a - b);
    console.log(`step: median ${times[12].toFixed(1)} ms, slowest ${times[24].toFixed(1)} ms`);
    expect(times[12]).toBeLessThan(100);
  });

  it('is not led astray by the timer while it steps through a long loop', async () => {
    const client = await bootKoito([
      { file: 'userland/apps/memory-tour/main.cpp', text: 'if (!is_zero(region.address' },
    ]);
    let threadId = 0;
    // The fourth region is 2 MiB: looking at it takes many ticks of the preemption timer.
    for (let stop = 0; stop < 4; stop++) {
      threadId =
        (await run(client, stop === 0 ? 'configurationDone' : 'continue', { threadId })).threadId ?? 0;
    }
    expect((await threadNames(client)).get(threadId)).toBe('memory-tour');
    const [before] = await stackOf(client, threadId);
    const stop = await run(client, 'next', { threadId });
    expect(stop).toMatchObject({ reason: 'step', threadId });
    const [after] = await stackOf(client, threadId);
    expect(after.name).toBe(before.name);
    expect(after.line).toBeGreaterThan(before.line);
  });

  it('steps by single instructions, and out of a function to its caller', async () => {
    const { client, threadId, frames } = await inMap();
    const addressOf = (frame: DebugProtocol.StackFrame) =>
      BigInt(`0x${frame.instructionPointerReference?.split('@')[0]}`);
    await run(client, 'next', { threadId, granularity: 'instruction' });
    const [next] = await stackOf(client, threadId);
    const distance = addressOf(next) - addressOf(frames[0]);
    expect(distance > 0n && distance <= 15n).toBe(true);
    await run(client, 'stepOut', { threadId });
    const [caller] = await stackOf(client, threadId);
    expect(caller.name).toBe(frames[1].name);
  });

  it('ends a step whose process ends', async () => {
    const file = 'userland/apps/memory-tour/main.cpp';
    const client = await bootKoito([{ file, text: 'say_usage("after all");' }]);
    const { threadId = 0 } = await run(client, 'configurationDone');
    await clearBreakpoints(client, file);
    await run(client, 'stepOut', { threadId });
    expect((await stackOf(client, threadId))[0].name).toBe('a9n_start_program');
    const { reason } = await run(client, 'next', { threadId });
    expect(reason).toBe('pause');
    expect([...(await threadNames(client)).values()]).not.toContain('memory-tour');
  });

  it('pauses an idle system in the kernel, and steps a waiting process when it wakes', async () => {
    const client = await bootKoito([]);
    await client.succeed('configurationDone');
    await client.serialOutput('memory-tour exited');
    const names = await pauseWhenIdle(client);
    const console = [...names].find(([, name]) => name === 'console')?.[0] ?? 0;
    const waiting = await stackOf(client, console);
    expect(waiting[0]).toMatchObject({
      name: 'a9n::ipc_port::reply_receive',
      line: lineOf(AT_KERNEL_CALL.file, AT_KERNEL_CALL.text),
    });
    const stop = client.nextStop();
    await client.succeed('stepOut', { threadId: console });
    await client.succeed('a9n/serialInput', { text: 'x' });
    expect((await stop).body).toMatchObject({ reason: 'step', threadId: console });
  });
});

describe('kernel objects', () => {
  it('shows capability spaces with descriptors that the kernel accepts', async () => {
    const { client, threadId } = await inMap();
    const { spaces } = await client.succeed<CapabilitySpacesResponse>('a9n/capabilitySpaces');
    expect(spaces.map(({ process }) => process)).toEqual(
      expect.arrayContaining(['koito', 'ulmm', 'memory-tour', 'console']),
    );
    const ulmm = spaces.find((space) => space.threadId === threadId);
    const { slots } = await client.succeed<CapabilitySlotsResponse>('a9n/capabilitySlots', {
      nodeReference: ulmm?.nodeReference ?? '',
    });
    expect(slots.length).toBe(ulmm?.usedSlots);
    const bySlot = new Map(slots.map((slot) => [slot.index, slot]));
    expect(bySlot.get(2)).toMatchObject({
      type: 'PROCESS_CONTROL_BLOCK',
      rights: ['READ', 'WRITE', 'COPY', 'MODIFY'],
    });
    expect(bySlot.get(2)?.object).toMatch(/^ulmm at 0xffff8/);
    expect(bySlot.get(3)?.object).toMatch(/^of ulmm, PML4 at physical 0x/);
    // ULMM's own name for its request port is the descriptor shown for that slot.
    const frames = await stackOf(client, threadId);
    const { result } = await client.succeed<DebugProtocol.EvaluateResponse['body']>('evaluate', {
      expression: 'requests.value,x',
      frameId: frames.find((frame) => frame.name === 'ulmm::server::run')?.id,
    });
    const port = slots.find((slot) => slot.descriptor === result);
    expect(port?.type).toBe('IPC_PORT');
    expect(port?.object).toMatch(/^identifier 0x[0-9a-f]+ at 0xffff8/);
    // Nested nodes expand, and lead to the Generics that ULMM cuts memory from.
    const nested = slots.filter((slot) => slot.nodeReference !== undefined);
    const generics: string[] = [];
    for (const { nodeReference } of nested) {
      const inner = await client.succeed<CapabilitySlotsResponse>('a9n/capabilitySlots', { nodeReference });
      for (const { nodeReference: innermost } of inner.slots) {
        if (innermost === undefined) continue;
        const leaf = await client.succeed<CapabilitySlotsResponse>('a9n/capabilitySlots', {
          nodeReference: innermost,
        });
        generics.push(...leaf.slots.filter(({ type }) => type === 'GENERIC').map(({ object }) => object));
      }
    }
    expect(generics.length).toBeGreaterThan(0);
    expect(generics[0]).toMatch(/iB at physical 0x[0-9a-f]+, \d+ % used/);
  });

  it('walks page tables to the page that holds a variable', async () => {
    const { client, threadId, frames } = await inMap();
    const { spaces } = await client.succeed<AddressSpacesResponse>('a9n/addressSpaces');
    const root = spaces.find((space) => space.threadId === threadId)?.root ?? '';
    const translation = await client.succeed<TranslateAddressResponse>('a9n/translateAddress', {
      root,
      expression: '&this->memory',
      frameId: frames[0].id,
    });
    expect(translation.explanation).toMatch(
      /is mapped to physical 0x[0-9a-f]+ by a 4 KiB page \(read, write.*; user\)/,
    );
    expect(translation.path.map(({ level }) => level)).toEqual([4, 3, 2, 1]);
    const address = BigInt(translation.virtualAddress);
    let table: string | undefined;
    let base = '0x0';
    for (const level of [4, 3, 2, 1]) {
      const args = { root, level, base, ...(table === undefined ? {} : { table }) };
      const { rows } = await client.succeed<PageTableResponse>('a9n/pageTable', args);
      const row = rows.find(
        (each) => BigInt(each.virtualStart) <= address && address < BigInt(each.virtualEnd),
      );
      expect(row?.kind).toBe(level === 1 ? 'page' : 'table');
      if (level === 1) {
        const physical = BigInt(row?.physicalAddress ?? 0) + address - BigInt(row?.virtualStart ?? 0);
        expect(`0x${physical.toString(16)}`).toBe(translation.physicalAddress);
        expect(row?.flags).toEqual(expect.arrayContaining(['read', 'write', 'user']));
      }
      table = row?.physicalAddress;
      base = row?.virtualStart ?? '';
    }
    // The kernel's half of the PML4 ends where the address space ends, and is no user's.
    const { rows } = await client.succeed<PageTableResponse>('a9n/pageTable', {
      root,
      level: 4,
      base: '0x0',
    });
    expect(rows.at(-1)?.virtualEnd).toBe('0x10000000000000000');
    expect(rows.at(-1)?.flags).not.toContain('user');
  });
});

describe('the session', () => {
  it('restarts: same breakpoints, same stop, fresh machine', async () => {
    const { client } = await inMap();
    const counts: string[] = [];
    for (let round = 0; round < 2; round++) {
      const stop = await run(client, 'restart');
      expect(stop.reason).toBe('breakpoint');
      expect((await threadNames(client)).get(stop.threadId ?? 0)).toBe('ulmm');
      const [frame] = await stackOf(client, stop.threadId ?? 0);
      expect(frame.name).toBe('ulmm::server::map');
      counts.push(frame.instructionPointerReference ?? '');
    }
    expect(counts[0]).toBe(counts[1]);
  });

  it('answers a pause request within 20 ms while the servers compute', async () => {
    const client = await bootKoito([]);
    await client.succeed('configurationDone');
    const latencies: number[] = [];
    for (let round = 0; round < 15; round++) {
      await new Promise((resolve) => setTimeout(resolve, 15));
      const stop = client.nextStop();
      const asked = performance.now();
      await client.succeed('pause', { threadId: 1 });
      await stop;
      latencies.push(performance.now() - asked);
      await client.succeed('continue', { threadId: 1 });
    }
    latencies.sort((a, b) => a - b);
    console.log(`pause: median ${latencies[7].toFixed(1)} ms, slowest ${latencies[14].toFixed(1)} ms`);
    expect(latencies[7]).toBeLessThan(20);
  });

  it('announces processes that come and go while the machine runs', async () => {
    const { client, threadId } = await inMap();
    const before = await threadNames(client);
    const tour = [...before].find(([, name]) => name === 'memory-tour')?.[0];
    await clearBreakpoints(client, SERVER);
    const announced = client.nextEvent<DebugProtocol.ThreadEvent>(
      'thread',
      ({ body }) => body.threadId === tour && body.reason === 'exited',
    );
    await client.succeed('continue', { threadId });
    await announced;
    const threads = client.events.filter(({ event }) => event === 'thread').map(({ body }) => body);
    const present = new Set<number>();
    for (const body of threads) {
      if (body.reason === 'started') present.add(body.threadId);
      else present.delete(body.threadId);
    }
    const now = await threadNames(client);
    expect([...now].filter(([, name]) => name !== 'kernel').map(([id]) => id)).toEqual(
      expect.arrayContaining([...present]),
    );
    expect([...now.values()]).not.toContain('memory-tour');
    expect([...present].map((id) => now.get(id)).sort()).toEqual([
      'console',
      'echo',
      'koito',
      'koito (2)',
      'koito (3)',
      'ulmm',
    ]);
  });

  it('terminates while the guest runs', async () => {
    const client = await bootKoito([]);
    await client.succeed('configurationDone');
    await client.serialOutput('koito: starting ulmm');
    const terminated = client.nextEvent('terminated');
    await client.succeed('terminate');
    await terminated;
    await client.succeed('disconnect');
  });

  it('runs without debugging: breakpoints do not stop', async () => {
    const client = await bootKoito([IN_MAP], { noDebug: true });
    await client.succeed('configurationDone');
    await client.serialOutput('memory-tour: done');
    expect(client.events.some(({ event }) => event === 'stopped')).toBe(false);
  });

  it('debugs the servers under a kernel without symbols, and says what is missing', async () => {
    const image = readFileSync(koitoLaunch().kernel);
    const header = new DataView(image.buffer, image.byteOffset, 64);
    // No section headers: no symbols, no debug information, no call frame information.
    header.setBigUint64(40, 0n, true);
    header.setUint16(60, 0, true);
    header.setUint16(62, 0, true);
    const kernel = join(temporaryFolder(), 'stripped.elf');
    writeFileSync(kernel, image);
    const client = await bootKoito([AT_RECEIVE], { kernel });
    const told = client.events.flatMap(({ event, body }) => (event === 'output' ? [body.output] : []));
    expect(told.join('')).toMatch(
      /kernel's objects cannot be read.*told apart by address space only.*built with -g/s,
    );
    const { threadId = 0 } = await run(client, 'configurationDone');
    expect((await threadNames(client)).get(threadId)).toBe('ulmm');
    await clearBreakpoints(client, SERVER);
    const [before] = await stackOf(client, threadId);
    expect(await run(client, 'next', { threadId })).toMatchObject({ reason: 'step', threadId });
    const [after] = await stackOf(client, threadId);
    expect(after.name).toBe(before.name);
    expect(after.line).not.toBe(before.line);
    expect(await client.succeed('a9n/capabilitySpaces')).toEqual({ spaces: [] });
  });

  it('names an init server that faults at once', async () => {
    const init = join(temporaryFolder(), 'bad-init.elf');
    const code = Uint8Array.of(0x0f, 0x0b);
    const elf = buildElf({
      entry: 0x1000,
      segments: [
        { virtualAddress: 0x1000, bytes: code },
        { virtualAddress: 0x4000, bytes: Uint8Array.of(1), memorySize: 0x3000 },
      ],
      symbols: { __init_info_start: 0x5000, __init_ipc_buffer_start: 0x6000 },
    });
    writeFileSync(init, elf);
    const client = testClient();
    const told = client.nextEvent<DebugProtocol.OutputEvent>(
      'output',
      ({ body }) => body.category === 'important',
    );
    await start(client, { kernel: koitoLaunch().kernel, init });
    expect((await told).body.output).toMatch(
      /Every process is suspended.*at 0x1000.*fault that no resolver/s,
    );
    await client.serialOutput('suspended by a fault without resolver: invalid instruction');
  });
});
