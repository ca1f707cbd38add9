"""What the fixtures of this folder hand out."""

import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """A database of its own: as Xerus logs in, and as the owner of everything."""

    login: str
    owner: str


def short_folder() -> Path:
    """A short path that the server's user can enter, also where the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="xt-", dir="/tmp"))
    folder.chmod(0o755)
    return folder
