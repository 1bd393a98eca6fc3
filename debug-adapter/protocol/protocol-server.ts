/**
 * The adapter's end of a DAP conversation: requests in, responses and events out, numbered. Whatever arrives, every
 * request gets exactly one response and nothing throws out of `receive`.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { isRecord, type Shape, ShapeError } from './argument-shape.ts';

/** A request that cannot be done; the message names cause and remedy. */
export class RequestError extends Error {}

/**
 * Requests that a client sends of its own accord to fill its views. Their failures (often no more than a frame that
 * has gone since) are for the view to show, not for a dialog.
 */
const VIEW_REQUESTS: ReadonlySet<string> = new Set([
  ...['threads', 'stackTrace', 'scopes', 'variables', 'evaluate', 'exceptionInfo', 'source', 'loadedSources'],
  ...['readMemory', 'disassemble', 'breakpointLocations', 'completions'],
]);

export type SendMessage = (message: DebugProtocol.ProtocolMessage) => void;

export class ProtocolServer {
  readonly #send: SendMessage;
  readonly #handlers = new Map<string, (rawArguments: unknown) => unknown>();
  #sequence = 1;

  constructor(send: SendMessage) {
    this.#send = send;
  }

  /** Answers `command` with what `handler` returns as the response's body. A synchronous handler is answered
   * before anything else can be sent. */
  onRequest<A>(
    command: string,
    shape: Shape<A>,
    handler: (args: A) => object | undefined | Promise<object | undefined>,
  ): void {
    this.#handlers.set(command, (rawArguments) => handler(shape(rawArguments, '')));
  }

  sendEvent(event: string, body?: object): void {
    const message: DebugProtocol.Event = { seq: this.#sequence++, type: 'event', event };
    if (body !== undefined) message.body = body;
    this.#send(message);
  }

  /** A line in the client's debug console. */
  tell(text: string, category: 'console' | 'important' | 'stdout' | 'stderr' = 'console'): void {
    this.sendEvent('output', { category, output: `${text}\n` });
  }

  /** Reports bytes that are no message at all. */
  receiveGarbage(problem: string): void {
    this.tell(
      `The debug adapter received something that is no DAP message and skipped it: ${problem}.`,
      'stderr',
    );
  }

  receive(message: unknown): void {
    const request = readRequest(message);
    if (typeof request === 'string') this.receiveGarbage(request);
    else if (request !== undefined) this.#answer(request);
  }

  #answer({ seq, command, rawArguments }: IncomingRequest): void {
    const succeed = (body: unknown) => this.#succeed(seq, command, body);
    const fail = (error: unknown) => this.#fail(seq, command, this.#explain(command, error));
    try {
      const handler = this.#handlers.get(command);
      if (handler === undefined) throw new RequestError(unknownCommand(command));
      const result = handler(rawArguments);
      if (result instanceof Promise) result.then(succeed, fail);
      else succeed(result);
    } catch (error) {
      fail(error);
    }
  }

  #succeed(requestSequence: number, command: string, body: unknown): void {
    const response: DebugProtocol.Response = {
      seq: this.#sequence++,
      type: 'response',
      request_seq: requestSequence,
      success: true,
      command,
    };
    if (body !== undefined) response.body = body;
    this.#send(response);
  }

  #fail(requestSequence: number, command: string, explanation: string): void {
    const showUser = !VIEW_REQUESTS.has(command) && !command.startsWith('a9n/');
    const response: DebugProtocol.ErrorResponse = {
      seq: this.#sequence++,
      type: 'response',
      request_seq: requestSequence,
      success: false,
      command,
      message: explanation,
      // VS Code formats `{name}` placeholders; the text goes through a variable so that its braces stay.
      body: { error: { id: 1, format: '{text}', variables: { text: explanation }, showUser } },
    };
    this.#send(response);
  }

  #explain(command: string, error: unknown): string {
    if (error instanceof ShapeError) return `The arguments of "${command}" are wrong: ${error.message}.`;
    if (error instanceof RequestError) return error.message;
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.tell(`Internal error of the A9N debug adapter in "${command}": ${detail}`, 'stderr');
    return `The A9N debug adapter failed inside "${command}": ${error instanceof Error ? error.message : String(error)}`;
  }
}

interface IncomingRequest {
  readonly seq: number;
  readonly command: string;
  readonly rawArguments: unknown;
}

/** The request in `message`; text that says what is wrong with it; undefined for a response (we send no requests). */
function readRequest(message: unknown): IncomingRequest | string | undefined {
  if (!isRecord(message)) return 'a message must be a JSON object';
  const { type, seq, command } = message;
  if (type === 'response') return undefined;
  if (type !== 'request') return '"type" must be "request"';
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq)) {
    return 'the request has no integer "seq", so it cannot be answered';
  }
  return { seq, command: typeof command === 'string' ? command : '', rawArguments: message['arguments'] };
}

function unknownCommand(command: string): string {
  if (command === '') return 'The request has no "command". Name the DAP request there.';
  return `The A9N debug adapter does not know the request "${command}".`;
}
