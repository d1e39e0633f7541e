//! The real walls, with the program under test as helper, and the machine's own tools to run behind them.

#![allow(clippy::disallowed_methods)] // The other side of the comparison runs without walls.

use std::path::PathBuf;

use lamplighter::sandbox::{Bind, Command, Sandbox, Tier, Walls};

/// The walls of this machine. Fails where tier A does not hold: a test that needs walls has nothing to say without them.
pub async fn walls() -> Walls {
    let walls = Walls::probe_with_helper(helper()).await;
    assert_eq!(walls.tier(), Tier::A, "these tests need the sandbox (`apt-get install bubblewrap`):\n{}", walls.describe());
    walls
}

/// The `lamplighter` program that belongs to this test program.
pub fn helper() -> PathBuf {
    std::env::var_os("LAMPLIGHTER_TEST_HELPER").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_lamplighter")), PathBuf::from)
}

/// A cargo call with this machine's toolchain shown inside.
pub fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let rustc = std::process::Command::new("rustc").args(["--print", "sysroot"]).output().expect("rustc is needed");
    let sysroot = PathBuf::from(String::from_utf8(rustc.stdout).unwrap().trim());
    let cargo = sysroot.join("bin/cargo");
    let mut command = Command::new(std::iter::once(cargo.to_str().unwrap()).chain(arguments));
    command.env.insert("PATH".into(), format!("{}:/usr/bin:/bin", sysroot.join("bin").display()));
    command.env.insert("CARGO_HOME".into(), "/tmp/cargo".into());
    command.binds.push(Bind::read_only(sysroot));
    command
}
