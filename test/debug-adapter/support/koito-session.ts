/** Sessions with the real kernel and userland: dist/guest as `npm run build` leaves it, or the folder that A9N_GUEST names. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { DapClient } from './dap-client.ts';
import { testClient } from './tiny-session.ts';

export const repository = resolve(import.meta.dirname, '../../..');
const guest = process.env['A9N_GUEST'] ?? join(repository, 'dist/guest');

export function koitoLaunch(): {
  kernel: string;
  init: string;
  programs: string[];
  sourceMap: Record<string, string>;
} {
  const image = (name: string) => {
    const path = join(guest, `${name}.elf`);
    if (!existsSync(path)) throw new Error(`${path} does not exist: run "npm run build" first`);
    return path;
  };
  return {
    kernel: image('kernel'),
    init: image('koito'),
    programs: ['ulmm', 'memory-tour', 'console', 'echo'].map(image),
    sourceMap: { '/a9n/': `${repository}/` },
  };
}

/** The line of a source file, as the editor counts, that contains `text`. */
export function lineOf(file: string, text: string): number {
  const lines = readFileSync(join(repository, file), 'utf8').split('\n');
  const index = lines.findIndex((line) => line.includes(text));
  if (index < 0) throw new Error(`${file} has no line with ${JSON.stringify(text)}`);
  return index + 1;
}

export type Breakpoints = DebugProtocol.SetBreakpointsResponse['body'];
export type Stack = DebugProtocol.StackTraceResponse['body'];
export type Variable = DebugProtocol.Variable;

export interface Place {
  readonly file: string;
  readonly text: string;
}

export async function setBreakpoint(
  client: DapClient,
  { file, text }: Place,
): Promise<DebugProtocol.Breakpoint> {
  const { breakpoints } = await client.succeed<Breakpoints>('setBreakpoints', {
    source: { path: join(repository, file) },
    breakpoints: [{ line: lineOf(file, text) }],
  });
  return breakpoints[0];
}

export async function clearBreakpoints(client: DapClient, file: string): Promise<void> {
  await client.succeed('setBreakpoints', { source: { path: join(repository, file) }, breakpoints: [] });
}

/** A session with its breakpoints set before the machine runs, as editors do it. */
export async function bootKoito(places: readonly Place[], more: object = {}): Promise<DapClient> {
  const client = testClient();
  await client.succeed('initialize', { adapterID: 'a9n', clientID: 'test' });
  const initialized = client.nextEvent('initialized');
  await client.succeed('launch', { ...koitoLaunch(), ...more });
  await initialized;
  for (const place of places) {
    const breakpoint = await setBreakpoint(client, place);
    if (!breakpoint.verified) throw new Error(`breakpoint not verified: ${breakpoint.message}`);
  }
  return client;
}

/** Lets the machine run by `command` and waits until it rests. */
export async function run(
  client: DapClient,
  command: string,
  args: object = {},
): Promise<DebugProtocol.StoppedEvent['body']> {
  const stop = client.nextStop();
  await client.succeed(command, args);
  return (await stop).body;
}

export async function stackOf(client: DapClient, threadId: number): Promise<DebugProtocol.StackFrame[]> {
  return (await client.succeed<Stack>('stackTrace', { threadId })).stackFrames;
}

export async function threadNames(client: DapClient): Promise<Map<number, string>> {
  const { threads } = await client.succeed<DebugProtocol.ThreadsResponse['body']>('threads');
  return new Map(threads.map(({ id, name }) => [id, name]));
}

/** Variables of a scope of a frame, by name. */
export async function scope(
  client: DapClient,
  frameId: number,
  name: string,
): Promise<Map<string, Variable>> {
  const { scopes } = await client.succeed<DebugProtocol.ScopesResponse['body']>('scopes', { frameId });
  const found = scopes.find((each) => each.name === name);
  if (found === undefined)
    throw new Error(`no scope ${name} among ${scopes.map((each) => each.name).join(', ')}`);
  return children(client, found.variablesReference);
}

export async function children(
  client: DapClient,
  variablesReference: number,
): Promise<Map<string, Variable>> {
  const { variables } = await client.succeed<DebugProtocol.VariablesResponse['body']>('variables', {
    variablesReference,
  });
  return new Map(variables.map((variable) => [variable.name, variable]));
}
