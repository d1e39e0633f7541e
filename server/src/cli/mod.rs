//! The command line: one file per subcommand.

/// Parses the command line, runs it and returns the exit code of SURFACE (0, 1, 2, 3 or 130).
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
