// Entry of the extension: starts the language server and keeps it in step with the settings.
//
// Everything of substance happens in the server, over standard LSP. What VS Code lacks by itself is added in
// `commands.ts`: positions and goals for commands that are picked from the palette.

import * as vscode from "vscode";
import { Server } from "./server";

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  server = new Server();
  context.subscriptions.push(
    server,
    vscode.commands.registerCommand("lamplighter.restartServer", () => server?.restart()),
    vscode.commands.registerCommand("lamplighter.showLog", () => server?.showLog()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      const restarting = ["lamplighter.server", "lamplighter.languages"];
      if (restarting.some((section) => change.affectsConfiguration(section))) {
        void server?.restart();
      }
    }),
  );
  await server.start();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
