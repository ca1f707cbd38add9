"""Operations on links: between issues, and from an issue to a web page."""

from typing import Any

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.jira import access, beans
from xerus_sandbox.products.jira.agile import object_of
from xerus_sandbox.products.jira.fields import link_bean, link_types
from xerus_sandbox.products.model import Issue, Json, Link
from xerus_sandbox.products.world import World


def create(world: World, call: Call) -> Answer:
    """Link two issues; 201 without a body. A second link of the same kind is not made."""
    given = object_of(call)
    kind = _kind(call, access.part(given, "type"))
    inward, outward = (
        access.issue(world, call, _named(given, side)) for side in ("inwardIssue", "outwardIssue")
    )
    if inward is outward:
        raise access.error(400, "You cannot link an issue to itself.")
    if not any(link.kind == kind and link.key == outward.key for link in inward.links):
        number = world.jira_of(call).new_id()
        # The inward issue is the one that blocks: its link points outward.
        inward.links.append(Link(id=number, kind=kind, direction="outward", key=outward.key))
        outward.links.append(Link(id=number, kind=kind, direction="inward", key=inward.key))
    return Answer(status=201)


def get(world: World, call: Call) -> Answer:
    """Return one link with both its ends."""
    near, link = _one(world, call)
    return Answer(body=link_bean(call, world.jira_of(call), link, near.key))


def delete(world: World, call: Call) -> Answer:
    """Remove a link; 204."""
    near, link = _one(world, call)
    for issue in (near, world.jira_of(call).issues[link.key]):
        issue.links = [other for other in issue.links if other.id != link.id]
    return Answer(status=204)


def _one(world: World, call: Call) -> tuple[Issue, Link]:
    number, data = call.params["linkId"], world.jira_of(call)
    seen = data.visible(call.account.account_id)
    for issue in data.issues.values():
        for link in issue.links:
            far = data.issues.get(link.key)
            if link.id != number or link.direction != "outward" or far is None:
                continue
            if {issue.project, far.project} <= seen.keys():
                return issue, link
    raise access.error(404, f"No issue link with id '{number}' exists.")


def _kind(call: Call, given: Json) -> str:
    for kind in link_types(call):
        if given.get("name") == kind["name"] or str(given.get("id", "")) == kind["id"]:
            return str(kind["name"])
    raise access.error(404, f"No issue link type with name '{given.get('name')}' found.")


def _named(given: Json, side: str) -> str:
    issue = access.part(given, side)
    return str(issue.get("key") or issue.get("id") or "-")


def web_links(world: World, call: Call) -> Answer:
    """Return the web links of an issue, a bare array."""
    issue = access.issue(world, call)
    return Answer(body=[_web_bean(call, issue, one) for one in issue.web_links])


def add_web_link(world: World, call: Call) -> Answer:
    """Add a web link; 201 on Cloud, 200 on Data Center, with its id."""
    issue, given = access.issue(world, call), object_of(call)
    _check_web_link(given)
    number = int(world.jira_of(call).new_id())
    issue.web_links.append({"id": number, **given})
    url = beans.rest_url(call, f"issue/{issue.key}/remotelink/{number}")
    status = 201 if beans.is_cloud(call) else 200
    return Answer(status=status, body={"id": number, "self": url})


def web_link(world: World, call: Call) -> Answer:
    """Return one web link."""
    issue = access.issue(world, call)
    return Answer(body=_web_bean(call, issue, _one_web_link(call, issue)))


def edit_web_link(world: World, call: Call) -> Answer:
    """Replace a web link; 204."""
    issue, given = access.issue(world, call), object_of(call)
    _check_web_link(given)
    found = _one_web_link(call, issue)
    issue.web_links[issue.web_links.index(found)] = {"id": found["id"], **given}
    return Answer(status=204)


def delete_web_link(world: World, call: Call) -> Answer:
    """Remove a web link; 204."""
    issue = access.issue(world, call)
    issue.web_links.remove(_one_web_link(call, issue))
    return Answer(status=204)


def _check_web_link(given: Json) -> None:
    about = access.part(given, "object")
    for name in ("url", "title"):
        if not about.get(name):
            raise access.error(400, **{name: f"'{name}' is required."})


def _one_web_link(call: Call, issue: Issue) -> Json:
    number = call.params["linkId"]
    for one in issue.web_links:
        if str(one["id"]) == number:
            return one
    raise access.error(404, f"No remote link with id '{number}' exists on issue '{issue.key}'.")


def _web_bean(call: Call, issue: Issue, one: Json) -> Json:
    bean: dict[str, Any] = {
        "id": one["id"],
        "self": beans.rest_url(call, f"issue/{issue.key}/remotelink/{one['id']}"),
        "object": {"icon": {}, "status": {"icon": {}}, **one["object"]},
    }
    return bean | {name: one[name] for name in ("globalId", "relationship") if name in one}
