/**
 * The base protocol of DAP: `Content-Length: <bytes>` CR LF CR LF, then a JSON text in UTF-8. The decoder survives
 * anything a client sends: what cannot be understood is reported as garbage, and reading goes on at the next header.
 */

export type DecodedMessage =
  | { readonly kind: 'message'; readonly value: unknown }
  /** `problem` names the cause, for a person. */
  | { readonly kind: 'garbage'; readonly problem: string };

/** A longer message is taken for a wrong length. */
export const LONGEST_MESSAGE_BYTES = 64 * 1024 * 1024;
const LONGEST_HEADER_BYTES = 4096;

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true });
const HEADER_NAME = utf8Encoder.encode('Content-Length:');
const END_OF_HEADER = utf8Encoder.encode('\r\n\r\n');

export function encodeMessage(message: object): Uint8Array {
  const body = utf8Encoder.encode(JSON.stringify(message));
  const header = utf8Encoder.encode(`Content-Length: ${body.length}\r\n\r\n`);
  const bytes = new Uint8Array(header.length + body.length);
  bytes.set(header);
  bytes.set(body, header.length);
  return bytes;
}

export class MessageDecoder {
  #pending = new Uint8Array(0);

  /** Takes the next bytes of the stream; returns the messages that are complete now. */
  push(bytes: Uint8Array): DecodedMessage[] {
    const joined = new Uint8Array(this.#pending.length + bytes.length);
    joined.set(this.#pending);
    joined.set(bytes, this.#pending.length);
    this.#pending = joined;
    const decoded: DecodedMessage[] = [];
    for (let next = this.#take(); next !== undefined; next = this.#take()) decoded.push(next);
    return decoded;
  }

  /** The next message or piece of garbage, or undefined if more bytes are needed. */
  #take(): DecodedMessage | undefined {
    const buffer = this.#pending;
    if (buffer.length === 0) return undefined;
    const headerEnd = indexOf(buffer, END_OF_HEADER, 0);
    if (headerEnd < 0) {
      if (buffer.length <= LONGEST_HEADER_BYTES) return undefined;
      return this.#skipGarbage(1, 'no "Content-Length" header found');
    }
    const length = contentLength(buffer.subarray(0, headerEnd));
    if (length === undefined) {
      const problem = 'a message must begin with a header "Content-Length: <number of bytes>"';
      return this.#skipGarbage(1, problem);
    }
    if (length > LONGEST_MESSAGE_BYTES) {
      return this.#skipGarbage(
        1,
        `Content-Length ${length} is more than the limit of ${LONGEST_MESSAGE_BYTES} bytes`,
      );
    }
    const bodyStart = headerEnd + END_OF_HEADER.length;
    const bodyEnd = bodyStart + length;
    // JSON holds no raw line break inside a string, so a header inside the body proves that the length is wrong.
    const innerHeader = findHeader(buffer.subarray(0, Math.min(bodyEnd, buffer.length)), bodyStart);
    if (innerHeader >= 0) {
      this.#pending = buffer.slice(innerHeader);
      return {
        kind: 'garbage',
        problem: `the message is shorter than its Content-Length of ${length} bytes; count bytes of UTF-8, not characters`,
      };
    }
    if (buffer.length < bodyEnd) return undefined;
    const body = buffer.subarray(bodyStart, bodyEnd);
    this.#pending = buffer.slice(bodyEnd);
    try {
      return { kind: 'message', value: JSON.parse(utf8Decoder.decode(body)) };
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      return {
        kind: 'garbage',
        problem: `the message of ${length} bytes is no JSON text in UTF-8 (${cause})`,
      };
    }
  }

  /** Drops everything before the next header that starts at or after `from`. */
  #skipGarbage(from: number, problem: string): DecodedMessage {
    const next = findHeader(this.#pending, from);
    this.#pending = next < 0 ? new Uint8Array(0) : this.#pending.slice(next);
    return { kind: 'garbage', problem };
  }
}

/** The value of a header block's Content-Length field, undefined if there is none or it is no plain number. */
function contentLength(header: Uint8Array): number | undefined {
  const fields = String.fromCharCode(...header.subarray(0, LONGEST_HEADER_BYTES)).split('\r\n');
  for (const field of fields) {
    const match = /^content-length:[ \t]*(\d{1,15})[ \t]*$/i.exec(field);
    if (match) return Number(match[1]);
  }
  return undefined;
}

/** Where a complete `Content-Length: n` header begins at or after `from`, -1 if nowhere. */
function findHeader(buffer: Uint8Array, from: number): number {
  for (
    let start = indexOf(buffer, HEADER_NAME, from);
    start >= 0;
    start = indexOf(buffer, HEADER_NAME, start + 1)
  ) {
    const end = indexOf(buffer, END_OF_HEADER, start);
    if (end < 0) return -1;
    if (end - start <= LONGEST_HEADER_BYTES && contentLength(buffer.subarray(start, end)) !== undefined)
      return start;
  }
  return -1;
}

function indexOf(buffer: Uint8Array, pattern: Uint8Array, from: number): number {
  for (let at = buffer.indexOf(pattern[0], from); at >= 0; at = buffer.indexOf(pattern[0], at + 1)) {
    let matched = 1;
    while (matched < pattern.length && buffer[at + matched] === pattern[matched]) matched++;
    if (matched === pattern.length) return at;
  }
  return -1;
}
