"""What the fixtures of this folder hand out."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """A database of its own: as Xerus logs in, and as the owner of everything."""

    login: str
    owner: str
