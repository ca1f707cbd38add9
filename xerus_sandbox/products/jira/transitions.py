"""Operations on the workflow of an issue."""

from typing import Any

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.jira import access, beans, comments, scheme
from xerus_sandbox.products.jira.edits import FieldError, item, record
from xerus_sandbox.products.model import Issue
from xerus_sandbox.products.world import World


def available(world: World, call: Call) -> Answer:
    """List what the issue offers now; `expand=transitions.fields` adds the screens."""
    issue = access.issue(world, call)
    fields = "transitions.fields" in access.expansions(call)
    wanted = call.query.get("transitionId")
    found = [t for t in scheme.transitions_of(issue) if wanted in {None, "", t.id}]
    items = [beans.transition(call, issue, t, fields=fields) for t in found]
    return Answer(body={"expand": "transitions", "transitions": items})


def run(world: World, call: Call) -> Answer:
    """Move the issue; 204. Fields that are not on the transition's screen are refused."""
    issue = access.issue(world, call)
    body = call.json()
    if not isinstance(body, dict):
        raise access.error(400, "Unexpected JSON: the body must be an object.")
    transition = _chosen(issue, body.get("transition"))
    resolution = _resolution(issue, transition, access.part(body, "fields"))
    texts = _comments(call, body)
    access.will_change(world, call, issue.key)
    _move(world, call, issue, transition, resolution)
    for text in texts:
        comments.add(world, call, issue, text)
    return Answer(status=204)


def _chosen(issue: Issue, given: Any) -> scheme.Transition:
    number = str(given.get("id", "")) if isinstance(given, dict) else ""
    if not number:
        raise access.error(400, "Missing 'transition' identifier")
    for transition in scheme.transitions_of(issue):
        if transition.id == number:
            return transition
    if number not in {t.id for t in scheme.TRANSITIONS}:
        raise access.error(400, f"Transition id '{number}' is not valid for this issue.")
    raise access.error(
        400,
        "It seems that you have tried to perform a workflow operation"
        " that is not valid for the current state of this issue."
        f" The transition '{number}' is not available from '{issue.status}'.",
    )


def _resolution(issue: Issue, transition: scheme.Transition, fields: dict[str, Any]) -> str | None:
    allowed = {"resolution"} if transition.has_screen else set()
    if wrong := set(fields) - allowed:
        raise access.error(
            400,
            **{
                name: f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
                for name in sorted(wrong)
            },
        )
    given = fields.get("resolution")
    if given is None:
        if scheme.requires_resolution(issue, transition):
            raise access.error(400, resolution="Resolution is required.")
        return "Done" if transition.target == "Done" else None
    for name, number in scheme.RESOLUTIONS.items():
        if isinstance(given, dict) and (given.get("name") == name or given.get("id") == number):
            return name
    raise access.error(400, resolution="Specify a valid 'id' or 'name' for resolution")


def _comments(call: Call, body: dict[str, Any]) -> list[Any]:
    added = access.operations(body, "comment")
    try:
        return [comments.text_of(call, operation.get("add")) for operation in added]
    except FieldError as problem:
        raise access.error(400, comment=str(problem)) from problem


def _move(
    world: World, call: Call, issue: Issue, transition: scheme.Transition, resolution: str | None
) -> None:
    items = [item("status", issue.status, transition.target)]
    if issue.resolution != resolution:
        items.append(item("resolution", issue.resolution, resolution))
    issue.status, issue.resolution = transition.target, resolution
    issue.resolved = call.now if resolution else None
    record(world, call, issue, items)
