import { describe, expect, it } from 'vitest';
import {
  type DecodedMessage,
  encodeMessage,
  MessageDecoder,
} from '../../../debug-adapter/protocol/message-codec.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const framed = (body: string, length = bytes(body).length) =>
  bytes(`Content-Length: ${length}\r\n\r\n${body}`);
const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
const values = (decoded: DecodedMessage[]) =>
  decoded.flatMap((each) => (each.kind === 'message' ? [each.value] : []));
const problems = (decoded: DecodedMessage[]) =>
  decoded.flatMap((each) => (each.kind === 'garbage' ? [each.problem] : []));

describe('message codec', () => {
  it('reads back what it writes, in pieces of any size', () => {
    const messages = [{ a: 1 }, { text: 'Grüße, 世界 🐘' }, { nested: { list: [1, 2, 3] } }];
    const stream = join(...messages.map(encodeMessage));
    for (const size of [1, 2, 7, 30, stream.length]) {
      const decoder = new MessageDecoder();
      const decoded: DecodedMessage[] = [];
      for (let at = 0; at < stream.length; at += size)
        decoded.push(...decoder.push(stream.subarray(at, at + size)));
      expect(values(decoded)).toEqual(messages);
      expect(problems(decoded)).toEqual([]);
    }
  });

  it('accepts further header fields and any case', () => {
    const decoder = new MessageDecoder();
    expect(values(decoder.push(bytes('Content-Type: x\r\ncontent-length: 2\r\n\r\n{}')))).toEqual([{}]);
  });

  it.each([
    ['no JSON', framed('this is no JSON')],
    ['not UTF-8', join(bytes('Content-Length: 2\r\n\r\n'), Uint8Array.of(0xc3, 0x28))],
    ['a length that is too long', framed('{"short":1}', 500)],
    ['a length that is too short', framed('{"long":12345}', 4)],
    ['a length beyond all reason', bytes('Content-Length: 99999999999\r\n\r\n{}')],
    ['a negative length', bytes('Content-Length: -5\r\n\r\n{}')],
    ['a length that is no number', bytes('Content-Length: many\r\n\r\n{}')],
    ['no header', bytes('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['no line breaks', bytes('x'.repeat(10_000))],
    ['nothing but line breaks', bytes('\r\n\r\n\r\n\r\n')],
  ])('reports %s and goes on with the next message', (_, garbage) => {
    const decoder = new MessageDecoder();
    const decoded = [...decoder.push(garbage), ...decoder.push(framed('{"seq":7}'))];
    expect(values(decoded)).toEqual([{ seq: 7 }]);
    expect(problems(decoded).length).toBeGreaterThan(0);
  });

  it('survives random bytes', () => {
    let state = 12345;
    const random = () => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fff_ffff;
      return state >> 16;
    };
    const alphabet = bytes('Content-Length: 0123456789\r\n\r\n{}"');
    for (let round = 0; round < 300; round++) {
      const garbage = Uint8Array.from({ length: random() % 200 }, () =>
        random() % 4 === 0 ? random() & 0xff : alphabet[random() % alphabet.length],
      );
      const decoder = new MessageDecoder();
      decoder.push(garbage);
      const decoded = [...decoder.push(framed('{"seq":1}')), ...decoder.push(framed('{"seq":2}'))];
      expect(values(decoded)).toContainEqual({ seq: 2 });
    }
  });
});
