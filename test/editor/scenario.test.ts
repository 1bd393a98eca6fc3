import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  chooseFromContextMenu,
  chromiumPath,
  closeEditor,
  collapseRow,
  errorMessages,
  expandRow,
  measureLag,
  openedPath,
  openFile,
  openWorkbench,
  row,
  rowTexts,
  runCommand,
  screenshot,
  section,
  setSectionExpanded,
  setSectionHeights,
  stoppedAt,
  terminalLines,
  type Workbench,
  widenSideBar,
  withoutChromium,
} from './workbench.ts';

/**
 * What a new user does and sees, in the web build of VS Code. The steps build on each other; the pictures are kept
 * in test-output/editor for somebody to look at.
 */

const root = resolve(import.meta.dirname, '../..');
const serverSource = 'userland/ulmm/server.cpp';
const pageSource = 'userland/ulmm/page-store.cpp';
const kernelSource = 'kernel/core/generic.cpp';
const entrySource = 'kernel/hal/x86_64/entry.S';
const keySource = 'userland/apps/echo/line-editor.cpp';

/** 1-based line of the first line that contains `text`, after the line that contains `after`. */
function lineOf(path: string, text: string, after = ''): number {
  const lines = readFileSync(join(root, path), 'utf8').split('\n');
  const from = lines.findIndex((line) => line.includes(after));
  const index = lines.findIndex((line, at) => at >= from && line.includes(text));
  if (from < 0 || index < 0) throw new Error(`${path} has no line with "${text}".`);
  return index + 1;
}

if (!chromiumPath) console.log(`test/editor is skipped: ${withoutChromium}`);

describe.skipIf(!chromiumPath)('VS Code in the browser', { timeout: 60_000 }, () => {
  let workbench: Workbench;
  let page: Page;
  const map = lineOf(serverSource, 'find_space(sender', 'server::map(');
  const call = lineOf(pageSource, 'generic.convert(', 'page_store::fill_chunk(');
  const convert = lineOf(kernelSource, 'fill_child(slots[i], call.slot');
  const enter = lineOf(entrySource, 'call    handle_kernel_call_entry');
  const key = lineOf(keySource, 'switch (key)');

  beforeAll(async () => {
    workbench = await openWorkbench();
    page = workbench.page;
  }, 120_000);
  afterEach(async () => {
    expect(await errorMessages(page)).toEqual([]);
  });
  afterAll(async () => {
    if (page) await screenshot(page, '99-at-the-end');
    await workbench?.close();
  });

  const callStack = () => section(page, 'Call Stack');
  const variables = () => section(page, 'Variables');
  const capabilities = () => section(page, 'Capability Spaces');
  const pageTables = () => section(page, 'Page Tables');
  const terminalText = async () => (await terminalLines(page)).join('\n');

  /** Presses a stepping key until the condition no longer holds, twenty times at most. */
  async function stepWhile(key: string, condition: () => Promise<boolean>): Promise<void> {
    for (let steps = 0; steps < 20 && (await condition()); steps++) {
      const before = await rowTexts(callStack());
      await page.keyboard.press(key);
      await expect.poll(() => rowTexts(callStack()), { timeout: 10_000 }).not.toEqual(before);
      await paused();
    }
    expect(await condition()).toBe(false);
  }

  /** Sets a breakpoint, runs to it and removes it. */
  async function runTo(path: string, line: number): Promise<void> {
    await openFile(page, path, line);
    await page.keyboard.press('F9');
    await page.locator('.codicon-debug-breakpoint').first().waitFor();
    await page.keyboard.press('F5');
    await row(callStack(), /Paused on breakpoint/).waitFor({ timeout: 30_000 });
    await expect.poll(() => stoppedAt(page)).toEqual({ file: path.slice(path.lastIndexOf('/') + 1), line });
    await runCommand(page, 'Remove All Breakpoints');
  }

  const paused = async () => {
    await row(callStack(), /Paused on/).waitFor({ timeout: 30_000 });
    // VS Code moves the focus to the editor then; keys pressed before that go elsewhere.
    await page.locator('.editor-instance .monaco-editor.focused').first().waitFor();
  };

  it('opens with the guest sources as the workspace and sets a breakpoint in the ULMM server', async () => {
    await widenSideBar(page, 560);
    await openFile(page, serverSource, map);
    await page.keyboard.press('F9');
    await page.locator('.codicon-debug-breakpoint').first().waitFor();
    await screenshot(page, '01-breakpoint-before-boot');
  });

  it('boots KOITO with F5 and stops in the ULMM server', async () => {
    await page.keyboard.press('Control+Shift+D');
    const lag = measureLag(page, 3000);
    await page.keyboard.press('F5');
    await paused();
    // The machine boots in a worker of its own: neither thread of the editor waits for it.
    const { window, extensionHost } = await lag;
    console.log('timers late while booting, ms:', { window, extensionHost });
    expect(extensionHost.percentile99).toBeLessThan(100);
    expect(page.workers().some((worker) => worker.url().startsWith('blob:'))).toBe(true);
    expect(await stoppedAt(page)).toEqual({ file: 'server.cpp', line: map });
    expect(await terminalText()).toContain('ulmm: ready');
  });

  it('opens its own views at the first stop', async () => {
    await row(capabilities(), 'ulmm').waitFor();
    await row(pageTables(), 'ulmm').waitFor();
    await screenshot(page, '02-first-stop');
    await setSectionExpanded(page, 'Watch', false);
    await setSectionExpanded(page, 'Breakpoints', false);
    await setSectionHeights(page, { Variables: 220, 'Call Stack': 320, 'Capability Spaces': 160 });
  });

  it('lists each process by name, and the stack of the one that stopped', async () => {
    const rows = (await rowTexts(callStack())).join('\n');
    for (const name of ['koito', 'ulmm', 'memory-tour']) expect(rows).toContain(name);
    expect(rows).toMatch(/server::map/);
    expect(rows).toMatch(/\bmain\b/);
    expect(rows).not.toMatch(/\?\?|0x[0-9a-f]{6,}/);
  });

  it('shows arguments and locals, and expands them', async () => {
    await expandRow(variables(), 'sender');
    await row(variables(), 'identifier').waitFor();
    expect((await rowTexts(variables())).join('\n')).toMatch(/identifier = \d+/);
    await collapseRow(variables(), 'sender');
    const rows = (await rowTexts(variables())).join('\n');
    expect(rows).toMatch(/address = 0/);
    expect(rows).toMatch(/size = 4096/);
    await screenshot(page, '03-variables');
  });

  it('evaluates what the mouse rests on', async () => {
    const text = page
      .locator('.editor-instance .view-line', { hasText: 'find_space(sender, arguments[0]);' })
      .first();
    await text.getByText('sender', { exact: false }).last().hover();
    await page.locator('.debug-hover-widget').waitFor();
    await screenshot(page, '03-hover');
    await page.keyboard.press('Escape');
  });

  it('shows the capability space of a process as a tree', async () => {
    // Few rows fit beside everything else; what is not on the screen does not exist for a list of VS Code.
    await setSectionExpanded(page, 'Variables', false);
    await setSectionExpanded(page, 'Call Stack', false);
    await setSectionHeights(page, { 'Capability Spaces': 640 });
    await expandRow(capabilities(), 'ulmm');
    await row(capabilities(), 'IPC_PORT').waitFor();
    const port = /^\d+ IPC_PORT identifier 0x[0-9a-f]+ at 0xffff8[0-9a-f]+ · ./;
    expect(await rowTexts(capabilities())).toContainEqual(expect.stringMatching(port));
    // The first node of ULMM's own holds nodes with the memory that it hands out.
    await expandRow(capabilities(), '11 NODE');
    await expandRow(capabilities(), '0 NODE');
    const generic = /^\d+ GENERIC \d+ [KMG]iB at physical 0x[0-9a-f]+, \d+ % used · ./;
    const generics = async () => (await rowTexts(capabilities())).filter((text) => generic.test(text));
    await expect.poll(async () => (await generics()).length).toBeGreaterThan(2);
    await screenshot(page, '04-capability-space');
    await setSectionHeights(page, { 'Capability Spaces': 290 });
  });

  it('shows the page tables of an address space as a tree', async () => {
    await expandRow(pageTables(), 'ulmm');
    await expandRow(pageTables(), /PDPT at/);
    await expandRow(pageTables(), /PD at/);
    await expandRow(pageTables(), /(?<!PD)PT at/);
    await row(pageTables(), /KiB →/).waitFor();
    expect((await rowTexts(pageTables())).join('\n')).toMatch(
      /0x[0-9a-f]+–0x[0-9a-f]+ .*KiB → 0x[0-9a-f]+ .*read/,
    );
    await screenshot(page, '05-page-tables');
  });

  it('translates an address and reveals its entry', async () => {
    await runCommand(page, 'A9N: Translate Address');
    const input = page.locator('.quick-input-box input');
    await input.fill('0x9000000000000');
    await page.locator('.quick-input-message', { hasText: 'Not a canonical address' }).waitFor();
    await input.fill('$rip');
    await page.keyboard.press('Enter');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'ulmm' }).click();
    await page.locator('.notification-toast', { hasText: 'mapped' }).waitFor();
    const selected = pageTables().locator('.monaco-list-row.selected');
    await selected.waitFor();
    expect(await selected.textContent()).toMatch(/KiB →/);
    await screenshot(page, '06-translated-address');
    await runCommand(page, 'Notifications: Clear All Notifications');
  });

  it('shows everything at once', async () => {
    await setSectionExpanded(page, 'Variables', true);
    await setSectionExpanded(page, 'Call Stack', true);
    await setSectionHeights(page, { Variables: 190, 'Call Stack': 180, 'Capability Spaces': 320 });
    await row(callStack(), /server::map/).click();
    await screenshot(page, '07-stopped-in-ulmm');
  });

  it('steps into a capability call, shows the boundary to the kernel, and steps out again', async () => {
    await openFile(page, pageSource, call);
    await page.keyboard.press('F9');
    await page.keyboard.press('F5');
    await row(callStack(), new RegExp(`page_store::fill_chunk.*${call}`)).waitFor({ timeout: 20_000 });
    const boundary = callStack().locator('.stack-frame.label');
    await stepWhile('F11', async () => (await boundary.count()) === 0);
    expect(await boundary.first().textContent()).toMatch(/kernel.*ulmm/);
    const [top, ...rest] = (await rowTexts(callStack())).filter((text) => /\d+:\d+$/.test(text));
    expect(top).toMatch(/^a9n::/);
    await expect.poll(() => openedPath(page)).toMatch(/^kernel\//);
    expect(rest.join('\n')).toMatch(/page_store::fill_chunk/);
    await screenshot(page, '08-stepped-into-the-kernel');
    await stepWhile('Shift+F11', async () => (await boundary.count()) > 0);
    await expect.poll(() => openedPath(page)).toMatch(/^userland\//);
    await screenshot(page, '09-back-in-user-code');
    await runCommand(page, 'Remove All Breakpoints');
  });

  it('stops at breakpoints in the kernel, in C++ and in assembly', async () => {
    await setSectionHeights(page, { Variables: 190, 'Call Stack': 340, 'Capability Spaces': 180 });
    await runTo(kernelSource, convert);
    // VS Code shows the stack's end as it was, until it has read the new one.
    await expect
      .poll(async () => (await rowTexts(callStack())).join('\n'))
      .toMatch(/::convert generic\.cpp[\s\S]*kernel ⇄ ulmm[\s\S]*ulmm::(page_store|block_table)::/);
    await screenshot(page, '10-in-the-kernel');
    await runTo(entrySource, enter);
    await screenshot(page, '11-in-assembly');
  });

  it('restarts the machine, which stops at the breakpoint again', async () => {
    await openFile(page, serverSource, map);
    await page.keyboard.press('F9');
    await page.keyboard.press('Control+Shift+F5');
    await expect
      .poll(terminalText, { timeout: 30_000 })
      .toMatch(/Boot KOITO starts again[\s\S]*koito: starting memory-tour/);
    await paused();
    expect(await stoppedAt(page)).toEqual({ file: 'server.cpp', line: map });
    await runCommand(page, 'Remove All Breakpoints');
  });

  it('follows quick steps', async () => {
    await paused();
    for (let steps = 0; steps < 10; steps++) await page.keyboard.press('F10', { delay: 30 });
    await paused();
    await expect.poll(() => stoppedAt(page)).not.toEqual({ file: 'server.cpp', line: map });
    expect((await rowTexts(pageTables())).join('\n'), 'what was expanded').toMatch(/PDPT at/);
    expect((await rowTexts(capabilities())).join('\n'), 'what was expanded').toMatch(/1 NODE this node/);
    await screenshot(page, '12-after-quick-steps');
  });

  it('prints the serial log and carries what is typed to the guest', async () => {
    await runCommand(page, 'Remove All Breakpoints');
    await page.keyboard.press('F5');
    await expect.poll(terminalText, { timeout: 30_000 }).toContain('memory-tour: done');
    await page.locator('.terminal-wrapper.active .xterm-screen').click();
    await page.keyboard.type('hello\n');
    // Once as the echo of the keys, once repeated by the program echo.
    await expect.poll(terminalText, { timeout: 30_000 }).toMatch(/hello[\s\S]*hello/);
    // VS Code explains once per user that F1 did not go to the terminal.
    await runCommand(page, 'Notifications: Clear All Notifications');
    await screenshot(page, '13-serial-console');
  });

  it('stops at a breakpoint that is set while the machine runs', async () => {
    await openFile(page, keySource, key);
    await page.keyboard.press('F9');
    await page.locator('.codicon-debug-breakpoint').first().waitFor();
    await page.locator('.terminal-wrapper.active .xterm-screen').click();
    await page.keyboard.type('k');
    await paused();
    expect(await stoppedAt(page)).toEqual({ file: 'line-editor.cpp', line: key });
    expect((await rowTexts(callStack()))[0]).toMatch(/^echo Paused on breakpoint/);
    await screenshot(page, '14-breakpoint-set-while-running');
  });

  it('shows the machine code and the memory', async () => {
    await runCommand(page, 'Open Disassembly View');
    const code = page.locator('.editor-group-container.active .monaco-table');
    await expect.poll(() => code.textContent(), { timeout: 20_000 }).toMatch(/\bcmp\b[\s\S]*\bj\w+\b/);
    await screenshot(page, '15-disassembly');
    await closeEditor(page);
    await chooseFromContextMenu(page, row(capabilities(), 'PROCESS_CONTROL_BLOCK'), 'View Memory');
    await page.locator('.tab.active', { hasText: 'Memory' }).waitFor();
    await expect
      .poll(() => page.locator('.editor-group-container.active .view-lines').textContent())
      .toMatch(/0xffff[0-9a-f]{12}.+\|/);
    await page.keyboard.press('Control+B');
    await screenshot(page, '16-memory');
    await page.keyboard.press('Control+B');
    await closeEditor(page);
  });

  it('ends, and the terminal says so', async () => {
    await runCommand(page, 'Debug: Stop');
    await expect
      .poll(async () => (await terminalLines(page)).join('\n'), { timeout: 20_000 })
      .toMatch(/ended/);
    await screenshot(page, '17-ended');
  });
});
