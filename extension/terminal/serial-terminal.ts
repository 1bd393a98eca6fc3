import * as vscode from 'vscode';
import type { SerialInputArguments, SerialOutputEventBody } from '../../debug-adapter/custom-requests.ts';
import type { MachineSessions } from '../session/machine-sessions.ts';
import { endNotice, notice, withCarriageReturns } from './terminal-text.ts';

/** The serial console of one machine. It outlives the session, so that the last lines stay readable. */
class SerialTerminal implements vscode.Pseudoterminal {
  private readonly writes = new vscode.EventEmitter<string>();
  readonly onDidWrite = this.writes.event;
  private readonly terminal: vscode.Terminal;
  /** Output from before the terminal was first drawn; undefined afterwards. */
  private pending: string | undefined = '';
  private last = '';
  private session: vscode.DebugSession | undefined;

  constructor(
    readonly machine: string,
    private readonly onClosed: () => void,
  ) {
    this.terminal = vscode.window.createTerminal({
      name: machine,
      pty: this,
      iconPath: new vscode.ThemeIcon('circuit-board'),
    });
  }

  open(): void {
    this.writes.fire(this.pending ?? '');
    this.pending = undefined;
  }

  close(): void {
    this.onClosed();
  }

  handleInput(text: string): void {
    const args: SerialInputArguments = { text };
    // A session on its way out refuses input; what was typed then is lost, as on a cable pulled out.
    this.session?.customRequest('a9n/serialInput', args).then(undefined, () => {});
  }

  attach(session: vscode.DebugSession): void {
    if (this.last !== '') this.sayRestart();
    this.session = session;
    this.show();
  }

  isOf(session: vscode.DebugSession): boolean {
    return this.session?.id === session.id;
  }

  print(text: string): void {
    const shown = withCarriageReturns(text, this.last);
    this.last = text.slice(-1) || this.last;
    this.write(shown);
  }

  sayRestart(): void {
    this.write(notice(`${this.machine} starts again`));
  }

  end(exitCode: number | undefined): void {
    this.session = undefined;
    this.write(endNotice(this.machine, exitCode));
  }

  show(): void {
    this.terminal.show(true);
  }

  dispose(): void {
    this.terminal.dispose();
    this.writes.dispose();
  }

  private write(text: string): void {
    if (this.pending === undefined) this.writes.fire(text);
    else this.pending += text;
  }
}

/** Keeps one terminal per machine name and connects it with that machine's session. */
export class SerialTerminals {
  private readonly terminals = new Map<string, SerialTerminal>();

  constructor(private readonly sessions: MachineSessions) {}

  register(context: vscode.ExtensionContext): void {
    context.subscriptions.push(
      vscode.debug.onDidStartDebugSession((session) => {
        if (session.type === 'a9n') this.of(session);
      }),
      vscode.debug.onDidReceiveDebugSessionCustomEvent(({ session, event, body }) => {
        if (session.type !== 'a9n' || event !== 'a9n/serialOutput') return;
        const output: SerialOutputEventBody = body;
        this.of(session).print(output.text);
      }),
      this.sessions.onDidChange(({ session, state }) => {
        const terminal = this.attached(session);
        if (state.kind === 'ended') terminal?.end(state.exitCode);
        if (state.kind === 'running' && state.rebooted) terminal?.sayRestart();
      }),
      vscode.commands.registerCommand('a9n.showTerminal', () => {
        const session = this.sessions.active;
        if (session) this.of(session).show();
      }),
      { dispose: () => this.terminals.forEach((terminal) => void terminal.dispose()) },
    );
  }

  private attached(session: vscode.DebugSession): SerialTerminal | undefined {
    return [...this.terminals.values()].find((terminal) => terminal.isOf(session));
  }

  /** The terminal of a session; made, or taken over from the machine's last session, when first asked for. */
  private of(session: vscode.DebugSession): SerialTerminal {
    const attached = this.attached(session);
    if (attached) return attached;
    const name = machineName(session);
    const terminal = this.terminals.get(name) ?? new SerialTerminal(name, () => this.terminals.delete(name));
    this.terminals.set(name, terminal);
    terminal.attach(session);
    return terminal;
  }
}

function machineName(session: vscode.DebugSession): string {
  const name: unknown = session.configuration['machineName'];
  return typeof name === 'string' && name !== '' ? name : session.name;
}
