"""The record of the requests that one sandbox port saw."""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any, Literal

from xerus_sandbox.state import Journal

CredentialKind = Literal["oauth", "basic", "pat", "none"]

_KEPT = 100_000


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One request. `path` carries no query, since codes and tokens travel there."""

    n: int
    time: float
    method: str
    path: str
    account: str | None
    """The e-mail address, where the request says who it is for."""
    credential: CredentialKind
    status: int
    """0 when the connection was reset before anything was processed."""


@dataclass(kw_only=True)
class Note:
    """What a handler learns about a request and the log cannot see from outside."""

    account: str | None = None
    credential: CredentialKind = "none"


class RequestLog:
    """Entries with a number that only grows, a reset and a restart included."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._entries: deque[LogEntry] = deque(maxlen=_KEPT)
        self._last = 0
        for saved in journal.read():
            self._last = saved["n"]
            if "path" in saved:
                self._entries.append(LogEntry(**saved))
        self._shorten_file()

    def _shorten_file(self) -> None:
        # Months of a demo would otherwise be read again at each start.
        if len(self._entries) == _KEPT:
            self._journal.clear()
            for entry in self._entries:
                self._journal.append(asdict(entry))

    def add(self, *, time: float, method: str, path: str, note: Note, status: int) -> None:
        """Append one request; it is on disk when this returns."""
        self._last += 1
        entry = LogEntry(
            n=self._last,
            time=time,
            method=method,
            path=path,
            account=note.account,
            credential=note.credential,
            status=status,
        )
        self._entries.append(entry)
        self._journal.append(asdict(entry))

    def after(self, number: int) -> list[dict[str, Any]]:
        """Return the entries numbered above `number`, oldest first."""
        return [asdict(entry) for entry in self._entries if entry.n > number]

    def clear(self) -> None:
        """Forget the entries; numbers go on."""
        self._entries.clear()
        self._journal.clear()
        self._journal.append({"n": self._last})
