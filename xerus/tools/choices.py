"""Picking one thing by the name that a person gave it."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from xerus.errors import InvalidInput
from xerus.tools.untrusted import one_line

T = TypeVar("T")

_MOST_LISTED = 20


class ChoiceNeeded(InvalidInput):
    """A name fits nothing, or too much.

    Attributes:
        said: the choices, in words that users of Jira or Confluence wrote: data, not ours.
    """

    code = "choice_needed"

    def __init__(self, message: str, *, said: str) -> None:
        super().__init__(message, hint="Repeat the call with one of the choices.")
        self.said = said


def pick(
    wanted: str,
    candidates: Sequence[T],
    *,
    what: str,
    names: Callable[[T], Iterable[str]],
    show: Callable[[T], str],
) -> T:
    """Return the one candidate that has `wanted` among its names, case ignored.

    Raises:
        ChoiceNeeded: none has, or several have.
    """
    key = wanted.strip().casefold()
    exact = [one for one in candidates if key in {name.casefold() for name in names(one) if name}]
    if len(exact) == 1:
        return exact[0]
    problem = f"Several {what}s fit {wanted!r}." if exact else f"There is no {what} {wanted!r}."
    listed = "; ".join(one_line(show(one)) for one in (exact or candidates)[:_MOST_LISTED])
    raise ChoiceNeeded(problem, said=listed or "none")
