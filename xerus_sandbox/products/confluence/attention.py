"""Who watches a page, and who alone may see or edit it: REST v1 of both deployments."""

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.confluence import access
from xerus_sandbox.products.model import Json, Page
from xerus_sandbox.products.world import World

_OPERATIONS = ("read", "update")


def is_watching(world: World, call: Call) -> Answer:
    """GET /user/watch/content/{contentId}, for the caller."""
    page = _page(world, call, call.params["contentId"])
    return Answer(body={"watching": call.account.account_id in page.watchers})


def watch(world: World, call: Call) -> Answer:
    """POST /user/watch/content/{contentId}: 204 on Cloud, 200 with a body on Data Center."""
    page = _page(world, call, call.params["contentId"])
    _check_token(call)
    if call.account.account_id not in page.watchers:
        page.watchers.append(call.account.account_id)
    if call.deployment == "cloud":
        return Answer(status=204)
    return Answer(body={"watcher": {"username": call.account.username}, "contentId": page.id})


def unwatch(world: World, call: Call) -> Answer:
    """DELETE /user/watch/content/{contentId}; 204."""
    page = _page(world, call, call.params["contentId"])
    _check_token(call)
    page.watchers = [one for one in page.watchers if one != call.account.account_id]
    return Answer(status=204)


def restrictions(world: World, call: Call) -> Answer:
    """GET /content/{id}/restriction/byOperation."""
    page = _page(world, call, call.params["id"])
    found: Json = {name: _restriction(world, call, page, name) for name in _OPERATIONS}
    return Answer(body=found | {"_links": {"base": access.wiki_base(call)}})


def _restriction(world: World, call: Call, page: Page, operation: str) -> Json:
    people = [world.person(account) for account in page.restricted.get(operation, ())]
    users = [
        {"type": "known", "displayName": person.name}
        | _name(call, person.account_id, person.username)
        for person in people
    ]
    path = f"/rest/api/content/{page.id}"
    return {
        "operation": operation,
        "restrictions": {
            "user": {"results": users, "start": 0, "limit": 200, "size": len(users)},
            "group": {"results": [], "start": 0, "limit": 200, "size": 0},
        },
        "_expandable": {"content": path},
        "_links": {"self": f"{access.wiki_base(call)}{path}/restriction/byOperation/{operation}"},
    }


def _name(call: Call, account_id: str, username: str) -> Json:
    return {"accountId": account_id} if call.deployment == "cloud" else {"username": username}


def _page(world: World, call: Call, page_id: str) -> Page:
    found = world.confluence_of(call).visible_page(page_id, call.account.account_id)
    if found is None or found.status == "trashed":
        # Cloud says forbidden also for what does not exist.
        status = 403 if call.deployment == "cloud" else 404
        raise access.v1_error(status, f"No content found with id: {page_id}")
    return found


def _check_token(call: Call) -> None:
    if call.headers.get("x-atlassian-token") not in {"no-check", "nocheck"}:
        raise access.v1_error(403, "XSRF check failed")
