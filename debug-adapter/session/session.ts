/** One debug session: the state that the request domains beside this file share. */
import type { Machine, MachineOptions } from '../../emulator/machine-api.ts';
import { ProtocolServer, RequestError, type SendMessage } from '../protocol/protocol-server.ts';
import type { GuestEnd, RunControl } from '../target/run-control.ts';
import type { CodeFrame, StackFrame } from '../target/stack.ts';
import type { Target, TargetThread } from '../target/target.ts';
import { BreakpointTable } from './breakpoint-table.ts';
import type { FileAccess } from './file-access.ts';
import type { CheckedLaunch } from './launch-configuration.ts';
import { ReferenceTable } from './reference-table.ts';
import type { SerialOutput } from './serial.ts';
import { ShownMemory } from './shown-memory.ts';
import { createSourceMap, type SourceMap } from './source-map.ts';
import type { VariableContainer } from './variables.ts';

export interface BootImages {
  readonly kernel: Uint8Array;
  readonly init: Uint8Array;
  readonly kernelName: string;
  readonly initName: string;
}

/** What a session needs from where it runs. */
export interface SessionHost {
  readonly send: SendMessage;
  readonly files: FileAccess;
  /** The client has disconnected; its last response is sent. */
  disconnected?(): void;
  /** A machine with both images loaded, at the kernel's first instruction. Throws an Error that names cause and remedy. */
  bootMachine(options: MachineOptions, images: BootImages): Machine;
}

export interface Client {
  linesStartAt1: boolean;
  columnsStartAt1: boolean;
  supportsInvalidated: boolean;
  supportsMemory: boolean;
  /** Understands `a9n/…` events; other clients see the guest's output in their debug console. */
  isVisualStudioCode: boolean;
}

/** A machine that has been launched. */
export interface Launched {
  readonly configuration: CheckedLaunch;
  readonly target: Target;
  readonly run: RunControl;
}

export interface FrameReference {
  readonly thread: TargetThread;
  readonly frame: StackFrame;
  /** All frames of the stack that `frame` belongs to, and its place there. */
  readonly stack: readonly StackFrame[];
  readonly index: number;
}

export class Session {
  readonly server: ProtocolServer;
  readonly host: SessionHost;
  readonly client: Client = {
    linesStartAt1: true,
    columnsStartAt1: true,
    supportsInvalidated: false,
    supportsMemory: false,
    isVisualStudioCode: false,
  };
  readonly breakpoints = new BreakpointTable();
  readonly shownMemory = new ShownMemory();
  readonly frames = new ReferenceTable<FrameReference>('stack frame');
  readonly variables = new ReferenceTable<VariableContainer>('variables reference');
  /** Frames of each thread at this stop, with their references. */
  readonly stacks = new Map<number, readonly { readonly reference: number; readonly frame: StackFrame }[]>();
  sourceMap: SourceMap = createSourceMap({});
  launched: Launched | undefined;
  configurationDone = false;
  /** Files are being read and the machine is being made: `launched` is not set yet. */
  isLaunching = false;
  hasEnded = false;
  /** While a step is under way: the process in which it began. */
  steppingProcess: bigint | undefined;
  serialOutput: SerialOutput | undefined;
  /** Why the guest cannot go on, while the machine rests for that reason. */
  guestEnd: GuestEnd | undefined;

  constructor(host: SessionHost) {
    this.host = host;
    this.server = new ProtocolServer(host.send);
  }

  /** Throws RequestError before launch. */
  requireLaunched(): Launched {
    if (this.launched === undefined) {
      throw new RequestError('No machine has been launched yet. Send "launch" first.');
    }
    return this.launched;
  }

  /** Throws RequestError while the machine runs. */
  requireStopped(): Launched {
    const launched = this.requireLaunched();
    if (launched.run.running) throw new RequestError('The machine is running. Pause it first.');
    return launched;
  }

  /** Throws RequestError. */
  requireThread(id: number): TargetThread {
    const thread = this.requireLaunched()
      .target.threads()
      .find((candidate) => candidate.id === id);
    if (thread === undefined)
      throw new RequestError(`There is no thread ${id} any more. Ask for the threads again.`);
    return thread;
  }

  /** The code frame of a frame reference; undefined for a boundary. Throws RequestError. */
  codeFrame(reference: number): CodeFrame | undefined {
    const { frame } = this.frames.get(reference);
    return frame.kind === 'code' ? frame : undefined;
  }

  /** What clients hold about the last stop is out of date. */
  forgetStop(): void {
    this.frames.clear();
    this.variables.clear();
    this.stacks.clear();
    this.guestEnd = undefined;
  }
}
