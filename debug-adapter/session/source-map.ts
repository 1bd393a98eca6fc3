/**
 * Source paths in the debug information and for the editor. Both are prefixes: the longest that matches wins. Editor paths
 * may be POSIX paths, Windows paths or URIs.
 */

export interface SourceMap {
  /** The path or URI that the client opens. */
  toEditor(debugPath: string): string;
  /** Paths as the debug information may name the client's file, best guess first. */
  toDebugInformation(editorPath: string): string[];
}

export function createSourceMap(prefixes: Readonly<Record<string, string>>): SourceMap {
  const pairs = Object.entries(prefixes).map(([debugPrefix, editorPrefix]) => ({
    debugPrefix,
    editorPrefix,
  }));
  const byDebugLength = pairs.toSorted((a, b) => b.debugPrefix.length - a.debugPrefix.length);
  const byEditorLength = pairs.toSorted((a, b) => b.editorPrefix.length - a.editorPrefix.length);
  return {
    toEditor(debugPath) {
      for (const { debugPrefix, editorPrefix } of byDebugLength) {
        const rest = afterPrefix(debugPath, debugPrefix);
        if (rest !== undefined) return joinPath(editorPrefix, rest);
      }
      return debugPath;
    },
    toDebugInformation(editorPath) {
      const path = normalise(editorPath);
      const mapped = byEditorLength.flatMap(({ debugPrefix, editorPrefix }) => {
        const rest = afterPrefix(path, normalise(editorPrefix));
        return rest === undefined ? [] : [joinPath(debugPrefix, rest)];
      });
      return [...mapped, path];
    },
  };
}

/** One form for comparison: forward slashes, no percent-encoding, lower-case drive letter. */
function normalise(path: string): string {
  let text = path;
  if (isUri(text)) {
    try {
      text = decodeURIComponent(text);
    } catch {
      // A stray percent sign: the text stays as it is.
    }
    text = text.replace(/^file:\/\/(?=\/)/i, '').replace(/^\/(?=[a-z]:)/i, '');
  }
  return text.replaceAll('\\', '/').replace(/^[A-Z](?=:)/, (drive) => drive.toLowerCase());
}

function isUri(path: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(path);
}

/** What follows `prefix` in `path`, undefined if it lies elsewhere. Whole path components only. */
function afterPrefix(path: string, prefix: string): string | undefined {
  const bare = prefix.replace(/\/+$/, '');
  // Windows ignores case in paths.
  const same = /^[a-z]:/.test(bare) ? (text: string) => text.toLowerCase() : (text: string) => text;
  if (same(path.slice(0, bare.length)) !== same(bare)) return undefined;
  const rest = path.slice(bare.length);
  if (rest === '') return '';
  return rest.startsWith('/') ? rest.slice(1) : undefined;
}

function joinPath(prefix: string, rest: string): string {
  const windows = !isUri(prefix) && prefix.includes('\\');
  const separator = windows ? '\\' : '/';
  const base = prefix.replace(/[\\/]+$/, '');
  const tail = windows ? rest.replaceAll('/', '\\') : isUri(prefix) ? encodeURI(rest) : rest;
  return tail === '' ? base : `${base}${separator}${tail}`;
}
