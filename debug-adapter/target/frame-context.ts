/** Where a stack walk begins: the machine's registers, or a context that the kernel saved. */
import type { Machine } from '../../emulator/machine-api.ts';
import { RIP, registerName } from '../symbols/register-numbers.ts';
import type { FrameContext, MemoryReader } from '../symbols/symbol-api.ts';

/** Reads all or nothing through the page tables at `root`. */
export function memoryReader(machine: Machine, root: number): MemoryReader {
  return (address, length) => {
    const bytes = machine.readVirtual(BigInt.asUintN(64, address), length, root);
    return bytes.length === length ? bytes : undefined;
  };
}

export function machineFrame(machine: Machine): FrameContext {
  return {
    pc: machine.readRegister('rip'),
    pcIsExact: true,
    readRegister(register) {
      const name = registerName(register);
      return name === undefined || /^[ecdsfg]s$/.test(name) ? undefined : machine.readRegister(name);
    },
    readMemory: memoryReader(machine, Number(machine.readRegister('cr3') & 0xf_ffff_ffff_f000n)),
  };
}

/** `registers` by their manual names; `rip` must be among them. */
export function savedFrame(registers: ReadonlyMap<string, bigint>, readMemory: MemoryReader): FrameContext {
  return {
    pc: registers.get('rip') ?? 0n,
    pcIsExact: true,
    readRegister(register) {
      const name = register === RIP ? 'rip' : registerName(register);
      return name === undefined ? undefined : registers.get(name);
    },
    readMemory,
  };
}
