"""Make sure that Debian's programs for the tests are there; install them where it may."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Program:
    """What some tests run, the names it goes by, and the package that brings it."""

    purpose: str
    names: tuple[str, ...]
    package: str


PROGRAMS = (
    Program(
        purpose="The browser tests need Chromium.",
        names=("chromium", "chromium-browser", "google-chrome"),
        package="chromium",
    ),
    Program(
        purpose="The tests behind a connection pooler need PgBouncer.",
        names=("pgbouncer",),
        package="pgbouncer",
    ),
)
# Debian keeps PgBouncer where only root's PATH looks.
_ALSO = "/usr/sbin"


def main() -> int:
    """Return 0 when every program is there, 1 with advice when one is not."""
    missing = [program for program in PROGRAMS if not _found(program)]
    if not missing:
        return 0
    packages = [program.package for program in missing]
    if shutil.which("apt-get") and os.geteuid() == 0:
        print(f"Installing {' and '.join(packages)} for the tests (once)", file=sys.stderr)
        install = ("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)
        for command in (("apt-get", "update", "-qq"), install):
            subprocess.run(command, check=True, stdout=sys.stderr)
        return 0
    for program in missing:
        print(program.purpose, file=sys.stderr)
    print(f"On Debian: sudo apt-get install {' '.join(packages)}", file=sys.stderr)
    return 1


def _found(program: Program) -> bool:
    return any(shutil.which(name) or shutil.which(name, path=_ALSO) for name in program.names)


if __name__ == "__main__":
    sys.exit(main())
