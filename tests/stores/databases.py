"""What the fixtures of this folder hand out."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """A database of its own: as Xerus logs in, and as the owner of everything.

    `direct` is how Xerus logs in past a pooler; '' where `login` goes past it.
    """

    login: str
    owner: str
    direct: str = ""
