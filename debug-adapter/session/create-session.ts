/** A debug session, ready for its first message. */
import { registerBreakpoints } from './breakpoints.ts';
import { registerEvaluation } from './evaluation.ts';
import { registerExecution } from './execution.ts';
import { registerKernelObjects } from './kernel-objects.ts';
import { registerLifecycle, shutDown } from './lifecycle.ts';
import { registerMemory } from './memory.ts';
import { registerPageTables } from './page-tables.ts';
import { registerSerial } from './serial.ts';
import { Session, type SessionHost } from './session.ts';
import { registerStacks } from './stack-requests.ts';
import { registerExceptionInfo } from './stops.ts';

export interface DebugSession {
  /** One message from the client, as parsed JSON. Never throws. */
  receive(message: unknown): void;
  /** Bytes arrived that are no message. */
  receiveGarbage(problem: string): void;
  /** The client is gone. */
  close(): void;
}

export function createSession(host: SessionHost): DebugSession {
  const session = new Session(host);
  registerLifecycle(session);
  registerBreakpoints(session);
  registerExecution(session);
  registerExceptionInfo(session);
  registerStacks(session);
  registerEvaluation(session);
  registerMemory(session);
  registerSerial(session);
  registerKernelObjects(session);
  registerPageTables(session);
  return {
    receive: (message) => session.server.receive(message),
    receiveGarbage: (problem) => session.server.receiveGarbage(problem),
    close() {
      shutDown(session);
      session.hasEnded = true;
    },
  };
}
