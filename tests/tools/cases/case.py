"""One row of the matrix."""

from dataclasses import dataclass
from typing import Any

Arguments = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Fails:
    """A call that has to fail. `says` is in the answer, `silent` (a pattern) is not."""

    given: Arguments
    says: str = ""
    silent: str = ""


@dataclass(frozen=True, kw_only=True)
class Omits:
    """A call that succeeds and shows nothing of what `silent` matches."""

    given: Arguments
    silent: str = ""
    says: str = ""


@dataclass(frozen=True, kw_only=True)
class NoCase:
    """Why a tool has no such case."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """A tool's cases. A value `$name` stands for something that `things.py` makes.

    Attributes:
        works: a call that succeeds.
        says: what the answer then says, a pattern.
        missing: a call that names what is not there.
        hidden: a call of Grace, who may not see HR, for something in HR, or for what only an
            administrator may do.
        wrong: a call whose arguments are refused before anything is asked.
        cloud_only: why there is nothing of the kind on Data Center.
    """

    tool: str
    works: Arguments
    says: str
    missing: Fails | Omits | NoCase
    hidden: Fails | Omits | NoCase
    wrong: Fails | NoCase
    cloud_only: str = ""


def gone(**given: Any) -> Fails:
    """A call for an issue, page or part that does not exist."""
    return Fails(given=given)


def secret(**given: Any) -> Fails:
    """A call for something in HR: the answer tells no more than that for a missing one."""
    return Fails(given=given, silent="Holiday|Confidential|secret of HR")


def bad(says: str, **given: Any) -> Fails:
    """A call that is refused unasked, with words about what is wrong."""
    return Fails(given=given, says=says)
