import { parseArgs } from 'node:util';
import { UsageError } from './exit-code.ts';
import { DAP_HELP } from './help.ts';
import { parseArguments } from './run-options.ts';

/** `a9n dap`: serves the Debug Adapter Protocol until the client is gone. Returns the exit code. Throws UsageError. */
export async function dapCommand(args: string[]): Promise<number> {
  const { values } = parseArguments(() =>
    parseArgs({ args, options: { port: { type: 'string' }, help: { type: 'boolean', short: 'h' } } }),
  );
  if (values.help) {
    process.stdout.write(DAP_HELP);
    return 0;
  }
  const port = values.port === undefined ? undefined : parsePort(values.port);
  // Loaded only here: `a9n run` needs none of the debugger.
  const server = await import('../node/stdio-server.ts');
  if (port === undefined) {
    await server.startStdioServer();
    return 0;
  }
  return serveTcp(port, server.startTcpServer);
}

type StartTcpServer = typeof import('../node/stdio-server.ts').startTcpServer;

/** Serves until the process is ended from outside. */
async function serveTcp(port: number, startTcpServer: StartTcpServer): Promise<number> {
  try {
    const server = await startTcpServer(port);
    const address = server.address();
    const actual = typeof address === 'object' && address !== null ? address.port : port;
    process.stderr.write(`a9n: serving the Debug Adapter Protocol on 127.0.0.1:${actual}\n`);
    await new Promise((closed) => server.once('close', closed));
    return 0;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new UsageError(`cannot listen on port ${port} (${cause}). Choose another with --port.`);
  }
}

function parsePort(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65535)) throw new UsageError(`--port ${text}: must be a number from 0 to 65535.`);
  return port;
}
