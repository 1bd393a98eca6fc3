import type { DebugProtocol } from '@vscode/debugprotocol';
import { describe, expect, it } from 'vitest';
import { ProtocolServer, RequestError } from '../../../debug-adapter/protocol/protocol-server.ts';

/** Sends one request for which the handler fails, and returns the response. */
function refuse(command: string): DebugProtocol.ErrorResponse {
  const sent: DebugProtocol.ProtocolMessage[] = [];
  const server = new ProtocolServer((message) => sent.push(message));
  server.onRequest(
    command,
    () => ({}),
    () => {
      throw new RequestError(`No {such} thing: choose another.`);
    },
  );
  server.receive({ seq: 7, type: 'request', command });
  return sent[0] as DebugProtocol.ErrorResponse;
}

describe('failures', () => {
  it('what the user asked for and did not get is told in a dialog', () => {
    for (const command of ['launch', 'setVariable', 'continue']) {
      const { success, request_seq, message, body } = refuse(command);
      expect({ success, request_seq, message }).toEqual({
        success: false,
        request_seq: 7,
        message: 'No {such} thing: choose another.',
      });
      expect(body.error?.showUser, command).toBe(true);
    }
  });

  it('what a view asked for of its own accord raises no dialog', () => {
    for (const command of ['scopes', 'variables', 'stackTrace', 'evaluate', 'a9n/capabilitySlots']) {
      expect(refuse(command).body.error?.showUser, command).toBe(false);
    }
  });
});
