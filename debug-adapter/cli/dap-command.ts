import { parseArgs } from 'node:util';
import { UsageError } from './exit-code.ts';
import { DAP_HELP } from './help.ts';
import { parseArguments } from './run-options.ts';

/** `a9n dap`: serves the Debug Adapter Protocol. Returns the exit code. Throws UsageError. */
export async function dapCommand(args: string[]): Promise<number> {
  const { values } = parseArguments(() =>
    parseArgs({ args, options: { port: { type: 'string' }, help: { type: 'boolean', short: 'h' } } }),
  );
  if (values.help) {
    process.stdout.write(DAP_HELP);
    return 0;
  }
  const port = values.port === undefined ? undefined : parsePort(values.port);
  throw new UsageError(`the debug adapter is not part of this build yet (port ${port}).`);
}

function parsePort(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65535)) throw new UsageError(`--port ${text}: must be a number from 0 to 65535.`);
  return port;
}
