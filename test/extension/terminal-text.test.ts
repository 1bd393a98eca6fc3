import { describe, expect, it } from 'vitest';
import { endNotice, withCarriageReturns } from '../../extension/terminal/terminal-text.ts';

describe('withCarriageReturns', () => {
  it('completes bare line feeds and leaves whole ones', () => {
    expect(withCarriageReturns('a\nb\r\nc', '')).toBe('a\r\nb\r\nc');
    expect(withCarriageReturns('\n\n', 'x')).toBe('\r\n\r\n');
  });

  it('knows a carriage return that came with the text before', () => {
    expect(withCarriageReturns('\nnext', '\r')).toBe('\nnext');
    expect(withCarriageReturns('\nnext', '\n')).toBe('\r\nnext');
  });

  it('gives the same text however the line is cut', () => {
    const text = 'one\ntwo\r\nthree\n\nfour\r\n\r\n';
    const whole = withCarriageReturns(text, '');
    for (let size = 1; size < text.length; size++) {
      let shown = '';
      let last = '';
      for (let at = 0; at < text.length; at += size) {
        const piece = text.slice(at, at + size);
        shown += withCarriageReturns(piece, last);
        last = piece.slice(-1);
      }
      expect(shown).toBe(whole);
    }
  });
});

describe('endNotice', () => {
  it('tells the exit code if there is one', () => {
    expect(endNotice('Boot KOITO', 3)).toContain('Boot KOITO ended with exit code 3');
    expect(endNotice('Boot KOITO', undefined)).toContain('Boot KOITO was ended');
  });
});
