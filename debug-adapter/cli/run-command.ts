import { existsSync, readFileSync } from 'node:fs';
import {
  BootError,
  type BootFile,
  type BootModule,
  boot,
  createMachine,
  type Machine,
  recogniseKernel,
} from '../../emulator/index.ts';
import { builtImage } from './built-image.ts';
import { createConsoleKeys } from './console-keys.ts';
import { ExitCode, UsageError } from './exit-code.ts';
import { RUN_HELP } from './help.ts';
import { type Ending, type Run, startRun } from './run-machine.ts';
import { parseRunOptions, type RunOptions } from './run-options.ts';

const END_OF_INPUT = Uint8Array.of(0x04);

/** `a9n run`: boots and runs a guest on this terminal. Returns the exit code. Throws UsageError. */
export async function runCommand(args: string[]): Promise<number> {
  const options = parseRunOptions(args);
  if (options === undefined) {
    process.stdout.write(RUN_HELP);
    return 0;
  }
  const machine = bootMachine(options);
  const output = connectOutput(machine);
  let inputEnded = false;
  const run = startRun(machine, {
    maxInstructions: options.maxInstructions,
    mayGetInput: () => !inputEnded,
  });
  const disconnectInput = connectInput(machine, run, () => {
    inputEnded = true;
  });
  try {
    output.onClosed(run.quit);
    const ending = await run.ending;
    await output.flush();
    return report(ending, machine, options);
  } finally {
    disconnectInput();
  }
}

function bootMachine(options: RunOptions): Machine {
  const { cpu, memoryBytes, stopOnUnknownOpcode, startTime, a9nAbi, commandLine, loadAddress } = options;
  const kernel = readImage(options.kernel ?? builtImage('kernel.elf', '--kernel'));
  const initrds = options.initrds?.map(readModule);
  try {
    // Only A9N has an init image of its own.
    const initName =
      options.init ?? (recogniseKernel({ kernel }) === 'a9n' ? builtImage('koito.elf', '--init') : undefined);
    const init = initName === undefined ? undefined : readImage(initName);
    const machine = createMachine({ cpu, memoryBytes, stopOnUnknownOpcode, startTime });
    boot(machine, { kernel, init, a9nAbi, initrds, commandLine, loadAddress });
    return machine;
  } catch (error) {
    if (error instanceof BootError) throw new UsageError(error.message);
    throw error;
  }
}

/** "FILE" or "FILE TEXT", where TEXT is the module's command line. */
function readModule(text: string): BootModule {
  const space = text.indexOf(' ');
  if (space < 0 || existsSync(text)) return readImage(text);
  return { ...readImage(text.slice(0, space)), commandLine: text.slice(space + 1) };
}

function readImage(path: string): BootFile {
  try {
    return { name: path, bytes: readFileSync(path) };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${path}: cannot be read (${cause}). Check the path and its permissions.`);
  }
}

/** Sends the guest's serial output to standard output, gathered per turn of the event loop. */
function connectOutput(machine: Machine) {
  let gathered: number[] = [];
  let scheduled = false;
  let closed: (() => void) | undefined;

  const write = (done?: () => void) => {
    scheduled = false;
    const bytes = Uint8Array.from(gathered);
    gathered = [];
    process.stdout.write(bytes, () => done?.());
  };
  machine.serial.onOutput = (byte) => {
    gathered.push(byte);
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => write());
  };
  // The reader has gone, as in `a9n run | head`: nobody is left to run for.
  process.stdout.on('error', () => closed?.());
  return {
    flush: () => new Promise<void>((resolve) => write(resolve)),
    onClosed(listener: () => void) {
      closed = listener;
    },
  };
}

/** Sends standard input to the guest. Returns a function that gives the terminal back. */
function connectInput(machine: Machine, run: Run, ended: () => void): () => void {
  const { stdin } = process;
  const isTerminal = stdin.isTTY === true;
  const keys = createConsoleKeys();
  const onData = (bytes: Uint8Array) => {
    const { forGuest, quit } = isTerminal ? keys.take(bytes) : { forGuest: bytes, quit: false };
    machine.serial.send(forGuest);
    if (quit) run.quit();
    else run.wake();
  };
  const onEnd = () => {
    ended();
    machine.serial.send(END_OF_INPUT);
    run.wake();
  };
  if (isTerminal) stdin.setRawMode(true);
  stdin.on('data', onData);
  stdin.once('end', onEnd);
  stdin.once('error', onEnd);
  return () => {
    stdin.off('data', onData);
    stdin.pause();
    if (isTerminal) stdin.setRawMode(false);
    else stdin.destroy();
  };
}

function report(ending: Ending, machine: Machine, options: RunOptions): number {
  const count = machine.instructionCount.toLocaleString('en-US');
  const say = (text: string) => process.stderr.write(`a9n: ${text}\n`);
  const hex = (value: bigint) => `0x${value.toString(16)}`;
  switch (ending.kind) {
    case 'exit':
      return ending.code & 0xff;
    case 'power-off':
      return 0;
    case 'reset':
      say(`the guest reset the machine, instruction ${count}. Run it again to boot anew.`);
      return ExitCode.Reset;
    case 'triple-fault':
      say(
        `triple fault at ${hex(ending.address)}, instruction ${count}: exception ${ending.vector} could not be delivered. ` +
          'Check the interrupt descriptor table, its handlers and their stacks; a9n dap stops there with the source.',
      );
      return ExitCode.TripleFault;
    case 'unknown-opcode': {
      const bytes = Array.from(ending.bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
      say(
        `unknown opcode ${bytes} at ${hex(ending.address)}, instruction ${count}. ` +
          'Compile for at most -march=x86-64-v3 and the model of --cpu, or leave out --stop-on-unknown-opcode to raise #UD in the guest.',
      );
      return ExitCode.UnknownOpcode;
    }
    case 'budget':
      say(
        `the budget of ${options.maxInstructions.toLocaleString('en-US')} instructions is used up at ${hex(machine.readRegister('rip'))}. ` +
          'Raise --max-instructions if the guest needs longer.',
      );
      return ExitCode.Budget;
    case 'halted':
      say(
        `halted for good at ${hex(machine.readRegister('rip'))}, instruction ${count}: HLT with interrupts off. ` +
          'The guest ends a run properly by writing its exit code to port 0xF4.',
      );
      return ExitCode.Halted;
    case 'never-wakes':
      say(
        `the guest waits for ever at ${hex(machine.readRegister('rip'))}, instruction ${count}: no timer is set and standard input has ended. ` +
          'Give it more input, or let it write its exit code to port 0xF4.',
      );
      return ExitCode.Halted;
    case 'quit':
      return ExitCode.Quit;
  }
}
