//! Attacks on the walls. Each is run three times: without walls, where it must succeed (or the test proves nothing), and
//! behind tier A and tier B, where it must not. As whoever runs the tests, and, if that is root, as an ordinary user too.
//! Where a tier is missing on the machine, these tests fail; they never skip.

#![allow(clippy::disallowed_methods)] // The other side of the comparison runs without walls.

use std::process::Stdio;
use std::time::{Duration, Instant};

use lamplighter::sandbox::{Bind, Command, Copy, Exit, Limits, Outcome, Sandbox, SandboxError, Tier, Walls};
use lamplighter::session::Snapshot;
use tokio_util::sync::CancellationToken;

use crate::support::stage::{CANARY, PYTHON, Stage, with_token};
use crate::support::walls::helper;

/// One attack: what it tries, and how a success shows.
struct Attack {
    name: &'static str,
    /// Python; `breach()` says that it got through, `a` holds where everything is.
    script: &'static str,
    /// What else shows a success: looked at from outside, after the command has ended.
    shows: fn(&mut Stage, &[u8]) -> bool,
    /// Whether only root gets through without walls.
    root_only: bool,
}

const fn says(name: &'static str, script: &'static str) -> Attack {
    shows(name, script, |_, _| false)
}

const fn shows(name: &'static str, script: &'static str, shows: fn(&mut Stage, &[u8]) -> bool) -> Attack {
    Attack { name, script, shows, root_only: false }
}

fn escaped(stage: &mut Stage, _: &[u8]) -> bool {
    stage.outside("escaped").exists()
}

fn secret_changed(stage: &mut Stage, _: &[u8]) -> bool {
    std::fs::read_to_string(stage.outside("secret")).ok().as_deref() != Some(CANARY)
}

fn reached(stage: &mut Stage, _: &[u8]) -> bool {
    stage.was_reached()
}

/// Looks more than once: what forks all the time is easily missed.
fn left(stage: &mut Stage, _: &[u8]) -> bool {
    (0..20).any(|_| {
        std::thread::sleep(Duration::from_millis(3));
        !with_token(&stage.token).is_empty()
    })
}

const ATTACKS: &[Attack] = &[
    // Reading.
    says("read the keys in the home folder", "if a['canary'] in open(a['outside'] + '.ssh/id').read(): breach()"),
    Attack { root_only: true, ..says("read /etc/shadow", "if 'root:' in open('/etc/shadow').read(): breach()") },
    says(
        "read the server's environment",
        r"
for pid in [str(a['pid']), 'self', '1'] + [p for p in os.listdir('/proc') if p.isdigit()] if os.access('/proc', os.R_OK) else [str(a['pid'])]:
    try:
        if b'CARGO_MANIFEST_DIR=' in open('/proc/' + pid + '/environ', 'rb').read(): breach()
    except OSError: pass",
    ),
    says("read the server's memory", "open('/proc/%d/mem' % a['pid'], 'rb'); breach()"),
    says(
        "read inherited descriptors",
        r"
for fd in range(3, 1024):
    try:
        if a['canary'].encode() in os.pread(fd, 100, 0): breach()
    except OSError: pass",
    ),
    // Writing.
    shows("write outside", "open(a['outside'] + 'escaped', 'w').write('x')", escaped),
    shows("append to a file outside", "open(a['outside'] + 'secret', 'a').write('x')", secret_changed),
    shows("truncate a file outside", "os.truncate(a['outside'] + 'secret', 0)", secret_changed),
    shows("remove a file outside", "os.unlink(a['outside'] + 'secret')", secret_changed),
    shows("rename a file outside", "os.rename(a['outside'] + 'secret', a['outside'] + 'escaped')", escaped),
    shows("escape by a symbolic link", "os.symlink(a['outside'], 'way'); open('way/escaped', 'w').write('x')", escaped),
    shows("escape by a hard link", "os.link(a['outside'] + 'secret', 'way'); open('way', 'a').write('x')", secret_changed),
    shows("escape by ..", "open('../outside/escaped', 'w').write('x')", escaped),
    shows("open a secret to all", "os.chmod(a['outside'] + 'secret', 0o777)", |stage, _| {
        use std::os::unix::fs::PermissionsExt;
        stage.outside("secret").metadata().is_ok_and(|data| data.permissions().mode() & 0o777 == 0o777)
    }),
    shows("backdate a file outside", "os.utime(a['outside'] + 'secret', (1, 1))", |stage, _| {
        use std::os::unix::fs::MetadataExt;
        stage.outside("secret").metadata().is_ok_and(|data| data.mtime() == 1)
    }),
    shows("plant a git hook", "os.makedirs('.git/hooks', exist_ok=True); open('.git/hooks/post-checkout', 'w').write('x')", |stage, _| {
        stage.workspace().join(".git/hooks/post-checkout").exists() || !stage.copy.patch().unwrap().is_empty()
    }),
    // The network and other sockets.
    shows("TCP to the host", "socket.create_connection(('127.0.0.1', a['tcp']), 2)", reached),
    shows("UDP to the host", "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', a['udp']))", reached),
    shows("an abstract socket", "socket.socket(socket.AF_UNIX).connect('\\0' + a['token'])", reached),
    shows("a socket on disk", "socket.socket(socket.AF_UNIX).connect(a['outside'] + 'socket')", reached),
    shows(
        "a datagram pair, re-addressed",
        "s, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect(a['outside'] + 'datagrams'); s.send(b'x')",
        reached,
    ),
    says(
        "other kinds of sockets",
        r"
for family in (40, 38, 17, 29, 31):
    try: socket.socket(family, socket.SOCK_SEQPACKET if family == 38 else socket.SOCK_RAW if family in (17, 29) else socket.SOCK_STREAM); breach()
    except OSError: pass",
    ),
    // Processes.
    shows("kill a stranger", "os.kill(a['victim'], 9); time.sleep(0.2)", |stage, _| stage.victim_died()),
    says("limit a stranger", "resource.prlimit(a['victim'], resource.RLIMIT_CORE, (0, 0)); breach()"),
    shows(
        "leave a daemon behind",
        r"
r, w = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGHUP, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for fd in (0, 1, 2): os.close(fd)
        os.write(w, b'x')
        time.sleep(60)
    os._exit(0)
os.read(r, 1)",
        left,
    ),
    shows(
        "leave many behind that start new ones",
        r"
end = time.time() + 3  # Without walls nobody else ends them.
for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        for fd in (0, 1, 2): os.close(fd)
        while time.time() < end:
            if os.fork(): os._exit(0)
            os.setsid(); time.sleep(0.005)
        os._exit(0)
time.sleep(0.2)",
        left,
    ),
    // Resources; the limits stand in `limits()`.
    says(
        "a fork bomb",
        r"
children = []
for _ in range(400):
    pid = os.fork()
    if pid == 0: time.sleep(60)
    children.append(pid)
    if len(children) % 40 == 0: time.sleep(0.02)
time.sleep(0.3)
for pid in children: os.kill(pid, 9)
breach()",
    ),
    says(
        "a memory hog",
        "hog = []\nfor _ in range(80):\n    hog.append(bytearray(os.urandom(1 << 16) * 128)); time.sleep(0.01)\ntime.sleep(0.5); breach()",
    ),
    says(
        "memory that is nobody's",
        "f = os.memfd_create('hog')\nfor _ in range(400): os.write(f, b'x' * (1 << 20)); time.sleep(0.002)\ntime.sleep(0.5); breach()",
    ),
    says(
        "a full disk",
        r"
import tempfile
f = tempfile.TemporaryFile()
for _ in range(200): f.write(b'x' * (1 << 20)); f.flush(); time.sleep(0.005)
time.sleep(0.5); breach()",
    ),
    says("a huge sparse file", "open('huge', 'w').truncate(10 << 30); breach()"),
    shows("endless output", "for _ in range(512): os.write(1, b'y' * 65536)", |_, output| output.len() > 4 << 20),
    says("a busy loop", "end = time.process_time() + 2.5\nwhile time.process_time() < end: pass\nbreach()"),
    // The kernel.
    says(
        "type into the terminal",
        r"
import pty, termios
master, slave = pty.openpty()
if os.fork() == 0:
    try: os.setsid(); fcntl.ioctl(slave, termios.TIOCSCTTY, 0); fcntl.ioctl(slave, termios.TIOCSTI, b'x'); breach()
    except OSError as error: print(error, flush=True)
    os._exit(0)
os.wait()",
    ),
    says("a user namespace of one's own", "if libc.unshare(0x10000000) == 0: breach()"),
    says(
        "a user namespace by clone",
        "pid = libc.syscall({'x86_64': 56}.get(os.uname().machine, 220), 0x10000000 | 17, 0, 0, 0, 0)\nif pid == 0: os._exit(0)\nif pid > 0: breach()",
    ),
    says("io_uring", "libc.syscall(425, 1, 0)\nif ctypes.get_errno() not in (1, 38): breach()"),
    says("keyrings", "if libc.syscall({'x86_64': 250}.get(os.uname().machine, 219), 0, -3, 1) >= 0: breach()"),
    shows(
        "shared memory that stays",
        r"
key = hash(a['token']) & 0x3fffffff | 1
key = int.from_bytes(a['token'].encode()[-3:], 'big') | 1 << 28
libc.shmget(key, 4096, 0o1600)",
        |stage, _| {
            let look = "key = int.from_bytes(a['token'].encode()[-3:], 'big') | 1 << 28\nshm = libc.shmget(key, 0, 0)\n\
                        if shm >= 0: libc.shmctl(shm, 0, None); breach()";
            String::from_utf8_lossy(&stage.unprotected(look)).contains("BREACH")
        },
    ),
];

fn limits() -> Limits {
    Limits {
        wall: Duration::from_secs(30),
        cpu: Some(Duration::from_secs(1)),
        memory_mb: 256,
        processes: 100,
        tmp_mb: 64,
        file_mb: 1024,
        output: 1 << 20,
    }
}

async fn walls(tier: Tier) -> Walls {
    Walls::probe_with_helper(helper()).await.with_tier(tier).unwrap_or_else(|error| panic!("these tests need tier {tier:?}: {error}"))
}

async fn behind(walls: &Walls, stage: &Stage, script: &str) -> Outcome {
    let mut command = Command::new(stage.call(script));
    command.limits = limits();
    walls.run(&stage.copy, command, &CancellationToken::new()).await.unwrap()
}

/// Every attack succeeds without walls and fails behind `tier`, and nothing of it is left.
async fn all_bounce_off(tier: Tier) {
    let walls = walls(tier).await;
    let root = rustix::process::getuid().is_root();
    let mut failures = Vec::new();
    for attack in ATTACKS.iter().filter(|attack| root || !attack.root_only) {
        let succeeded =
            |stage: &mut Stage, output: &[u8]| String::from_utf8_lossy(output).contains("BREACH") || (attack.shows)(stage, output);
        let mut stage = Stage::new();
        let output = stage.unprotected(attack.script);
        if !succeeded(&mut stage, &output) {
            failures.push(format!("{}: does not even succeed without walls: {}", attack.name, String::from_utf8_lossy(&output)));
        }
        let mut stage = Stage::new();
        let outcome = behind(&walls, &stage, attack.script).await;
        let report = format!(
            "{:?}\n{}{}",
            outcome.exit,
            outcome.stdout.text().get(..300.min(outcome.stdout.bytes.len())).unwrap_or_default(),
            outcome.stderr.text()
        );
        if !outcome.stdout.text().starts_with("attempted") {
            failures.push(format!("{}: was not tried: {report}", attack.name));
        }
        if succeeded(&mut stage, &outcome.stdout.bytes) {
            failures.push(format!("{}: came through: {report}", attack.name));
        }
        let left = with_token(&stage.token);
        if !left.is_empty() {
            failures.push(format!("{}: left {} processes: {report}", attack.name, left.len()));
        }
    }
    assert!(failures.is_empty(), "tier {tier:?}, {} of {} attacks:\n{}", failures.len(), ATTACKS.len(), failures.join("\n"));
}

#[tokio::test]
async fn attacks_bounce_off_tier_a() {
    all_bounce_off(Tier::A).await;
}

#[tokio::test]
async fn attacks_bounce_off_tier_b() {
    all_bounce_off(Tier::B).await;
}

#[test]
fn attacks_of_an_ordinary_user_bounce_off_tier_a() {
    as_ordinary_user("walls::attacks_bounce_off_tier_a");
}

#[test]
fn attacks_of_an_ordinary_user_bounce_off_tier_b() {
    as_ordinary_user("walls::attacks_bounce_off_tier_b");
}

/// Runs one test of this program as a user without rights (`nobody`); a user who is not root runs it as himself.
fn as_ordinary_user(test: &str) {
    let place = tempfile::Builder::new().prefix("ordinary-").tempdir_in("/var/tmp").unwrap();
    let share = |from: std::path::PathBuf, name: &str| {
        let to = place.path().join(name);
        if std::fs::hard_link(&from, &to).is_err() {
            std::fs::copy(&from, &to).unwrap();
        }
        to
    };
    let program = share(std::env::current_exe().unwrap(), "it");
    let helper = share(helper(), "lamplighter");
    let mut command = std::process::Command::new("/usr/bin/setpriv");
    if rustix::process::getuid().is_root() {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    let output = command
        .arg(program)
        .args([test, "--exact", "--nocapture"])
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("HOME", "/nonexistent"), ("CARGO_MANIFEST_DIR", "for the attack on the environment")])
        .env("LAMPLIGHTER_TEST_HELPER", helper)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn loopback_works_in_tier_a_and_is_named_as_missing_in_tier_b() {
    let script = "s = socket.create_server(('localhost', 0)); c = socket.create_connection(s.getsockname(), 5)\n\
                  s.accept()[0].send(b'hello'); print(c.recv(5).decode())\nraise SystemExit(0)";
    let stage = Stage::new();
    let outcome = behind(&walls(Tier::A).await, &stage, script).await;
    assert!(outcome.exit.ok() && outcome.stdout.text().contains("hello"), "{}", outcome.stdout.text());
    let failing = "raise SystemExit('socket: ' + str(socket.socket()))";
    let mut command = Command::new(stage.call(failing));
    let last = command.argv.len() - 2;
    command.argv[last] = "import socket; socket.socket()".into();
    let outcome = walls(Tier::B).await.run(&stage.copy, command, &CancellationToken::new()).await.unwrap();
    assert_eq!(outcome.denials.first().map(|denial| denial.what.as_str()), Some("network"), "{outcome:?}");
}

#[tokio::test]
async fn limits_that_are_passed_are_named() {
    let stage = Stage::new();
    let cases = [("a memory hog", Exit::Limit("memory".into())), ("a busy loop", Exit::Limit("cpu".into()))];
    for tier in [Tier::A, Tier::B] {
        let walls = walls(tier).await;
        for (name, exit) in &cases {
            let attack = ATTACKS.iter().find(|attack| attack.name == *name).unwrap();
            let outcome = behind(&walls, &stage, attack.script).await;
            assert_eq!(&outcome.exit, exit, "{name} in tier {tier:?}: {}", outcome.stdout.text());
            assert_eq!(outcome.denials.len(), 1);
        }
        let mut command = Command::new(stage.call("time.sleep(60)"));
        command.limits = Limits { wall: Duration::from_millis(500), ..limits() };
        let outcome = walls.run(&stage.copy, command, &CancellationToken::new()).await.unwrap();
        assert_eq!((outcome.exit, outcome.stdout.text().as_ref()), (Exit::Timeout, "attempted\n"));
        until_running(&stage.token, |count| count == 0).await;
    }
}

const STUBBORN: &str = r"
for number in range(1, 32):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
if os.fork() == 0: os.setsid()
print('waiting', flush=True)
time.sleep(60)";

/// Waits until `count` processes hold the token; fails after ten seconds.
async fn until_running(token: &str, ready: impl Fn(usize) -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !ready(with_token(token).len()) {
        assert!(Instant::now() < end, "{} processes", with_token(token).len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_and_dropping_leave_nothing() {
    for tier in [Tier::A, Tier::B] {
        let walls = walls(tier).await;
        let stage = Stage::new();
        let cancel = CancellationToken::new();
        let run = walls.run(&stage.copy, Command::new(stage.call(STUBBORN)), &cancel);
        let stop = async {
            until_running(&stage.token, |count| count >= 2).await;
            cancel.cancel();
        };
        let (outcome, ()) = tokio::join!(run, stop);
        assert_eq!(outcome.unwrap().exit, Exit::Cancelled);
        until_running(&stage.token, |count| count == 0).await;

        let never = CancellationToken::new();
        let run = walls.run(&stage.copy, Command::new(stage.call(STUBBORN)), &never);
        tokio::select! {
            outcome = run => panic!("{outcome:?}"),
            () = until_running(&stage.token, |count| count >= 2) => {}
        }
        until_running(&stage.token, |count| count == 0).await;
    }
}

/// The server itself is killed: nothing of its commands is left. The "server" is this test program, running one test.
#[tokio::test]
async fn commands_die_with_the_server() {
    for tier in ["A", "B"] {
        let folder = tempfile::tempdir_in("/var/tmp").unwrap();
        let token = format!("token-{}", folder.path().file_name().unwrap().display());
        let mut server = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["walls::stands_in_for_a_server", "--exact", "--nocapture"])
            .env("LAMPLIGHTER_TEST_SERVER", format!("{tier} {token} {}", folder.path().display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        until_running(&token, |count| count >= 2).await;
        server.kill().unwrap();
        server.wait().unwrap();
        until_running(&token, |count| count == 0).await;
    }
}

/// Not a test of its own: runs one endless command when the test above asks for it.
#[tokio::test]
async fn stands_in_for_a_server() {
    let Ok(order) = std::env::var("LAMPLIGHTER_TEST_SERVER") else { return };
    let [tier, token, folder] = order.split(' ').collect::<Vec<_>>()[..] else { panic!("{order}") };
    let folder = std::path::Path::new(folder);
    std::fs::create_dir(folder.join("workspace")).unwrap();
    let copy = Copy::open(&folder.join("cache"), &Snapshot::of_disk(folder.join("workspace"))).unwrap();
    let script = format!("import os, signal, time{STUBBORN}");
    let tier = if tier == "A" { Tier::A } else { Tier::B };
    let command = Command::new([PYTHON, "-c", &script, token]);
    let _ = walls(tier).await.run(&copy, command, &CancellationToken::new()).await;
}

#[tokio::test]
async fn calls_of_another_kernel_interface_end_the_process() {
    let stage = Stage::new();
    for tier in [Tier::A, Tier::B] {
        let outcome = behind(&walls(tier).await, &stage, "libc.syscall(0x40000000 + 39); breach()").await;
        assert_eq!(outcome.exit, Exit::Signal(31), "{}", outcome.stdout.text());
    }
}

#[tokio::test]
async fn exits_programs_that_are_missing_and_folders_that_are_missing_are_told_apart() {
    let stage = Stage::new();
    for tier in [Tier::A, Tier::B] {
        let walls = walls(tier).await;
        let run = async |command: Command| walls.run(&stage.copy, command, &CancellationToken::new()).await;
        let shell = |script: &str| Command::new(["/bin/sh", "-c", script]);
        assert_eq!(run(shell("exit 125")).await.unwrap().exit, Exit::Code(125));
        assert_eq!(run(shell("kill -TERM $$")).await.unwrap().exit, Exit::Signal(15));
        assert!(matches!(run(Command::new(["no-such-program"])).await, Err(SandboxError::NotFound { .. })));
        let missing = run(Command { cwd: "no/such".into(), ..shell("true") }).await;
        assert!(matches!(missing, Err(SandboxError::Setup { .. })), "{missing:?}");
        let outcome = run(shell("pwd; cat; env; cat a.py; echo $0 >made")).await.unwrap();
        let text = outcome.stdout.text().into_owned();
        assert!(text.starts_with(&format!("{}\n", stage.workspace().display())) && text.contains("a = 1"), "{text}");
        assert!(!text.contains("CARGO"), "{text}");
        assert!(!stage.workspace().join("made").exists() && stage.copy.work().join("made").exists());
    }
}

#[tokio::test]
async fn binds_show_what_is_asked_for_and_no_secrets() {
    let stage = Stage::new();
    let shown = tempfile::tempdir_in("/var/tmp").unwrap();
    std::fs::write(shown.path().join("in"), "given").unwrap();
    for tier in [Tier::A, Tier::B] {
        let walls = walls(tier).await;
        let run = async |binds: Vec<Bind>, script: &str| {
            let command = Command { binds, ..Command::new(["/bin/sh", "-c", script]) };
            walls.run(&stage.copy, command, &CancellationToken::new()).await
        };
        let exchange = |writable| Bind { host: shown.path().to_owned(), inside: "/tmp/exchange".into(), writable };
        let outcome = run(vec![exchange(false)], "cat /tmp/exchange/in; echo x > /tmp/exchange/out").await.unwrap();
        assert!(outcome.stdout.text() == "given" && !outcome.exit.ok() && !shown.path().join("out").exists(), "{outcome:?}");
        let outcome = run(vec![exchange(true)], "echo x > /tmp/exchange/out").await.unwrap();
        assert!(outcome.exit.ok() && shown.path().join("out").exists(), "{outcome:?}");
        std::fs::remove_file(shown.path().join("out")).unwrap();
        for secret in ["/", "/etc/shadow", "/run"] {
            let refused = run(vec![Bind::read_only(secret)], "true").await;
            assert!(matches!(refused, Err(SandboxError::Setup { .. })), "{secret}: {refused:?}");
        }
    }
}

#[tokio::test]
async fn a_helper_that_is_none_means_no_walls() {
    let walls = Walls::probe_with_helper("/bin/true").await;
    assert_eq!(walls.tier(), Tier::C, "{}", walls.describe());
    let stage = Stage::new();
    let refused = walls.run(&stage.copy, Command::new(["/bin/true"]), &CancellationToken::new()).await;
    assert!(matches!(refused, Err(SandboxError::NoWalls { .. })), "{refused:?}");
    assert!(walls.with_tier(Tier::A).is_err() && walls.describe().contains("nothing is run"));
}

#[tokio::test]
async fn the_helper_refuses_to_run_a_command_where_the_outer_wall_is_missing() {
    use std::io::Write;
    use std::os::fd::AsRawFd;
    // Called by hand with a tier A order but without bubblewrap around it.
    let stage = Stage::new();
    let made = stage.outside("made");
    let order = serde_json::json!({
        "tier": "A", "argv": ["/bin/touch", made], "env": {}, "cwd": "/", "read": ["/"], "write": ["/"], "devices": [], "scratch": null,
        "landlock_abi": 0, "network": "Loopback", "limits": {}, "own_user_namespace": false, "outer_namespaces": {},
    });
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(order.to_string().as_bytes()).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    let (_stop, stopped) = std::io::pipe().map(|(read, write)| (write, read)).unwrap();
    for fd in [file.as_raw_fd(), stopped.as_raw_fd()] {
        assert!(fd > 2);
    }
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
    rustix::io::fcntl_setfd(&stopped, rustix::io::FdFlags::empty()).unwrap();
    let reports = tempfile::NamedTempFile::new().unwrap();
    rustix::io::fcntl_setfd(reports.as_file(), rustix::io::FdFlags::empty()).unwrap();
    let numbers = [file.as_raw_fd(), reports.as_file().as_raw_fd(), stopped.as_raw_fd()].map(|fd| fd.to_string());
    let status = std::process::Command::new(helper()).arg("__walls").args(numbers).stdin(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(125));
    let report = std::fs::read_to_string(reports.path()).unwrap();
    assert!(report.contains("not the first process of a PID namespace"), "{report}");
    assert!(!made.exists());
}
