import * as vscode from 'vscode';
import { expressionAt } from './expression-at.ts';

/** What a hover in C and C++ sources evaluates while debugging. */
export function registerHoverExpressions(context: vscode.ExtensionContext): void {
  const provider: vscode.EvaluatableExpressionProvider = {
    provideEvaluatableExpression(document, position) {
      const found = expressionAt(document.lineAt(position.line).text, position.character);
      if (!found) return undefined;
      const range = new vscode.Range(position.line, found.start, position.line, found.end);
      return new vscode.EvaluatableExpression(range, found.text);
    },
  };
  context.subscriptions.push(vscode.languages.registerEvaluatableExpressionProvider(['c', 'cpp'], provider));
}
