/** A kernel without usable debug information: every address space that was seen running user code counts as a process. */
import type { Machine } from '../../emulator/machine-api.ts';
import type { KernelModel, KernelProcess } from './kernel-model.ts';

export function createUnknownKernelModel(machine: Machine): KernelModel {
  const seen = new Map<bigint, KernelProcess>();
  const note = (): bigint | undefined => {
    const root = machine.readRegister('cr3') & 0xf_ffff_ffff_f000n;
    if (machine.privilegeLevel === 3 && !seen.has(root)) {
      seen.set(root, {
        address: root,
        state: 'unknown',
        priority: undefined,
        quantum: undefined,
        addressSpaceRoot: Number(root),
        rootNode: undefined,
        ipcBuffer: undefined,
        blockedOn: undefined,
        replyTarget: undefined,
        replySource: undefined,
        sending: undefined,
        fault: undefined,
        savedRegisters: undefined,
      });
    }
    return seen.has(root) ? root : undefined;
  };
  return {
    currentProcess: note,
    enteredProcess: note,
    processes() {
      note();
      return [...seen.values()];
    },
    process: (address) => seen.get(address),
    nodeRadix: () => undefined,
    node: () => undefined,
    isRevocationUnfinished: () => false,
    capabilities: () => [],
    readyQueues: () => [],
    ipcPort: () => undefined,
    notificationPort: () => undefined,
    interruptPorts: () => [],
  };
}
