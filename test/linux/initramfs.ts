/** Writes a Linux initramfs: an archive in the "newc" format of cpio (Linux, Documentation/driver-api/early-userspace). */
export type Entry =
  | { readonly path: string; readonly kind: 'directory' }
  | {
      readonly path: string;
      readonly kind: 'file';
      readonly bytes: Uint8Array;
      readonly executable?: boolean;
    }
  | { readonly path: string; readonly kind: 'link'; readonly target: string }
  | {
      readonly path: string;
      readonly kind: 'character-device';
      readonly major: number;
      readonly minor: number;
    };

const DIRECTORY = 0o040755;
const FILE = 0o100644;
const EXECUTABLE = 0o100755;
const LINK = 0o120777;
const CHARACTER_DEVICE = 0o020600;

/** Directories must come before what lies in them. All times are 0, so that equal entries make equal archives. */
export function buildInitramfs(entries: readonly Entry[]): Uint8Array {
  const chunks = entries.map((entry, index) => record(index + 1, entry.path, ...contents(entry)));
  return concatenate([...chunks, record(0, 'TRAILER!!!', 0, new Uint8Array())]);
}

/** Mode, bytes, and for devices major and minor number. */
function contents(entry: Entry): [mode: number, bytes: Uint8Array, major?: number, minor?: number] {
  switch (entry.kind) {
    case 'directory':
      return [DIRECTORY, new Uint8Array()];
    case 'file':
      return [entry.executable === true ? EXECUTABLE : FILE, entry.bytes];
    case 'link':
      return [LINK, new TextEncoder().encode(entry.target)];
    case 'character-device':
      return [CHARACTER_DEVICE, new Uint8Array(), entry.major, entry.minor];
  }
}

function record(
  inode: number,
  path: string,
  mode: number,
  bytes: Uint8Array,
  major = 0,
  minor = 0,
): Uint8Array {
  const name = new TextEncoder().encode(`${path}\0`);
  const links = mode === DIRECTORY ? 2 : 1;
  // Inode, mode, user, group, links, time, size, device, device's own number, length of the name, checksum.
  const fields = [inode, mode, 0, 0, links, 0, bytes.length, 0, 0, major, minor, name.length, 0];
  const header = new TextEncoder().encode(
    `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`,
  );
  return concatenate([padded(concatenate([header, name])), padded(bytes)]);
}

function padded(bytes: Uint8Array): Uint8Array {
  return concatenate([bytes, new Uint8Array(-bytes.length & 3)]);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}
