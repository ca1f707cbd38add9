"""Fields by the names that people see on the screen."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from xerus.atlassian.jira import metadata
from xerus.atlassian.jira.client import Jira
from xerus.tools.choices import ChoiceNeeded
from xerus.tools.jira.records import field_id
from xerus.tools.untrusted import one_line

_CUSTOM = re.compile(r"^customfield_\d+$")
_SYSTEM = (
    "summary description issuetype project status statusCategory resolution resolutiondate priority"
    " labels assignee reporter creator created updated duedate components versions fixVersions"
    " parent subtasks issuelinks comment worklog attachment environment votes watches security"
    " timeoriginalestimate timeestimate timespent aggregatetimeestimate aggregatetimespent"
    " aggregatetimeoriginalestimate timetracking progress aggregateprogress workratio lastViewed"
    " thumbnail issuerestriction"
)
_IDS = {name.casefold(): name for name in _SYSTEM.split()}
_MOST_NEAR = 8


async def field_ids(jira: Jira, names: Sequence[str]) -> list[str]:
    """Return the id of each field; names cost one request, ids none.

    Raises:
        ChoiceNeeded: a name is none of a field, or of several.
    """
    found = [_known(name) for name in names]
    if all(found):
        return found
    fields = await metadata.fields(jira)
    return [
        known or str(named(name, fields)["id"]) for name, known in zip(names, found, strict=True)
    ]


def named(wanted: str, fields: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the one field of an id or name, case ignored.

    Raises:
        ChoiceNeeded: there is none, or several.
    """
    key = wanted.strip().casefold()
    for names in (_ids, _names):
        exact = [one for one in fields if key in {name.casefold() for name in names(one)}]
        if len(exact) == 1:
            return exact[0]
        if exact:
            raise ChoiceNeeded(f"Several fields are called {wanted!r}.", said=_shown(exact))
    raise ChoiceNeeded(f"There is no field {wanted!r}.", said=_shown(near(wanted, fields)))


def near(wanted: str, fields: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the fields whose names look most like it."""
    key = wanted.strip().casefold()
    by_name = {name.casefold(): one for one in fields for name in (*_ids(one), *_names(one))}
    close = get_close_matches(key, by_name, n=_MOST_NEAR, cutoff=0.5)
    within = [name for name in by_name if key in name][:_MOST_NEAR]
    chosen = {str(by_name[name].get("id")): by_name[name] for name in (*close, *within)}
    return list(chosen.values())[:_MOST_NEAR]


def _known(name: str) -> str:
    if _CUSTOM.match(name):
        return name
    return _IDS.get(field_id(name).casefold(), "")


def _ids(field: dict[str, Any]) -> Iterable[str]:
    return [str(field[key]) for key in ("id", "fieldId", "key") if field.get(key)]


def _names(field: dict[str, Any]) -> Iterable[str]:
    return [str(field.get("name", "")), *map(str, field.get("clauseNames") or [])]


def _shown(fields: Iterable[dict[str, Any]]) -> str:
    listed = (f"{one.get('name')} ({next(iter(_ids(one)), '')})" for one in fields)
    return one_line("; ".join(listed)) or "none that looks like it"
