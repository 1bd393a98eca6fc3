/** Whether a breakpoint that was reached stops the machine: conditions, hit counts, log points. */

import { RequestError } from '../protocol/protocol-server.ts';
import { formatValue } from '../values/format-value.ts';
import type { Breakpoint } from './breakpoint-table.ts';
import { evaluate } from './evaluation.ts';
import type { Session } from './session.ts';
import { type FrameValues, integerOf, valueContext } from './value-context.ts';

/** Ids of the breakpoints that stop the machine at `address`. */
export function hitBreakpoints(session: Session, address: bigint): number[] {
  const { target } = session.requireLaunched();
  const reached = session.breakpoints.at(address, target);
  return reached.filter((breakpoint) => stops(session, breakpoint)).map((breakpoint) => breakpoint.id);
}

function stops(session: Session, breakpoint: Breakpoint): boolean {
  const { condition, hitCondition, logMessage } = breakpoint.conditions;
  if (isGiven(condition) && !holds(session, condition)) return false;
  breakpoint.hits++;
  if (isGiven(hitCondition) && !hitCountMatches(session, breakpoint, hitCondition)) return false;
  if (!isGiven(logMessage)) return true;
  session.server.tell(interpolate(session, logMessage));
  return false;
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text.trim() !== '';
}

/** A condition that cannot be evaluated stops, and says why: a breakpoint must not get lost silently. */
function holds(session: Session, condition: string): boolean {
  try {
    const context = innermostValues(session);
    const value = integerOf(evaluate(context, condition), context);
    if (value !== undefined) return value !== 0n;
    session.server.tell(`The breakpoint's condition "${condition}" is no number; stopped.`, 'important');
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    session.server.tell(
      `The breakpoint's condition "${condition}" cannot be evaluated; stopped. ${error.message}`,
      'important',
    );
  }
  return true;
}

/** `5` or `== 5`, `>= 5`, `> 5`, `< 5`, `<= 5`, `% 5`. */
function hitCountMatches(session: Session, breakpoint: Breakpoint, hitCondition: string): boolean {
  const match = /^\s*(==|=|>=|>|<=|<|%)?\s*(\d+)\s*$/.exec(hitCondition);
  if (match === null) {
    session.server.tell(
      `The hit count "${hitCondition}" is not understood; stopped. Write 5, >= 5, > 5, < 5 or % 5.`,
      'important',
    );
    return true;
  }
  const count = Number(match[2]);
  const { hits } = breakpoint;
  switch (match[1]) {
    case '>=':
      return hits >= count;
    case '>':
      return hits > count;
    case '<=':
      return hits <= count;
    case '<':
      return hits < count;
    case '%':
      return count > 0 && hits % count === 0;
    default:
      return hits === count;
  }
}

/** Replaces `{expression}` by its value. */
function interpolate(session: Session, message: string): string {
  return message.replace(/\{([^{}]*)\}/g, (_, expression: string) => {
    try {
      const context = innermostValues(session);
      return formatValue(evaluate(context, expression), context);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return `<${error.message}>`;
    }
  });
}

/** The innermost frame of what the CPU executes now. The machine is between two slices, so nothing is remembered of it. */
function innermostValues(session: Session): FrameValues {
  return valueContext(session, true, session.requireLaunched().target.frameOnCpu());
}
