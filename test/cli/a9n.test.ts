import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  echoUntilEnd,
  enableInterrupts,
  exit,
  halt,
  haltForever,
  loadInterruptTable,
  loopForever,
  out,
  powerOff,
  print,
  startTimer,
  tinyGuest,
  undefinedOpcode,
} from '../emulator/boot/tiny-guest.ts';
import { bundleCommand, type Command, collect } from './a9n-process.ts';

// Processes start slowly on a busy host.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let command: Command;
beforeAll(async () => {
  command = await bundleCommand();
});
afterAll(() => command?.remove());

const guest = (code: readonly number[]) => command.images(tinyGuest({ code }));
const small = ['--memory', '32M'];

describe('help and mistakes', () => {
  test('--help, --version and the help of each command', async () => {
    expect((await command.run(['--help'])).output).toMatch(/a9n run.*\n.*a9n dap/);
    expect(await command.run(['--version'])).toEqual({ code: 0, output: 'a9n 9.8.7\n', errors: '' });
    const help = await command.run(['run', '--help']);
    expect(help.code).toBe(0);
    for (const word of [
      '--kernel',
      '--init',
      '--a9n-abi',
      '--initrd',
      '--append',
      '--load-address',
      '--date',
      '--cpu',
      '--memory',
      '--max-instructions',
      '--stop-on-unknown-opcode',
      'exit code',
      'Ctrl-]',
    ]) {
      expect(help.output).toContain(word);
    }
    expect((await command.run(['dap', '--help'])).output).toContain('--port');
  });

  test.each([
    [[], /no command given.*a9n --help/],
    [['boot'], /there is no command boot/],
    [['run', '--turbo'], /Unknown option '--turbo'/],
    [['run', 'file'], /Unexpected argument 'file'/],
    [['run', '--memory', '3M'], /--memory 3M: must be a multiple of 2M/],
    [['run', '--memory', '4G'], /at most 3G/],
    [['run', '--memory', 'lots'], /must be a positive number, as in 256M/],
    [['run', '--max-instructions', '0'], /--max-instructions 0: must be a positive number/],
    [['run', '--cpu', '486'], /--cpu 486: there are x86-64-v1, x86-64-v2, x86-64-v3/],
    [['run', '--a9n-abi', '2024'], /--a9n-abi 2024: there are 2025 and 2026/],
    [['run', '--load-address', 'high'], /--load-address high: must be a physical address, as in 0x100000/],
    [['run', '--date', 'today'], /--date today: must be a date and time of UTC, as in 2026-01-31/],
    [['run', '--kernel', '/nowhere/k.elf'], /\/nowhere\/k\.elf: cannot be read .*Check the path/],
    [
      ['run'],
      /guest\/kernel\.elf does not exist\. Build it with npm run build, or name a file with --kernel/,
    ],
    [['dap', '--port', '70000'], /--port 70000: must be a number from 0 to 65535/],
  ])('%j', async (args, message) => {
    const { code, output, errors } = await command.run(args);
    expect(errors).toMatch(message);
    expect(errors).toMatch(/^a9n: .*\n$/);
    expect(output).toBe('');
    expect(code).toBe(120);
  });

  test('an image that cannot be booted', async () => {
    const path = join(command.folder, 'text.elf');
    writeFileSync(path, 'just text');
    const args = guest(exit(0));
    const { code, errors } = await command.run(['run', ...args.slice(2), '--kernel', path]);
    expect(errors).toMatch(/^a9n: .*text\.elf: not an ELF file.*Give the linked ELF executable\.\n$/);
    expect(code).toBe(120);
  });
});

describe('exit codes', () => {
  test.each([0, 1, 42, 255])('the guest exits with %i', async (code) => {
    const outcome = await command.run([
      'run',
      ...small,
      ...guest([...print(`code ${code}\n`), ...exit(code)]),
    ]);
    expect(outcome).toEqual({ code, output: `code ${code}\n`, errors: '' });
  });

  test('a triple fault', async () => {
    const { code, errors } = await command.run(['run', ...small, ...guest(undefinedOpcode)]);
    expect(errors).toMatch(
      /^a9n: triple fault at 0x100000, instruction 1: .* Check the interrupt descriptor table/,
    );
    expect(code).toBe(121);
  });

  test('the budget', async () => {
    const args = ['run', ...small, '--max-instructions', '300K', ...guest(loopForever)];
    const { code, errors } = await command.run(args);
    expect(errors).toMatch(
      /^a9n: the budget of 300,000 instructions is used up at 0x100000\. Raise --max-instructions/,
    );
    expect(code).toBe(122);
  });

  test('halted for good', async () => {
    const { code, errors } = await command.run(['run', ...small, ...guest(haltForever)]);
    expect(errors).toMatch(/^a9n: halted for good at 0x10000[12], instruction [12]: HLT with interrupts off/);
    expect(code).toBe(123);
  });

  test('waiting for input that has ended', async () => {
    const { code, errors } = await command.run(['run', ...small, ...guest([...enableInterrupts, ...halt])]);
    expect(errors).toMatch(/^a9n: the guest waits for ever at 0x10000[12]/);
    expect(code).toBe(123);
  });

  test('an unknown opcode, if asked for', async () => {
    const args = ['run', ...small, '--stop-on-unknown-opcode', ...guest([...print('x'), 0x0f, 0x04, 0xc0])];
    const { code, output, errors } = await command.run(args);
    expect(output).toBe('x');
    expect(errors).toMatch(
      /^a9n: unknown opcode 0f 04 .*at 0x100007, instruction 3\. Compile for at most -march=x86-64-v3/,
    );
    expect(code).toBe(124);
  });
});

describe('endings that the guest asks for', () => {
  test('switching off is success', async () => {
    const outcome = await command.run([
      'run',
      ...small,
      ...guest([...print('bye'), ...powerOff, ...haltForever]),
    ]);
    expect(outcome).toEqual({ code: 0, output: 'bye', errors: '' });
  });

  test('a reset', async () => {
    const { code, errors } = await command.run([
      'run',
      ...small,
      ...guest([...out(0xcf9, 6), ...loopForever]),
    ]);
    expect(errors).toMatch(/^a9n: the guest reset the machine, instruction 3\. Run it again/);
    expect(code).toBe(126);
  });
});

describe('other kernels', () => {
  const write = (name: string, bytes: readonly number[]) => {
    const path = join(command.folder, name);
    writeFileSync(path, Uint8Array.from(bytes));
    return path;
  };

  test('a flat binary at an address', async () => {
    const kernel = write('flat.bin', [...print('flat'), ...exit(6)]);
    const args = ['run', ...small, '--kernel', kernel, '--load-address', '0x200000'];
    expect(await command.run(args)).toEqual({ code: 6, output: 'flat', errors: '' });
  });

  test('a flat binary without address, and one that is given what it cannot use', async () => {
    const kernel = write('flat.bin', [0xf4]);
    const bare = await command.run(['run', ...small, '--kernel', kernel]);
    expect(bare.errors).toMatch(/^a9n: .*flat\.bin: not a kernel that can be recognised.*--load-address/);
    expect(bare.code).toBe(120);
    const args = ['--load-address', '0x100000', '--initrd', kernel, '--initrd', kernel];
    const { errors } = await command.run(['run', ...small, '--kernel', kernel, ...args]);
    expect(errors).toMatch(
      /for which there is no initial file system or module \(--initrd\)\. Leave that out/,
    );
  });

  test('a multiboot module with a command line of its own', async () => {
    const magic = 0x1bad_b002;
    const load = 0x10_0000;
    const head = Uint32Array.of(magic, 1 << 16, -(magic + (1 << 16)), load, load, 0, 0, load + 32);
    const printString = [
      ...[0x8b, 0x73, 0x18, 0x8b, 0x76, 0x08], //     mov esi, [ebx + 24]; mov esi, [esi + 8]
      ...[0x66, 0xba, 0xf8, 0x03, 0xac, 0x84, 0xc0], // mov dx, 0x3f8; lodsb; test al, al
      ...[0x74, 0x03, 0xee, 0xeb, 0xf8], //           jz over the next two; out dx, al; jmp to the lodsb
      ...[0xe6, 0xf4, 0xf4], //                       out 0xf4, al; hlt
    ];
    const kernel = write('multiboot.bin', [...new Uint8Array(head.buffer), ...printString]);
    const module = write('module.img', [1]);
    const run = (text: string) => command.run(['run', ...small, '--kernel', kernel, '--initrd', text]);
    expect(await run(`${module} root=/dev/ram0 quiet`)).toEqual({
      code: 0,
      output: 'module.img root=/dev/ram0 quiet',
      errors: '',
    });
    expect((await run(module)).output).toBe('module.img');
    expect((await run(`${module}.gone quiet`)).errors).toMatch(/module\.img\.gone: cannot be read/);
  });

  test('the clock says what it is told', async () => {
    // The day register goes to the exit device: out 0x70, 7; in al, 0x71; out 0xf4, al
    const code = [...out(0x70, 7), 0xe4, 0x71, 0xe6, 0xf4, ...haltForever];
    expect((await command.run(['run', ...small, ...guest(code)])).code).toBe(0x01);
    const dated = ['run', ...small, ...guest(code), '--date'];
    expect((await command.run([...dated, '2031-05-23'])).code).toBe(0x23);
    expect((await command.run([...dated, '2031-05-24T23:59:59'])).code).toBe(0x24);
  });
});

describe('the console', () => {
  test('passes bytes unchanged both ways and sends Ctrl-D at the end', async () => {
    const bytes = Uint8Array.from({ length: 400 }, (_, n) => (n * 7) & 0xff).filter((byte) => byte !== 4);
    const child = command.start(['run', ...small, ...guest(echoUntilEnd(9))]);
    const received: Buffer[] = [];
    child.stdout.on('data', (chunk) => received.push(chunk));
    const ended = collect(child);
    child.stdin.end(bytes);
    expect((await ended).code).toBe(9);
    expect([...Buffer.concat(received)]).toEqual([...bytes]);
  });

  test('is live: a reply comes while standard input stays open', async () => {
    const child = command.start(['run', ...small, ...guest(echoUntilEnd(3))]);
    const ended = collect(child);
    child.stdin.write('ping');
    await new Promise<void>((heard) => {
      let text = '';
      child.stdout.on('data', (chunk) => {
        text += chunk;
        if (text === 'ping') heard();
      });
    });
    child.stdin.write('\x04');
    expect((await ended).code).toBe(3);
    child.stdin.end();
  });

  test('a reader that goes away ends the run', async () => {
    const chatter = [...print('y'), 0xeb, 0x100 - print('y').length - 2];
    const child = command.start(['run', ...small, ...guest(chatter)]);
    const ended = collect(child);
    child.stdout.once('data', () => child.stdout.destroy());
    expect((await ended).code).toBe(130);
  });
});

describe('idle guests', () => {
  const timerGuest = (instructions: number) =>
    tinyGuest({
      code: [
        ...print('ready '),
        ...loadInterruptTable,
        ...startTimer(0x40, instructions),
        ...enableInterrupts,
        ...halt,
        ...haltForever,
      ],
      handlers: { 64: [...print('tick'), ...exit(5)] },
    });

  test('wait for their timer in real time without using the processor', async () => {
    // 0.8 seconds of virtual time.
    const child = command.start(['run', ...small, ...command.images(timerGuest(80_000_000))]);
    const ended = collect(child);
    await new Promise((ready) => child.stdout.once('data', ready));
    const started = performance.now();
    await pause(200);
    const before = processorMilliseconds(child.pid!);
    await pause(400);
    const used = processorMilliseconds(child.pid!) - before;
    expect(await ended).toMatchObject({ code: 5, output: 'ready tick' });
    expect(performance.now() - started).toBeGreaterThan(700);
    // A busy loop would use all of it, on a busy host half.
    expect(used).toBeLessThan(100);
  });

  test('are not waited for beyond the budget', async () => {
    const args = ['run', ...small, '--max-instructions', '1G', ...command.images(timerGuest(0xffffffff))];
    const started = performance.now();
    expect((await command.run(args)).code).toBe(122);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

test('a wide write to the exit port gives its low byte', async () => {
  // mov eax, 0x12c; out 0xf4, eax
  const { code } = await command.run([
    'run',
    ...small,
    ...guest([0xb8, 0x2c, 1, 0, 0, 0xe7, 0xf4, ...out(0xf4, 0)]),
  ]);
  expect(code).toBe(0x2c);
});

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Processor time of a process, 0 where the host does not tell. */
function processorMilliseconds(pid: number): number {
  if (!existsSync(`/proc/${pid}/stat`)) return 0;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
