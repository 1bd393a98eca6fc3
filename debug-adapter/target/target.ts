/** The machine with what the debugger knows about its programs and processes: everything but the protocol. */
import type { Machine } from '../../emulator/machine-api.ts';
import type { KernelModel, KernelProcess } from '../kernel-model/kernel-model.ts';
import type { ProgramSymbols, SourceLocation } from '../symbols/symbol-api.ts';
import { machineFrame, memoryReader, savedFrame } from './frame-context.ts';
import { inlinedCallsBeginningAt } from './inlined-calls.ts';
import type { SteppingView } from './passage.ts';
import { linkAddress, type Program, ProgramFinder, USER_ADDRESS_END } from './program.ts';
import {
  atKernelCall,
  type CodeFrame,
  codeFrames,
  leadsToUser,
  type StackFrame,
  type StackStart,
  walkStack,
} from './stack.ts';

/** The thread for code that runs in no process: boot and idle loop. */
export const KERNEL_THREAD = 1;

export interface TargetThread {
  readonly id: number;
  readonly name: string;
  /** Its process control block's address; undefined for the kernel's own thread. */
  readonly process: bigint | undefined;
  readonly details: KernelProcess | undefined;
  readonly onCpu: boolean;
}

export class Target implements SteppingView {
  readonly machine: Machine;
  readonly programs: readonly Program[];
  readonly kernel: Program;
  readonly model: KernelModel;
  readonly #finder: ProgramFinder;
  readonly #threadIds = new Map<bigint, number>();
  readonly #names = new Map<bigint, string>();
  #nextThreadId = KERNEL_THREAD + 1;
  #kernelWork: { readonly instructionCount: number; readonly process: bigint | undefined } | undefined;
  #shownInlinedCalls = 0;
  #stopLine: SourceLocation | undefined;

  constructor(machine: Machine, programs: readonly Program[], kernel: Program, model: KernelModel) {
    this.machine = machine;
    this.programs = programs;
    this.kernel = kernel;
    this.model = model;
    this.#finder = new ProgramFinder(machine, programs);
  }

  // ------------------------------------------------------------------------------------------ code

  /** Physical address of the active PML4. */
  activeRoot(): number {
    return Number(this.machine.readRegister('cr3') & 0xf_ffff_ffff_f000n);
  }

  programIn(root: number): Program | undefined {
    return this.#finder.programIn(root);
  }

  programAt(pc: bigint, root: number): Program | undefined {
    if (pc >= USER_ADDRESS_END) return this.kernel.symbols.contains(pc) ? this.kernel : undefined;
    // Before the kernel has built its own page tables it runs at low addresses.
    const inKernelImage = this.kernel.symbols.contains(linkAddress(this.kernel, pc));
    if (inKernelImage && this.machine.privilegeLevel === 0 && this.model.currentProcess() === undefined) {
      return this.#finder.programIn(root) ?? this.kernel;
    }
    return this.#finder.programIn(root);
  }

  symbolsAt(pc: bigint): ProgramSymbols | undefined {
    return this.programAt(pc, this.activeRoot())?.symbols;
  }

  innermostFrame() {
    return machineFrame(this.machine);
  }

  // ------------------------------------------------------------------------------------- processes

  currentProcess(): bigint | undefined {
    return this.model.currentProcess();
  }

  /** The process to which what the CPU does now belongs: in the kernel the one whose entry it serves. */
  processOnCpu(): bigint | undefined {
    if (this.machine.privilegeLevel === 3) return this.model.currentProcess();
    const { instructionCount } = this.machine;
    if (this.#kernelWork?.instructionCount !== instructionCount) {
      const process = this.#servesProcess() ? this.model.enteredProcess() : undefined;
      this.#kernelWork = { instructionCount, process };
    }
    return this.#kernelWork.process;
  }

  /** Kernel code that serves a process was called from it; boot code and the idle loop were not. */
  #servesProcess(): boolean {
    const start = { context: machineFrame(this.machine), root: this.activeRoot(), hiddenInlinedCalls: 0 };
    return leadsToUser(start, (pc, root) => this.programAt(pc, root));
  }

  resumeAddress(process: bigint): bigint | undefined {
    return this.model.process(process)?.savedRegisters?.get('rip');
  }

  /** The thread on the CPU first, then in the order in which the processes appeared. */
  threads(): TargetThread[] {
    const onCpu = this.processOnCpu();
    const processes = this.model.processes();
    const threads = processes.map((details) => ({
      id: this.threadId(details.address),
      name: this.#nameOf(details, processes),
      process: details.address,
      details,
      onCpu: details.address === onCpu,
    }));
    threads.sort((a, b) => Number(b.onCpu) - Number(a.onCpu) || a.id - b.id);
    if (threads.some((thread) => thread.onCpu)) return threads;
    const kernel = { id: KERNEL_THREAD, name: 'kernel', process: undefined, details: undefined, onCpu: true };
    return [kernel, ...threads];
  }

  /** The same process control block is the same thread until the machine restarts. */
  threadId(process: bigint | undefined): number {
    if (process === undefined) return KERNEL_THREAD;
    let id = this.#threadIds.get(process);
    if (id === undefined) {
      id = this.#nextThreadId++;
      this.#threadIds.set(process, id);
    }
    return id;
  }

  #nameOf(details: KernelProcess, processes: readonly KernelProcess[]): string {
    const program =
      details.addressSpaceRoot === undefined ? undefined : this.programIn(details.addressSpaceRoot);
    if (program === undefined) {
      // A process whose address space is gone keeps the name by which the user knows it.
      return this.#names.get(details.address) ?? `process ${this.threadId(details.address)}`;
    }
    const sameProgram = processes.filter(
      ({ address, addressSpaceRoot }) =>
        this.threadId(address) < this.threadId(details.address) &&
        addressSpaceRoot !== undefined &&
        this.programIn(addressSpaceRoot) === program,
    ).length;
    const name = sameProgram === 0 ? program.name : `${program.name} (${sameProgram + 1})`;
    this.#names.set(details.address, name);
    return name;
  }

  // ---------------------------------------------------------------------------------------- stacks

  /** Inlined calls that begin where the machine rests and that the user has not stepped into. */
  hiddenInlinedCalls(): number {
    const pc = this.machine.readRegister('rip');
    const symbols = this.symbolsAt(pc);
    const beginning = symbols === undefined ? 0 : inlinedCallsBeginningAt(symbols, pc);
    return Math.max(0, beginning - this.#shownInlinedCalls);
  }

  /** How many of the inlined calls that begin here shall be shown, from the outermost on. */
  showInlinedCalls(count: number): void {
    this.#shownInlinedCalls = count;
  }

  /** Of several lines that begin where the machine rests, the one to show; undefined before it moves on. */
  showLine(line: SourceLocation | undefined): void {
    this.#stopLine = line;
  }

  /** The innermost frame of what the CPU executes, without the rest of its stack. */
  frameOnCpu(): CodeFrame {
    const { context, root, hiddenInlinedCalls } = this.#cpuStart();
    return codeFrames(context, root, this.programAt(context.pc, root), 0, hiddenInlinedCalls)[0];
  }

  #cpuStart(): StackStart {
    return {
      context: machineFrame(this.machine),
      root: this.activeRoot(),
      hiddenInlinedCalls: this.hiddenInlinedCalls(),
      line: this.#stopLine,
    };
  }

  stackOf(thread: TargetThread): StackFrame[] {
    const saved = this.#savedStart(thread);
    const sources = {
      programAt: (pc: bigint, root: number) => this.programAt(pc, root),
      processName: thread.name,
    };
    if (thread.onCpu) {
      const inUserMode = this.machine.privilegeLevel === 3;
      return walkStack(this.#cpuStart(), { ...sources, userStart: inUserMode ? undefined : saved });
    }
    if (saved === undefined) return [];
    const start = { ...saved, context: atKernelCall(saved.context) };
    return walkStack(start, { ...sources, userStart: undefined });
  }

  #savedStart({ details }: TargetThread): StackStart | undefined {
    if (details?.savedRegisters === undefined || details.addressSpaceRoot === undefined) return undefined;
    const root = details.addressSpaceRoot;
    const context = savedFrame(details.savedRegisters, memoryReader(this.machine, root));
    return { context, root, hiddenInlinedCalls: 0 };
  }
}
