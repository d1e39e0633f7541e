// The language server as a process: how it is started, restarted and stopped, and what it is told at the beginning.

import * as vscode from "vscode";
import { LanguageClient, LanguageClientOptions, ServerOptions } from "vscode-languageclient/node";
import { executeCommand } from "./commands";

/** Settings that are the extension's own and of no use to the server. */
const OWN_SETTINGS = ["server", "languages", "trace"];

/** One server process for the window, started on demand; after `stop` it can be started again. */
export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private readonly log = vscode.window.createOutputChannel("Lamplighter");

  /** Starts the server. A failure is shown to the user, with a way to the settings, and not thrown. */
  async start(): Promise<void> {
    const settings = vscode.workspace.getConfiguration("lamplighter");
    const command = settings.get<string>("server.path") || "lamplighter";
    const args = settings.get<string[]>("server.arguments") ?? ["lsp"];
    const run: ServerOptions = { command, args };
    const client = new LanguageClient("lamplighter", "Lamplighter", run, this.options(settings));
    this.client = client;
    try {
      await client.start();
      await offer(client.initializeResult?.capabilities.executeCommandProvider?.commands ?? []);
    } catch (error) {
      this.client = undefined;
      this.log.appendLine(`The server could not be started: ${error}`);
      void offerSettings(command);
    }
  }

  /** Stops the server; does nothing where none runs. */
  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.dispose();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  showLog(): void {
    this.log.show(true);
  }

  dispose(): void {
    this.log.dispose();
  }

  private options(settings: vscode.WorkspaceConfiguration): LanguageClientOptions {
    const languages = settings.get<string[]>("languages") ?? [];
    return {
      documentSelector: [
        ...languages.map((language) => ({ scheme: "file", language })),
        // Plan documents of runs, where plans are approved.
        { scheme: "file", language: "markdown", pattern: "**/lamplighter/runs/**/*.md" },
      ],
      initializationOptions: forwarded(settings),
      synchronize: { configurationSection: "lamplighter" },
      outputChannel: this.log,
      middleware: { executeCommand },
    };
  }
}

/** Lets the palette show exactly the commands that this server has; package.json names them all. */
async function offer(commands: string[]): Promise<void> {
  for (const command of commands) {
    await vscode.commands.executeCommand("setContext", command.replace("lamplighter.", "lamplighter.offers."), true);
  }
  await vscode.commands.executeCommand("setContext", "lamplighter.started", true);
}

/** The `lamplighter` section without what is the extension's own. */
function forwarded(settings: vscode.WorkspaceConfiguration): Record<string, unknown> {
  const section = JSON.parse(JSON.stringify(settings)) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(section).filter(([key]) => !OWN_SETTINGS.includes(key)));
}

async function offerSettings(command: string): Promise<void> {
  const open = "Open Settings";
  const answer = await vscode.window.showErrorMessage(
    `Lamplighter: the server "${command}" could not be started. ` +
      `Install it, or name it in the setting lamplighter.server.path; the log tells more.`,
    open,
  );
  if (answer === open) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "lamplighter.server");
  }
}
