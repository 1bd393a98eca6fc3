/** F5 in this repository: what the Extension Development Host opens is there and offers a boot. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');

interface LaunchFile {
  readonly configurations: readonly { readonly type: string; readonly args?: readonly string[] }[];
}
interface WorkspaceFile {
  readonly folders: readonly { readonly path: string }[];
  readonly launch: LaunchFile;
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

test('the development host opens a workspace of its own, which boots KOITO', () => {
  const launch = readJson(resolve(ROOT, '.vscode/launch.json')) as LaunchFile;
  const host = launch.configurations.find(({ type }) => type === 'extensionHost');
  const opened = host?.args?.filter((argument) => !argument.startsWith('--')) ?? [];
  // A desktop VS Code does not open a folder twice: with this repository's own, the window would stay empty.
  expect(opened).toEqual([expect.stringMatching(/^\$\{workspaceFolder\}\/.+\.code-workspace$/)]);

  const path = resolve(ROOT, opened[0].replace(/^[^/]*\//, ''));
  const workspace = readJson(path) as WorkspaceFile;
  expect(workspace.launch.configurations.map(({ type }) => type)).toEqual(['a9n']);
  for (const folder of workspace.folders) expect(existsSync(resolve(dirname(path), folder.path))).toBe(true);
});
