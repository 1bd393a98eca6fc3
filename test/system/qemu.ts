import { spawn, spawnSync } from 'node:child_process';
import type { GuestPaths } from './guest-images.ts';

const QEMU = 'qemu-system-x86_64';

/** First line of what QEMU says about itself, undefined where it is not installed. */
export function findQemu(): string | undefined {
  const result = spawnSync(QEMU, ['--version'], { encoding: 'utf8' });
  return result.status === 0 ? result.stdout.split('\n')[0] : undefined;
}

export const QEMU_MISSING = `${QEMU} is not installed (Debian, Ubuntu: apt-get install qemu-system-x86)`;

export interface QemuSettings {
  /** Called with each piece of serial output; sends what it returns to the guest. */
  onOutput?(text: string, soFar: string): string | undefined;
  /** Asked after each piece of output: true ends QEMU. Otherwise the guest must end it. */
  isDone?(soFar: string): boolean;
  readonly memoryMegabytes?: number;
  /** QEMU's name of the processor, default its own choice. `max` is all that it can translate. */
  readonly cpu?: string;
  readonly timeoutMilliseconds?: number;
}

export interface QemuOutcome {
  readonly serial: string;
  /** The code the guest wrote to port 0xF4; undefined if QEMU ended otherwise. */
  readonly exitCode: number | undefined;
}

/** Boots the images on QEMU with its interpreter-free translator (TCG), never with virtualisation. */
export function runOnQemu(paths: GuestPaths, settings: QemuSettings = {}): Promise<QemuOutcome> {
  const { onOutput, isDone, cpu = 'qemu64', memoryMegabytes = 256, timeoutMilliseconds = 60_000 } = settings;
  const child = spawn(QEMU, [
    ...['-accel', 'tcg', '-cpu', cpu, '-m', String(memoryMegabytes), '-no-reboot'],
    ...['-kernel', paths.loader, '-initrd', `${paths.kernel},${paths.init}`],
    ...['-display', 'none', '-monitor', 'none', '-serial', 'stdio'],
    ...['-device', 'isa-debug-exit,iobase=0xf4,iosize=4'],
  ]);
  let serial = '';
  let errors = '';
  let isEnded = false;
  child.stdout.setEncoding('latin1');
  child.stdout.on('data', (text: string) => {
    serial += text;
    const reply = onOutput?.(text, serial);
    if (reply !== undefined) child.stdin.write(reply);
    if (isDone?.(serial)) {
      isEnded = true;
      child.kill();
    }
  });
  child.stderr.on('data', (bytes) => {
    errors += bytes;
  });
  child.stdin.on('error', () => {});
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMilliseconds);
  return new Promise((settle, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal !== null)
        fail(new Error(`QEMU took longer than ${timeoutMilliseconds} ms; serial log:\n${serial}`));
      else if (errors !== '' && !isEnded) fail(new Error(`QEMU: ${errors}`));
      // isa-debug-exit ends the process with code << 1 | 1.
      else settle({ serial, exitCode: code !== null && (code & 1) === 1 ? code >> 1 : undefined });
    });
  });
}
