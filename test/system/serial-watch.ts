import type { Machine } from '../../emulator/machine-api.ts';

/** Serial output of a machine as text (Latin-1), with the instruction count at which each line ended. */
export interface SerialWatch {
  readonly text: string;
  /** Count at which the first line that contains `part` was complete, undefined if it was not printed. */
  lineEnd(part: string): number | undefined;
}

export function watchSerial(machine: Machine): SerialWatch {
  const lines: { readonly text: string; readonly end: number }[] = [];
  let text = '';
  let line = '';
  machine.serial.onOutput = (byte) => {
    const character = String.fromCharCode(byte);
    text += character;
    line += character;
    if (character !== '\n') return;
    lines.push({ text: line, end: machine.instructionCount });
    line = '';
  };
  return {
    get text() {
      return text;
    },
    lineEnd: (part) => lines.find((candidate) => candidate.text.includes(part))?.end,
  };
}
