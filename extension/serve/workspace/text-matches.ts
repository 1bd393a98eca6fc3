/** What *Find in Files* asks for. */
export interface TextQuery {
  readonly pattern: string;
  readonly isRegExp?: boolean;
  readonly isCaseSensitive?: boolean;
  readonly isWordMatch?: boolean;
}

export interface TextMatch {
  /** 0-based line and columns, `end` exclusive. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  /** The whole line. */
  readonly text: string;
}

/** Throws SyntaxError if the user's regular expression is none. */
export function textPattern({ pattern, isRegExp, isCaseSensitive, isWordMatch }: TextQuery): RegExp {
  const source = isRegExp ? pattern : pattern.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return new RegExp(isWordMatch ? `\\b(?:${source})\\b` : source, isCaseSensitive ? 'gu' : 'giu');
}

/** Matches within single lines. */
export function* matchesIn(content: string, pattern: RegExp): Generator<TextMatch> {
  for (const [line, text] of content.split(/\r?\n/).entries()) {
    for (const match of text.matchAll(pattern)) {
      if (match[0] !== '') yield { line, start: match.index, end: match.index + match[0].length, text };
    }
  }
}
