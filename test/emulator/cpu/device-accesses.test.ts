/** Device registers accessed with every size and kind of access; garbage of other kinds is in test/emulator/garbage. */
import { expect, test } from 'vitest';
import { randomNumbers } from '../../random.ts';
import { createGuest, PRESENT, STACK_TOP, WRITABLE } from './guest.ts';

test('device pages with every size of access', () => {
  const guest = createGuest();
  const next = randomNumbers(77);
  for (const [n, physical] of [0xfee0_0000, 0xfec0_0000, 0xfed0_0000, 0xffff_f000].entries()) {
    guest.map(0x6000_0000n + BigInt(n * 0x1000), physical, PRESENT | WRITABLE);
  }
  // add [rbx], al / ax / eax / rax; movups [rbx], xmm0; cmpxchg16b [rbx]; rep movsq; xchg; bts
  const accesses = [
    [0x00, 0x03],
    [0x66, 0x01, 0x03],
    [0x01, 0x03],
    [0x48, 0x01, 0x03],
    [0x0f, 0x11, 0x03],
    [0x0f, 0x10, 0x03],
    [0x48, 0x87, 0x03],
    [0x48, 0x0f, 0xab, 0x03],
    [0xf3, 0x48, 0xa5],
  ];
  for (let n = 0; n < 3000; n++) {
    const address = 0x6000_0000n + BigInt(next() % 0x4000);
    for (const name of ['rbx', 'rsi', 'rdi']) guest.machine.writeRegister(name, address);
    guest.machine.writeRegister('rcx', BigInt(next() % 20));
    guest.machine.writeRegister('rax', BigInt(next()));
    guest.machine.writeRegister('rsp', BigInt(STACK_TOP));
    guest.code([...accesses[next() % accesses.length], 0xf4]);
    expect(['halted', 'budget']).toContain(guest.machine.run(200).kind);
  }
});
