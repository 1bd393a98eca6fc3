import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UsageError } from './exit-code.ts';

/** Path of a guest image beside this bundle: dist/cli/a9n.js → dist/guest/. */
export function builtImage(name: string, option: string): string {
  const path = fileURLToPath(new URL(`../guest/${name}`, import.meta.url));
  if (!existsSync(path)) {
    throw new UsageError(
      `${path} does not exist. Build it with npm run build, or name a file with ${option}.`,
    );
  }
  return path;
}
