import { readFileSync } from 'node:fs';
import { dapCommand } from './dap-command.ts';
import { ExitCode, UsageError } from './exit-code.ts';
import { HELP } from './help.ts';
import { imageCommand } from './image-command.ts';
import { runCommand } from './run-command.ts';

/** The `a9n` command. */
async function main([command, ...args]: string[]): Promise<number> {
  switch (command) {
    case 'run':
      return runCommand(args);
    case 'dap':
      return dapCommand(args);
    case 'image':
      return imageCommand(args);
    case '--version':
    case '-v':
      process.stdout.write(`a9n ${packageVersion()}\n`);
      return 0;
    case '--help':
    case '-h':
    case 'help':
      process.stdout.write(HELP);
      return 0;
    case undefined:
      throw new UsageError('no command given. Use a9n run, a9n dap or a9n image; a9n --help explains them.');
    default:
      throw new UsageError(
        `there is no command ${command}. Use a9n run, a9n dap or a9n image; a9n --help explains them.`,
      );
  }
}

function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return hasVersion ? String(manifest.version) : 'unknown';
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`a9n: ${error.message}\n`);
    process.exitCode = ExitCode.Usage;
  } else {
    process.stderr.write(
      `a9n: internal error, please report it: ${error instanceof Error ? error.stack : error}\n`,
    );
    process.exitCode = ExitCode.Internal;
  }
}
