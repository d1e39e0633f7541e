"""Fetches source distributions with the registries' own clients: pip and cargo.

The archive that comes must have the pinned hash. Unpacked and trimmed it becomes a *template*: the pristine
project every tree is copied from.
"""

import re
import shutil
import sys
import tarfile
from pathlib import Path

import processes
from catalog import Package, TableError, cache, sha256

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
IGNORE = "\n.venv/\n__pycache__/\n*.pyc\n.pytest_cache/\n/target/\n"


def template(package: Package) -> Path:
    """The pristine project, unpacked and ready to be copied; fetched on first use."""
    folder = cache() / "templates" / package.label
    if not folder.exists():
        archive = _sdist(package) if package.language == "python" else _crate(package)
        if sha256(archive) != package.sha256:
            raise TableError(f"{archive.name} has hash {sha256(archive)}, not the pinned {package.sha256}: not used")
        fresh = folder.with_name(folder.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        _unpack(archive, fresh)
        _trim(package, fresh)
        fresh.rename(folder)
    return folder


def wheelhouse(package: Package) -> Path:
    """A folder with everything the suite of a Python package needs to be installed without network."""
    folder = cache() / "wheels" / package.label
    done = folder / "complete"
    wanted = "\n".join(package.test_requires)
    if not done.exists() or done.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _client([*PIP, "download", "--only-binary", ":all:", "-d", str(folder), *package.test_requires], folder)
        done.write_text(wanted)
    return folder


def _sdist(package: Package) -> Path:
    folder = cache() / "archives"
    folder.mkdir(exist_ok=True)
    pins = folder / f"{package.label}.txt"
    pins.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n")
    options = ["--no-deps", "--no-binary", package.name, "--require-hashes", "-r", str(pins), "-d", str(folder)]
    _client([*PIP, "download", *options], folder)
    stem = re.sub(r"[-_.]+", "[-_.]", package.name)
    for path in folder.glob("*.tar.gz"):
        if re.fullmatch(f"{stem}-{re.escape(package.version)}.tar.gz", path.name, re.IGNORECASE):
            return path
    raise TableError(f"pip fetched no source archive of {package.label}")


def _crate(package: Package) -> Path:
    scratch = cache() / "archives" / f"fetch-{package.label}"
    (scratch / "src").mkdir(parents=True, exist_ok=True)
    (scratch / "src" / "lib.rs").write_text("")
    (scratch / "Cargo.toml").write_text(
        '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n\n[workspace]\n\n'
        f'[dependencies]\n"{package.name}" = {{ version = "={package.version}", default-features = false }}\n'
    )
    _client(["cargo", "fetch", "-q"], scratch)
    home = Path(processes.environment().get("CARGO_HOME", Path.home() / ".cargo"))
    for path in sorted(home.glob(f"registry/cache/*/{package.label}.crate")):
        return path
    raise TableError(f"cargo fetched {package.label} but its archive is not in {home}/registry/cache")


def _unpack(archive: Path, folder: Path) -> None:
    beside = folder.with_name(folder.name + ".unpacking")
    shutil.rmtree(beside, ignore_errors=True)
    # Early Python 3.11 has no filters; the archive is the one that was pinned, in any case.
    safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
    with tarfile.open(archive) as content:
        content.extractall(beside, **safely)
    (top,) = beside.iterdir()
    top.rename(folder)
    beside.rmdir()


def _trim(package: Package, folder: Path) -> None:
    for name in package.omit:
        (folder / name).unlink()
    ignore = folder / ".gitignore"
    ignore.write_text((ignore.read_text() if ignore.exists() else "") + IGNORE)
    if package.language == "rust":
        manifest = folder / "Cargo.toml"
        manifest.write_text(_without(manifest.read_text(), package.drop_dev_dependencies))
        # Settles Cargo.lock and fills cargo's cache, so that all later calls work offline.
        _client(["cargo", "fetch", "-q"], folder)


def _without(manifest: str, dependencies: list[str]) -> str:
    """A normalised manifest without these development dependencies and the benchmarks that use them."""
    if not dependencies:
        return manifest
    tables = re.split(r"(?m)^(?=\[)", manifest)
    names = "|".join(map(re.escape, dependencies))
    unwanted = re.compile(rf"\[(.*\.)?dev-dependencies\.({names})\]|\[\[bench\]\]")
    return "".join(table for table in tables if not unwanted.match(table))


def _client(command: list[str], cwd: Path) -> None:
    """Runs pip or cargo with network; says what to do when it fails."""
    done = processes.run(command, cwd, 600, processes.environment(network=True), limit=False)
    if done.code != 0:
        raise TableError(
            f"could not fetch: `{' '.join(command)}` ended with {done.code}:\n{done.errors.strip()[-2000:]}\n"
            "check the network and the registry settings of pip and cargo, then run again"
        )
