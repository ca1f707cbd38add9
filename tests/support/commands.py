"""Commands of ours that end by themselves."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_SECONDS = 90


def xerus(
    *args: str, env: Mapping[str, str] | None = None, folder: Path, program: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `xerus ARGS` in `folder` with nothing but `env` set; `program` instead of the module."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    command = [program] if program else [sys.executable, "-m", "xerus"]
    return subprocess.run(
        [*command, *args],
        env={**kept, "XERUS_DATA_DIR": str(folder / "data"), **(env or {})},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
