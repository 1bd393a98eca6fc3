/** Sizes and member offsets of types, as our reader and as gdb have them. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { DebugInformation } from '../../../debug-adapter/symbols/debug-information.ts';
import { AT, TAG } from '../../../debug-adapter/symbols/dwarf-constants.ts';
import { dwarfSections } from '../../../debug-adapter/symbols/dwarf-sections.ts';
import { parseElf } from '../../../debug-adapter/symbols/elf.ts';
import { qualifiedName } from '../../../debug-adapter/symbols/entry-names.ts';
import { loadProgramSymbols } from '../../../debug-adapter/symbols/program-symbols.ts';
import type { ProgramSymbols, Type } from '../../../debug-adapter/symbols/symbol-api.ts';
import { strip } from '../../../debug-adapter/symbols/types.ts';
import { run } from './fixture-programs.ts';

const STRUCTURES: ReadonlySet<number> = new Set([TAG.structure_type, TAG.class_type, TAG.union_type]);

/** Names of all structures and enumerations that the program defines at top level, in namespaces or in classes. */
function definedTypes(path: string): string[] {
  const warnings: string[] = [];
  const information = new DebugInformation(
    dwarfSections(parseElf(new Uint8Array(readFileSync(path)), path), warnings),
    warnings,
  );
  const names = new Set<string>();
  for (const unit of information.units) {
    for (const entry of information.entries(unit)) {
      const type = STRUCTURES.has(entry.tag) || entry.tag === TAG.enumeration_type;
      if (!type || entry.flag(AT.declaration) || entry.string(AT.name) === undefined) continue;
      let scope = entry.parent;
      while (scope !== undefined && (scope.tag === TAG.namespace || STRUCTURES.has(scope.tag)))
        scope = scope.parent;
      const name = qualifiedName(entry);
      if (scope?.tag === TAG.compile_unit && name !== undefined) names.add(name);
    }
  }
  return [...names].sort();
}

const GDB_SCRIPT = `
import gdb, json
def describe(name):
    t = None
    for form in (name, "struct " + name, "union " + name, "enum " + name):
        try:
            t = gdb.lookup_type(form).strip_typedefs()
            break
        except gdb.error:
            pass
    if t is None:
        return ["not found"]
    out = ["size %d" % t.sizeof]
    for f in t.fields():
        if t.code == gdb.TYPE_CODE_ENUM:
            out.append("%s = %d" % (f.name.split("::")[-1], f.enumval))
        elif not hasattr(f, "bitpos"):
            out.append("static %s" % f.name)
        elif f.is_base_class:
            out.append("base at %d size %d" % (f.bitpos // 8, f.type.sizeof))
        else:
            out.append("%s at %d:%d bits %d size %d" % (f.name or "", f.bitpos // 8, f.bitpos % 8, f.bitsize, f.type.sizeof))
    return out
for name in json.loads(NAMES):
    print("TYPE " + json.dumps([name, describe(name)]))
`;

function typesByGdb(path: string, names: readonly string[]): Map<string, readonly string[]> {
  const list = `python NAMES = ${JSON.stringify(JSON.stringify(names))}`;
  const output = run('gdb', [
    '-batch',
    '-nx',
    '-ex',
    list,
    '-ex',
    `python exec(${JSON.stringify(GDB_SCRIPT)})`,
    path,
  ]);
  return new Map(
    [...output.matchAll(/^TYPE (.*)$/gm)].map((match) => JSON.parse(match[1]) as [string, string[]]),
  );
}

function describeType(program: ProgramSymbols, name: string): readonly string[] {
  const found = program.typeNamed(name);
  const type = found && strip(found);
  if (type?.kind === 'enumeration') {
    // gdb has all enumerators signed.
    return [`size ${type.size}`, ...type.enumerators.map((e) => `${e.name} = ${BigInt.asIntN(64, e.value)}`)];
  }
  if (type?.kind !== 'structure') return ['not found'];
  // gdb gives what has no size the size 0.
  const sizeOf = ({ size }: Type): number => Math.max(size, 0);
  const lines = [`size ${type.size}`];
  for (const base of type.baseClasses) lines.push(`base at ${base.offset} size ${sizeOf(base.type)}`);
  for (const { name: member, offset, bits, type: memberType } of type.members) {
    lines.push(
      `${member} at ${offset}:${bits?.offset ?? 0} bits ${bits?.size ?? 0} size ${sizeOf(memberType)}`,
    );
  }
  for (const member of type.staticMembers) lines.push(`static ${member.name}`);
  return lines;
}

/** Compares every named structure and enumeration; returns how many there are. */
export function compareTypes(path: string): number {
  const program = loadProgramSymbols(parseElf(new Uint8Array(readFileSync(path)), path));
  const names = definedTypes(path);
  const expected = typesByGdb(path, names);
  for (const name of names) {
    // The order of static members and empty bases among the others is the compiler's whim.
    expect([name, ...[...describeType(program, name)].sort()]).toEqual([
      name,
      ...[...(expected.get(name) ?? [])].sort(),
    ]);
  }
  expect(program.warnings).toEqual([]);
  return names.length;
}
