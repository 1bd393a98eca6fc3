/** The page that starts VS Code's web build with our two extensions and the served workspace. */

/** `host` is the request's Host header; the page works on whatever port it is served from. */
export function workbenchPage(host: string): string {
  const at = (path: string) => ({ scheme: 'http', authority: host, path });
  const configuration = {
    folderUri: { scheme: 'a9n-workspace', path: '/a9n' },
    additionalBuiltinExtensions: [at('/workspace-extension'), at('/extension')],
    // The sources are the user's own; without this, debugging starts with a modal question.
    enableWorkspaceTrust: false,
    configurationDefaults: {
      'workbench.startupEditor': 'none',
      'workbench.layoutControl.enabled': false,
      'window.commandCenter': false,
      // With braces on lines of their own it would repeat nothing but braces.
      'editor.stickyScroll.enabled': false,
      'debug.openDebug': 'openOnDebugBreak',
      'debug.disassemblyView.showSourceCode': true,
    },
    productConfiguration: {
      nameShort: 'A9N in VS Code',
      nameLong: 'A9N in VS Code',
      enableTelemetry: false,
      // Search in a workspace that is no folder of the browser's computer is not in the stable interface yet.
      extensionEnabledApiProposals: { 'a9n.served-workspace': ['fileSearchProvider', 'textSearchProvider'] },
      // Webviews want an origin of their own; every name below localhost is this computer.
      webEndpointUrlTemplate: `http://{{uuid}}.${host}/vscode`,
      webviewContentExternalBaseUrlTemplate: `http://{{uuid}}.${host}/vscode/out/vs/workbench/contrib/webview/browser/pre/`,
    },
  };
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>A9N in VS Code</title>
<link rel="icon" href="/vscode/favicon.ico">
<link data-name="vs/workbench/workbench.web.main" rel="stylesheet" href="/vscode/out/vs/workbench/workbench.web.main.css">
</head>
<body aria-label="">
<script>window.product = ${inScript(configuration)};</script>
<script src="/vscode/out/vs/loader.js"></script>
<script src="/vscode/out/vs/webPackagePaths.js"></script>
<script>
const base = location.origin + '/vscode';
for (const name of Object.keys(self.webPackagePaths))
  self.webPackagePaths[name] = base + '/node_modules/' + name + '/' + self.webPackagePaths[name];
require.config({
  baseUrl: base + '/out',
  recordStats: true,
  trustedTypesPolicy: window.trustedTypes?.createPolicy('amdLoader', {
    createScriptURL(url) {
      if (url.startsWith(base)) return url;
      throw new Error('Script from elsewhere: ' + url);
    },
  }),
  paths: self.webPackagePaths,
});
</script>
<script src="/vscode/out/vs/workbench/workbench.web.main.nls.js"></script>
<script src="/vscode/out/vs/workbench/workbench.web.main.js"></script>
<script src="/vscode/out/vs/code/browser/workbench/workbench.js"></script>
</body>
</html>
`;
}

/** JSON that cannot end the script element it stands in. */
function inScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
