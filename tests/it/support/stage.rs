//! A stage for attacks: a workspace with its copy, and around it everything a hostile command would like to reach —
//! secrets, sockets, processes, an inherited descriptor — each watched, so that a success shows.

#![allow(clippy::disallowed_methods)] // The other side of the comparison runs without walls.

use std::fs::{self, File};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use lamplighter::sandbox::Copy;
use lamplighter::session::Snapshot;
use tempfile::TempDir;

/// Content of every secret.
pub const CANARY: &str = "canary-4711";
/// Not under `/tmp`, which a sandbox hides wholesale.
const PLACE: &str = "/var/tmp";
/// The system's own interpreter, visible inside and outside.
pub const PYTHON: &str = "/usr/bin/python3";

/// The stage, built anew for every attack.
pub struct Stage {
    folder: TempDir,
    pub copy: Copy,
    pub token: String,
    victim: Child,
    tcp: TcpListener,
    udp: UdpSocket,
    abstract_socket: UnixListener,
    path_socket: UnixListener,
    path_datagrams: UnixDatagram,
    _inheritable: File,
}

impl Stage {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("stage-").tempdir_in(PLACE).unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["outside/.ssh", "workspace/.git/hooks", "cache"] {
            fs::create_dir_all(path(name)).unwrap();
        }
        for name in ["outside/.ssh/id", "outside/secret", "workspace/.git/config"] {
            fs::write(path(name), CANARY).unwrap();
        }
        fs::write(path("workspace/a.py"), "a = 1\n").unwrap();
        let copy = Copy::open(&path("cache"), &Snapshot::of_disk(path("workspace"))).unwrap();
        let inheritable = File::open(path("outside/secret")).unwrap();
        rustix::io::fcntl_setfd(&inheritable, rustix::io::FdFlags::empty()).unwrap();
        let token = format!("token-{}", folder.path().file_name().unwrap().to_str().unwrap());
        use std::os::linux::net::SocketAddrExt;
        let name = std::os::unix::net::SocketAddr::from_abstract_name(&token).unwrap();
        let stage = Self {
            victim: Command::new("/bin/sleep").arg("120").stdin(Stdio::null()).spawn().unwrap(),
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            udp: UdpSocket::bind("127.0.0.1:0").unwrap(),
            abstract_socket: UnixListener::bind_addr(&name).unwrap(),
            path_socket: UnixListener::bind(path("outside/socket")).unwrap(),
            path_datagrams: UnixDatagram::bind(path("outside/datagrams")).unwrap(),
            copy,
            token,
            _inheritable: inheritable,
            folder,
        };
        stage.tcp.set_nonblocking(true).unwrap();
        stage.udp.set_nonblocking(true).unwrap();
        stage.abstract_socket.set_nonblocking(true).unwrap();
        stage.path_socket.set_nonblocking(true).unwrap();
        stage.path_datagrams.set_nonblocking(true).unwrap();
        stage
    }

    pub fn outside(&self, name: &str) -> PathBuf {
        self.folder.path().join("outside").join(name)
    }

    pub fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    /// The call of an attack: a Python script that is told where everything is.
    pub fn call(&self, script: &str) -> Vec<String> {
        let facts = serde_json::json!({
            "outside": self.outside(""), "root": self.workspace(), "token": self.token, "canary": CANARY,
            "pid": std::process::id(), "victim": self.victim.id(),
            "tcp": self.tcp.local_addr().unwrap().port(), "udp": self.udp.local_addr().unwrap().port(),
        });
        let indented: String = script.trim().lines().map(|line| format!("    {line}\n")).collect();
        let whole = format!(
            "import ctypes, fcntl, json, os, resource, signal, socket, sys, time\n\
             a = json.loads(sys.argv[1])\nlibc = ctypes.CDLL(None, use_errno=True)\n\
             def breach(): print('BREACH', flush=True)\n\
             print('attempted', flush=True)\ntry:\n{indented}except Exception as error:\n    print(repr(error), flush=True)\n"
        );
        [PYTHON, "-I", "-c", &whole, &facts.to_string()].map(str::to_owned).to_vec()
    }

    /// The attack without walls, from the workspace itself: standard output, read to its end.
    pub fn unprotected(&self, script: &str) -> Vec<u8> {
        let call = self.call(script);
        let output = self.folder.path().join("output");
        let mut child = Command::new(&call[0])
            .args(&call[1..])
            .current_dir(self.workspace())
            .env("TMPDIR", self.folder.path())
            .stdin(Stdio::null())
            .stdout(File::create(&output).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.wait().unwrap();
        fs::read(output).unwrap()
    }

    /// Whether anybody knocked at one of the sockets.
    pub fn was_reached(&self) -> bool {
        let mut buffer = [0; 16];
        self.tcp.accept().is_ok()
            || self.udp.recv(&mut buffer).is_ok()
            || self.abstract_socket.accept().is_ok()
            || self.path_socket.accept().is_ok()
            || self.path_datagrams.recv(&mut buffer).is_ok()
    }

    pub fn victim_died(&mut self) -> bool {
        self.victim.try_wait().unwrap().is_some()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for pid in with_token(&self.token) {
            let _ = rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), rustix::process::Signal::KILL);
        }
        let _ = self.victim.kill();
        let _ = self.victim.wait();
    }
}

/// Live processes anywhere on the machine whose arguments hold `token`: those of an attack and all it forked.
pub fn with_token(token: &str) -> Vec<i32> {
    let me = std::process::id() as i32;
    let pids = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| *pid != me && holds(&Path::new("/proc").join(pid.to_string()).join("cmdline"), token)).collect()
}

fn holds(file: &Path, token: &str) -> bool {
    fs::read(file).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(token))
}
