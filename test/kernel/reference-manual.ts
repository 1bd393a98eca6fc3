/**
 * The reference manual of the kernel's operations, made from the operation tables in kernel/core. Above each entry of a table stand
 * `///` lines: what the operation does, then `in: ` and `out: ` with the message registers, then one line for each error:
 * `fatal: when; when`. A line that begins with two more spaces continues the one before. Number and rights are the entry's own.
 */

export interface OperationDescription {
  readonly number: number;
  readonly name: string;
  readonly summary: string;
  readonly input: string | undefined;
  readonly output: string | undefined;
  /** Rights that the invoked capability needs, and the error if one is missing. */
  readonly rights: readonly string[];
  readonly missingRight: string;
  /** By error; without `missingRight` unless something else leads to it, too. */
  readonly errors: ReadonlyMap<string, string>;
}

export interface CapabilityDescription {
  readonly type: string;
  /** What the file says of itself in its first line. */
  readonly title: string;
  readonly operations: readonly OperationDescription[];
}

const ERROR_LINE = /^(illegal_operation|permission_denied|invalid_descriptor|invalid_argument|fatal): (.+)$/;
const ENTRY =
  /^\{ (?:number\(|static_cast<word>\()abi::(\w+)_operation::(\w+)\), "(\w+)", (\S+), (\S+), \w+ \},$/;
const TABLE = /constexpr operation (\w+)\[\] = \{\n([\s\S]*?)\n {8}\};/g;

/** The tables of one file of kernel/core. `abi`: the text of abi.hpp. Throws for an entry that is not as above. */
export function describeCapabilities(source: string, abi: string): CapabilityDescription[] {
  const title = /^\/\/ [A-Z_ and]+: (.+)$/m.exec(source)?.[1] ?? '';
  return [...source.matchAll(TABLE)].map(([, name, body]) => {
    const type = new RegExp(`operation_table (\\w+)_operations\\s*= make_table\\(${name}\\)`).exec(source);
    if (type === null) throw new Error(`the operation table ${name} is nobody's`);
    return { type: type[1], title, operations: describeTable(body, abi) };
  });
}

function describeTable(body: string, abi: string): OperationDescription[] {
  const operations: OperationDescription[] = [];
  let comment: string[] = [];
  let entry = '';
  for (const line of body.split('\n').map((text) => text.trim())) {
    if (line.startsWith('///')) {
      comment.push(line.slice(4));
      continue;
    }
    entry = entry === '' ? line : `${entry} ${line}`;
    if (!entry.endsWith('},')) continue;
    operations.push(describeOperation(comment, entry, abi));
    comment = [];
    entry = '';
  }
  return operations;
}

function describeOperation(comment: readonly string[], entry: string, abi: string): OperationDescription {
  const fields = ENTRY.exec(entry);
  if (fields === null) throw new Error(`not an entry of an operation table: ${entry}`);
  const [, type, enumerator, name, rights, missing] = fields;
  const paragraphs = joinContinued(comment);
  const errors = new Map<string, string>();
  const summary: string[] = [];
  const registers = new Map<string, string>();
  for (const paragraph of paragraphs) {
    const error = ERROR_LINE.exec(paragraph);
    const register = /^(in|out): (.+)$/.exec(paragraph);
    if (error !== null) errors.set(error[1], error[2]);
    else if (register !== null) registers.set(register[1], register[2]);
    else summary.push(paragraph);
  }
  if (summary.length === 0) throw new Error(`${type}.${name} has no doc comment`);
  return {
    number: enumeratorValue(abi, `${type}_operation`, enumerator),
    name,
    summary: summary.join(' '),
    input: registers.get('in'),
    output: registers.get('out'),
    rights: rightsOf(rights),
    missingRight: errorOf(missing),
    errors,
  };
}

function joinContinued(lines: readonly string[]): string[] {
  const paragraphs: string[] = [];
  for (const line of lines) {
    if (line.startsWith('  ')) paragraphs.push(`${paragraphs.pop() ?? ''} ${line.trim()}`);
    else paragraphs.push(line);
  }
  return paragraphs;
}

function enumeratorValue(abi: string, enumeration: string, name: string): number {
  const body = new RegExp(`enum class ${enumeration} : word\\s*\\{([\\s\\S]*?)\\};`).exec(abi)?.[1] ?? '';
  const value = new RegExp(`^\\s*${name}\\s*= (\\d+),`, 'm').exec(body);
  if (value === null) throw new Error(`abi.hpp has no ${enumeration}::${name}`);
  return Number(value[1]);
}

function rightsOf(expression: string): string[] {
  if (expression === 'read_write') return ['READ', 'WRITE'];
  const right = /^capability_rights::(\w+)$/.exec(expression);
  if (right === null) throw new Error(`no rights: ${expression}`);
  return right[1] === 'none' ? [] : [right[1].toUpperCase()];
}

function errorOf(expression: string): string {
  const short: Readonly<Record<string, string>> = {
    denied: 'permission_denied',
    illegal: 'illegal_operation',
  };
  const error = short[expression] ?? /^capability_error::(\w+)$/.exec(expression)?.[1];
  if (error === undefined) throw new Error(`no error: ${expression}`);
  return error;
}

/** Every error that the operation can end with, apart from a failed lookup of the invoked capability. */
export function errorsOf(operation: OperationDescription): string[] {
  const missing = operation.rights.length === 0 ? [] : [operation.missingRight];
  return [...new Set([...missing, ...operation.errors.keys()])];
}

export function renderManual(capabilities: readonly CapabilityDescription[]): string {
  const sections = capabilities.map(({ type, title, operations }) =>
    [`## ${type.toUpperCase()}`, sentence(title), ...operations.map(renderOperation)].join('\n\n'),
  );
  return `${[INTRODUCTION, ...sections].join('\n\n')}\n`;
}

const INTRODUCTION = `# Operations of A9N's capabilities

Made from the operation tables in \`kernel/core\` by \`npm run docs:kernel\`; change the comments there, not this page.

A capability call has the descriptor of the invoked capability in MR0 and the number of the operation in MR1. Success leaves 1 in
MR0; failure leaves 0 in MR0, the error in MR1 and everything else as it was. Every operation can also fail because the descriptor
leads nowhere (invalid_descriptor) or the type has no operation of that number (illegal_operation). Page tables have no operations.`;

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function renderOperation(operation: OperationDescription): string {
  const { number, name, summary, input, output, rights, missingRight, errors } = operation;
  const rows = [
    rights.length === 0 ? 'needs no right' : `needs ${rights.join(' and ')}, else ${missingRight}`,
    ...(input === undefined ? [] : [`in: ${input}`]),
    ...(output === undefined ? [] : [`out: ${output}`]),
    ...[...errors].map(([error, when]) => `${error}: ${when}`),
  ];
  return `### ${number} ${name}\n\n${summary}\n\n${rows.map((row) => `- ${row}`).join('\n')}`;
}
