import type { Cpu } from './cpu.ts';
import { armBreakpoints } from './debug-registers.ts';
import { chooseTlbs } from './privilege.ts';
import { refreshCodeMode } from './segments.ts';

/** Recomputes what `Cpu` keeps outside of the machine's memory, after that has been replaced. */
export function deriveFromState(cpu: Cpu): void {
  chooseTlbs(cpu);
  refreshCodeMode(cpu);
  armBreakpoints(cpu);
}
