"""Running other programs: always with a time limit, a memory limit and an environment we chose.

A mutant may loop for ever or eat memory; a package's suite must not see the keys and settings of whoever runs
the table.
"""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

MEMORY_KIB = 8 * 1024 * 1024
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "CARGO_HOME", "RUSTUP_HOME", "PYENV_ROOT")
NETWORK = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy")
PREFIXES = ("PIP_", "CARGO_HTTP_", "CARGO_REGISTRIES_")
_running: set[int] = set()


def leave_nothing_behind() -> None:
    """From now on, a request to stop (Ctrl-C, SIGTERM) also ends every process group started here."""

    def stop(number, _frame) -> None:
        for group in list(_running):
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                pass  # It came to its end meanwhile.
        os._exit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


@dataclass(frozen=True)
class Finished:
    """How a process ended. `code` is None when it was stopped at the time limit."""

    code: int | None
    output: str
    errors: str
    seconds: float

    @property
    def timed_out(self) -> bool:
        return self.code is None


def environment(network: bool = False, **more: str) -> dict[str, str]:
    """The few variables programs need; with `network`, also what the package managers read."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    if network:
        for name, value in os.environ.items():
            if name in NETWORK or name.startswith(PREFIXES):
                kept[name] = value
    kept.update(CARGO_TERM_COLOR="never", NO_COLOR="1", PYTHONDONTWRITEBYTECODE="1", **more)
    return kept


def run(command: list[str], cwd: Path, seconds: float, env: dict[str, str] | None = None, limit: bool = True) -> Finished:
    """Runs to the end or to the limit; then the whole process group is killed."""
    if limit:
        command = ["/bin/sh", "-c", f'ulimit -v {MEMORY_KIB}; exec "$@"', "sh", *command]
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=environment() if env is None else env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    _running.add(process.pid)
    code: int | None
    try:
        output, errors = process.communicate(timeout=seconds)
        code = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, errors = process.communicate()
        code = None
    finally:
        _running.discard(process.pid)
    spent = time.monotonic() - started
    return Finished(code, output.decode(errors="replace"), errors.decode(errors="replace"), spent)
