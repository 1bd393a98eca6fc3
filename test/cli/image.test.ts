import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archiveOf, ImageError, withArchive } from '../../debug-adapter/cli/init-image.ts';
import { joinTar, readTar, TarError, tarRecord } from '../../debug-adapter/cli/tar.ts';
import { parseElf } from '../../debug-adapter/symbols/elf.ts';
import { findGuest } from '../system/guest-images.ts';

/** `a9n image`: archives in and out of init images, against the host's tar. */

const guest = findGuest(resolve(import.meta.dirname, '../..'));
const image = new Uint8Array(readFileSync(guest.init));
const text = (value: string) => new TextEncoder().encode(value);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'a9n-archive-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const tar = (...args: string[]) => spawnSync('tar', args, { cwd: folder, encoding: 'utf8' });

describe('tar archives', () => {
  it('are read by the host, long names and links included', () => {
    const long = `${'folder/'.repeat(20)}name`;
    const records = [
      tarRecord({ name: 'bin', kind: 'directory', mode: 0o755, contents: new Uint8Array() }),
      tarRecord({ name: 'bin/program', kind: 'file', mode: 0o755, contents: text('#!\n') }),
      tarRecord({ name: 'bin/other', kind: 'link', mode: 0o777, contents: text('program') }),
      tarRecord({ name: long, kind: 'file', mode: 0o600, contents: text('x'.repeat(1000)) }),
    ];
    writeFileSync(join(folder, 'own.tar'), joinTar(records));
    const listed = tar('-tvf', 'own.tar');
    expect(listed.stderr).toBe('');
    const lines = listed.stdout
      .trim()
      .split('\n')
      .map((line) => line.replace(/\s+/g, ' '));
    expect(lines.map((line) => line.split(' ')[0])).toEqual([
      'drwxr-xr-x',
      '-rwxr-xr-x',
      'lrwxrwxrwx',
      '-rw-------',
    ]);
    expect(lines[2]).toMatch(/bin\/other -> program$/);
    expect(lines[3]).toContain(` 1000 `);
    expect(lines[3].endsWith(long)).toBe(true);
  });

  it.each(['gnu', 'ustar', 'pax'])('of the host in the format %s are read', (format) => {
    mkdirSync(join(folder, 'files/sub'), { recursive: true });
    const names = ['a', `sub/${'b'.repeat(90)}`, ...(format === 'ustar' ? [] : [`sub/${'c'.repeat(150)}`])];
    for (const name of names) writeFileSync(join(folder, 'files', name), 'contents');
    expect(tar(`--format=${format}`, '-cf', 'host.tar', '-C', 'files', ...names).stderr).toBe('');
    const archive = readFileSync(join(folder, 'host.tar'));
    expect(readTar(archive).map(({ name }) => name)).toEqual(names);
    // Taken apart and joined, it is still the host's.
    writeFileSync(join(folder, 'again.tar'), joinTar(readTar(archive)));
    expect(tar('-tf', 'again.tar').stdout.trim().split('\n')).toEqual(names);
  });

  it('that are damaged are refused', () => {
    const whole = joinTar([
      tarRecord({ name: 'a', kind: 'file', mode: 0o644, contents: text('x'.repeat(600)) }),
    ]);
    const changed = Uint8Array.from(whole);
    changed[0] ^= 1;
    expect(() => readTar(changed)).toThrow(TarError);
    expect(() => readTar(whole.subarray(0, 1024))).toThrow('the archive ends within a');
  });
});

describe('an image', () => {
  it('with another archive has the same code, symbols and debug information', () => {
    const archive = joinTar([
      tarRecord({ name: 'big', kind: 'file', mode: 0o644, contents: new Uint8Array(1e6).fill(7) }),
    ]);
    const changed = withArchive(image, archive);
    expect(Buffer.from(archiveOf(changed)).equals(archive)).toBe(true);
    const [before, after] = [image, changed].map((bytes) => parseElf(bytes, 'image'));
    const rest = (elf: typeof before) =>
      elf.symbols
        .filter(({ name }) => name !== 'koito_archive_end')
        .map(({ name, address }) => [name, address]);
    expect(rest(after)).toEqual(rest(before));
    expect(after.segments.length).toBe(before.segments.length);
    // The first holds the headers, which tell of the archive.
    before.segments.slice(1, -1).forEach(({ virtualAddress, bytes }, index) => {
      expect(after.segments[index + 1].virtualAddress).toBe(virtualAddress);
      expect(Buffer.compare(after.segments[index + 1].bytes, bytes)).toBe(0);
    });
    // And back again.
    expect(Buffer.from(archiveOf(withArchive(changed, archiveOf(image)))).equals(archiveOf(image))).toBe(
      true,
    );
  });

  it('is not made of something else, nor too large', () => {
    expect(() => withArchive(text('no ELF'), new Uint8Array())).toThrow(ImageError);
    expect(() => withArchive(readFileSync(guest.kernel), new Uint8Array())).toThrow(/has no boot archive/);
    expect(() => withArchive(image, new Uint8Array(128 * 2 ** 20))).toThrow(/the kernel takes 128 MiB/);
    for (let length = 0; length < image.length; length += 4999) {
      try {
        withArchive(image.subarray(0, length), new Uint8Array(512));
      } catch (error) {
        expect(error).toBeInstanceOf(ImageError);
      }
    }
  });
});

describe('a9n image', () => {
  const a9n = (...args: string[]) =>
    spawnSync(process.execPath, [resolve(import.meta.dirname, '../../dist/cli/a9n.js'), 'image', ...args], {
      cwd: folder,
      encoding: 'utf8',
    });

  it('adds a folder to what is there; the last of a name counts', () => {
    mkdirSync(join(folder, 'root/etc'), { recursive: true });
    writeFileSync(join(folder, 'root/etc/koito.manifest'), '# mine\n');
    symlinkSync('etc', join(folder, 'root/link'));
    expect(a9n('--archive', 'root', '-o', 'out.elf')).toMatchObject({ status: 0, stderr: '' });
    const records = readTar(archiveOf(readFileSync(join(folder, 'out.elf'))));
    const built = readTar(archiveOf(image)).map(({ name }) => name);
    expect(records.map(({ name }) => name)).toEqual([...built, 'etc', 'link']);
    expect(new TextDecoder().decode(records[0].bytes.subarray(512, 519))).toBe('# mine\n');

    expect(a9n('--only', '--archive', 'root', '-o', 'out.elf').status).toBe(0);
    const only = readTar(archiveOf(readFileSync(join(folder, 'out.elf'))));
    expect(only.map(({ name }) => name)).toEqual(['etc', 'etc/koito.manifest', 'link']);
  });

  it.each<[string[], RegExp]>([
    [[], /no output file given/],
    [['-o', 'x'], /no files for the archive given/],
    [['-o', 'x', '--archive', 'nothing'], /nothing cannot be read/],
    [['-o', 'x', '--archive', guest.kernel], /kernel\.elf: .*tar header/],
    [['-o', 'x', '--archive', 'root', '--init', guest.kernel], /kernel\.elf: it has no boot archive/],
    [['-o', '/nowhere/x', '--archive', 'root'], /\/nowhere\/x cannot be written/],
  ])('%j: says what is wrong', (args, message) => {
    const { status, stderr } = a9n(...args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^a9n: .*\n$/);
    expect(status).toBe(120);
  });
});
