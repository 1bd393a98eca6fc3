/** Finds out what kernel it is. */
import type { Machine } from '../../emulator/machine-api.ts';
import type { ProgramSymbols } from '../symbols/symbol-api.ts';
import { createA9nModel } from './a9n-model.ts';
import { KERNEL_ROWS } from './a9n-names.ts';
import type { KernelModel } from './kernel-model.ts';
import { LayoutError } from './object-layout.ts';
import { createUnknownKernelModel } from './unknown-kernel-model.ts';

/** `tell` gets a sentence for the user if the kernel's objects cannot be read. */
export function createKernelModel(
  machine: Machine,
  symbols: ProgramSymbols,
  tell: (text: string) => void,
): KernelModel {
  const problems: string[] = [];
  for (const names of KERNEL_ROWS) {
    try {
      return createA9nModel(machine, symbols, names);
    } catch (error) {
      if (!(error instanceof LayoutError)) throw error;
      problems.push(`for ${names.title}, ${error.message}`);
    }
  }
  tell(
    `The kernel's objects cannot be read (${problems.join('; ')}): processes are told apart by address space only, and there are ` +
      'no capability views. Use a kernel built with -g.',
  );
  return createUnknownKernelModel(machine);
}
