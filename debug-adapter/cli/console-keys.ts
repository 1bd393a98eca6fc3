/** What a key press on the terminal means: bytes for the guest, or the wish to quit. */
export interface ConsoleKeys {
  /** Takes bytes from the terminal; returns those for the guest, and whether to quit after them. */
  take(bytes: Uint8Array): { readonly forGuest: Uint8Array; readonly quit: boolean };
}

const CTRL_A = 0x01;
const CTRL_RIGHT_BRACKET = 0x1d;

/** Ctrl-] or Ctrl-A x quits, Ctrl-A Ctrl-A is one Ctrl-A; Ctrl-A before any other key is dropped. */
export function createConsoleKeys(): ConsoleKeys {
  let afterPrefix = false;
  return {
    take(bytes) {
      const forGuest: number[] = [];
      for (const byte of bytes) {
        const isCommand = afterPrefix;
        afterPrefix = !isCommand && byte === CTRL_A;
        if (byte === CTRL_RIGHT_BRACKET || (isCommand && byte === 0x78)) {
          return { forGuest: Uint8Array.from(forGuest), quit: true };
        }
        if (!afterPrefix) forGuest.push(byte);
      }
      return { forGuest: Uint8Array.from(forGuest), quit: false };
    },
  };
}
