/** A digest of the whole machine: equal digests mean equal machines. */

/** Two lanes of a multiply-rotate hash over 32-bit words, 64 bits together. */
export class Digest {
  #a = 0x811c_9dc5 | 0;
  #b = 0x9747_b28c | 0;

  words(words: Int32Array): void {
    let a = this.#a;
    let b = this.#b;
    for (let i = 0; i < words.length; i++) {
      const word = words[i];
      a = Math.imul((a << 5) ^ (a >>> 27) ^ word, 0x9e37_79b1);
      b = Math.imul((b << 13) ^ (b >>> 19) ^ word, 0x85eb_ca6b);
    }
    this.#a = a;
    this.#b = b;
  }

  text(text: string): void {
    this.words(Int32Array.from(text, (character) => character.codePointAt(0) ?? 0));
  }

  /** 16 hexadecimal digits. */
  toString(): string {
    return [this.#a, this.#b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
