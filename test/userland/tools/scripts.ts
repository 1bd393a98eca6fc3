import { randomNumbers } from '../../random.ts';

/** A random command over random lines, of which every set of POSIX tools makes the same. */
export function randomScript(seed: number): string {
  const random = randomNumbers(Math.imul(seed, 0x9e3779b1) >>> 0 || 1);
  const below = (limit: number) => random() % limit;
  const pick = <T>(items: readonly [T, ...T[]]): T => items[below(items.length)] ?? items[0];
  const some = <T>(most: number, make: () => T): T[] => Array.from({ length: below(most + 1) }, make);
  const flags = (letters: string) => {
    const chosen = [...letters].filter(() => below(4) === 0).join('');
    return chosen === '' ? '' : `-${chosen}`;
  };

  const word = () =>
    some(4, () => pick(['a', 'b', 'ab', 'A', 'B', '1', '10', '2', '-3', '0.5', '.', '_', '+', 'foo'])).join(
      '',
    );
  const line = () => some(4, word).join(pick([' ', ' ', '  ', ':', '\\t']));
  const file = (name: string) =>
    `printf '${some(12, line)
      .map((text) => `${text.replace(/^-/, '\\055')}\\n`)
      .join('')}${below(6) === 0 ? 'end' : ''}' >${name}`;

  const atom = (extended: boolean): string =>
    pick([
      'a',
      'b',
      '.',
      '[ab]',
      '[^a]',
      '[[:digit:]]',
      '1',
      'foo',
      extended ? '(a|b)' : '\\(a\\)',
      ' ',
      ':',
    ]);
  const repeat = (extended: boolean) =>
    pick(['', '', '', '*', extended ? '+' : '\\{1,2\\}', extended ? '?' : '*', extended ? '{2}' : '\\{2\\}']);
  const pattern = (extended: boolean): string =>
    `${pick(['', '', '^'])}${Array.from({ length: 1 + below(3) }, () => atom(extended) + repeat(extended)).join('')}${pick(['', '', '$'])}`;
  const list = () => pick(['1', '2', '1,3', '2-', '-2', '1-2,4-', '3']);
  const key = () =>
    `-k${1 + below(3)}${pick(['', 'n', 'r', 'f', 'b', '.2', `,${1 + below(3)}`, 'n,3', 'd,2r'])}`;
  const address = () =>
    pick(['', '', '1', '$', `/${pattern(false)}/`, '2,4', '1,/a/', '2!', `/a/,/b/`, '$!']);
  const edit = () =>
    pick([
      `s/${pattern(false)}/<&>/${pick(['', 'g', '2', 'p'])}`,
      `s/${pattern(false)}//g`,
      ...(['p', 'd', 'N', 'n', 'P', 'D', 'G', 'h', 'x', '=', 'y/ab1/ba2/', 'q', 'H;g', 'l'] as const),
    ]);

  const command = pick<() => string>([
    () => `sort ${flags('bdfinrsu')} f`,
    () => `sort ${pick(['', '-t:', "-t ' '"])} ${some(3, key).join(' ')} ${flags('rsu')} f g`,
    () => `uniq ${flags('cdiu')} f`,
    () => `sort f | uniq ${flags('cdi')} ${pick(['', '-f 1', '-s 1', '-w 2'])}`,
    () => `sort f >sf; sort g >sg; comm ${flags('123')} sf sg`,
    () => `cut ${pick([`-d: -f ${list()}`, `-d ' ' -f ${list()}`, `-c ${list()}`, `-s -f ${list()}`])} f`,
    () => `paste ${pick(['', '-s', '-d,', "-d ',:'"])} f g`,
    () =>
      `tr ${pick(['a-b A-B', "-d '[:digit:]'", '-s ab', "-cs '[:alnum:]' '\\n'", "-c 'a\\n' x", 'ab12 1'])} <f`,
    () => `grep ${flags('cinovwx')} -e '${pattern(false)}' f`,
    () => `grep -E ${flags('cilnowx')} -e '${pattern(true)}' f g`,
    () => `grep -F ${flags('cinowx')} -e '${word() || 'a'}' f`,
    () => `grep ${pick(['-A 1', '-B 2', '-C 1'])} ${flags('nv')} '${pattern(false)}' f`,
    () =>
      `head ${pick(['-n', '-c'])} ${below(8)} f; tail ${pick(['-n ', '-c ', '-n +', '-c +'])}${1 + below(8)} f g`,
    () => `wc ${flags('lwcL')} f g; cat ${flags('Abnst')} f g`,
    () => `sed ${flags('n')} '${address()}${edit()}\n${address()}${edit()}' f`,
    () => `sed ${flags('n')} '${address()}${edit()}' f g`,
    () => `cmp f g; hexdump -C f; base64 f; strings -n 2 f; cat f g | sha256sum`,
    () => `xargs ${pick(['', '-n 2', '-L 1', '-n 1'])} echo + <f`,
  ])();
  return `${file('f')}; ${file('g')}; ${command}`;
}
