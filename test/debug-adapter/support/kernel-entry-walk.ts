/**
 * Walks through kernel entries one instruction at a time and unwinds at each: the kernel frames must lead to the user
 * code that entered the kernel, with its registers, and from the return path on to the user code that is resumed.
 *
 * What is expected comes from the processor, not from the kernel: the registers at the first instruction of an entry,
 * and those of the first user instruction after it.
 */
import { readFileSync } from 'node:fs';
import { A9N_2026 } from '../../../debug-adapter/kernel-model/a9n-names.ts';
import { requiredVariable } from '../../../debug-adapter/kernel-model/object-layout.ts';
import { parseElf } from '../../../debug-adapter/symbols/elf.ts';
import { loadProgramSymbols } from '../../../debug-adapter/symbols/program-symbols.ts';
import { machineFrame } from '../../../debug-adapter/target/frame-context.ts';
import { type Program, USER_ADDRESS_END } from '../../../debug-adapter/target/program.ts';
import { walkStack } from '../../../debug-adapter/target/stack.ts';
import { createBootedMachine } from '../../../emulator/boot/create.ts';
import type { Machine, StopReason } from '../../../emulator/machine-api.ts';

/** What a debugger needs of a caller: where it is, and the registers that the psABI lets it keep. */
const REGISTERS = ['rip', 'rsp', 'rbx', 'rbp', 'r12', 'r13', 'r14', 'r15'] as const;
/** By DWARF number, in the same order. */
const DWARF_NUMBERS = [16, 7, 3, 6, 12, 13, 14, 15];
/** R12…R15 are message registers: results may be in the saved registers before the process runs again. */
const FIRST_MESSAGE_REGISTER = REGISTERS.indexOf('r12');

/** RAX at `syscall` (ABI-2026, section 1). */
const CAPABILITY_CALL = -1n;
/** Bits of a descriptor below the index in a root node of radix 8. */
const SLOT_SHIFT = 48n;
/** Each begins on a 16-byte boundary (`trap_entries` in entry.S). */
const TRAP_ENTRY_SIZE = 16n;

type UserRegisters = readonly (bigint | undefined)[];

export interface WalkReport {
  /** Instructions at which the stack was unwound, by what entered the kernel: `call`, `vector 14`, `vector 32, idle`. */
  readonly instructions: Map<string, number>;
  /** Distinct addresses among them. */
  readonly addresses: Set<bigint>;
  readonly failures: string[];
}

interface WalkSettings {
  readonly machine: Machine;
  readonly kernel: Program;
  /** Entries of one kind that are walked: by one vector, or one operation on one slot. Others are run through. */
  readonly entriesPerKind: number;
  /** Instructions of one entry that are looked at: clearing a large frame has millions. */
  readonly longestEntry: number;
}

interface Entry {
  readonly cause: string;
  /** Undefined if the kernel was idle. */
  readonly user: UserRegisters | undefined;
  /** `process_context` of the process that entered: who it is. */
  readonly process: bigint;
}

interface Observation {
  readonly pc: bigint;
  readonly user: UserRegisters | undefined;
}

const MEMORY = 64 * 2 ** 20;
/** Instructions: more than either init server needs until it waits for input or ends. */
const LIMIT = 50_000_000;

/** Walks through one entry of each kind under the init server given. */
export function walkGuest(kernelPath: string, initPath: string): WalkReport {
  const [kernelImage, initImage] = [kernelPath, initPath].map((path) => readFileSync(path));
  const images = { kernel: kernelImage, init: initImage, kernelName: kernelPath, initName: initPath };
  const machine = createBootedMachine({ memoryBytes: MEMORY }, images);
  const symbols = loadProgramSymbols(parseElf(kernelImage, kernelPath));
  const kernel: Program = { name: 'kernel', path: kernelPath, isKernel: true, symbols };
  return walkKernelEntries({ machine, kernel, entriesPerKind: 1, longestEntry: 300 }, LIMIT);
}

/** Runs until the machine stops for good, is idle without timer, or `maxInstructions` have retired. */
function walkKernelEntries(settings: WalkSettings, maxInstructions: number): WalkReport {
  const { machine, kernel } = settings;
  const report: WalkReport = { instructions: new Map(), addresses: new Set(), failures: [] };
  const symbols = symbolAddresses(kernel);
  const seen = new Map<string, number>();
  /** Results that were seen in the saved registers of processes which did not run since. */
  const announced = new Map<bigint, { readonly registers: UserRegisters; readonly where: string }>();
  machine.setBreakpoints([symbols.kernelCall, ...symbols.traps]);
  while (machine.instructionCount < maxInstructions) {
    const reason = machine.run(maxInstructions - machine.instructionCount);
    if (reason.kind === 'idle' && reason.until !== undefined) continue;
    if (reason.kind !== 'breakpoint') return report;
    const entry = entryAt(machine, symbols, reason.address);
    // It ran meanwhile, seen or not.
    announced.delete(entry.process);
    const kind = kindOf(machine, entry);
    const times = seen.get(kind) ?? 0;
    seen.set(kind, times + 1);
    if (times < settings.entriesPerKind) walkEntry(settings, symbols, entry, report, announced);
  }
  return report;
}

interface EntrySymbols {
  readonly kernelCall: bigint;
  readonly traps: readonly bigint[];
  readonly leave: { readonly start: bigint; readonly end: bigint };
  readonly enteredContext: bigint;
  readonly idle: bigint;
}

function symbolAddresses({ symbols }: Program): EntrySymbols {
  const find = (name: string) => {
    const symbol = symbols.elf.symbols.find((each) => each.name === name);
    if (symbol === undefined) throw new Error(`the kernel has no symbol ${name}`);
    return symbol;
  };
  const traps = find('trap_entries');
  const leave = find('leave_kernel');
  return {
    kernelCall: find('kernel_call_entry').address,
    traps: Array.from({ length: 256 }, (_, vector) => traps.address + TRAP_ENTRY_SIZE * BigInt(vector)),
    leave: { start: leave.address, end: leave.address + BigInt(leave.size) },
    enteredContext: requiredVariable(symbols, A9N_2026.enteredContext).address,
    idle: find('idle').address,
  };
}

function word(machine: Machine, address: bigint): bigint {
  const bytes = machine.readVirtual(address, 8);
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
}

/** At the first instruction of an entry: what the processor did with the user's RIP and RSP. */
function entryAt(machine: Machine, symbols: EntrySymbols, address: bigint): Entry {
  const process = word(machine, symbols.enteredContext);
  const rest = REGISTERS.slice(2).map((name) => machine.readRegister(name));
  const vector = symbols.traps.indexOf(address);
  if (vector < 0) {
    const user = [machine.readRegister('rcx'), machine.readRegister('rsp'), ...rest];
    return { cause: 'call', user, process };
  }
  // SS, RSP, RFLAGS, CS, RIP and perhaps an error code (Intel SDM volume 3, section 6.14.2).
  const hasErrorCode = [8, 10, 11, 12, 13, 14, 17, 21, 29, 30].includes(vector);
  const frame = machine.readRegister('rsp') + (hasErrorCode ? 8n : 0n);
  if ((word(machine, frame + 8n) & 3n) === 0n)
    return { cause: `vector ${vector}, idle`, user: undefined, process };
  const user = [word(machine, frame), word(machine, frame + 24n), ...rest];
  return { cause: `vector ${vector}`, user, process };
}

function kindOf(machine: Machine, { cause }: Entry): string {
  const type = BigInt.asIntN(64, machine.readRegister('rax'));
  if (cause !== 'call' || type !== CAPABILITY_CALL) return cause === 'call' ? `call ${type}` : cause;
  return `operation ${machine.readRegister('rsi')} on ${machine.readRegister('rdi') >> SLOT_SHIFT}`;
}

function walkEntry(
  { machine, kernel, longestEntry }: WalkSettings,
  symbols: EntrySymbols,
  entry: Entry,
  report: WalkReport,
  announced: Map<bigint, { readonly registers: UserRegisters; readonly where: string }>,
): void {
  const inLeave = (pc: bigint) => pc >= symbols.leave.start && pc < symbols.leave.end;
  const observations: Observation[] = [];
  const fail = (text: string) => report.failures.push(`${entry.cause}: ${text}`);
  let previous: bigint | undefined;
  let reason: StopReason = { kind: 'step' };
  for (let steps = 0; machine.privilegeLevel === 0 && reason.kind === 'step'; steps++) {
    const pc = machine.readRegister('rip');
    if (steps > longestEntry && !inLeave(pc)) break;
    // Repetitions of a string instruction change nothing of the stack.
    if (pc !== previous) observations.push({ pc, user: userRegisters(machine, kernel) });
    previous = pc;
    if (pc === symbols.idle) break;
    reason = machine.step();
  }
  report.instructions.set(entry.cause, (report.instructions.get(entry.cause) ?? 0) + observations.length);
  for (const { pc } of observations) report.addresses.add(pc);

  const resumed = machine.privilegeLevel === 3 ? machineRegisters(machine) : undefined;
  // On the way out the stack leads to the user code that is resumed; from there on it must stay so.
  let leaving = observations.length;
  if (resumed !== undefined) {
    while (
      leaving > 0 &&
      equal(observations[leaving - 1].user, resumed) &&
      inLeave(observations[leaving - 1].pc)
    )
      leaving--;
    if (leaving === observations.length)
      fail('the last instruction does not lead to the code that is resumed');
  }
  let results: UserRegisters | undefined;
  for (const { pc, user } of observations.slice(0, leaving)) {
    const where = `${kernel.symbols.symbolAt(pc)?.name ?? '?'} 0x${pc.toString(16)}`;
    if (entry.user === undefined) {
      if (user !== undefined) fail(`${where}: leads to user code, though the kernel was idle`);
    } else if (user === undefined) fail(`${where}: does not lead to user code`);
    else if (!equal(user.slice(0, FIRST_MESSAGE_REGISTER), entry.user.slice(0, FIRST_MESSAGE_REGISTER)))
      fail(`${where}: ${text(user)} instead of ${text(entry.user)}`);
    else if (!equal(user, entry.user)) {
      if (entry.cause !== 'call') fail(`${where}: ${text(user)} instead of ${text(entry.user)}`);
      results = user;
      announced.set(entry.process, { registers: user, where });
    } else if (results !== undefined) fail(`${where}: results come and go`);
  }
  if (resumed === undefined) return;
  const process = word(machine, symbols.enteredContext);
  const before = announced.get(process);
  announced.delete(process);
  if (before !== undefined && !equal(before.registers, resumed))
    fail(`${before.where}: ${text(before.registers)}, but resumed with ${text(resumed)}`);
}

function machineRegisters(machine: Machine): UserRegisters {
  return REGISTERS.map((name) => machine.readRegister(name));
}

/** Of the user frame to which the debugger's own stack walk leads; undefined if it leads to none. */
function userRegisters(machine: Machine, kernel: Program): UserRegisters | undefined {
  const start = { context: machineFrame(machine), root: 0, hiddenInlinedCalls: 0 };
  const programAt = (pc: bigint) => (pc >= USER_ADDRESS_END ? kernel : undefined);
  const frames = walkStack(start, { programAt, userStart: undefined, processName: 'process' });
  const last = frames[frames.length - 1];
  if (last.kind !== 'code' || !last.user) return undefined;
  return DWARF_NUMBERS.map((number, index) =>
    index === 0 ? last.context.pc : last.context.readRegister(number),
  );
}

function equal(a: UserRegisters | undefined, b: UserRegisters | undefined): boolean {
  return (
    a !== undefined && b !== undefined && a.every((value, index) => value !== undefined && value === b[index])
  );
}

function text(registers: UserRegisters): string {
  return REGISTERS.map((name, index) => `${name} ${registers[index]?.toString(16) ?? '?'}`).join(' ');
}
