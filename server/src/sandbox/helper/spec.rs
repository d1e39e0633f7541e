//! What the server tells the helper to do and what the helper tells back: two small JSON messages over inherited
//! descriptors, so that nothing of it stands in an argument list or an environment.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::sandbox::{Exit, Limits, Network, Tier};

/// One command and the walls it must run behind. Paths are as seen behind the outer wall.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Spec {
    /// Which walls.
    pub tier: Tier,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// The whole environment.
    pub env: BTreeMap<String, String>,
    /// Where to start it.
    pub cwd: PathBuf,
    /// Trees and files it may read and execute.
    pub read: Vec<PathBuf>,
    /// Trees it may change.
    pub write: Vec<PathBuf>,
    /// Device files it may use.
    pub devices: Vec<PathBuf>,
    /// Private scratch folder on disk whose size counts (tier B; tier A has a tmpfs of fixed size).
    pub scratch: Option<PathBuf>,
    /// Landlock ABI found on this kernel; 0 for none.
    pub landlock_abi: i32,
    /// What it may reach.
    pub network: Network,
    /// Its limits.
    pub limits: Limits,
    /// Whether RLIMIT_NPROC counts only what runs in here.
    pub own_user_namespace: bool,
    /// The server's own namespaces (`pid` → `pid:[4026531836]`), none of which may be found inside.
    pub outer_namespaces: BTreeMap<String, String>,
}

/// What the helper reports.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub(crate) enum Report {
    /// The walls could not be put up; nothing ran.
    Setup {
        /// Which step failed and why.
        why: String,
    },
    /// The program does not exist inside.
    NotFound,
    /// The command runs.
    Started,
    /// It ended, and nothing of it is left (tier B) or will be when the helper has ended (tier A).
    Exit {
        /// How.
        exit: Exit,
    },
}
