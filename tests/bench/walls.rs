//! What the walls cost: the time of `/bin/true` behind each tier, beside the same without walls, measured in one go; and
//! what a private copy costs.
//! Run with `cargo run --release --example bench_walls`; build the program first, it is the helper.

use std::time::{Duration, Instant};

use lamplighter::sandbox::{Command, Copy, Sandbox, Tier, Walls};
use lamplighter::session::Snapshot;
use tokio_util::sync::CancellationToken;

const ROUNDS: usize = 100;

#[allow(clippy::disallowed_methods)] // Compared with a process without walls.
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (workspace, cache) = (tempfile::tempdir()?, tempfile::tempdir()?);
    copies()?;
    let copy = Copy::open(cache.path(), &Snapshot::of_disk(workspace.path()))?;
    let walls = Walls::probe().await;
    println!("{}", walls.describe());
    let mut plain = Vec::new();
    for _ in 0..ROUNDS {
        let started = Instant::now();
        tokio::process::Command::new("/bin/true").status().await?;
        plain.push(started.elapsed());
    }
    show("no walls", plain);
    for tier in [Tier::A, Tier::B] {
        let walls = match walls.with_tier(tier) {
            Ok(walls) => walls,
            Err(error) => {
                println!("{error}");
                continue;
            }
        };
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let started = Instant::now();
            let outcome = walls.run(&copy, Command::new(["/bin/true"]), &CancellationToken::new()).await?;
            assert!(outcome.exit.ok(), "{outcome:?}");
            times.push(started.elapsed());
        }
        show(&format!("tier {tier:?}"), times);
    }
    Ok(())
}

/// A copy of many small files: the first time, again with nothing changed, and the difference afterwards.
fn copies() -> Result<(), Box<dyn std::error::Error>> {
    const FILES: usize = 5000;
    let (workspace, cache) = (tempfile::tempdir()?, tempfile::tempdir()?);
    for number in 0..FILES {
        let folder = workspace.path().join(format!("folder{}", number % 100));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(format!("file{number}.py")), format!("value = {number}\n").repeat(200))?;
    }
    std::thread::sleep(Duration::from_millis(50));
    let snapshot = Snapshot::of_disk(workspace.path());
    for what in ["cold", "warm", "warm again"] {
        let started = Instant::now();
        let copy = Copy::open(cache.path(), &snapshot)?;
        let opened = started.elapsed();
        let started = Instant::now();
        assert!(copy.patch()?.is_empty());
        println!(
            "copy of {FILES} files, {what}: {:.0} ms; patch {:.0} ms",
            opened.as_secs_f64() * 1e3,
            started.elapsed().as_secs_f64() * 1e3
        );
    }
    Ok(())
}

fn show(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |percent: usize| times[times.len() * percent / 100].as_secs_f64() * 1000.0;
    println!("{what}: median {:.1} ms, p90 {:.1} ms, least {:.1} ms", at(50), at(90), at(0));
}
