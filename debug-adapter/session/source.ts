/** DAP `Source` objects for files that the debug information names. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Session } from './session.ts';

export function editorSource(session: Session, debugPath: string): DebugProtocol.Source {
  const path = session.sourceMap.toEditor(debugPath);
  return { name: debugPath.split('/').pop() ?? debugPath, path };
}
