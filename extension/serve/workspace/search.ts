import * as vscode from 'vscode';
import { matchesIn, type TextQuery, textPattern } from './text-matches.ts';

/*
 * Go to File and Find in Files. VS Code 1.91 offers their providers to named extensions only (API proposals
 * fileSearchProvider and textSearchProvider); the page that serves this extension names it.
 */

interface TextSearchResult {
  readonly uri: vscode.Uri;
  readonly ranges: vscode.Range;
  readonly preview: { readonly text: string; readonly matches: vscode.Range };
}

interface ProposedWorkspace {
  registerFileSearchProvider(
    scheme: string,
    provider: { provideFileSearchResults(): Promise<vscode.Uri[]> },
  ): vscode.Disposable;
  registerTextSearchProvider(
    scheme: string,
    provider: {
      provideTextSearchResults(
        query: TextQuery,
        options: unknown,
        progress: vscode.Progress<TextSearchResult>,
        token: vscode.CancellationToken,
      ): Promise<object>;
    },
  ): vscode.Disposable;
}

export function registerSearch(scheme: string, allFiles: () => Promise<vscode.Uri[]>): vscode.Disposable[] {
  const workspace = vscode.workspace as typeof vscode.workspace & ProposedWorkspace;
  return [
    // VS Code itself picks what fits the pattern.
    workspace.registerFileSearchProvider(scheme, { provideFileSearchResults: allFiles }),
    workspace.registerTextSearchProvider(scheme, {
      async provideTextSearchResults(query, _options, progress, token) {
        const pattern = textPattern(query);
        const searches = (await allFiles()).map(async (uri) => {
          const bytes = await vscode.workspace.fs.readFile(uri);
          if (token.isCancellationRequested) return;
          for (const { line, start, end, text } of matchesIn(new TextDecoder().decode(bytes), pattern)) {
            const matches = new vscode.Range(0, start, 0, end);
            progress.report({
              uri,
              ranges: new vscode.Range(line, start, line, end),
              preview: { text, matches },
            });
          }
        });
        await Promise.all(searches);
        return {};
      },
    }),
  ];
}
