"""People by the names that other people use."""

from typing import Any

from xerus.atlassian.jira import users
from xerus.atlassian.jira.client import Jira, person_id
from xerus.errors import InvalidInput
from xerus.tools.choices import ChoiceNeeded, pick
from xerus.tools.untrusted import one_line


async def assignee(jira: Jira, wanted: str, *, project_key: str) -> dict[str, str]:
    """Return the user reference for "me", an e-mail, a name or an account id.

    Raises:
        InvalidInput: nobody fits.
        ChoiceNeeded: several people do.
    """
    if is_me(wanted):
        return person_id(await jira.myself())
    found = await jira.assignable(wanted.strip(), project_key=project_key)
    if not found and looks_like_id(wanted) and jira.is_cloud:
        # The search looks at names and e-mails only; what looks like neither is an account id.
        return {"accountId": wanted.strip()}
    if not found:
        raise InvalidInput(
            f"Nobody who may be assigned issues of {project_key} fits {wanted!r}.",
            hint="Give the whole e-mail or display name, or the account id.",
        )
    return _the_one(wanted, found)


async def anybody(jira: Jira, wanted: str) -> dict[str, str]:
    """Return the user reference of a person, whether issues can be assigned to them or not.

    Raises:
        InvalidInput: nobody fits.
        ChoiceNeeded: several people do.
    """
    if is_me(wanted):
        return person_id(await jira.myself())
    people = await users.find(
        jira, wanted.strip(), project_key=None, issue_key=None, limit=20, cursor=None
    )
    found = [one for one in people.values if _is_reachable(one)]
    if not found and looks_like_id(wanted) and jira.is_cloud:
        return {"accountId": wanted.strip()}
    if not found:
        raise InvalidInput(
            f"Nobody fits {wanted!r}.",
            hint="Give the whole e-mail or display name, or the account id.",
        )
    return _the_one(wanted, found)


def among(wanted: str, people: list[dict[str, Any]], *, what: str) -> dict[str, str]:
    """Return the user reference of the one person of a list who has this name, e-mail or id.

    Raises:
        ChoiceNeeded: nobody has, or several have.
    """
    found: dict[str, Any] = pick(wanted, people, what=what, names=_names, show=_shown)
    return person_id(found)


def is_me(wanted: str) -> bool:
    """Whether the connected account is meant."""
    return wanted.strip().casefold() == "me"


def looks_like_id(wanted: str) -> bool:
    """Whether it cannot be an e-mail or a display name in two words."""
    return "@" not in wanted and " " not in wanted.strip()


def _is_reachable(one: dict[str, Any]) -> bool:
    return one.get("accountType") != "app" and bool(one.get("active", True))


def _the_one(wanted: str, found: list[dict[str, Any]]) -> dict[str, str]:
    if len(found) == 1:
        return person_id(found[0])
    exact = [person for person in found if wanted.strip().casefold() in _names(person)]
    if len(exact) == 1:
        return person_id(exact[0])
    raise ChoiceNeeded(
        f"Several people fit {wanted!r}.", said="; ".join(map(_shown, exact or found))
    )


def _names(person: dict[str, Any]) -> set[str]:
    keys = ("accountId", "name", "emailAddress", "displayName")
    return {str(person.get(key) or "").casefold() for key in keys}


def _shown(person: dict[str, Any]) -> str:
    """Name, e-mail where it is not hidden, and the identifier that always works."""
    parts = (person.get("displayName"), person.get("emailAddress"), *person_id(person).values())
    return one_line(", ".join(str(part) for part in parts if part))
