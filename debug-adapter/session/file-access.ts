/** How the adapter reads files, whatever it runs in: Node's file system, or the extension behind a worker. */
export interface FileAccess {
  /** `path` is a path or URI from the launch configuration. Rejects with an `Error` whose message names the cause. */
  readFile(path: string): Promise<Uint8Array>;
}
