"""What a sandbox port keeps on disk, so that a SIGKILL loses nothing that was answered.

A snapshot is replaced as a whole; a journal grows by one line per event. Neither is synced to the
platter: the promise covers a killed process, not a lost machine.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson


class Snapshot:
    """One JSON file, replaced atomically."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> dict[str, Any] | None:
        """Return what was saved last, or None when nothing was.

        Raises:
            ValueError: the file is not ours; the message names it and the way out.
        """
        try:
            data = orjson.loads(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except orjson.JSONDecodeError as error:
            raise ValueError(f"{self.path} is not a sandbox state file. Delete it.") from error
        if not isinstance(data, dict):
            raise ValueError(f"{self.path} is not a sandbox state file. Delete it.")  # noqa: TRY004 - the file is wrong, not a type in the code
        return data

    def save(self, data: dict[str, Any]) -> None:
        """Replace the file; a reader sees the old or the new content, never a part.

        Dataclasses are saved as objects.
        """
        new = self.path.with_suffix(".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps(data))
        new.replace(self.path)


class Journal:
    """A file of JSON lines that is only appended to, or emptied."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._cut_torn_line()

    def _cut_torn_line(self) -> None:
        # A kill in the middle of a write leaves half a line, which was never answered.
        data = self.path.read_bytes()
        if data and not data.endswith(b"\n"):
            os.ftruncate(self._descriptor, data.rfind(b"\n") + 1)

    def append(self, event: dict[str, Any]) -> None:
        """Add one line; it survives the process from here on."""
        os.write(self._descriptor, orjson.dumps(event) + b"\n")

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield the events in the order they were added."""
        with self.path.open("rb") as file:
            for line in file:
                yield orjson.loads(line)

    def clear(self) -> None:
        """Forget all events."""
        os.ftruncate(self._descriptor, 0)

    def close(self) -> None:
        """Close the file; nothing can be added afterwards."""
        os.close(self._descriptor)
