"""CQL search and the caller, as REST v1 of Cloud and Data Center give them."""

import re
from html import escape
from typing import Any
from urllib.parse import urlencode

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.confluence import access, bodies
from xerus_sandbox.products.confluence.cql import Search
from xerus_sandbox.products.model import Json, Page, Person
from xerus_sandbox.products.times import iso_time
from xerus_sandbox.products.world import World

_EXCERPT = 280
_FULL_NAME = re.compile(r'user\.fullname\s*~\s*"((?:[^"\\]|\\.)*)"')
_GONE = (
    "com.atlassian.confluence.rest.api.exception.GoneException:"
    " This deprecated endpoint has been removed."
)


def cloud(world: World, call: Call) -> Answer:
    """GET /wiki/rest/api/search: pages by cursor; `start` is ignored as a way to page."""
    cql = _cql(call)
    found = _run(world, call, cql)
    size = _limit(call)
    start = access.decode_cursor(call.query.get("cursor"))
    shown = found[start : start + size]
    links: Json = {
        "base": access.wiki_base(call),
        "context": "/wiki",
        "self": f"{access.wiki_base(call)}/rest/api/search?{urlencode({'cql': cql})}",
    }
    if start + size < len(found):
        cursor = access.encode_cursor(start + size)
        query = urlencode({"next": "true", "cursor": cursor, "limit": size, "cql": cql})
        # As in real life, this one lacks /wiki.
        links["next"] = f"/rest/api/search?{query}"
    body = {
        "results": [_cloud_hit(world, call, page) for page in shown],
        "start": start,
        "limit": size,
        "size": len(shown),
        "totalSize": len(found),
        "cqlQuery": cql,
        "searchDuration": 12,
        "_links": links,
    }
    return Answer(body=body)


def server(world: World, call: Call) -> Answer:
    """GET /rest/api/search of Data Center: offset pages."""
    cql = _cql(call)
    found = _run(world, call, cql)
    start, size = start_of(call), _limit(call)
    hits = [_server_hit(world, call, page) for page in found[start : start + size]]
    body = server_page(call, hits, start, size, len(found))
    return Answer(body={**body, "totalSize": len(found), "cqlQuery": cql, "searchDuration": 9})


def matches(world: World, call: Call) -> list[Page]:
    """Return the pages that the `cql` parameter matches."""
    return _run(world, call, _cql(call))


def people(world: World, call: Call) -> Answer:
    """GET /wiki/rest/api/search/user: `user.fullname ~ "word"` and nothing else."""
    cql = _cql(call)
    asked = _FULL_NAME.fullmatch(cql.strip())
    if asked is None:
        raise access.v1_error(400, f"Could not parse cql : {cql}")
    words = re.sub(r"\\(.)", r"\1", asked[1]).lower().split()
    found = [
        person
        for person in world.people.values()
        if person.active and all(word in person.name.lower() for word in words)
    ]
    start, size = start_of(call), _limit(call)
    shown = [_person_hit(call, person) for person in found[start : start + size]]
    return Answer(
        body={
            "results": shown,
            "start": start,
            "limit": size,
            "size": len(shown),
            "totalSize": len(found),
            "cqlQuery": cql,
            "searchDuration": 5,
            "_links": {"base": access.wiki_base(call), "context": "/wiki"},
        }
    )


def _person_hit(call: Call, person: Person) -> Json:
    user = {
        "type": "known",
        "accountId": person.account_id,
        "accountType": person.kind,
        "email": "",
        "publicName": person.name,
        "displayName": person.name,
    }
    return {
        "user": user,
        "title": person.name,
        "excerpt": "",
        "url": f"/people/{person.account_id}",
        "breadcrumbs": [],
        "entityType": "user",
        "iconCssClass": "aui-icon content-type-profile",
        "lastModified": iso_time(call.now),
        "score": 0.0,
    }


def current_user(world: World, call: Call) -> Answer:
    """Return the caller."""
    person = world.person(call.account.account_id)
    picture = {"path": "/wiki/aa-avatar/default", "width": 48, "height": 48, "isDefault": True}
    body: Json = {"type": "known", "profilePicture": picture, "displayName": person.name}
    if call.deployment == "dc":
        extra = {"username": person.username, "userKey": person.account_id}
        return Answer(body=body | extra | {"_links": {"base": access.wiki_base(call)}})
    body |= {
        "accountId": person.account_id,
        "accountType": "atlassian",
        "email": person.email,
        "publicName": person.name,
        "timeZone": "Etc/UTC",
        "isExternalCollaborator": False,
        "_expandable": {"operations": "", "personalSpace": ""},
        "_links": {
            "self": f"{access.wiki_base(call)}/rest/api/user?accountId={person.account_id}",
            "base": access.wiki_base(call),
            "context": "/wiki",
        },
    }
    return Answer(body=body)


def system_info(_world: World, call: Call) -> Answer:
    """GET /wiki/rest/api/settings/systemInfo."""
    body = {
        "cloudId": call.site.cloud_id,
        "commitHash": "5b8b7c5e1c0d",
        "baseUrl": access.wiki_base(call),
        "edition": "standard",
        "siteTitle": call.site.name.title(),
        "defaultLocale": "en_GB",
        "defaultTimeZone": "Etc/UTC",
    }
    return Answer(body=body)


def server_information(_world: World, call: Call) -> Answer:
    """GET /rest/api/server-information of Data Center."""
    body = {
        "baseUrl": call.site.url,
        "version": "10.0.3",
        "buildNumber": 10003,
        "marketplaceBuildNumber": 10003,
        "buildDate": "2026-09-01T00:00:00.000Z",
    }
    return Answer(body=body)


def removed(_world: World, _call: Call) -> Answer:
    """Answer for the content operations that Cloud's REST v1 no longer has: 410."""
    data = {"authorized": True, "valid": True, "errors": [], "successful": True}
    return Answer(status=410, body={"statusCode": 410, "data": data, "message": _GONE})


def start_of(call: Call) -> int:
    """Return the `start` of an offset page."""
    text = call.query.get("start", "0")
    if not text.isdecimal() or int(text) > access.LARGEST_OFFSET:
        raise access.v1_error(400, f"start must be a number of 0 or more, not '{text}'")
    return int(text)


def server_page(call: Call, results: list[Any], start: int, size: int, total: int) -> Json:
    """Return Data Center's envelope of an offset page."""
    links: Json = {"base": call.site.url, "context": "", "self": f"{call.site.url}{call.path}"}
    if start + size < total:
        others = [(k, v) for k, v in call.query.multi_items() if k not in {"start", "limit"}]
        query = urlencode([*others, ("limit", size), ("start", start + size)])
        links["next"] = f"{call.path}?{query}"
    return {
        "results": results,
        "start": start,
        "limit": size,
        "size": len(results),
        "_links": links,
    }


def _cql(call: Call) -> str:
    cql = call.query.get("cql", "")
    if not cql.strip():
        raise access.v1_error(400, "CQL query must not be null or empty")
    return cql


def _run(world: World, call: Call, cql: str) -> list[Page]:
    return Search(world=world, data=world.confluence_of(call), call=call).run(cql)


def _limit(call: Call) -> int:
    text = call.query.get("limit", "25")
    if not text.isdecimal():
        raise access.v1_error(400, f"limit must be a number of 0 or more, not '{text}'")
    return min(int(text), 250) or 25


def _hit(world: World, call: Call, page: Page) -> Json:
    space = world.confluence_of(call).spaces[page.space]
    excerpt = escape(bodies.as_words(page.current)[:_EXCERPT], quote=False)
    return {
        "title": page.title,
        "excerpt": "" if call.query.get("excerpt") == "none" else excerpt,
        "url": _address(space.key, page),
        "resultGlobalContainer": {"title": space.name, "displayUrl": f"/spaces/{space.key}"},
        "entityType": "content",
        "iconCssClass": f"aui-icon content-type-{page.kind}",
        "lastModified": iso_time(page.current.created),
        "friendlyLastModified": iso_time(page.current.created)[:10],
    }


def _address(space_key: str, page: Page) -> str:
    if page.kind == "page":
        return f"/spaces/{space_key}/pages/{page.id}"
    day = iso_time(page.created)[:10].replace("-", "/")
    return f"/spaces/{space_key}/blog/{day}/{page.id}"


def _cloud_hit(world: World, call: Call, page: Page) -> Json:
    space = world.confluence_of(call).spaces[page.space]
    content: Json = {
        "id": page.id,
        "type": page.kind,
        "status": page.status,
        "title": page.title,
        "_expandable": {
            "container": f"/rest/api/space/{space.key}",
            "space": f"/rest/api/space/{space.key}",
        },
        "_links": {
            "webui": _address(space.key, page),
            "self": f"{access.wiki_base(call)}/rest/api/content/{page.id}",
            "tinyui": f"/x/{page.id}",
        },
    }
    return {"content": content, **_hit(world, call, page), "breadcrumbs": [], "score": 1.0}


def _server_hit(world: World, call: Call, page: Page) -> Json:
    entity = {"id": page.id, "type": page.kind, "status": page.status, "title": page.title}
    return {"content": entity, **_hit(world, call, page)}
