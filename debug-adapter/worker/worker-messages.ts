/**
 * What the debug adapter's Web Worker and the extension say to each other with `postMessage`. The worker has no
 * file system, so it asks the extension for each file; `path` is the text of the launch configuration, unchanged.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';

/** Extension → worker. */
export type MessageToAdapterWorker =
  | { readonly kind: 'dap'; readonly message: DebugProtocol.ProtocolMessage }
  /** Answers the `readFile` of the same `id`. */
  | { readonly kind: 'fileContents'; readonly id: number; readonly bytes: Uint8Array }
  /** `message` names the cause, for example "file not found". */
  | { readonly kind: 'fileError'; readonly id: number; readonly message: string };

/** Worker → extension. */
export type MessageFromAdapterWorker =
  | { readonly kind: 'dap'; readonly message: DebugProtocol.ProtocolMessage }
  | { readonly kind: 'readFile'; readonly id: number; readonly path: string };
