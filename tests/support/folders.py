"""Folders for servers under test."""

import atexit
import shutil
import tempfile
from pathlib import Path


def reachable() -> Path:
    """Return a short path that other users may enter; it is removed when the tests end.

    PostgreSQL does not run as root: under pytest's own folders, which are private, it would have to
    keep its data elsewhere on the machine.
    """
    folder = Path(tempfile.mkdtemp(prefix="xt-", dir="/tmp"))
    folder.chmod(0o711)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
