//! The command line: one file per subcommand.
//!
//! To add one: a file with its arguments and a `run`, a variant of [`Sub`], an arm in [`dispatch`].

mod common;
mod demo;
mod doctor;
mod exit;
mod git;
mod lsp;
mod runs;
mod shell;
mod terminal;
mod work;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

const EXAMPLES: &str = "Examples:
  lamplighter demo                    see it repair a bundled project
  lamplighter fix                     repair what fails in this workspace, print the proven patch
  lamplighter fix src/lib.rs:42 --apply
  lamplighter tests stats/core.py:10  add tests for the function on line 10
  lamplighter do \"handle empty input in average()\"
  lamplighter doctor                  what works on this machine

Exit codes: 0 verified (or nothing to do), 1 failed, unverified or stale, 2 usage or configuration, 3 over budget, 130 cancelled.";

/// The agent behind your editor's lightbulb: proof before delivery.
#[derive(Debug, Parser)]
#[command(name = "lamplighter", version, about, after_help = EXAMPLES, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    sub: Sub,
}

#[derive(Debug, Subcommand)]
enum Sub {
    /// Speak the Language Server Protocol on standard input and output.
    Lsp(lsp::Arguments),
    /// Plan and fix what fails: at a place, in a file, or in the whole workspace.
    Fix(work::Fix),
    /// Add tests for a symbol or a file.
    Tests(work::Tests),
    /// Reach a goal given in words.
    Do(work::Do),
    /// Only plan: write the plan and stop.
    Plan(work::Do),
    /// List, show and undo runs.
    Runs(runs::Arguments),
    /// What works here: sandbox, model, test runners, configuration.
    Doctor(doctor::Arguments),
    /// Repair a bundled project with a failing test, showing each phase.
    Demo(demo::Arguments),
    /// Print shell completions.
    Completions(shell::Completions),
    /// Print the manual page.
    Man,
}

/// Parses the command line, runs it and returns the exit code of SURFACE (0, 1, 2, 3 or 130).
pub fn main() -> ExitCode {
    // Before anything else: the inner side of the sandbox must start with nothing loaded.
    let arguments: Vec<String> = std::env::args_os().skip(1).map_while(|argument| argument.into_string().ok()).collect();
    if let Some((first, rest)) = arguments.split_first()
        && first == "__walls"
    {
        return crate::sandbox::helper_main(rest);
    }
    match Cli::try_parse() {
        Ok(cli) => dispatch(cli),
        Err(error) => {
            // Printing to a closed pipe is no error worth a word.
            let _ = error.print();
            ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::OK })
        }
    }
}

fn dispatch(cli: Cli) -> ExitCode {
    let result = match cli.sub {
        Sub::Lsp(arguments) => lsp::run(&arguments),
        Sub::Fix(arguments) => work::fix(&arguments),
        Sub::Tests(arguments) => work::tests(&arguments),
        Sub::Do(arguments) => work::goal(&arguments),
        Sub::Plan(arguments) => work::plan(&arguments),
        Sub::Runs(arguments) => runs::run(&arguments),
        Sub::Doctor(arguments) => doctor::run(&arguments),
        Sub::Demo(arguments) => demo::run(&arguments),
        Sub::Completions(arguments) => shell::completions(&arguments, Cli::command()),
        Sub::Man => shell::man(Cli::command()),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            terminal::complain(&format!("error: {error:#}"));
            ExitCode::from(exit::USAGE)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }
}
