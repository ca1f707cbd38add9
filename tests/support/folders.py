"""Folders for servers under test."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_DISK, _MEMORY = "/tmp", "/dev/shm"  # noqa: S108 - short names: sockets lie below them
_LEAST_FREE = 8 * 2**30


def reachable() -> Path:
    """Return a short path that other users may enter; it is removed when the tests end.

    PostgreSQL does not run as root: under pytest's own folders, which are private, it would have to
    keep its data elsewhere on the machine.
    """
    folder = Path(tempfile.mkdtemp(prefix="xt-", dir=place()))
    folder.chmod(0o711)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def place() -> str:
    """Return where such folders lie: in memory where it has room for them, else on the disk.

    A server makes hundreds of files at once, for which a disk can take half a second.
    """
    try:
        memory = os.statvfs(_MEMORY)
    except OSError:
        return _DISK
    has_room = memory.f_bavail * memory.f_frsize >= _LEAST_FREE
    return _MEMORY if has_room and not memory.f_flag & os.ST_NOEXEC else _DISK
