/** From `initialize` to `disconnect`. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Machine } from '../../emulator/machine-api.ts';
import { createKernelModel } from '../kernel-model/create-kernel-model.ts';
import { flag, object, type Shape, text } from '../protocol/argument-shape.ts';
import { RequestError } from '../protocol/protocol-server.ts';
import { nextTurn } from '../target/event-loop.ts';
import { RunControl, runFreely } from '../target/run-control.ts';
import { Target } from '../target/target.ts';
import { bindAll } from './breakpoint-binding.ts';
import { hitBreakpoints } from './breakpoint-hits.ts';
import { type CheckedLaunch, checkLaunchConfiguration } from './launch-configuration.ts';
import { type LoadedPrograms, loadPrograms } from './load-programs.ts';
import { processWatch } from './process-watch.ts';
import { connectSerial, flushSerial } from './serial.ts';
import type { Session } from './session.ts';
import { createSourceMap } from './source-map.ts';
import { reportEntry, reportStop, startRun } from './stops.ts';

const initializeArguments = object(
  {},
  {
    clientID: text,
    linesStartAt1: flag,
    columnsStartAt1: flag,
    supportsInvalidatedEvent: flag,
    supportsMemoryEvent: flag,
  },
);
/** Checked on its own, for messages that speak of launch.json. */
const anything: Shape<unknown> = (value) => value;

export const CAPABILITIES: DebugProtocol.Capabilities = {
  supportsConfigurationDoneRequest: true,
  supportsFunctionBreakpoints: true,
  supportsConditionalBreakpoints: true,
  supportsHitConditionalBreakpoints: true,
  supportsLogPoints: true,
  supportsInstructionBreakpoints: true,
  supportsBreakpointLocationsRequest: true,
  supportsSteppingGranularity: true,
  supportsEvaluateForHovers: true,
  supportsClipboardContext: true,
  supportsSetVariable: true,
  supportsValueFormattingOptions: true,
  supportsDelayedStackTraceLoading: true,
  supportsLoadedSourcesRequest: true,
  supportsReadMemoryRequest: true,
  supportsWriteMemoryRequest: true,
  supportsDisassembleRequest: true,
  supportsExceptionInfoRequest: true,
  supportsRestartRequest: true,
  supportsTerminateRequest: true,
};

export function registerLifecycle(session: Session): void {
  const { server } = session;
  server.onRequest('initialize', initializeArguments, (args) => {
    session.client.linesStartAt1 = args.linesStartAt1 ?? true;
    session.client.columnsStartAt1 = args.columnsStartAt1 ?? true;
    session.client.supportsInvalidated = args.supportsInvalidatedEvent ?? false;
    session.client.supportsMemory = args.supportsMemoryEvent ?? false;
    session.client.isVisualStudioCode = args.clientID === 'vscode' || args.clientID === 'code-server';
    return CAPABILITIES;
  });
  server.onRequest('launch', anything, async (raw) => {
    if (session.launched !== undefined || session.isLaunching) {
      throw new RequestError('A machine is launched already. Use "restart".');
    }
    await launch(session, checkLaunchConfiguration(raw));
    server.sendEvent('initialized');
    if (session.configurationDone) begin(session);
    return undefined;
  });
  server.onRequest('attach', anything, () => {
    throw new RequestError(
      'There is no machine to attach to: the debugger runs its own. Use "request": "launch".',
    );
  });
  server.onRequest('configurationDone', object({}), () => {
    if (session.configurationDone) return undefined;
    session.configurationDone = true;
    if (session.launched !== undefined) begin(session);
    return undefined;
  });
  server.onRequest('restart', object({}, { arguments: anything }), async (args) => {
    const old = session.requireLaunched();
    const configuration =
      args.arguments === undefined ? old.configuration : checkLaunchConfiguration(args.arguments);
    const wasRunning = old.run.running;
    old.run.dispose();
    session.launched = undefined;
    try {
      await launch(session, configuration);
    } catch (error) {
      // The old machine is gone; there is nothing left to debug.
      server.sendEvent('terminated');
      throw error;
    }
    if (!wasRunning) server.sendEvent('continued', { threadId: 1, allThreadsContinued: true });
    begin(session);
    return undefined;
  });
  server.onRequest('terminate', object({}), () => {
    shutDown(session);
    server.sendEvent('terminated');
    return undefined;
  });
  server.onRequest('disconnect', object({}), () => {
    shutDown(session);
    session.hasEnded = true;
    nextTurn(() => session.host.disconnected?.());
    return undefined;
  });
}

/** Stops the machine for good. */
export function shutDown(session: Session): void {
  session.launched?.run.dispose();
  flushSerial(session, true);
  session.launched = undefined;
  session.forgetStop();
}

/** Reads the files, boots the machine and binds the breakpoints; the machine does not run yet. */
async function launch(session: Session, configuration: CheckedLaunch): Promise<void> {
  session.isLaunching = true;
  try {
    const loaded = await loadPrograms(configuration, session.host.files);
    if (session.hasEnded) throw new RequestError('The session ended before the machine was made.');
    prepare(session, configuration, loaded);
  } finally {
    session.isLaunching = false;
  }
}

function prepare(session: Session, configuration: CheckedLaunch, loaded: LoadedPrograms): void {
  for (const warning of loaded.warnings) session.server.tell(warning, 'important');
  const machine = boot(session, configuration, loaded);
  connectSerial(session, machine);
  const model = createKernelModel(machine, loaded.kernel.symbols, (text) => session.server.tell(text));
  const target = new Target(machine, loaded.programs, loaded.kernel, model);
  const watch = processWatch(session, target);
  const run = new RunControl(machine, {
    breakpointsHit: (address) => hitBreakpoints(session, address),
    onStop: (cause) => reportStop(session, cause),
    onTurn: () => {
      flushSerial(session);
      watch();
    },
  });
  session.sourceMap = createSourceMap(configuration.sourceMap ?? {});
  session.forgetStop();
  session.launched = { configuration, target, run };
  for (const program of loaded.programs) {
    if (!program.symbols.hasDebugInformation) {
      session.server.tell(`${program.path} has no debug information: build it with -g to see its source.`);
    }
  }
  bindAll(session);
}

function boot(session: Session, configuration: CheckedLaunch, loaded: LoadedPrograms): Machine {
  try {
    return session.host.bootMachine(
      {
        memoryBytes: configuration.memoryBytes,
        cpu: configuration.cpu,
        stopOnUnknownOpcode: configuration.stopOnUnknownOpcode ?? false,
      },
      {
        kernel: loaded.kernelImage,
        init: loaded.initImage,
        kernelName: configuration.kernel,
        initName: configuration.init,
      },
    );
  } catch (error) {
    throw new RequestError(
      `The machine cannot boot: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function begin(session: Session): void {
  const { configuration } = session.requireLaunched();
  if (configuration.stopOnEntry && !configuration.noDebug) reportEntry(session);
  else startRun(session, runFreely());
}
