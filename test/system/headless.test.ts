import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

/** `a9n run` as a user calls it after a build, without options. */

const BUNDLE = resolve(import.meta.dirname, '../../dist/cli/a9n.js');

test('a9n run boots the loader for QEMU too, by multiboot, and through it the same system', async () => {
  const guest = resolve(import.meta.dirname, '../../dist/guest');
  const images = ['--kernel', 'loader.elf', '--initrd', 'kernel.elf', '--initrd', 'koito.elf'];
  const child = spawn(process.execPath, [BUNDLE, 'run', ...images], { cwd: guest });
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
    if (!child.stdin.writableEnded && output.includes('memory-tour exited with code 0'))
      child.stdin.end('over\r');
  });
  const code = await new Promise((ended) => child.on('close', ended));
  expect(output).toMatch(/koito: shutting down with code 0\r?\n$/);
  expect(code).toBe(0);
}, 60_000);

test("a9n run boots the images it was built with; end of input ends the session with the guest's code", async () => {
  expect(existsSync(BUNDLE), `${BUNDLE} is missing: run npm run build first`).toBe(true);
  const child = spawn(process.execPath, [BUNDLE, 'run']);
  let output = '';
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  child.stdout.on('data', (text) => {
    output += text;
    if (!child.stdin.writableEnded && output.includes('memory-tour exited with code 0'))
      child.stdin.end('over\r');
  });
  const code = await new Promise((ended) => child.on('close', ended));
  expect(errors).toBe('');
  expect(output).toMatch(/over\r?\nover\r?\nkoito: shutting down with code 0\r?\n$/);
  expect(code).toBe(0);
}, 30_000);
