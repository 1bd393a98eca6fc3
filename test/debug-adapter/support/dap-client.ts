/** A DAP client for tests. It speaks bytes with the adapter and checks every message of both directions by the schema. */
import { PassThrough, type Readable, type Writable } from 'node:stream';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { serve } from '../../../debug-adapter/node/stdio-server.ts';
import { encodeMessage, MessageDecoder } from '../../../debug-adapter/protocol/message-codec.ts';
import { schemaViolations } from './message-schema.ts';

type Received = DebugProtocol.Event | DebugProtocol.Response;

interface Waiting {
  readonly matches: (message: Received) => boolean;
  readonly resolve: (message: Received) => void;
}

const PATIENCE_MILLISECONDS = 20_000;

export class DapClient {
  readonly events: DebugProtocol.Event[] = [];
  readonly violations: string[] = [];
  /** Everything the guest printed. */
  serial = '';
  readonly #output: Writable;
  readonly #waiting = new Set<Waiting>();
  #sequence = 1;
  #nextExpected = 1;

  constructor(input: Readable, output: Writable) {
    this.#output = output;
    const decoder = new MessageDecoder();
    input.on('data', (chunk: Uint8Array) => {
      for (const decoded of decoder.push(chunk)) {
        if (decoded.kind === 'garbage') this.violations.push(decoded.problem);
        else this.#receive(decoded.value);
      }
    });
  }

  /** Sends a request and resolves with its response, successful or not. */
  async request(command: string, args?: object): Promise<DebugProtocol.Response> {
    const seq = this.#sequence++;
    const request: DebugProtocol.Request = { seq, type: 'request', command };
    if (args !== undefined) request.arguments = args;
    this.violations.push(...schemaViolations(request));
    return this.#exchange(request, seq);
  }

  /** The same without checking what is sent: for requests that are wrong on purpose. */
  async wrongRequest(command: string, args?: unknown): Promise<DebugProtocol.Response> {
    const seq = this.#sequence++;
    return this.#exchange({ seq, type: 'request', command, arguments: args }, seq);
  }

  sendBytes(bytes: Uint8Array | string): void {
    this.#output.write(bytes);
  }

  /** The response's body; throws with the adapter's explanation if the request failed. */
  async succeed<Body = Record<string, never>>(command: string, args?: object): Promise<Body> {
    const response = await this.request(command, args);
    if (!response.success) throw new Error(`${command} failed: ${response.message}`);
    return response.body;
  }

  /** The explanation of a request that must fail. */
  async fail(command: string, args?: unknown): Promise<string> {
    const response = await this.wrongRequest(command, args);
    if (response.success) throw new Error(`${command} succeeded, but it should not`);
    return response.message ?? '';
  }

  /** The next event of that name from now on. */
  async nextEvent<Event extends DebugProtocol.Event = DebugProtocol.Event>(
    name: string,
    matches: (event: Event) => boolean = () => true,
  ): Promise<Event> {
    const found = await this.#wait(
      `event "${name}"`,
      (message) =>
        message.type === 'event' && 'event' in message && message.event === name && matches(message as Event),
    );
    return found as Event;
  }

  nextStop(): Promise<DebugProtocol.StoppedEvent> {
    return this.nextEvent<DebugProtocol.StoppedEvent>('stopped');
  }

  /** Until the guest has printed `text`. */
  async serialOutput(text: string): Promise<void> {
    while (!this.serial.includes(text)) {
      try {
        await this.nextEvent('a9n/serialOutput');
      } catch (error) {
        throw new Error(`the guest did not print ${JSON.stringify(text)} but:\n${this.serial}`, {
          cause: error,
        });
      }
    }
  }

  async #exchange(request: object, seq: number): Promise<DebugProtocol.Response> {
    const response = this.#wait(
      `response to ${JSON.stringify(request).slice(0, 200)}`,
      (message) => message.type === 'response' && 'request_seq' in message && message.request_seq === seq,
    );
    this.sendBytes(encodeMessage(request));
    return (await response) as DebugProtocol.Response;
  }

  #wait(what: string, matches: (message: Received) => boolean): Promise<Received> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        matches,
        resolve: (message) => {
          clearTimeout(timer);
          resolve(message);
        },
      };
      this.#waiting.add(waiting);
      const timer = setTimeout(() => {
        this.#waiting.delete(waiting);
        const recent = this.events.slice(-5).map((event) => JSON.stringify(event).slice(0, 300));
        reject(new Error(`no ${what}; the last events were:\n${recent.join('\n')}`));
      }, PATIENCE_MILLISECONDS);
    });
  }

  #receive(value: unknown): void {
    const message = value as Received;
    this.violations.push(...schemaViolations(message));
    if (message.seq !== this.#nextExpected++) this.violations.push(`seq ${message.seq} is out of order`);
    if (message.type === 'event' && 'event' in message) {
      this.events.push(message);
      if (message.event === 'a9n/serialOutput') this.serial += message.body.text;
    }
    for (const waiting of [...this.#waiting]) {
      if (!waiting.matches(message)) continue;
      this.#waiting.delete(waiting);
      waiting.resolve(message);
    }
  }
}

/** A client connected to a fresh adapter in this process; `close` ends both and throws if a message broke the schema. */
export function connect(): { client: DapClient; close(): Promise<void> } {
  const toAdapter = new PassThrough();
  const fromAdapter = new PassThrough();
  const served = serve(toAdapter, fromAdapter);
  const client = new DapClient(fromAdapter, toAdapter);
  return {
    client,
    async close() {
      toAdapter.end();
      await served;
      if (client.violations.length > 0)
        throw new Error(`messages break the schema:\n${client.violations.join('\n')}`);
    },
  };
}
