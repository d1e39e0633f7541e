//! The seccomp filter: system calls no build or test needs and every escape wants. A deny-list, because compilers and
//! test suites use a wide and growing set of calls; namespaces and Landlock carry the files.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Len, SeccompCmpOp as Op, SeccompCondition as Condition, SeccompFilter,
    SeccompRule as Rule, sock_filter,
};

use super::Spec;
use crate::sandbox::Tier;

type Rules = BTreeMap<i64, Vec<Rule>>;

/// Kernel interfaces that are an attack surface and nothing else here: refused as if not allowed.
const FORBIDDEN: &[i64] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_lookup_dcookie,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];

/// Interfaces programs probe for and do without: refused as if the kernel had none. `clone3` hides its flags in memory
/// where a filter cannot look; C libraries then use `clone`, which it can check.
const ABSENT: &[i64] = &[
    libc::SYS_clone3,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
];

/// The network, where there is no namespace to have one of our own in. Refused with the words people know for it.
const NETWORK: &[i64] = &[libc::SYS_socket, libc::SYS_connect, libc::SYS_bind, libc::SYS_listen];

/// What reaches other processes or files by name past Landlock; behind namespaces (tier A) it is harmless and stays.
const FORBIDDEN_WITHOUT_NAMESPACES: &[i64] = &[
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kcmp,
    // System V and POSIX message objects outlive the command.
    libc::SYS_shmget,
    libc::SYS_semget,
    libc::SYS_msgget,
    libc::SYS_mq_open,
    // Landlock does not look at owners, modes, attributes and times changed by path; by descriptor they stay allowed,
    // for a descriptor can only be had where Landlock lets one open.
    libc::SYS_fchmodat,
    libc::SYS_fchownat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utime,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utimes,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_futimesat,
    SYS_FCHMODAT2,
    SYS_SETXATTRAT,
    SYS_REMOVEXATTRAT,
];
/// Newer calls with the same number on every architecture, not yet in all versions of libc.
const SYS_FCHMODAT2: i64 = 452;
const SYS_SETXATTRAT: i64 = 463;
const SYS_REMOVEXATTRAT: i64 = 466;
const SYS_OPEN_TREE_ATTR: i64 = 467;
const SYS_FILE_SETATTR: i64 = 469;

/// Signals by process id: Landlock confines them from ABI 6 on; before, they cannot be told from attacks on the user's programs.
const SIGNALS: &[i64] = &[
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_tgkill,
    libc::SYS_pidfd_send_signal,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
];

/// Compiles the filters for `spec` and applies them to this process for ever.
pub(super) fn install(spec: &Spec) -> Result<(), String> {
    let rules = forbidden(spec).map_err(|error| format!("cannot build the seccomp filter: {error}"))?;
    let all = |calls: &[i64]| calls.iter().map(|call| (*call, Vec::new())).collect::<Rules>();
    let network = if spec.tier == Tier::A { Rules::new() } else { all(NETWORK) };
    for (rules, errno) in [(all(ABSENT), libc::ENOSYS), (network, libc::ENETUNREACH), (rules, libc::EPERM)] {
        if rules.is_empty() {
            continue;
        }
        let program = compile(rules, errno).map_err(|error| format!("cannot compile the seccomp filter: {error}"))?;
        seccompiler::apply_filter(&program).map_err(|error| format!("cannot apply the seccomp filter: {error}"))?;
    }
    Ok(())
}

fn compile(rules: Rules, errno: i32) -> Result<BpfProgram, seccompiler::BackendError> {
    let arch = std::env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(errno.unsigned_abs()), arch)?;
    let mut program = without_x32();
    program.extend(BpfProgram::try_from(filter)?);
    Ok(program)
}

/// x32 calls carry the architecture of x86-64 and numbers from bit 30 on, so a deny-list by number would let them by:
/// load the number, and kill from there on up. (On other architectures no such numbers exist.)
fn without_x32() -> BpfProgram {
    const LOAD_WORD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS; offset 0 is the call's number
    const JUMP_IF_GE: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
    const RETURN: u16 = 0x06; // BPF_RET | BPF_K
    const X32_BIT: u32 = 0x4000_0000;
    let step = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    vec![step(LOAD_WORD, 0, 0, 0), step(JUMP_IF_GE, 0, 1, X32_BIT), step(RETURN, 0, 0, libc::SECCOMP_RET_KILL_PROCESS)]
}

fn forbidden(spec: &Spec) -> Result<Rules, seccompiler::BackendError> {
    let mut rules: Rules = FORBIDDEN.iter().map(|call| (*call, Vec::new())).collect();
    rules.insert(SYS_OPEN_TREE_ATTR, Vec::new());
    let word = |argument, op, value| Condition::new(argument, Len::Dword, op, value);
    let one = |condition| Rule::new(vec![condition]);
    // Typing into the terminal for the user.
    let ioctls = [libc::TIOCSTI, libc::TIOCLINUX].map(|request| word(1, Op::Eq, request).and_then(one));
    rules.insert(libc::SYS_ioctl, ioctls.into_iter().collect::<Result<_, _>>()?);
    let namespaces = [
        libc::CLONE_NEWNS,
        libc::CLONE_NEWCGROUP,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
    ];
    let clones = namespaces.map(|flag| word(0, Op::MaskedEq(flag as u64), flag as u64).and_then(one));
    rules.insert(libc::SYS_clone, clones.into_iter().collect::<Result<_, _>>()?);
    if spec.tier == Tier::A {
        // Local, Internet and (for address look-up) route sockets; no VSOCK, packet, kernel crypto, Bluetooth, …
        let families = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];
        let others = families.map(|family| word(0, Op::Ne, family as u64)).into_iter().collect::<Result<Vec<_>, _>>()?;
        rules.insert(libc::SYS_socket, vec![Rule::new(others)?]);
    } else {
        without_namespaces(spec, &mut rules)?;
    }
    Ok(rules)
}

fn without_namespaces(spec: &Spec, rules: &mut Rules) -> Result<(), seccompiler::BackendError> {
    rules.extend(FORBIDDEN_WITHOUT_NAMESPACES.iter().map(|call| (*call, Vec::new())));
    rules.insert(SYS_FILE_SETATTR, Vec::new());
    // A pair of connected streams leads nowhere else; a datagram pair can be re-addressed to any socket on disk.
    let kind = |value: i32| Condition::new(1, Len::Dword, Op::MaskedEq(0xf), value as u64).and_then(|one| Rule::new(vec![one]));
    rules.insert(libc::SYS_socketpair, vec![kind(libc::SOCK_DGRAM)?, kind(libc::SOCK_RAW)?]);
    // Limits and times of others: only one's own (process 0), only by descriptor (path 0).
    let other = |argument, len| Condition::new(argument, len, Op::Ne, 0).and_then(|one| Rule::new(vec![one]));
    rules.insert(libc::SYS_prlimit64, vec![other(0, Len::Dword)?]);
    rules.insert(libc::SYS_utimensat, vec![other(1, Len::Qword)?]);
    if spec.landlock_abi < 6 {
        rules.extend(SIGNALS.iter().map(|call| (*call, Vec::new())));
    }
    if spec.landlock_abi < 3 {
        rules.insert(libc::SYS_truncate, Vec::new());
    }
    Ok(())
}
