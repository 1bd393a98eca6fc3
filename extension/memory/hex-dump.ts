/** Memory as text: sixteen bytes a line, with their address and what they are as ASCII. */

const bytesPerLine = 16;

/** `bytes` starts at `address`; `unreadable` bytes after them could not be read. */
export function hexDump(address: bigint, bytes: Uint8Array, unreadable: number): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += bytesPerLine) {
    lines.push(line(address + BigInt(at), bytes.subarray(at, at + bytesPerLine)));
  }
  if (unreadable > 0) {
    lines.push(`${hex(address + BigInt(bytes.length))}  … ${unreadable} bytes here are not mapped`);
  }
  return `${lines.join('\n')}\n`;
}

function line(address: bigint, bytes: Uint8Array): string {
  const pairs = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  const halves = [pairs.slice(0, 8).join(' '), pairs.slice(8).join(' ')].join('  ');
  const text = Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
  ).join('');
  return `${hex(address)}  ${halves.padEnd(bytesPerLine * 3)}  |${text}|`;
}

function hex(address: bigint): string {
  return `0x${BigInt.asUintN(64, address).toString(16).padStart(16, '0')}`;
}
