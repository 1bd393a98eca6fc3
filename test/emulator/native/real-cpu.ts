import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataPattern, type InstructionCase, type Outcome } from './instruction-case.ts';
import { decodeOutcomes, encodeCase } from './native-format.ts';

const cpuInfo = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';

/** The host's CPU is of the make whose undefined flags and approximations the emulator has. */
export const hostIsIntel = /GenuineIntel/.test(cpuInfo);

/** What the host's CPU has, in the words of /proc/cpuinfo. */
export const hostFlags: ReadonlySet<string> = new Set(
  /^flags\s*:(.*)$/m.exec(cpuInfo)?.[1].trim().split(' '),
);

/** The real CPU of this host. */
export interface RealCpu {
  run(cases: readonly InstructionCase[]): Promise<Outcome[]>;
  dispose(): void;
}

/** Compiles the harness, or says in a sentence why this host cannot run it. */
export function openRealCpu(): RealCpu | string {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `the real CPU is compared on x86-64 Linux only; this is ${process.arch} ${process.platform}`;
  const compiler = process.env['CC'] ?? 'gcc';
  const directory = mkdtempSync(join(tmpdir(), 'instruction-harness-'));
  const program = join(directory, 'harness');
  try {
    const source = new URL('harness.c', import.meta.url).pathname;
    // Away from the small addresses that come out of arithmetic: the harness's own memory must not be read by a case.
    const place = '-Wl,-Ttext-segment=0x5a5a0000';
    execFileSync(
      compiler,
      ['-O1', '-no-pie', '-fno-stack-protector', '-Wl,-z,now', place, '-o', program, source],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
  } catch (error) {
    rmSync(directory, { recursive: true });
    return `the native harness does not compile with ${compiler} (install gcc or set CC): ${String(error)}`;
  }
  return {
    run: (cases) => runHarness(program, cases),
    dispose: () => rmSync(directory, { recursive: true }),
  };
}

function runHarness(program: string, cases: readonly InstructionCase[]): Promise<Outcome[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.on('error', reject);
    child.stdin.on('error', () => {}); // the harness died early; its exit code says so
    child.on('close', (code, signal) => {
      if (code === 0) resolve(decodeOutcomes(Buffer.concat(output), cases.length));
      else reject(new Error(`native harness ended with ${signal ?? `exit code ${code}`}`));
    });
    child.stdin.write(dataPattern);
    for (const test of cases) child.stdin.write(encodeCase(test));
    child.stdin.end();
  });
}
