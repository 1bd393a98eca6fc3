import type { DebugProtocol } from '@vscode/debugprotocol';

/** Something that expands in the Variables view. */
export interface VariableContainer {
  list(
    filter: 'named' | 'indexed' | undefined,
    start: number,
    count: number | undefined,
    hexadecimal: boolean,
  ): DebugProtocol.Variable[];
  /** Throws RequestError if the member cannot be changed. Returns what it is then. */
  set?(name: string, value: string): DebugProtocol.SetVariableResponse['body'];
}
