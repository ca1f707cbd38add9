"""What a state of the gallery is."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.unit.web.fakes import World


def as_it_is(world: World) -> None:
    """Change nothing."""
    del world


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A page in a state.

    Attributes:
        path: what is looked at.
        arrange: makes the world so.
        token: whose session; '' for nobody's.
        mode: whose credentials the tools act with.
    """

    path: str
    arrange: Callable[[World], None] = as_it_is
    token: str = "ada-token"
    mode: str = "user"
