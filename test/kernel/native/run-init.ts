import { spawn, spawnSync } from 'node:child_process';
import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  buildHostProgram,
  type HostProgram,
  reasonNotToBuild,
  type Toolchain,
  undefinedBehaviour,
} from '../host/build.ts';

/** Init images as Linux programs: the kernel core with the host HAL and its user mode (kernel/hal/host/user_mode). */

/** Exit statuses of the program beside what init writes to port 0xF4; the same as in user_mode.hpp and run-init.cpp. */
export const HALTED = 124;
export const FAILED = 125;
const MISSING_FEATURE = 77;

const TIMEOUT = 60_000;

export interface NativeRun {
  readonly serial: string;
  readonly errors: string;
  readonly status: number;
}

/** Undefined if init images can run here, else why not. */
export function reasonNotToRun(toolchain: Toolchain = undefinedBehaviour): string | undefined {
  if (process.arch !== 'x64') return `init images are x86-64 machine code, this is ${process.arch}`;
  return reasonNotToBuild(toolchain);
}

export const runInitProgram: HostProgram = {
  name: 'run-init',
  sources: ['test/kernel/native/run-init.cpp', 'kernel/loader/elf_image.cpp'],
  userMode: true,
  toolchain: undefinedBehaviour,
};

/**
 * Builds the program, leaves it as build/host-kernel/run-init too, and returns its path. Throws if it cannot be built.
 */
export async function buildRunInit(): Promise<string> {
  const program = await buildHostProgram(runInitProgram);
  const link = join(dirname(program), 'run-init');
  const temporary = `${link}.${process.pid}`;
  rmSync(temporary, { force: true });
  symlinkSync(basename(program), temporary);
  renameSync(temporary, link);
  return program;
}

/** What this Linux or its processor lacks for the program; undefined if nothing. */
export function findMissingFeature(program: string): string | undefined {
  const { status, stderr } = spawnSync(program, ['--check'], { encoding: 'utf8' });
  return status === MISSING_FEATURE ? stderr.trim() : undefined;
}

export interface NativeSettings {
  /** Gets all that was printed so far after each piece and says what is typed, if anything. */
  reply?(serial: string): string | undefined;
  /** Long kernel calls are interrupted wherever they can be. */
  readonly interrupt?: boolean;
}

export function runInit(program: string, init: string, settings: NativeSettings = {}): Promise<NativeRun> {
  const child = spawn(program, [...(settings.interrupt === true ? ['--interrupt'] : []), init], {
    timeout: TIMEOUT,
  });
  let serial = '';
  let errors = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    serial += text;
    const typed = settings.reply?.(serial);
    if (typed !== undefined) child.stdin.write(typed);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  // It may end without reading what was typed.
  child.stdin.on('error', () => {});
  return new Promise((settle, fail) => {
    child.on('error', fail);
    child.on('close', (status, signal) => {
      if (status === null) fail(new Error(`${init}: ended by ${signal}\n${serial}${errors}`));
      else settle({ serial, errors, status });
    });
  });
}
