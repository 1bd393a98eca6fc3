import { expect, test } from 'vitest';
import { createBareMachine } from '../../../emulator/bare-machine.ts';

/** What VEX prefixes lose outside of 64-bit mode (SDM volume 2, 2.3): VEX.W of general registers, registers above 7. */

const CODE = 0x1000n;
const DATA = 0x2000n;

function run(code: readonly number[], registers: Readonly<Record<string, bigint>>) {
  const bare = createBareMachine({ mode: 'user-32' });
  bare.map(CODE, Uint8Array.from(code), 'rx');
  bare.map(DATA, 0x1000, 'rw');
  bare.set({ rip: CODE, ...registers });
  expect(bare.run({ until: CODE + BigInt(code.length) }).kind).toBe('address');
  return bare;
}

const PATTERN = 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210n;

test('vmovq of a general register moves 32 bits', () => {
  // vmovq eax, xmm1
  expect(run([0xc4, 0xe1, 0xf9, 0x7e, 0xc8], { ymm1: PATTERN }).get('rax')).toBe(0x7654_3210n);
});

test('vpinsrq inserts 32 bits, at one of four places', () => {
  // vpinsrq xmm0, xmm1, eax, 3
  const bare = run([0xc4, 0xe3, 0xf1, 0x22, 0xc0, 0x03], { ymm1: 0n, rax: 0x89ab_cdefn });
  expect(bare.get('ymm0')).toBe(0x89ab_cdefn << 96n);
});

test('vcvtsi2sd takes 32 bits', () => {
  // vcvtsi2sd xmm0, xmm1, eax, with VEX.W
  const bare = run([0xc4, 0xe1, 0xf3, 0x2a, 0xc0], { rax: 0xffff_ffffn });
  expect(bare.get('xmm0')).toBe(0xbff0_0000_0000_0000n); // −1
});

test('vblendvps takes its mask from one of eight registers', () => {
  // vblendvps xmm0, xmm1, xmm2, xmm11: the mask is xmm3
  const bare = run([0xc4, 0xe3, 0x71, 0x4a, 0xc2, 0xb0], {
    ymm1: 0n,
    ymm2: PATTERN,
    ymm3: 0x8000_0000n,
    ymm11: 0x8000_0000n << 96n,
  });
  expect(bare.get('ymm0')).toBe(PATTERN & 0xffff_ffffn);
});
