//! scratch
use lamplighter::sandbox::*;
use lamplighter::session::Snapshot;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn first() {
    let walls = Walls::probe_with_helper(env!("CARGO_BIN_EXE_lamplighter")).await;
    eprintln!("{}", walls.describe());
    let ws = tempfile::tempdir().unwrap();
    let cache = tempfile::tempdir().unwrap();
    std::fs::write(ws.path().join("a.txt"), "hello").unwrap();
    let copy = Copy::open(cache.path(), &Snapshot::of_disk(ws.path())).unwrap();
    for tier in [Tier::A, Tier::B] {
        let walls = walls.with_tier(tier).unwrap();
        let out = walls.run(&copy, Command::new(["/bin/sh", "-c", "pwd; cat a.txt; id; env; cat /proc/self/mountinfo; ls / /etc /dev; python3 -c 'import ssl,json,socket; print(socket.socket())'"]), &CancellationToken::new()).await.unwrap();
        eprintln!("{:?} {:?} {:?}\n{}\n{}", out.exit, out.elapsed, out.denials, out.stdout.text(), out.stderr.text());
        let mut times = vec![];
        for _ in 0..40 {
            times.push(walls.run(&copy, Command::new(["/bin/true"]), &CancellationToken::new()).await.unwrap().elapsed);
        }
        times.sort();
        eprintln!("{tier:?} median {:?} p90 {:?}", times[20], times[36]);
    }
}
