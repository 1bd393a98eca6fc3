/** How values of a frame are read, written and used in expressions. */

import type { ExpressionScope } from '../expressions/expression-api.ts';
import { RequestError } from '../protocol/protocol-server.ts';
import { registerName } from '../symbols/register-numbers.ts';
import type { ProgramSymbols, Value } from '../symbols/symbol-api.ts';
import { strip } from '../symbols/types.ts';
import type { CodeFrame } from '../target/stack.ts';
import type { Target } from '../target/target.ts';
import { decodeScalar } from '../values/scalar.ts';
import { readBits } from '../values/storage.ts';
import type { ValueContext, ValueWrite } from '../values/value-api.ts';
import type { Session } from './session.ts';

export interface FrameValues extends ValueContext {
  readonly root: number;
  /** Writes as `encodeWrite` planned it. Throws RequestError if the place cannot be written. */
  write(write: ValueWrite): void;
  readonly scope: ExpressionScope;
}

/** `onCpu`: the frame's thread is the one whose registers the machine holds. */
export function valueContext(session: Session, onCpu: boolean, frame: CodeFrame): FrameValues {
  const { target } = session.requireLaunched();
  const programs = programsFor(target, frame);
  const isMachineFrame = onCpu && frame.physicalIndex === 0 && !isSavedFrame(target, frame);
  return {
    frame: frame.context,
    programs,
    root: frame.root,
    scope: {
      frame: frame.context,
      sourceFrame: frame.sourceFrame,
      programs,
      machineRegister: isMachineFrame ? (name) => readMachineRegister(target, name) : () => undefined,
    },
    write(write) {
      if (write.kind === 'memory') {
        const written = target.machine.writeVirtual(write.address, write.bytes, frame.root);
        if (written < write.bytes.length) throw new RequestError('The memory of this value is not mapped.');
        return;
      }
      const name = registerName(write.register);
      if (!isMachineFrame || name === undefined) {
        throw new RequestError(
          'The value lies in a register of a frame that is not running; it cannot be changed.',
        );
      }
      target.machine.writeRegister(name, write.value);
    },
  };
}

/** The frame's own program, then the kernel, whose memory every address space has. */
function programsFor(target: Target, frame: CodeFrame): ProgramSymbols[] {
  const own = frame.program?.symbols ?? target.programIn(frame.root)?.symbols;
  const kernel = target.kernel.symbols;
  return own === undefined || own === kernel ? [kernel] : [own, kernel];
}

/** The user half of a process that is in the kernel starts at physical index above 0 or reads saved registers. */
function isSavedFrame(target: Target, frame: CodeFrame): boolean {
  return frame.user && target.machine.privilegeLevel !== 3;
}

export function readMachineRegister(target: Target, name: string): bigint | undefined {
  try {
    return target.machine.readRegister(name);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The value of a number, enumeration or pointer; undefined for anything else and for what cannot be read. */
export function integerOf(value: Value, { frame }: ValueContext): bigint | undefined {
  const type = strip(value.type);
  const width = value.bits?.size ?? 8 * type.size;
  const bits = type.size < 1 || type.size > 8 ? undefined : readBits(value, type.size, frame);
  if (typeof bits !== 'bigint') return undefined;
  const scalar = decodeScalar(type, bits, width);
  return scalar?.kind === 'integer' ? scalar.value : undefined;
}
