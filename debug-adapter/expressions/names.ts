/** What a name in an expression means, from the innermost block outwards. */
import type { ProgramSymbols, Type, Value } from '../symbols/symbol-api.ts';
import { strip } from '../symbols/types.ts';
import { findField, findStaticMember } from '../values/fields.ts';
import { memberValue } from '../values/format-value.ts';
import { readBits, toLittleEndian } from '../values/storage.ts';
import { builtinType } from './builtin-types.ts';
import type { ExpressionScope } from './expression-api.ts';

export function lookUpName(name: string, scope: ExpressionScope): Value | undefined {
  return lookUpLocal(name, scope) ?? lookUpMemberOfThis(name, scope) ?? lookUpInPrograms(name, scope);
}

function lookUpLocal(name: string, { frame, sourceFrame, programs }: ExpressionScope): Value | undefined {
  if (sourceFrame === undefined || programs.length === 0) return undefined;
  const variables = programs[0].variablesIn(sourceFrame.scope);
  return variables.find((variable) => variable.name === name && !variable.shadowed)?.locate(frame);
}

function lookUpMemberOfThis(name: string, scope: ExpressionScope): Value | undefined {
  if (name === 'this' || name.includes('::')) return undefined;
  const self = lookUpLocal('this', scope);
  const pointer = self && strip(self.type);
  if (self === undefined || pointer?.kind !== 'pointer') return undefined;
  const type = strip(pointer.target);
  if (type.kind !== 'structure') return undefined;
  const field = findField(type, name);
  if (field !== undefined) {
    const address = readBits(self, 8, scope.frame);
    if (typeof address !== 'bigint')
      return { type: field.type, storage: { kind: 'unavailable', reason: address.reason } };
    return memberValue({ type: pointer.target, storage: { kind: 'memory', address } }, field);
  }
  const found = findStaticMember(type, name);
  return found && lookUpInPrograms(`::${found.owner.name ?? ''}::${name}`, scope);
}

function lookUpInPrograms(name: string, scope: ExpressionScope): Value | undefined {
  for (const [i, program] of scope.programs.entries()) {
    const place = i === 0 ? scope.sourceFrame?.scope : undefined;
    const global = program.globalNamed(name, place);
    if (global !== undefined) return global.locate(scope.frame);
    const enumerator = program.enumeratorNamed(name, place);
    if (enumerator !== undefined) {
      const { type, value } = enumerator;
      return {
        type,
        storage: { kind: 'bytes', bytes: toLittleEndian(BigInt.asUintN(type.size * 8, value), type.size) },
      };
    }
    const code = functionValue(name, program) ?? symbolValue(name, program);
    if (code !== undefined) return code;
  }
  return undefined;
}

/** A function that is the only one of its name; of several, the one whose whole name it is. */
function functionValue(name: string, program: ProgramSymbols): Value | undefined {
  const plain = name.replace(/^::/, '');
  const found = program.functionsNamed(plain);
  const symbol = found.length === 1 ? found[0] : found.find((candidate) => candidate.name === plain);
  const type = symbol && program.typeOfFunction(symbol);
  return symbol && type && { type, storage: { kind: 'memory', address: symbol.entry } };
}

/** A label of the assembler: has an address, but no type to read it by. */
function symbolValue(name: string, program: ProgramSymbols): Value | undefined {
  const symbol = program.symbolNamed(name);
  if (symbol === undefined) return undefined;
  const type: Type = {
    kind: 'unspecified',
    name: '<no type>',
    size: symbol.size > 0 && symbol.size <= 16 ? symbol.size : 0,
  };
  return { type, storage: { kind: 'memory', address: symbol.address } };
}

/** A global that is the only one whose name ends so: spares the reader the namespaces. */
export function lookUpShortName(name: string, scope: ExpressionScope): Value | undefined {
  for (const program of scope.programs) {
    const found = program.globalsEndingWith(name);
    if (found.length === 1) return found[0].locate(scope.frame);
  }
  return undefined;
}

export function lookUpType(name: string, scope: ExpressionScope): Type | undefined {
  for (const [i, program] of scope.programs.entries()) {
    const found = program.typeNamed(name, i === 0 ? scope.sourceFrame?.scope : undefined);
    if (found !== undefined) return found;
  }
  return builtinType(name);
}
