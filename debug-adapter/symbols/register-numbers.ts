/** DWARF register numbers of x86-64 (System V psABI, figure 3.36) and the names the machine knows them by. */

export const RSP = 7;
/** The return address column: rip of the frame. */
export const RIP = 16;

const NAMES: readonly (string | undefined)[] = [
  ...['rax', 'rdx', 'rcx', 'rbx', 'rsi', 'rdi', 'rbp', 'rsp'],
  ...['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15', 'rip'],
  ...Array.from({ length: 16 }, (_, i) => `xmm${i}`),
  ...Array.from({ length: 8 }, (_, i) => `st${i}`),
  ...Array.from({ length: 8 }, (_, i) => `mm${i}`),
  ...['rflags', 'es', 'cs', 'ss', 'ds', 'fs', 'gs', undefined, undefined, 'fs_base', 'gs_base'],
];

/** `undefined` for numbers the debugger does not use. */
export function registerName(register: number): string | undefined {
  return NAMES[register];
}

/** By name in lower case (`rax`, `xmm3`, `rflags`). */
export function registerNumber(name: string): number | undefined {
  const number = NAMES.indexOf(name);
  return number < 0 ? undefined : number;
}

/** Bytes in the register; those of the x87 as a `long double` in memory has them. */
export function registerSize(register: number): number {
  return register >= 17 && register <= 40 ? 16 : 8;
}
