// Commands picked from the palette arrive without arguments; here they get the editor's position, and the goal where one
// is needed, before they go to the server, and their answers are shown.
//
// The server advertises its commands, so the language client registers each of them with VS Code under its own name;
// registering them here as well would clash. This middleware stands in between instead. Commands that come from the
// code-action menu or a code lens have their arguments already and pass unchanged.

import * as vscode from "vscode";
import type { ExecuteCommandSignature } from "vscode-languageclient";

/** The single argument of every `lamplighter.*` command. Positions are UTF-16, as in LSP. */
interface Argument {
  textDocument?: { uri: string };
  range?: { start: Position; end: Position };
  goal?: string;
  run?: string;
}

interface Position {
  line: number;
  character: number;
}

/** A run as `lamplighter.runs` lists it. */
interface ListedRun {
  run: string;
  status?: string;
  goal?: string;
  reason?: string;
}

/** What the input box asks for, per command that needs a goal in words. */
const GOALS: Record<string, string> = {
  "lamplighter.do": "What shall be done?",
  "lamplighter.plan": "What shall be planned?",
};

/** The middleware: completes missing arguments, sends, shows the answer. */
export async function executeCommand(
  command: string,
  args: unknown[],
  next: ExecuteCommandSignature,
): Promise<unknown> {
  if (!command.startsWith("lamplighter.") || args.length > 0) {
    return next(command, args);
  }
  const argument = positionArgument();
  if (command in GOALS) {
    const goal = await vscode.window.showInputBox({ title: "Lamplighter", prompt: GOALS[command] });
    if (!goal?.trim()) {
      return undefined;
    }
    argument.goal = goal.trim();
  }
  const answer = await next(command, [argument]);
  await show(command, answer, next);
  return answer;
}

/** Document and selection of the active editor; empty where there is none. */
function positionArgument(): Argument {
  const editor = vscode.window.activeTextEditor;
  if (!editor || editor.document.uri.scheme !== "file") {
    return {};
  }
  const { start, end } = editor.selection;
  return {
    textDocument: { uri: editor.document.uri.toString() },
    range: {
      start: { line: start.line, character: start.character },
      end: { line: end.line, character: end.character },
    },
  };
}

async function show(command: string, answer: unknown, next: ExecuteCommandSignature): Promise<void> {
  if (command === "lamplighter.runs") {
    await chooseRun(Array.isArray(answer) ? (answer as ListedRun[]) : [], next);
  } else if (command === "lamplighter.status") {
    const { version, running } = answer as { version: string; running: number };
    void vscode.window.showInformationMessage(`Lamplighter: server ${version}, runs going on: ${running}`);
  }
}

/** Offers the runs and opens the page of the chosen one. */
async function chooseRun(runs: ListedRun[], next: ExecuteCommandSignature): Promise<void> {
  if (runs.length === 0) {
    void vscode.window.showInformationMessage("Lamplighter: no runs yet.");
    return;
  }
  const items = runs.map((run) => ({
    label: run.goal ?? run.run,
    description: run.status,
    detail: run.reason,
    run: run.run,
  }));
  const chosen = await vscode.window.showQuickPick(items, { title: "Lamplighter: runs" });
  if (chosen) {
    await next("lamplighter.showRun", [{ run: chosen.run }]);
  }
}
