/** A real VS Code in headless Chromium, driven as a person would: by keys and clicks. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { expect } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const screenshots = join(root, 'test-output/editor');

/** Where Chromium is, undefined if it is not installed. A9N_CHROMIUM names another one. */
export const chromiumPath = [
  process.env['A9N_CHROMIUM'],
  ...['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
].find((path) => path !== undefined && existsSync(path));

export const withoutChromium =
  'no Chromium found. On Debian or Ubuntu: apt-get install chromium, or set A9N_CHROMIUM to its path';

export interface Workbench {
  readonly page: Page;
  /** Console messages of type error, from the page and its workers. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

/** Starts the server of `npm start` on a free port and opens VS Code. Needs a finished build. */
export async function openWorkbench(): Promise<Workbench> {
  const server = await startServer();
  let browser: Browser | undefined;
  try {
    browser = await chromium.launch({
      ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
      args: [
        ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
        ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ],
    });
    const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
    const errors: string[] = [];
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(server.url);
    await page.locator('.explorer-folders-view .monaco-list-row').first().waitFor({ timeout: 60_000 });
    const opened = browser;
    const close = async () => {
      await opened.close();
      server.process.kill();
    };
    return { page, errors, close };
  } catch (error) {
    await browser?.close();
    server.process.kill();
    throw error;
  }
}

async function startServer(): Promise<{ process: ChildProcess; url: string }> {
  const program = process.env['A9N_EDITOR_SERVER'] ?? join(root, 'dist/serve/server.js');
  if (!existsSync(program)) throw new Error(`${program} is missing; run npm run build first.`);
  const child = spawn(process.execPath, [program, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/\S+/.exec(line)?.[0];
    if (url) return { process: child, url };
  }
  const { exitCode, signalCode } = child;
  throw new Error(
    `The server ended without printing its URL (${signalCode ?? exitCode ?? 'still running'}).`,
  );
}

/** Keeps a picture of the whole window for the person who looks at the test's output. */
export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true });
  // Notifications and progress bars slide and fade.
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(screenshots, `${name}.png`) });
}

/** Opens a file of the workspace with *Go to File* and puts the cursor on a line. */
export async function openFile(page: Page, path: string, line: number): Promise<void> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  await chooseFromQuickInput(page, 'Control+P', path, name);
  await page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
  await goToLine(page, line);
}

/**
 * Opens the box at the top, types into it and takes the row that shows `title`. VS Code closes the box when it moves the
 * focus, as it does at a stop; then it is opened again.
 */
async function chooseFromQuickInput(page: Page, key: string, text: string, title: string): Promise<void> {
  const choose = async () => {
    await page.keyboard.press(key);
    await page.locator('.quick-input-box input').fill(text, { timeout: 1000 });
    const chosen = page.locator('.quick-input-list .monaco-list-row.focused', { hasText: title });
    await chosen.waitFor({ timeout: 5000 });
    await page.keyboard.press('Enter');
    return true;
  };
  await expect.poll(() => choose().catch(() => false), { timeout: 20_000 }).toBe(true);
}

export async function closeEditor(page: Page): Promise<void> {
  await page.locator('.editor-group-container.active .tab.active .tab-actions .action-label').click();
}

export async function goToLine(page: Page, line: number): Promise<void> {
  await chooseFromQuickInput(page, 'Control+G', `:${line}`, `line ${line}`);
  await page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
}

export async function runCommand(page: Page, title: string): Promise<void> {
  await chooseFromQuickInput(page, 'F1', `>${title}`, title);
}

/** Makes the side bar wide enough for what the test wants to read, as a user would. */
export async function widenSideBar(page: Page, width: number): Promise<void> {
  const box = await page.locator('.part.sidebar').boundingBox();
  if (!box) throw new Error('The side bar is not shown.');
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width, y);
  await page.mouse.down();
  await page.mouse.move(box.x + width, y, { steps: 5 });
  await page.mouse.up();
}

/** A section of the side bar by its title. */
export function section(page: Page, title: string): Locator {
  return page.locator('.pane').filter({ has: page.locator(`.pane-header[aria-label^="${title}"]`) });
}

export async function setSectionExpanded(page: Page, title: string, expanded: boolean): Promise<void> {
  const header = section(page, title).locator('.pane-header');
  if ((await header.getAttribute('aria-expanded')) !== String(expanded)) await header.click();
}

/** Gives sections of the side bar their heights in pixels, from top to bottom, by dragging the lines between them. */
export async function setSectionHeights(
  page: Page,
  heights: Readonly<Record<string, number>>,
): Promise<void> {
  for (const [title, height] of Object.entries(heights)) {
    const box = await restingBox(section(page, title));
    const x = box.x + box.width / 2;
    await page.mouse.move(x, box.y + box.height);
    await page.mouse.down();
    await page.mouse.move(x, box.y + height, { steps: 5 });
    await page.mouse.up();
  }
  await restMouse(page);
}

/** Where something is once it no longer moves: sections slide when one opens or closes. */
async function restingBox(found: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  for (let before = ''; ; ) {
    const box = await found.boundingBox();
    if (box && JSON.stringify(box) === before) return box;
    before = JSON.stringify(box);
    await found.page().waitForTimeout(150);
  }
}

/** Puts the mouse where nothing reacts to it. */
export async function restMouse(page: Page): Promise<void> {
  const size = page.viewportSize();
  if (size) await page.mouse.move(size.width / 2, size.height - 5);
}

/** Chooses from the context menu of a row. A menu takes no click in its first tenth of a second. */
export async function chooseFromContextMenu(page: Page, found: Locator, title: string): Promise<void> {
  await found.click({ button: 'right' });
  const item = page.getByRole('menuitem', { name: title });
  await item.waitFor();
  const closed = async () => {
    await item.click({ timeout: 1000 });
    await item.waitFor({ state: 'hidden', timeout: 1000 });
    return true;
  };
  await expect
    .poll(() => closed().catch(async () => !(await item.isVisible())), { timeout: 15_000 })
    .toBe(true);
  await restMouse(page);
}

/** What VS Code complains about at the lower right. */
export async function errorMessages(page: Page): Promise<string[]> {
  const messages = page.locator('.notification-list-item', { has: page.locator('.codicon-error') });
  return await messages.locator('.notification-list-item-message').allTextContents();
}

/** Rows of a tree or list as far as they are on the screen: what their parts say, with a space between. */
export async function rowTexts(tree: Locator): Promise<string[]> {
  const rows = await tree.locator('.monaco-list-row').all();
  const parts = await Promise.all(rows.map((found) => found.locator(':not(:has(*))').allTextContents()));
  return parts.map((texts) => texts.join(' ').replaceAll(/\s+/g, ' ').trim());
}

/** The row whose text contains `text`. */
export function row(tree: Locator, text: string | RegExp): Locator {
  return tree.locator('.monaco-list-row').filter({ hasText: text }).first();
}

export async function expandRow(tree: Locator, text: string | RegExp): Promise<void> {
  const found = row(tree, text);
  await found.waitFor();
  if ((await found.getAttribute('aria-expanded')) !== 'true')
    await found.locator('.monaco-tl-twistie').click();
}

export async function collapseRow(tree: Locator, text: string | RegExp): Promise<void> {
  const found = row(tree, text);
  if ((await found.getAttribute('aria-expanded')) === 'true')
    await found.locator('.monaco-tl-twistie').click();
  await expect.poll(() => found.getAttribute('aria-expanded')).toBe('false');
}

/** File name and line of the yellow line in the editor: where the selected frame stands. */
export async function stoppedAt(page: Page): Promise<{ file: string; line: number }> {
  await page.locator('.debug-top-stack-frame-line, .debug-focused-stack-frame-line').first().waitFor();
  const file = await page
    .locator('.editor-group-container.active .tab.active')
    .getAttribute('data-resource-name');
  const status = await page.locator('#status\\.editor\\.selection').textContent();
  return { file: file ?? '', line: Number(/Ln (\d+)/.exec(status ?? '')?.[1]) };
}

/** Path in the workspace of the file in the active editor. */
export async function openedPath(page: Page): Promise<string> {
  const crumbs = await page
    .locator('.editor-group-container.active .breadcrumbs-control .label-name')
    .allTextContents();
  const tab = await page
    .locator('.editor-group-container.active .tab.active')
    .getAttribute('data-resource-name');
  return crumbs.slice(0, crumbs.indexOf(tab ?? '') + 1).join('/');
}

/** What the terminal's screen shows, line by line. */
export async function terminalLines(page: Page): Promise<string[]> {
  const rows = await page.locator('.terminal-wrapper.active .xterm-rows > div').allInnerTexts();
  return rows.map((text) => text.replaceAll('\u00a0', ' ').trimEnd());
}

/** How late timers come in a thread of the editor, in milliseconds: what a person feels as hanging. */
export interface Lag {
  readonly worst: number;
  /** Nearly every timer was no later than this. */
  readonly percentile99: number;
}

/** Watches the thread that draws, and the one that runs extensions, for a time. */
export async function measureLag(
  page: Page,
  milliseconds: number,
): Promise<{ window: Lag; extensionHost: Lag }> {
  const extensionHost = page.workers().find((worker) => worker.url().endsWith('/workerMain.js'));
  if (!extensionHost) throw new Error('The extension host is not running.');
  const [window, host] = await Promise.all([
    page.evaluate(watchTimers, milliseconds),
    extensionHost.evaluate(watchTimers, milliseconds),
  ]);
  return { window, extensionHost: host };
}

async function watchTimers(milliseconds: number): Promise<Lag> {
  const late: number[] = [];
  const end = performance.now() + milliseconds;
  for (let last = performance.now(); last < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const now = performance.now();
    late.push(now - last - 5);
    last = now;
  }
  late.sort((a, b) => a - b);
  return { worst: late[late.length - 1], percentile99: late[Math.floor(late.length * 0.99)] };
}
