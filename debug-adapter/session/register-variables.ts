/** The Registers scope: general registers at once, the rest in groups. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { RequestError } from '../protocol/protocol-server.ts';
import { registerNumber } from '../symbols/register-numbers.ts';
import { virtualReference } from '../target/memory-reference.ts';
import type { CodeFrame } from '../target/stack.ts';
import type { FrameReference, Session } from './session.ts';
import { type FrameValues, valueContext } from './value-context.ts';
import type { VariableContainer } from './variables.ts';

const GENERAL = ['rip', 'rsp', 'rbp', 'rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi'].concat(
  Array.from({ length: 8 }, (_, index) => `r${index + 8}`),
  ['rflags'],
);
const GROUPS: ReadonlyArray<{ readonly name: string; readonly registers: readonly string[] }> = [
  { name: 'Segments', registers: ['cs', 'ss', 'fs_base', 'gs_base', 'kernel_gs_base'] },
  { name: 'Control', registers: ['cr0', 'cr2', 'cr3', 'cr4', 'efer'] },
  {
    name: 'x87',
    registers: [
      ...Array.from({ length: 8 }, (_, index) => `st${index}`),
      ...['fctrl', 'fstat', 'ftag', 'fop', 'fioff', 'fooff'],
    ],
  },
  { name: 'MMX', registers: Array.from({ length: 8 }, (_, index) => `mm${index}`) },
  { name: 'SSE', registers: [...Array.from({ length: 16 }, (_, index) => `xmm${index}`), 'mxcsr'] },
];
/** Bits of RFLAGS by their manual names (Intel SDM volume 1, figure 3-8). */
const FLAGS: ReadonlyArray<readonly [name: string, bit: number]> = [
  ['CF', 0],
  ['PF', 2],
  ['AF', 4],
  ['ZF', 6],
  ['SF', 7],
  ['TF', 8],
  ['IF', 9],
  ['DF', 10],
  ['OF', 11],
  ['NT', 14],
  ['RF', 16],
  ['AC', 18],
  ['ID', 21],
];

const widthOf = (name: string): number => (name.startsWith('xmm') ? 128 : name.startsWith('st') ? 80 : 64);

export function registerContainer(
  session: Session,
  reference: FrameReference,
  frame: CodeFrame,
): VariableContainer {
  const context = valueContext(session, reference.thread.onCpu, frame);
  const general = registerGroup(session, context, GENERAL);
  return {
    ...general,
    list(range, hexadecimal) {
      const registers = general.list({ filter: undefined, start: 0, count: undefined }, hexadecimal);
      const groups = GROUPS.flatMap(({ name, registers: names }) => {
        const known = names.filter((register) => readRegister(context, register) !== undefined);
        if (known.length === 0) return [];
        const variablesReference = session.variables.add(registerGroup(session, context, known));
        return [{ name, value: '', variablesReference, namedVariables: known.length }];
      });
      const all: DebugProtocol.Variable[] = [...registers, ...groups];
      return all.slice(range.start, range.count === undefined ? undefined : range.start + range.count);
    },
  };
}

function registerGroup(session: Session, context: FrameValues, names: readonly string[]): VariableContainer {
  return {
    list({ start, count }) {
      return names.slice(start, count === undefined ? undefined : start + count).flatMap((name) => {
        const value = readRegister(context, name);
        return value === undefined ? [] : [describeRegister(context, name, value)];
      });
    },
    set(name, newValue) {
      const number = registerNumber(name);
      if (number === undefined || !names.includes(name))
        throw new RequestError(`The register ${name} cannot be changed.`);
      const trimmed = newValue.trim();
      if (!/^(0x[0-9a-f]+|\d+)$/i.test(trimmed)) {
        throw new RequestError(`"${newValue}" is no number. Write it as 123 or 0x7b.`);
      }
      context.write({
        kind: 'register',
        register: number,
        value: BigInt.asUintN(widthOf(name), BigInt(trimmed)),
      });
      session.stacks.clear();
      return { value: registerText(context, name, readRegister(context, name) ?? 0n) };
    },
  };
}

function readRegister(context: FrameValues, name: string): bigint | undefined {
  const number = registerNumber(name);
  const inFrame = number === undefined ? undefined : context.frame.readRegister(number);
  return inFrame ?? context.scope.machineRegister?.(name);
}

function describeRegister(context: FrameValues, name: string, value: bigint): DebugProtocol.Variable {
  const variable: DebugProtocol.Variable = {
    name,
    value: registerText(context, name, value),
    evaluateName: `$${name}`,
    variablesReference: 0,
  };
  if (widthOf(name) === 64 && context.frame.readMemory(value, 1) !== undefined) {
    variable.memoryReference = virtualReference(value, context.root);
  }
  return variable;
}

function registerText(context: FrameValues, name: string, value: bigint): string {
  const hexadecimal = `0x${value.toString(16)}`;
  if (name === 'rflags') {
    const set = FLAGS.filter(([, bit]) => ((value >> BigInt(bit)) & 1n) === 1n).map(([flag]) => flag);
    return `${hexadecimal} [${set.join(' ')}]`;
  }
  if (name !== 'rip') return hexadecimal;
  const symbol = context.programs
    .map((program) => program.symbolAt(value))
    .find((each) => each !== undefined);
  return symbol === undefined
    ? hexadecimal
    : `${hexadecimal} <${symbol.name}+0x${symbol.offset.toString(16)}>`;
}
