import { randomNumbers } from '../../random.ts';

/** Random scripts of which every shell that follows POSIX makes the same. */
export function randomScript(seed: number): string {
  const random = randomNumbers(Math.imul(seed, 0x9e3779b1) >>> 0 || 1);
  const below = (limit: number) => random() % limit;
  const pick = <T>(items: readonly [T, ...T[]]): T => items[below(items.length)] ?? items[0];
  const name = () => pick(['x', 'y', 'z', 'w']);

  const text = (): string =>
    pick(['a', 'b c', '', ' d', 'e ', 'f:g', '::', 'h*', '?', 'i\\\\j', '1', '20', '-3', 'a.b.c', 'a/b/c']);
  const arithmetic = (depth: number): string => {
    if (depth === 0) return pick([String(below(20)), pick(['m', 'n', 'unset']), String(below(100))]);
    const left = arithmetic(depth - 1);
    const right = arithmetic(depth - 1);
    return pick([
      `${left}+${right}`,
      `${left}-${right}`,
      `${left}*${right}`,
      `(${left}<${right})`,
      `(${left}==${right}?${right}:${left})`,
      `(${left}&${right})`,
      `(${left}|${right})`,
      `(${left}&&${right})`,
      `(${left}||${right})`,
      `- ${left}`,
      `!${left}`,
    ]);
  };
  const pattern = (): string =>
    pick(['*', '?', 'a*', '*[bc]', '[!a]*', '"*"', '*.', '*/', ':*', "' '*", `$${name()}`, `"$${name()}"`]);
  const part = (depth: number, quoted: boolean): string => {
    const variable = name();
    const inner = () => (depth === 0 ? variable : word(depth - 1, quoted));
    switch (below(quoted ? 9 : 12)) {
      case 0:
        return `$${variable}`;
      case 1:
        return `\${${variable}}`;
      case 2:
        return `\${${variable}${pick([':-', '-', ':+', '+'])}${inner()}}`;
      case 3:
        return `\${${variable}${pick(['#', '##', '%', '%%'])}${pattern()}}`;
      case 4:
        return `\${#${variable}}`;
      case 5:
        return depth === 0 ? variable : `$(printf '%s' ${word(depth - 1, false)})`;
      case 6:
        return pick(['a', 'b', ':', '.', '/', '1']);
      case 7:
        return pick(['\\$', '\\\\', '\\"']);
      case 8:
        return '$#';
      case 9:
        return `'${pick(['a b', '*', '$x', '', '\\'])}'`;
      case 10:
        return depth === 0 ? '""' : `"${word(depth - 1, true)}"`;
      default:
        return pick(['\\ ', '\\*', '$*', `\${1}`, '"$*"']);
    }
  };
  function word(depth: number, quoted: boolean): string {
    return Array.from({ length: 1 + below(3) }, () => part(depth, quoted)).join('');
  }
  const show = () =>
    `printf '<%s>' ${Array.from({ length: 1 + below(3) }, () => word(2, false)).join(' ')}; echo`;
  const condition = () =>
    pick([
      'true',
      'false',
      `[ "$${name()}" = "${text()}" ]`,
      `case $${name()} in ${pattern()}) true;; *) false;; esac`,
    ]);

  const command = (depth: number): string => {
    if (depth === 0)
      return pick([show(), show(), `${name()}="${text()}"`, `${name()}=${word(1, false)}`, `echo $?`]);
    const inner = () => command(depth - 1);
    switch (below(14)) {
      case 0:
        return `if ${condition()}; then ${inner()}\nelse ${inner()}\nfi`;
      case 1:
        return `for ${name()} in ${word(1, false)} ${word(1, false)}; do ${inner()}\ndone`;
      case 2:
        return `case ${word(1, false)} in ${pattern()}) ${inner()}\n;; ${pattern()}|${pattern()}) ${inner()}\n;; *) ${inner()}\n;; esac`;
      case 3:
        return `(${inner()}\n${inner()}\n)`;
      case 4:
        return `{ ${inner()}\n${inner()}\n}`;
      case 5:
        return `${condition()} && ${inner()}`;
      case 6:
        return `${condition()} || ${inner()}`;
      case 7:
        return `{ ${inner()}\n} | cat`;
      case 8:
        return `f() { ${inner()}\n}; f ${word(0, false)} ${word(0, false)}`;
      case 9:
        return `set -- ${word(1, false)} ${word(1, false)}`;
      case 10:
        return `IFS=${pick(["':'", "' '", "' :'", "''", "'a'"])}; ${inner()}\nunset IFS`;
      case 11:
        // How quotes count within ${} in a here-document is left open by POSIX.
        return `cat <<E\n${word(2, true).replaceAll(/\\?["']/g, '')}.\nE\n`;
      case 12:
        return `echo $((${arithmetic(2)}))`;
      default:
        return inner();
    }
  };
  const start = `x="${text()}"; y="${text()}"; unset z; w="${text()}"; m=${below(50)}; n=-${below(9)}; `;
  return start + Array.from({ length: 1 + below(4) }, () => command(3)).join('\n');
}
