/** The running debug sessions of type `a9n`: whether each one's machine runs, and how it ended. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import * as vscode from 'vscode';
import { type MachineState, nextState } from './machine-state.ts';

export interface MachineChange {
  readonly session: vscode.DebugSession;
  readonly state: MachineState;
}

export class MachineSessions {
  private readonly states = new Map<string, MachineState>();
  private readonly changes = new vscode.EventEmitter<MachineChange>();
  private readonly refreshes = new vscode.EventEmitter<vscode.DebugSession>();

  /** Fires when a machine starts to run, stops or ends. */
  readonly onDidChange = this.changes.event;
  /** Fires when what the debugger shows has changed without a stop: a variable was set, memory was written. */
  readonly onDidInvalidate = this.refreshes.event;

  /** The session that views show: the one the user works with. */
  get active(): vscode.DebugSession | undefined {
    const session = vscode.debug.activeDebugSession;
    return session?.type === 'a9n' ? session : undefined;
  }

  stateOf(session: vscode.DebugSession): MachineState {
    return this.states.get(session.id) ?? { kind: 'starting' };
  }

  register(context: vscode.ExtensionContext): void {
    context.subscriptions.push(
      this.changes,
      this.refreshes,
      vscode.debug.registerDebugAdapterTrackerFactory('a9n', {
        createDebugAdapterTracker: (session) => ({
          onDidSendMessage: (message: DebugProtocol.ProtocolMessage) => this.observe(session, message),
        }),
      }),
      vscode.debug.onDidTerminateDebugSession((session) => {
        if (session.type !== 'a9n') return;
        this.change(session, { kind: 'ended', exitCode: undefined });
        this.states.delete(session.id);
      }),
    );
  }

  private observe(session: vscode.DebugSession, message: DebugProtocol.ProtocolMessage): void {
    const state = this.stateOf(session);
    const next = nextState(state, message);
    if (next !== state) this.change(session, next);
    const event = message.type === 'event' ? (message as DebugProtocol.Event).event : undefined;
    if ((event === 'invalidated' || event === 'memory') && next.kind === 'stopped')
      this.refreshes.fire(session);
  }

  private change(session: vscode.DebugSession, state: MachineState): void {
    const before = this.states.get(session.id);
    if (before?.kind === 'ended' && state.kind === 'ended') return;
    this.states.set(session.id, state);
    this.changes.fire({ session, state });
  }
}
