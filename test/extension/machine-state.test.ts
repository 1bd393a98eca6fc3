import type { DebugProtocol } from '@vscode/debugprotocol';
import { describe, expect, it } from 'vitest';
import { type MachineState, nextState } from '../../extension/session/machine-state.ts';

function event(name: string, body?: object): DebugProtocol.Event {
  return { seq: 1, type: 'event', event: name, body };
}

function response(command: string, success = true): DebugProtocol.Response {
  return { seq: 1, type: 'response', request_seq: 1, command, success };
}

function stateAfter(...messages: DebugProtocol.ProtocolMessage[]): MachineState {
  return messages.reduce(nextState, { kind: 'starting' });
}

describe('nextState', () => {
  it('follows a session from start to exit', () => {
    expect(stateAfter(response('launch'))).toEqual({ kind: 'starting' });
    expect(stateAfter(response('configurationDone'))).toEqual({ kind: 'running' });
    expect(stateAfter(response('configurationDone'), event('stopped'))).toEqual({ kind: 'stopped' });
    expect(stateAfter(event('stopped'), response('next'))).toEqual({ kind: 'running' });
    expect(stateAfter(event('exited', { exitCode: 3 }), event('terminated'))).toEqual({
      kind: 'ended',
      exitCode: 3,
    });
    expect(stateAfter(event('terminated'))).toEqual({ kind: 'ended', exitCode: undefined });
  });

  it('knows a stop that is reported before configurationDone is answered', () => {
    expect(stateAfter(event('stopped'), response('configurationDone'))).toEqual({ kind: 'stopped' });
  });

  it('tells a restart from a mere continuation', () => {
    expect(stateAfter(event('stopped'), event('continued'), response('restart'))).toEqual({
      kind: 'running',
      rebooted: true,
    });
  });

  it('takes each stop as news, and nothing else that changes nothing', () => {
    const stopped = stateAfter(event('stopped'));
    expect(nextState(stopped, event('stopped'))).not.toBe(stopped);
    expect(nextState(stopped, event('output'))).toBe(stopped);
    expect(nextState(stopped, response('next', false))).toBe(stopped);
    expect(nextState(stopped, response('variables'))).toBe(stopped);
  });
});
