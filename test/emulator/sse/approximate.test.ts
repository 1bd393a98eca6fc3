import { expect, test } from 'vitest';
import { createGuest } from '../cpu/guest.ts';
import { interestingSingle, Random } from '../native/random.ts';

/** The bound the architecture gives (SDM volume 2, RCPPS, RSQRTPS), on any host. */
const MAX_RELATIVE_ERROR = 1.5 * 2 ** -12;

test.each([
  ['rcpss', 0x53, (x: number) => 1 / x],
  ['rsqrtss', 0x52, (x: number) => 1 / Math.sqrt(x)],
] as const)('%s is as near as promised', (_name, opcode, exact) => {
  const { machine, code, run } = createGuest();
  const random = new Random(1);
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  for (let i = 0; i < 1000; i++) {
    bits[0] = interestingSingle(random) & 0x7fff_ffff;
    const x = float[0];
    const expected = exact(x);
    // Denormal operands count as zero, denormal results become zero.
    if (!(x >= 2 ** -126 && x < Number.POSITIVE_INFINITY && expected > 2 ** -125)) continue;
    machine.writeRegister('xmm1', BigInt(bits[0]));
    code([0xf3, 0x0f, opcode, 0xc1, 0xf4]);
    run();
    bits[0] = Number(machine.readRegister('xmm0'));
    expect(Math.abs(float[0] / expected - 1)).toBeLessThan(MAX_RELATIVE_ERROR);
  }
});
