// Builds everything into dist/: the host bundles with esbuild, the guest programs with CMake.
// usage: node build.mjs [--preset gcc-debug|gcc-release|clang-debug|clang-release] [--no-guest] [--no-host]
//
// Without a preset (option or A9N_PRESET), gcc-debug is taken, or clang-debug where only a usable clang is found.
import { spawnSync } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, 'dist');

/** A failure that the user can mend: printed without a stack. */
class BuildError extends Error {}

// ---------------------------------------------------------------------------------------------------------------
// Host

/**
 * iced-x86 is published for Node's `fs`. Its WebAssembly is put into the bundle as bytes, so that the same bundle runs
 * in Node and in a browser worker.
 */
const inlineWebAssembly = {
  name: 'inline-webassembly',
  setup(plugin) {
    plugin.onLoad({ filter: /node_modules\/iced-x86\/iced_x86\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const fromNode = [
        ['const { TextDecoder, TextEncoder } = require(`util`);', ''],
        ["const path = require('path').join(__dirname, 'iced_x86_bg.wasm');", ''],
        ["const bytes = require('fs').readFileSync(path);", "const bytes = require('./iced_x86_bg.wasm');"],
      ];
      return { contents: replaceAll(source, fromNode, path), loader: 'js' };
    });
  },
};

function replaceAll(source, replacements, path) {
  for (const [before, after] of replacements) {
    if (!source.includes(before))
      throw new BuildError(`${path} has changed: it no longer contains "${before}".`);
    source = source.replace(before, () => after);
  }
  return source;
}

const browser = { platform: 'browser', conditions: ['browser'] };
const node = { platform: 'node', target: 'node20' };

/** Entry point → bundle. The web extension host asks for `browser` of package.json plus `.js`. */
const bundles = [
  {
    entry: 'extension/desktop.ts',
    out: 'extension/desktop.cjs',
    format: 'cjs',
    ...node,
    external: ['vscode'],
  },
  { entry: 'extension/web.ts', out: 'extension/web.cjs.js', format: 'cjs', ...browser, external: ['vscode'] },
  { entry: 'debug-adapter/worker/worker.ts', out: 'debug-adapter/worker.js', format: 'iife', ...browser },
  { entry: 'debug-adapter/cli/a9n.ts', out: 'cli/a9n.js', format: 'esm', ...node, executable: true },
  { entry: 'emulator/index.ts', out: 'emulator/index.js', format: 'esm', ...browser },
  { entry: 'extension/serve/server.ts', out: 'serve/server.js', format: 'esm', ...node },
  {
    entry: 'extension/serve/workspace/workspace.ts',
    out: 'serve/workspace/workspace.cjs.js',
    format: 'cjs',
    ...browser,
    external: ['vscode'],
  },
  { entry: 'test/benchmark/benchmark.ts', out: 'benchmark/benchmark.js', format: 'esm', ...node },
  // As deep below the root as its source, for it finds the kernel's sources from where it lies.
  { entry: 'test/kernel/model/long-test.ts', out: 'kernel/model/long-test.js', format: 'esm', ...node },
  { entry: 'test/emulator/garbage/soak.ts', out: 'soak/soak.js', format: 'esm', ...node },
];

async function buildHost() {
  const failed = [];
  for (const { entry, out, executable, ...options } of bundles) {
    const banner = options.format === 'esm' && executable ? { banner: { js: '#!/usr/bin/env node' } } : {};
    const bundle = build({
      absWorkingDir: root,
      entryPoints: [entry],
      outfile: join(dist, out),
      bundle: true,
      target: 'es2022',
      sourcemap: true,
      sourcesContent: false,
      logLevel: 'warning',
      loader: { '.wasm': 'binary' },
      plugins: [inlineWebAssembly],
      ...options,
      ...banner,
    });
    await bundle.catch(() => failed.push(out));
    if (executable && !failed.includes(out)) await chmod(join(dist, out), 0o755);
  }
  // esbuild has printed what is wrong in which file.
  if (failed.length > 0) throw new BuildError(`these bundles failed: ${failed.join(', ')}`);
  const manifest = 'serve/workspace/package.json';
  await copyFile(join(root, 'extension', manifest), join(dist, manifest));
}

// ---------------------------------------------------------------------------------------------------------------
// Guest

/** `version` of a tool as numbers, or undefined if it cannot be run. */
function versionOf(command, args = ['--version']) {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  if (result.error || result.status !== 0) return undefined;
  const match = /(\d+)\.(\d+)(?:\.\d+)?/.exec(result.stdout) ?? /^(\d+)()\s*$/.exec(result.stdout);
  return match ? [Number(match[1]), Number(match[2] || 0)] : [0, 0];
}

/** Each checker returns what is wrong, in words that say what to install, or undefined. */
function wrongWithCMake() {
  const version = versionOf('cmake');
  const older = version && (version[0] < 3 || (version[0] === 3 && version[1] < 22));
  if (version && !older) return undefined;
  const found = version
    ? `cmake ${version.join('.')} is too old, 3.22 or newer is needed`
    : 'cmake is missing';
  return `${found}. On Debian or Ubuntu: apt-get install cmake`;
}

function wrongWithMake() {
  return versionOf('make') ? undefined : 'make is missing. On Debian or Ubuntu: apt-get install make';
}

function wrongWithGcc() {
  const prefix = process.env.A9N_GCC_PREFIX ?? '';
  const install = prefix.startsWith('x86_64-linux-gnu-') ? 'g++-x86-64-linux-gnu' : 'g++';
  const machine = spawnSync(`${prefix}g++`, ['-dumpmachine'], { encoding: 'utf8' });
  if (machine.error) return `${prefix}g++ is missing. On Debian or Ubuntu: apt-get install ${install}`;
  if (!machine.stdout.startsWith('x86_64')) {
    return (
      `${prefix}g++ compiles for ${machine.stdout.trim()}, not for x86_64. On Debian or Ubuntu: apt-get install ` +
      'g++-x86-64-linux-gnu, and set A9N_GCC_PREFIX=x86_64-linux-gnu-'
    );
  }
  const version = versionOf(`${prefix}g++`, ['-dumpfullversion']);
  if (version && version[0] >= 12) return undefined;
  return `${prefix}g++ ${version?.join('.')} is too old, 12 or newer is needed. On Debian or Ubuntu: apt-get install g++-12, and let g++ name it`;
}

function wrongWithClang() {
  const suffix = process.env.A9N_CLANG_SUFFIX ?? '';
  const version = versionOf(`clang++${suffix}`);
  const remedy = 'On Debian or Ubuntu: apt-get install clang-19 lld-19, and set A9N_CLANG_SUFFIX=-19';
  if (!version) return `clang++${suffix} is missing. ${remedy}`;
  if (version[0] < 15)
    return `clang++${suffix} ${version.join('.')} is too old, 15 or newer is needed. ${remedy}`;
  if (!versionOf(`ld.lld${suffix}`) && !versionOf('ld.lld')) return `lld is missing. ${remedy}`;
  return undefined;
}

/** The CMake preset to build; throws with the list of what to install if there is no way to build it. */
function choosePreset(asked) {
  const presets = ['gcc-debug', 'gcc-release', 'clang-debug', 'clang-release'];
  if (asked && !presets.includes(asked)) {
    throw new BuildError(`There is no preset "${asked}"; choose one of ${presets.join(', ')}.`);
  }
  const gcc = wrongWithGcc();
  const compiler = asked?.startsWith('clang') || (!asked && gcc && !wrongWithClang()) ? 'clang' : 'gcc';
  const wrong = [compiler === 'gcc' ? gcc : wrongWithClang(), wrongWithCMake(), wrongWithMake()].filter(
    Boolean,
  );
  if (wrong.length > 0) {
    throw new BuildError(
      `The guest programs cannot be built:\n${wrong.map((line) => `  - ${line}`).join('\n')}`,
    );
  }
  if (!asked && compiler === 'clang') console.error(`build: ${gcc}. Using clang instead.`);
  return asked ?? `${compiler}-debug`;
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (result.status === 0) return;
  process.stderr.write((result.stdout ?? '') + (result.stderr ?? ''));
  throw new BuildError(`${command} ${args.join(' ')} failed.`);
}

async function buildGuest(preset) {
  run('cmake', ['--preset', preset]);
  run('cmake', ['--build', '--preset', preset, '--parallel', String(availableParallelism())]);
  const binaries = join(root, 'build', preset, 'bin');
  const images = (await readdir(binaries)).filter((name) => name.endsWith('.elf'));
  const guest = join(dist, 'guest');
  await rm(guest, { recursive: true, force: true });
  await mkdir(guest, { recursive: true });
  for (const name of images) await copyFile(join(binaries, name), join(guest, name));
  // What a program for KOITO is built with: bin/koito-cc, headers and library.
  await rm(join(dist, 'sdk'), { recursive: true, force: true });
  await cp(join(root, 'build', preset, 'sdk'), join(dist, 'sdk'), { recursive: true });
  // The extension cannot list a folder on every host; the server programs it offers are named here.
  await writeFile(
    join(guest, 'index.json'),
    `${JSON.stringify({ preset, images: images.sort() }, null, 2)}\n`,
  );
  return images;
}

/**
 * dist/posix-system/koito.elf: KOITO with the POSIX server, the shell and the small tools, for `a9n run --init`. It is koito.elf with
 * another boot archive, which needs the host's part of the build.
 */
async function buildPosixSystem() {
  const system = join(dist, 'posix-system');
  const files = join(system, 'root');
  await rm(system, { recursive: true, force: true });
  for (const folder of ['bin', 'etc', 'root', 'tmp', 'work'])
    await mkdir(join(files, folder), { recursive: true });
  for (const [program, folder] of [
    ['sh', 'shell'],
    ['tools', 'tools'],
  ]) {
    const sources = join(root, 'userland', folder);
    const names = (await readdir(sources)).filter((name) => name.endsWith('.c'));
    const output = join(files, 'bin', program);
    run(join(dist, 'sdk/bin/koito-cc'), [
      '-std=gnu17',
      '-O2',
      '-s',
      ...names.map((name) => join(sources, name)),
      '-o',
      output,
    ]);
  }
  const tools = await readFile(join(root, 'userland/tools/main.c'), 'utf8');
  for (const [, name] of tools.matchAll(/\btool\(([a-z0-9]+)\)/g))
    await symlink('tools', join(files, 'bin', name));
  const manifest = await readFile(join(root, 'userland/koito/etc/posix.manifest'), 'utf8');
  const started = manifest.replace(/^process posix$/m, '$&\n    arguments /bin/sh -l');
  await writeFile(join(files, 'etc/koito.manifest'), started);
  await writeFile(join(files, 'etc/profile'), "export HOME=/root TERM=vt100 PS1='$PWD # '\ncd\n");
  for (const driver of ['timer', 'rtc'])
    await copyFile(join(dist, `guest/${driver}.elf`), join(files, driver));
  const image = join(system, 'koito.elf');
  run(process.execPath, [join(dist, 'cli/a9n.js'), 'image', '--archive', files, '--output', image]);
  return image;
}

// ---------------------------------------------------------------------------------------------------------------

async function main() {
  const { values } = parseArgs({
    options: { preset: { type: 'string' }, 'no-guest': { type: 'boolean' }, 'no-host': { type: 'boolean' } },
  });
  const started = Date.now();
  if (!values['no-host']) await buildHost();
  if (!values['no-guest']) {
    const preset = choosePreset(values.preset || process.env.A9N_PRESET || undefined);
    const images = await buildGuest(preset);
    console.log(`build: guest programs (${preset}): ${images.join(' ')}`);
    if (!values['no-host']) {
      await buildPosixSystem();
      console.log('build: a shell on KOITO: npx a9n run --init dist/posix-system/koito.elf');
    }
  }
  console.log(`build: done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

main().catch((error) => {
  if (error instanceof BuildError || error.code?.startsWith?.('ERR_PARSE_ARGS'))
    console.error(`build: ${error.message}`);
  else console.error(error);
  process.exitCode = 1;
});
