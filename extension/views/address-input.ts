/** What may be typed into *Translate Address…*: an expression, or an address that the CPU can have. */

/** What is wrong with the text, as a sentence for the person who typed it; undefined if nothing is. */
export function wrongWithAddress(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed === '')
    return 'Type an address such as 0xffff800000000000, or an expression such as &name or $rsp.';
  if (!/^0x/i.test(trimmed)) return undefined;
  const digits = trimmed.slice(2).replaceAll(/['_]/g, '');
  // More than digits, as in 0x1000 + 8, is an expression and the adapter's to judge.
  if (/[^0-9a-f]/i.test(digits)) {
    return /[\s+\-*/()]/.test(digits) ? undefined : `“${trimmed}” is not a hexadecimal number.`;
  }
  if (digits === '') return 'Digits are missing after 0x.';
  if (digits.length > 16) return 'An address has at most 16 hexadecimal digits.';
  const upper = BigInt(`0x${digits}`) >> 47n;
  if (upper !== 0n && upper !== 0x1ffffn) {
    return 'Not a canonical address: bits 63 to 47 must be all 0 or all 1 with four-level paging.';
  }
  return undefined;
}

/** A selection worth offering as an address: one short line. */
export function addressFromSelection(selected: string): string {
  const trimmed = selected.trim();
  return trimmed.length <= 80 && !/[\r\n;{}]/.test(trimmed) ? trimmed : '';
}
