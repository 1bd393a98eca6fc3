/** Finds what a C or C++ reader means when the mouse rests on a name: `a->b.c` on c, but `a->b` on b. */

export interface FoundExpression {
  /** Columns in the line, `end` exclusive. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const keywords = new Set(
  (
    'alignas alignof asm auto bool break case catch char class co_await co_return co_yield concept const const_cast ' +
    'consteval constexpr constinit continue decltype default delete do double dynamic_cast else enum explicit export ' +
    'extern false final float for friend goto if inline int long mutable namespace new noexcept nullptr operator ' +
    'override private protected public register reinterpret_cast requires return short signed sizeof static ' +
    'static_assert static_cast struct switch template thread_local throw true try typedef typeid typename union ' +
    'unsigned using virtual void volatile while'
  ).split(' '),
);

/** The expression that ends with the name under `column`, undefined in comments, strings and on keywords. */
export function expressionAt(line: string, column: number): FoundExpression | undefined {
  const code = blankStringsAndComments(line);
  const name = wordAt(code, column);
  if (!name || keywords.has(name.text) || /^\d/.test(name.text)) return undefined;
  const start = chainStart(code, name.start);
  return { start, end: name.end, text: line.slice(start, name.end) };
}

function wordAt(code: string, column: number): FoundExpression | undefined {
  for (const match of code.matchAll(/\w+/g)) {
    const end = match.index + match[0].length;
    if (match.index <= column && column <= end) return { start: match.index, end, text: match[0] };
  }
  return undefined;
}

/** Where the chain of `.`, `->` and `::` begins that leads to the name at `start`. */
function chainStart(code: string, start: number): number {
  const joint = /(?:->|::|\.)\s*$/.exec(code.slice(0, start));
  if (!joint) return start;
  let at = joint.index;
  while (code[at - 1] === ']') {
    const open = matchingBracket(code, at - 1);
    if (open === undefined) return start;
    at = open;
  }
  const owner = /\w+$/.exec(code.slice(0, at));
  // `::name` is whole; after a call or a cast, only the last name can be evaluated without side effects.
  if (!owner) return joint[0].startsWith('::') ? joint.index : start;
  return keywords.has(owner[0]) && owner[0] !== 'this' ? start : chainStart(code, owner.index);
}

/** Column of the `[` that the `]` at `close` ends. */
function matchingBracket(code: string, close: number): number | undefined {
  for (let at = close, depth = 0; at >= 0; at--) {
    if (code[at] === ']') depth++;
    else if (code[at] === '[' && --depth === 0) return at;
  }
  return undefined;
}

/** Replaces what is no code by blanks of the same length. */
function blankStringsAndComments(line: string): string {
  const notCode = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])+'|\/\/.*$|\/\*.*?(?:\*\/|$)/g;
  return line.replace(notCode, (text) => ' '.repeat(text.length));
}
