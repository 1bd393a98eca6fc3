/** Expressions in a stopped program, compared with gdb's answers where gdb speaks the same language. */
import { describe, expect, it } from 'vitest';
import { evaluateExpression } from '../../../debug-adapter/expressions/evaluate.ts';
import { ExpressionError, type ExpressionScope } from '../../../debug-adapter/expressions/expression-api.ts';
import type { ProgramSymbols } from '../../../debug-adapter/symbols/symbol-api.ts';
import { formatValue } from '../../../debug-adapter/values/format-value.ts';
import { typeText } from '../../../debug-adapter/values/type-text.ts';
import type { ValueContext } from '../../../debug-adapter/values/value-api.ts';
import { childCount, childrenOf } from '../../../debug-adapter/values/value-children.ts';
import { encodeWrite } from '../../../debug-adapter/values/write-value.ts';
import { build, load, requireTool, variants } from '../symbols/fixture-programs.ts';
import { type FlatFrame, frameOf, type Stop, stopsByGdb, walk } from '../symbols/stopped-process.ts';
import { leaves, sameFloat } from '../symbols/value-leaves.ts';

/** In the frame of main, unoptimized. */
const IN_MAIN = [
  'root.small',
  'root.next->small',
  '(*root.next).small',
  'root.children[0]->name[0]',
  'root.corners[1][2].x',
  'root.corners[1]',
  '&root.corners[1][0]',
  '*root.corners[1]',
  'root.flags.depth',
  'root.flags.frame + 1',
  'root.flags',
  'root.data.bytes[3]',
  'root.data.high',
  'root.weight * 2',
  'root.height / 3',
  'root.visit',
  '*root.next',
  'numbers',
  'numbers[2] + numbers[4] * 2',
  'numbers + 1',
  '*(numbers + 2)',
  '&numbers[3] - numbers',
  'sizeof(numbers)',
  'sizeof numbers / sizeof numbers[0]',
  'sizeof(shapes::node)',
  'sizeof(unsigned long)',
  'sizeof(int *)',
  '(char)numbers[0]',
  '(unsigned char)-1',
  '(long)-1',
  '(unsigned)root.small',
  '(int)3.99',
  '(float)1 / 3',
  '1 / 3.0',
  '7 % 4',
  '-7 / 2',
  '-7 % 3',
  '1 << 10',
  '-16 >> 2',
  '0xff & ~0xf',
  '0x80000000',
  '2147483648',
  '0xffffffffffffffff',
  '5u - 6',
  '5 - 6',
  '1 + 2 * 3 - 4',
  '(1 + 2) * 3',
  '3 > 2 && 2 > 1',
  '0 || 0',
  '!numbers[0]',
  '1 ? 2 : 3',
  "'a' + 1",
  '1.5e3',
  '010',
  'yes',
  '!yes',
  'letter',
  'nothing == 0',
  'shape == &box',
  'shape->id_',
  'box.width_ * box.height_',
  'box.id_',
  'box.tag',
  '(shapes::rectangle *)shape',
  '((shapes::rectangle *)shape)->width_',
  '*(shapes::rectangle *)shape',
  '(unsigned long)&root == (unsigned long)&root.next',
  'here',
  'alias.x',
  '&alias == &here',
  'history.items[1]',
  'history',
  'global_counter',
  'shapes::inner::origin',
  'inner::origin.y',
  'shapes::inner::current_rights',
  '(int)shapes::inner::current_rights',
  'shapes::node::live',
  'node::live + 1',
  'shapes::node::limit',
  'root.live',
  'shapes::color::blue',
  'shapes::write',
  'mild',
  '(int)shapes::cold',
  'file_static',
  'hidden',
  'greeting',
  'greeting[1]',
  '&global_counter',
  '*&global_counter',
  'matrix[1][2]',
  'matrix',
  '(unsigned long)&main',
  '(unsigned long)visit_node',
  'shapes::inner::outside',
  'root.visit == visit_node',
  '*greeting@5',
  'numbers[1]@3',
  '$rsp == $sp',
  '$rip == $pc',
  '(int)$rbx == $ebx',
];

interface Prepared {
  readonly program: ProgramSymbols;
  readonly stop: Stop;
  readonly flat: readonly FlatFrame[];
}

function scopeOf({ program, flat }: Prepared, index: number): ExpressionScope {
  const { context, source } = flat[index];
  return { frame: context, sourceFrame: source, programs: [program] };
}

function contextOf(scope: ExpressionScope): ValueContext {
  return { frame: scope.frame, programs: scope.programs };
}

function prepare(path: string, expressions: readonly string[]): Prepared[] {
  const program = load(path);
  return stopsByGdb(path, expressions).map((stop) => ({ program, stop, flat: walk(program, frameOf(stop)) }));
}

const hasGdb = requireTool('gdb', 'expressions in a stopped program');

describe.skipIf(!hasGdb)('answers agree with gdb', () => {
  it.each(variants.filter(({ optimization }) => optimization === 'O0'))('in main, $label', (variant) => {
    const prepared = prepare(build(variant), IN_MAIN)[0];
    const index = prepared.flat.findIndex(({ source }) => source.functionName === 'main');
    const scope = scopeOf(prepared, index);
    const differences: string[] = [];
    for (const expression of IN_MAIN) {
      const theirs = prepared.stop.frames[index].answers[expression];
      const ours: Record<string, string> = {};
      try {
        leaves(evaluateExpression(expression, scope), contextOf(scope), '', ours);
      } catch (error) {
        ours[''] = String(error);
      }
      for (const path of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
        const [our, their] = [ours[path] ?? 'nothing', theirs[path] ?? 'nothing'];
        if (our !== their && !sameFloat(our, their))
          differences.push(`${expression}${path}: ${our} instead of ${their}`);
      }
    }
    expect(differences).toEqual([]);
  });
});

const unoptimized = variants.find(({ optimization, dwarf }) => optimization === 'O0' && dwarf === 5);

describe.skipIf(!hasGdb || unoptimized === undefined)('in a stopped program', () => {
  const stops = unoptimized === undefined ? [] : prepare(build(unoptimized), []);

  /** The first stop that a function made, in the frame of that function. */
  function scopeIn(name: string, stopIndex = 0): ExpressionScope {
    const stop = stops.filter(({ flat }) => flat[1].source.functionName === name)[stopIndex];
    return scopeOf(stop, 1);
  }
  const text = (expression: string, scope: ExpressionScope): string =>
    formatValue(evaluateExpression(expression, scope), contextOf(scope));

  it('every child names an expression that finds the same value', () => {
    const scope = scopeIn('main');
    const context = contextOf(scope);
    let checked = 0;
    const check = (name: string, depth: number): void => {
      const value = evaluateExpression(name, scope);
      const children = childrenOf(value, context, name);
      const { named, indexed } = childCount(value, context);
      expect(children.length).toBe(named + indexed);
      for (const child of children) {
        const again = evaluateExpression(child.evaluateName, scope);
        expect(`${child.evaluateName} ${typeText(again.type)} ${formatValue(again, context)}`).toBe(
          `${child.evaluateName} ${typeText(child.value.type)} ${formatValue(child.value, context)}`,
        );
        checked++;
        if (depth < 3) check(child.evaluateName, depth + 1);
      }
    };
    for (const name of [
      'root',
      'leaf',
      'box',
      'shape',
      'history',
      'numbers',
      'alias',
      'greeting',
      'matrix',
      'shared',
    ])
      check(name, 0);
    expect(checked).toBeGreaterThan(150);
  });

  it('children come in pages', () => {
    const scope = scopeIn('main');
    const value = evaluateExpression('numbers', scope);
    const names = (list: ReturnType<typeof childrenOf>): string[] =>
      list.map(({ evaluateName }) => evaluateName);
    expect(names(childrenOf(value, contextOf(scope), 'numbers', 'indexed', 1, 2))).toEqual([
      'numbers[1]',
      'numbers[2]',
    ]);
    expect(childrenOf(value, contextOf(scope), 'numbers', 'named')).toEqual([]);
  });

  it('writes values as a person reads them', () => {
    const scope = scopeIn('main');
    expect(text('greeting', scope)).toMatch(/^0x[0-9a-f]+ "hello, \\"kernel\\"\\n"$/);
    expect(text('root.name', scope)).toBe('"rt"');
    expect(text('root.flags', scope)).toBe(
      '{present=1, writable=0, level=5, depth=-9, frame=4886718345, dirty=false, tint=color::blue}',
    );
    expect(text('root.visit', scope)).toMatch(/^0x[0-9a-f]+ <visit_node>$/);
    expect(text('shapes::inner::current_rights', scope)).toBe('read | copy');
    expect(text('(shapes::rights)15', scope)).toBe('all');
    expect(text('(shapes::rights)0x13', scope)).toBe('read | write | 0x10');
    expect(text('(shapes::temperature)3', scope)).toBe('3');
    expect(text('(shapes::temperature)-40', scope)).toBe('cold');
    expect(text('yes', scope)).toBe('true');
    expect(text('letter', scope)).toBe("10 '\\n'");
    expect(text('wide', scope)).toBe("233 'é'");
    expect(text('box', scope)).toMatch(
      /<shapes::figure>=\{.*id_=7, visible_=true\}, <shapes::tagged>=\{tag=116 't'\}, width_=6, height_=9\}$/,
    );
    expect(text('&global_counter', scope)).toMatch(/<global_counter>$/);
    expect(text('alias', scope)).toBe('{x=100, y=200}');
    expect(text('*(int *)16', scope)).toBe('<cannot read 0x10>');
    const hexadecimal = formatValue(evaluateExpression('root.small', scope), contextOf(scope), {
      hexadecimal: true,
    });
    expect(hexadecimal).toBe('0xfffe');
  });

  it('shows small numbers as numbers, characters as characters', () => {
    const scope = scopeIn('main');
    const show = (expression: string): string => text(expression, scope);
    expect(show('(unsigned char)12')).toBe('12');
    expect(show('(unsigned char)0')).toBe('0');
    expect(show('(unsigned char)65')).toBe("65 'A'");
    expect(show('(unsigned char)39')).toBe("39 '\\''");
    expect(show('(signed char)-3')).toBe('-3');
    expect(show('(signed char)126')).toBe("126 '~'");
    expect(show('(unsigned char)127')).toBe('127');
    expect(show('(unsigned char)233')).toBe('233');
    expect(show('(char)12')).toBe("12 '\\f'");
    expect(show('(char)0')).toBe("0 '\\0'");
    expect(show('(char)-128')).toBe("-128 '\\x80'");
    expect(show('(char)1')).toBe("1 '\\x01'");
    expect(show('root.data.bytes')).toBe("{136, 119 'w', 102 'f', 85 'U', 68 'D', 51 '3', 34 '\"', 17}");
    expect(show('root.flags.dirty')).toBe('false');
    // Fields narrower than a character hold none.
    const storage = { kind: 'bytes', bytes: Uint8Array.of(0b0100_0001) } as const;
    const byte = { kind: 'base', name: 'unsigned char', size: 1, encoding: 'unsigned-char' } as const;
    const field = { type: byte, storage, bits: { offset: 0, size: 7 } };
    expect(formatValue(field, contextOf(scope))).toBe('65');
    const flag = { kind: 'base', name: 'bool', size: 1, encoding: 'boolean' } as const;
    expect(formatValue({ type: flag, storage, bits: { offset: 6, size: 1 } }, contextOf(scope))).toBe('true');
  });

  it('says what lies at an address by its name in the source', () => {
    const scope = scopeIn('main');
    const label = (expression: string): string | undefined => /<(.*)>$/.exec(text(expression, scope))?.[1];
    expect(label('&shapes::inner::origin')).toBe('shapes::inner::origin');
    expect(label('(void *)&shapes::inner::origin')).toBe('shapes::inner::origin');
    expect(label('&shapes::inner::origin.x')).toBe('shapes::inner::origin.x');
    expect(label('&shapes::inner::origin.y')).toBe('shapes::inner::origin.y');
    expect(label('(void *)((char *)&shapes::inner::origin + 5)')).toBe('shapes::inner::origin.y+1');
    expect(label('&shapes::node::live')).toBe('shapes::node::live');
    expect(label('&hidden')).toBe('shapes::(anonymous namespace)::hidden');
    expect(label('&sum_up::calls')).toBe('sum_up::calls');
    expect(text('sum_up::calls', scope)).toMatch(/^\d+$/);
    expect(label('shapes::rectangle::area')).toBe('shapes::rectangle::area');
    expect(label('(void *)((char *)visit_node + 3)')).toBe('visit_node+3');
  });

  it('names types as C++ does', () => {
    const scope = scopeIn('main');
    const type = (expression: string): string => typeText(evaluateExpression(expression, scope).type);
    expect(type('root')).toBe('shapes::node');
    expect(type('&root')).toBe('shapes::node *');
    expect(type('greeting')).toBe('const char *');
    expect(type('root.corners')).toBe('shapes::point [2][3]');
    expect(type('*root.visit')).toBe('int (shapes::node *, void *)');
    expect(type('&root.corners[0]')).toBe('shapes::point (*)[3]');
    expect(type('alias')).toBe('shapes::point &');
    expect(type('1 < 2')).toBe('bool');
    expect(type('shared')).toBe('struct accumulator');
    expect(type('shared.state')).toBe('enum state');
    expect(type('history')).toBe('shapes::ring<short int, 4>');
    expect(type('(shapes::ring<short int,4>*)0')).toBe('shapes::ring<short int, 4> *');
  });

  it('finds members through this, locals before them, and hides what is shadowed', () => {
    const area = scopeIn('shapes::rectangle::area');
    expect(text('width_ + height_ + id_', area)).toBe('22');
    expect(text('this->width_', area)).toBe('6');
    expect(text('result', area)).toBe('54');
    const inner = scopeIn('sum_up', 0);
    expect(typeText(evaluateExpression('local', inner).type)).toBe('long int');
    expect(text('local', inner)).toBe('250');
    expect(text('calls', inner)).toBe('250');
    const outer = scopeIn('sum_up', 1);
    expect(typeText(evaluateExpression('local', outer).type)).toBe('int');
    expect(text('where.x + (int)tint', outer)).toBe('102');
  });

  it('reads C, registers of the machine and labels', () => {
    const scope = scopeIn('fold_in_c');
    expect(text('result.self == &result', scope)).toBe('true');
    expect(text('result.state', scope)).toBe('BUSY');
    expect(text('(enum state)6', scope)).toBe('DONE');
    expect(text('((struct accumulator *)&result)->count', scope)).toBe('1');
    expect(
      text('$cr3', { ...scope, machineRegister: (name) => (name === 'cr3' ? 0x1000n : undefined) }),
    ).toBe('4096');
    expect(text('&_edata != 0', scope)).toBe('true');
    // Only one global ends so; from C, no namespace leads to it.
    expect(text('origin.y', scope)).toBe('4');
  });

  it('says what is wrong and where', () => {
    const scope = scopeIn('main');
    const failure = (expression: string): string => {
      try {
        return text(expression, scope);
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
        return `${error.position}: ${error.message}`;
      }
    };
    expect(failure('1 + foo')).toBe("4: no variable 'foo' in this scope");
    expect(failure('root.bar')).toBe("5: 'bar' is no member of struct shapes::node");
    expect(failure('')).toBe('0: the expression is empty');
    expect(failure('1 +')).toBe('3: the expression ends too early');
    expect(failure('(1')).toBe("2: expected ')' instead of the end");
    expect(failure('root = 1')).toMatch(/^5: assignments are not supported/);
    expect(failure('main()')).toMatch(/^4: calls are not supported/);
    expect(failure('*nothing')).toMatch(/^0: a 'void \*' points to no type/);
    expect(failure('numbers / 2')).toMatch(/does not apply to pointers/);
    expect(failure('1 / 0')).toBe('2: division by zero');
    expect(failure('root + 1')).toBe("0: a number or pointer is needed, not 'shapes::node'");
    expect(failure('yes[0]')).toBe("3: 'bool' is no array or pointer");
    expect(failure('&root.flags.level')).toBe('0: a bit-field has no address');
    expect(failure('$nope')).toBe("0: no register '$nope'");
    expect(failure('(unknown_type *)1')).toBe("1: no type 'unknown_type' in this program");
    expect(failure('"text"')).toMatch(/^0: string literals/);
    expect(failure('1 # 2')).toBe("2: unexpected character '#'");
    expect(failure('0x')).toBe("0: '0x' is no number");
    expect(failure('sizeof(shapes::nothing)')).toMatch(/no variable 'shapes::nothing'/);
    expect(failure('('.repeat(1000))).toMatch(/nests too deep/);
  });

  it('meets any nonsense with a value or an ExpressionError', () => {
    const words = [
      ...[
        'root',
        'box',
        'numbers',
        'shape',
        'yes',
        'letter',
        'greeting',
        'main',
        'foo',
        'shapes::node',
        'ring',
        '$rax',
        '$xmm0',
      ],
      ...[
        '1',
        '0',
        '2.5',
        '0xffffffffffffffff',
        "'a'",
        '-',
        '+',
        '*',
        '&',
        '/',
        '%',
        '<<',
        '>>',
        '<',
        '>',
        '==',
        '&&',
        '!',
        '~',
      ],
      ...[
        '(',
        ')',
        '[',
        ']',
        '.',
        '->',
        '?',
        ':',
        '@',
        ',',
        'sizeof',
        '(int)',
        '(char *)',
        '(double)',
        '(shapes::figure)',
        'unsigned',
      ],
      ...[
        '.corners',
        '->next',
        '.flags',
        '.weight',
        '[1]',
        'static_cast<',
        'struct',
        '(anonymous namespace)',
        '"x"',
        '::',
      ],
    ];
    const scope = scopeIn('main');
    const context = contextOf(scope);
    let state = 12345;
    const random = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % below;
    };
    let values = 0;
    for (let round = 0; round < 20_000; round++) {
      const expression = Array.from({ length: 1 + random(6) }, () => words[random(words.length)]).join(' ');
      try {
        const value = evaluateExpression(expression, scope);
        formatValue(value, context);
        typeText(value.type);
        childrenOf(value, context, expression, 'all', 0, 5);
        encodeWrite(value, evaluateExpression('1', scope), context);
        values++;
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw new Error(expression, { cause: error });
      }
    }
    expect(values).toBeGreaterThan(50);
  }, 30_000);

  it('encodes new values for where the old ones are', () => {
    const scope = scopeIn('main');
    const context = contextOf(scope);
    const write = (target: string, source: string): string => {
      const result = encodeWrite(
        evaluateExpression(target, scope),
        evaluateExpression(source, scope),
        context,
      );
      if (result.kind === 'register') return `register ${result.register} ${result.value.toString(16)}`;
      const address = evaluateExpression(`(unsigned long)&root`, scope);
      const offset = Number(result.address - BigInt(formatValue(address, context)));
      return `${offset} ${Buffer.from(result.bytes).toString('hex')}`;
    };
    expect(write('root.small', '-3')).toMatch(/ fdff$/);
    expect(write('root.height', '2')).toMatch(/ 0000000000000040$/);
    expect(write('root.weight', '0.5')).toMatch(/ 0000003f$/);
    expect(write('root.next', '0')).toBe('0 0000000000000000');
    expect(write('root.corners[0][1]', 'here')).toMatch(/ 64000000c8000000$/);
    // level is bits 2…4 of a byte that also holds present (1) and depth.
    const before = formatValue(evaluateExpression('*(unsigned char *)&root.flags', scope), context).replace(
      / .*/,
      '',
    );
    const after = (Number(before) & ~0x1c) | (2 << 2);
    expect(write('root.flags.level', '2')).toMatch(new RegExp(` ${after.toString(16)}$`));
    expect(write('alias.y', '7')).toMatch(/ 07000000$/);
    expect(write('$rbx', '0x1234')).toBe('register 3 1234');
    expect(() => write('root', '1')).toThrow(ExpressionError);
    expect(() => write('shapes::node::limit', 'here')).toThrow(ExpressionError);
    expect(() => write('1 + 1', '3')).toThrow(/constant or computes it/);
  });
});
