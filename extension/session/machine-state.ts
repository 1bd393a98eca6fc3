/** What the conversation between VS Code and the adapter tells about the machine. */
import type { DebugProtocol } from '@vscode/debugprotocol';

export type MachineState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly rebooted?: true }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'ended'; readonly exitCode: number | undefined };

/** Requests whose success sets the machine running. */
const resuming = new Set([
  ...['configurationDone', 'continue', 'next', 'stepIn', 'stepOut', 'goto'],
  ...['stepBack', 'reverseContinue', 'restart', 'restartFrame'],
]);

/** The state after a message from the adapter: the same object if nothing happened, a new one at every stop. */
export function nextState(state: MachineState, message: DebugProtocol.ProtocolMessage): MachineState {
  if (message.type === 'event') return afterEvent(state, message as DebugProtocol.Event);
  if (message.type !== 'response') return state;
  const response = message as DebugProtocol.Response;
  if (!response.success || !resuming.has(response.command)) return state;
  // With stopOnEntry the stop may be reported before configurationDone is answered.
  if (response.command === 'configurationDone' && state.kind !== 'starting') return state;
  if (response.command === 'restart') return { kind: 'running', rebooted: true };
  return state.kind === 'running' ? state : { kind: 'running' };
}

function afterEvent(state: MachineState, event: DebugProtocol.Event): MachineState {
  switch (event.event) {
    case 'stopped':
      return { kind: 'stopped' };
    case 'continued':
      return state.kind === 'running' ? state : { kind: 'running' };
    case 'exited':
      return { kind: 'ended', exitCode: (event as DebugProtocol.ExitedEvent).body.exitCode };
    case 'terminated':
      return state.kind === 'ended' ? state : { kind: 'ended', exitCode: undefined };
    default:
      return state;
  }
}
