/** Base64 (RFC 4648) as DAP's memory requests carry bytes; with what Node and browsers have in common. */

export function encodeBase64(bytes: Uint8Array): string {
  const PIECE = 0x8000;
  let binary = '';
  for (let start = 0; start < bytes.length; start += PIECE) {
    binary += String.fromCharCode(...bytes.subarray(start, start + PIECE));
  }
  return btoa(binary);
}

/** Undefined if the text is no base64. */
export function decodeBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
