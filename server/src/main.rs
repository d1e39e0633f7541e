//! The binary: hands over to [`lamplighter::cli`], which knows every subcommand.

fn main() -> std::process::ExitCode {
    lamplighter::cli::main()
}
