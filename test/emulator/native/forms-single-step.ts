import type { Form, Preparation } from './forms.ts';
import { DATA } from './layout.ts';

/**
 * Single-stepping by TF, which POPFQ or IRETQ sets within the case: after which instruction the trap comes, and what it leaves in
 * RFLAGS (TF, and RF between the iterations of a repeated instruction).
 */

const RAX = 0;
const RCX = 1;
const RBX = 3;
const RSP = 4;
const RSI = 6;
const RDI = 7;
const STACK = DATA + 0x400;
const PLAIN = 0x202n;
const TRAP = 0x302n;
const POPFQ = 0x9d;
const NOP = 0x90;
/** The selectors of 64-bit user programs on Linux. */
const USER_DATA = 0x2b;
const USER_CODE = 0x33;

const quadwords = (values: readonly bigint[]): Uint8Array =>
  new Uint8Array(BigUint64Array.from(values).buffer);

/** Code behind POPFQ of the first quadword on the stack; what else lies there is for the code. */
function form(
  name: string,
  code: readonly number[],
  stack: readonly bigint[] = [TRAP],
  prepare?: (p: Preparation) => void,
): Form {
  return {
    name: `TF: ${name}`,
    opcode: [POPFQ, ...code],
    sizes: [32],
    alone: true,
    prepare: (p) => {
      prepare?.(p);
      p.registers.set(RSP, BigInt(STACK));
      p.patch(STACK, quadwords(stack));
    },
  };
}

const string = (name: string, ...code: number[]): Form =>
  form(name, [...code, NOP], [TRAP], ({ random, registers }) => {
    registers.set(RSI, BigInt(DATA + 0x600));
    registers.set(RDI, BigInt(DATA + 0x700));
    registers.set(RCX, BigInt(random.below(4)));
  });

/** mov ecx, ss; push; lea rdx, [rsp + 8]; push; push flags; push cs; lea rdx, [rip + 3]; push; iretq */
const iretTo = (flags: number): number[] => [
  ...[0xb9, USER_DATA, 0, 0, 0, 0x51, 0x48, 0x8d, 0x54, 0x24, 0x08, 0x52],
  ...[0x68, flags & 255, flags >> 8, 0, 0, 0x6a, USER_CODE, 0x48, 0x8d, 0x15, 3, 0, 0, 0, 0x52, 0x48, 0xcf],
];

export const singleStepForms: readonly Form[] = [
  form('nop', [NOP, NOP]),
  form('add r, r', [0x01, 0xc8, NOP]),
  form('mulps', [0x0f, 0x59, 0xc1, NOP]),
  form('jmp', [0xeb, 1, NOP, NOP]),
  form('jcc', [0x74, 1, NOP, NOP]),
  form('loop', [0xe2, 1, NOP, NOP]),
  form('call', [0xe8, 1, 0, 0, 0, NOP, NOP]),
  form('ret 8', [0x59, 0xc2, 8, 0], [PLAIN, 0x1234n]),
  form('pushfq', [0x9c, NOP]),
  form('popfq clears it', [POPFQ, NOP, NOP], [TRAP, PLAIN]),
  form('popfq sets it again', [POPFQ, NOP, NOP], [TRAP, TRAP]),
  form('popf clears it', [0x66, POPFQ, NOP, NOP], [TRAP, PLAIN]),
  form('mov ss', [0x8e, 0xd1, NOP, NOP], [TRAP], ({ registers }) => {
    registers.set(RCX, BigInt(USER_DATA));
  }),
  form('mov ds', [0x8e, 0xd9, NOP, NOP], [TRAP], ({ registers }) => {
    registers.set(RCX, 0n);
  }),
  form('iretq sets it', [...iretTo(0x302), NOP, NOP], [PLAIN]),
  form('iretq leaves it clear', [...iretTo(0x202), NOP, NOP], [PLAIN]),
  form(
    'iretq with RF',
    [
      0xb9,
      USER_DATA,
      0,
      0,
      0,
      ...iretTo(0x302).slice(5, 12),
      0x68,
      2,
      3,
      1,
      0,
      ...iretTo(0x302).slice(17),
      NOP,
      NOP,
    ],
    [PLAIN],
  ),
  string('movsb', 0xa4),
  string('rep movsb', 0xf3, 0xa4),
  string('rep stosq', 0xf3, 0x48, 0xab),
  string('rep lodsd', 0xf3, 0xad),
  string('repe cmpsb', 0xf3, 0xa6),
  string('repne scasb', 0xf2, 0xae),
  form('int3', [0xcc]),
  form('int 0x21', [0xcd, 0x21]),
  form('ud2', [0x0f, 0x0b]),
  form('hlt', [0xf4]),
  form('cli', [0xfa]),
  form('div by zero', [0x31, 0xc9, 0xf7, 0xf1], [PLAIN]),
  form('a page fault', [0x48, 0x8b, 0x03], [TRAP], ({ registers }) => {
    registers.set(RBX, 0x1000n);
  }),
  form('a read-modify-write', [0x48, 0x01, 0x03, NOP], [TRAP], ({ random, registers }) => {
    registers.set(RBX, BigInt(DATA + 0x800));
    registers.set(RAX, random.u64());
  }),
  form('AC together with it', [0x48, 0x8b, 0x03, NOP], [TRAP | 0x4_0000n], ({ random, registers }) => {
    registers.set(RBX, BigInt(DATA + 0x800 + random.below(2)));
  }),
];
