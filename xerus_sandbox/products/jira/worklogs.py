"""Operations on logged time."""

import re
from datetime import UTC, datetime
from typing import Any

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.jira import access, beans
from xerus_sandbox.products.jira.agile import object_of
from xerus_sandbox.products.jira.edits import FieldError, document
from xerus_sandbox.products.model import Issue, Json, Worklog
from xerus_sandbox.products.world import World

_DEFAULT_PAGE = 5000
_PART = re.compile(r"^(\d+(?:\.\d+)?)([wdhm])$")
_SECONDS = {"w": 5 * 8 * 3600, "d": 8 * 3600, "h": 3600, "m": 60}


def page(world: World, call: Call) -> Answer:
    """List logged time, the oldest first; Data Center knows no pages here."""
    issue = access.issue(world, call)
    start, size = 0, _DEFAULT_PAGE
    found = sorted(issue.worklogs, key=lambda one: one.started)
    if beans.is_cloud(call):
        start = access.number(call, "startAt", 0, most=10**9)
        size = access.number(call, "maxResults", _DEFAULT_PAGE, most=_DEFAULT_PAGE)
        after = access.number(call, "startedAfter", 0, most=10**15)
        found = [one for one in found if one.started * 1000 >= after]
    shown = [beans.worklog(world, call, issue, one) for one in found[start : start + size]]
    body = {"startAt": start, "maxResults": size, "total": len(found), "worklogs": shown}
    return Answer(body=body)


def read(world: World, call: Call) -> Answer:
    """Return one entry."""
    issue = access.issue(world, call)
    return Answer(body=beans.worklog(world, call, issue, _one(call, issue)))


def create(world: World, call: Call) -> Answer:
    """Log time; 201 with the entry."""
    issue, given = access.issue(world, call), object_of(call)
    seconds = _seconds(given)
    if seconds is None:
        raise access.error(400, timeLogged="You must indicate the time spent working.")
    access.will_change(world, call, issue.key)
    entry = Worklog(
        id=world.jira_of(call).new_id(),
        author=call.account.account_id,
        comment=_comment(call, given.get("comment")),
        started=_started(given, call.now),
        seconds=seconds,
        created=call.now,
        updated=call.now,
    )
    issue.worklogs.append(entry)
    issue.updated = call.now
    return Answer(status=201, body=beans.worklog(world, call, issue, entry))


def edit(world: World, call: Call) -> Answer:
    """Change what is given; 200 with the entry. Only its author and the project's lead may."""
    issue, given = access.issue(world, call), object_of(call)
    entry = _one(call, issue)
    _check_allowed(world, call, issue, entry, "edit")
    seconds = _seconds(given)
    comment = _comment(call, given["comment"]) if "comment" in given else entry.comment
    access.will_change(world, call, issue.key)
    entry.seconds = entry.seconds if seconds is None else seconds
    entry.comment, entry.started = comment, _started(given, entry.started)
    entry.updated = issue.updated = call.now
    return Answer(body=beans.worklog(world, call, issue, entry))


def delete(world: World, call: Call) -> Answer:
    """Remove logged time; 204. Only its author and the project's lead may."""
    issue = access.issue(world, call)
    entry = _one(call, issue)
    _check_allowed(world, call, issue, entry, "delete")
    access.will_change(world, call, issue.key)
    issue.worklogs.remove(entry)
    issue.updated = call.now
    return Answer(status=204)


def _check_allowed(world: World, call: Call, issue: Issue, entry: Worklog, verb: str) -> None:
    lead = world.jira_of(call).projects[issue.project].lead
    if call.account.account_id not in {entry.author, lead}:
        status = 400 if beans.is_cloud(call) else 403
        raise access.error(status, f"You do not have the permission to {verb} this worklog.")


def _one(call: Call, issue: Issue) -> Worklog:
    number = call.params["id"]
    for entry in issue.worklogs:
        if entry.id == number:
            return entry
    raise access.error(404, f"Cannot find worklog with id: '{number}'.")


def _seconds(given: Json) -> int | None:
    if "timeSpentSeconds" in given:
        return int(given["timeSpentSeconds"])
    if "timeSpent" not in given:
        return None
    parts = [_PART.match(part) for part in str(given["timeSpent"]).split()]
    seconds = sum(float(part[1]) * _SECONDS[part[2]] for part in parts if part)
    if not all(parts) or seconds <= 0:
        raise access.error(400, timeLogged="Invalid time duration entered")
    return int(seconds)


def _started(given: Json, otherwise: float) -> float:
    if "started" not in given:
        return otherwise
    try:
        found = datetime.strptime(str(given["started"]), "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError as problem:
        raise access.error(400, started="Can not deserialize the date.") from problem
    return found.astimezone(UTC).timestamp()


def _comment(call: Call, given: Any) -> Any:
    try:
        return document(call, given)
    except FieldError as problem:
        raise access.error(400, comment="Comment body is not valid!") from problem
