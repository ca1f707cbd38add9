"""Foreign servers, each in a virtual environment of its own: their packages exclude ours.

What is installed is pinned with hashes in `requirements/`, and stays in `.bench/` until those pins
change.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from bench.progress import say

_ROOT = Path(__file__).parent.parent
_FOLDER = _ROOT / ".bench"
_INSTALL_SECONDS = 300


class NotInstalled(Exception):
    """The message is the end of what pip said."""


def installed(name: str) -> Path:
    """Return the environment's `bin` folder, made now where it is not there.

    Raises:
        NotInstalled: pip or venv refused, or took too long.
    """
    pins = _ROOT / "requirements" / f"bench-{name}.txt"
    wanted = hashlib.sha256(pins.read_bytes()).hexdigest()
    place, mark = _FOLDER / name, _FOLDER / name / "installed"
    if not mark.is_file() or mark.read_text() != wanted:
        say(f"Installing {name} into {place.relative_to(_ROOT)} (once, about a minute)")
        _run(sys.executable, "-m", "venv", "--clear", str(place))
        pip = (str(place / "bin/python"), "-m", "pip", "install", "--disable-pip-version-check")
        _run(*pip, "--quiet", "--require-hashes", "-r", str(pins))
        mark.write_text(wanted)
    return place / "bin"


def lighthouse() -> tuple[str, ...]:
    """Return the command, installed now where it is not there; it looks at pages.

    Raises:
        NotInstalled: npm refused, or took too long.
    """
    pins = Path(__file__).parent / "lighthouse"
    wanted = hashlib.sha256((pins / "package-lock.json").read_bytes()).hexdigest()
    place, mark = _FOLDER / "lighthouse", _FOLDER / "lighthouse" / "installed"
    if not mark.is_file() or mark.read_text() != wanted:
        say(f"Installing Lighthouse into {place.relative_to(_ROOT)} (once, about a minute)")
        place.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(pins / name, place)
        npm = (str(Path(sys.executable).parent / "npm"), "ci", "--ignore-scripts")
        _run(*npm, "--no-audit", "--no-fund", "--prefix", str(place))
        mark.write_text(wanted)
    node = Path(sys.executable).parent / "node"
    return str(node), str(place / "node_modules/lighthouse/cli/index.js")


def version(name: str) -> str:
    """Return the pinned version of the package itself."""
    pins = (_ROOT / "requirements" / f"bench-{name}.in").read_text()
    return pins.strip().partition("==")[2]


def _run(*command: str) -> None:
    try:
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            timeout=_INSTALL_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        raise NotInstalled(error.stderr.strip()[-400:]) from error
    except subprocess.TimeoutExpired as error:
        raise NotInstalled(f"took more than {_INSTALL_SECONDS} s") from error
