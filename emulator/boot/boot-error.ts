/** An image that cannot be booted. The message names the file, the cause and the remedy. */
export class BootError extends Error {
  override readonly name = 'BootError';
}

/** A file or memory size for messages. */
export const inMebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

export function truncated(name: string, needed: number, length: number): BootError {
  return new BootError(
    `${name}: truncated: its headers speak of ${needed} bytes, the file has ${length}. Build or copy it again.`,
  );
}
