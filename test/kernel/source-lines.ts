import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Source files of a folder and those below it, as paths from the folder. */
export function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(?:cpp|hpp|S|h)$/.test(name),
  );
}

/** Lines of C++ and assembly below a folder, without blank lines and comments. */
export function countLines(folder: string): number {
  const counts = sourceFiles(folder).map((file) => {
    const text = readFileSync(join(folder, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '');
    return text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('//')).length;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}
