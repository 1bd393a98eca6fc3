/** What a terminal needs between a serial line and its screen. */

/**
 * Guest programs end lines with a bare line feed; a terminal then stays in its column. Adds the missing carriage
 * returns. `last` is the last character of the text before this one.
 */
export function withCarriageReturns(text: string, last: string): string {
  return (last + text).replace(/(?<!\r)\n/g, '\r\n').slice(last === '\n' ? 2 : last.length);
}

/** A line of the debugger's own, apart from what the guest prints. */
export function notice(text: string): string {
  return `\r\n\x1b[2m— ${text} —\x1b[0m\r\n`;
}

export function endNotice(machine: string, exitCode: number | undefined): string {
  return notice(
    exitCode === undefined ? `${machine} was ended` : `${machine} ended with exit code ${exitCode}`,
  );
}
