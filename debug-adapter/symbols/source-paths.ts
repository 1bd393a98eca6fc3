/** Paths as debug information names them: made absolute and normal, so that one file has one name. */

/** Joins from left to right; an absolute part starts anew. Backslashes become slashes, `.` and `..` are resolved. */
export function joinPath(...parts: readonly string[]): string {
  let path = '';
  for (const part of parts) {
    if (part === '') continue;
    const slashed =
      part.includes('\\') && /^[A-Za-z]:\\|^[^/]*\\/.test(part) ? part.replaceAll('\\', '/') : part;
    path = /^(\/|[A-Za-z]:\/)/.test(slashed) || path === '' ? slashed : `${path}/${slashed}`;
  }
  return normalizePath(path);
}

export function normalizePath(path: string): string {
  const absolute = path.startsWith('/');
  const kept: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && kept.length > 0 && kept[kept.length - 1] !== '..') kept.pop();
    else if (part !== '..' || !absolute) kept.push(part);
  }
  return (absolute ? '/' : '') + kept.join('/');
}
