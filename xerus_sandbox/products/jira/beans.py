"""The JSON of Jira's smaller objects: people, projects, types, statuses, comments."""

import base64
from typing import Any

from xerus_sandbox.operations import Call
from xerus_sandbox.products.documents import from_adf, from_storage, wiki
from xerus_sandbox.products.jira import scheme
from xerus_sandbox.products.model import (
    Attachment,
    Change,
    Comment,
    Issue,
    Json,
    Person,
    Project,
    Worklog,
)
from xerus_sandbox.products.times import jira_time
from xerus_sandbox.products.world import World

_AVATAR_SIZES = ("16x16", "24x24", "32x32", "48x48")


def is_cloud(call: Call) -> bool:
    """Tell whether the call addresses a Cloud site."""
    return call.deployment == "cloud"


def rest_url(call: Call, path: str) -> str:
    """Return an absolute REST address; through the gateway it names the gateway, as in real life."""
    base, version = call.site.url, "3" if is_cloud(call) else "2"
    if call.path.startswith("/rest/api/2/"):  # what was asked in version 2 is pointed to in it
        version = "2"
    if is_cloud(call) and call.headers.get("authorization", "").lower().startswith("bearer "):
        origin = base.removesuffix(f"/site/{call.site.name}")
        base = f"{origin}/ex/jira/{call.site.cloud_id}"
    return f"{base}/rest/api/{version}/{path}"


def _icon(call: Call, path: str) -> str:
    return f"{call.site.url}/images/icons/{path}"


def _avatars(call: Call, path: str) -> dict[str, str]:
    return {size: _icon(call, f"{path}?size={size}") for size in _AVATAR_SIZES}


def user(call: Call, person: Person) -> Json:
    """Return a user; on Cloud the e-mail shows only to its owner (profile privacy)."""
    shared = {
        "avatarUrls": _avatars(call, f"avatars/{person.account_id}.png"),
        "displayName": person.name,
        "active": person.active,
        "timeZone": "Etc/UTC",
    }
    if not is_cloud(call):
        name = person.username
        url = rest_url(call, f"user?username={name}")
        return {"self": url, "name": name, "key": name, "emailAddress": person.email, **shared}
    bean = {
        "self": rest_url(call, f"user?accountId={person.account_id}"),
        "accountId": person.account_id,
        "accountType": person.kind,
        **shared,
    }
    if person.account_id == call.account.account_id:
        bean["emailAddress"] = person.email
    return bean


def user_or_none(world: World, call: Call, account_id: str | None) -> Json | None:
    """Return a user by account id, or None for nobody."""
    return user(call, world.person(account_id)) if account_id else None


def project(call: Call, item: Project) -> Json:
    """Return a project as issues and lists carry it."""
    bean = {
        "self": rest_url(call, f"project/{item.id}"),
        "id": item.id,
        "key": item.key,
        "name": item.name,
        "projectTypeKey": item.kind,
        "avatarUrls": _avatars(call, f"project/{item.key}.png"),
    }
    return {**bean, "simplified": False} if is_cloud(call) else bean


def issue_type(call: Call, kind: scheme.IssueType) -> Json:
    """Return an issue type."""
    bean = {
        "self": rest_url(call, f"issuetype/{kind.id}"),
        "id": kind.id,
        "description": kind.description,
        "iconUrl": _icon(call, f"issuetypes/{kind.id}.svg"),
        "name": kind.name,
        "subtask": kind.level < 0,
        "avatarId": 10300 + int(kind.id) % 100,
    }
    return {**bean, "hierarchyLevel": kind.level} if is_cloud(call) else bean


def status(call: Call, name: str) -> Json:
    """Return a status with its category."""
    item = scheme.STATUSES[name]
    return {
        "self": rest_url(call, f"status/{item.id}"),
        "description": "",
        "iconUrl": _icon(call, "statuses/generic.png"),
        "name": item.name,
        "id": item.id,
        "statusCategory": {
            "self": rest_url(call, f"statuscategory/{item.category.id}"),
            "id": item.category.id,
            "key": item.category.key,
            "colorName": item.category.colour,
            "name": item.category.name,
        },
    }


def priority(call: Call, name: str) -> Json:
    """Return a priority as issues carry it."""
    number = scheme.PRIORITIES[name]
    return {
        "self": rest_url(call, f"priority/{number}"),
        "iconUrl": _icon(call, f"priorities/{name.lower()}.svg"),
        "name": name,
        "id": number,
    }


def resolution(call: Call, name: str) -> Json:
    """Return a resolution."""
    number = scheme.RESOLUTIONS[name]
    url = rest_url(call, f"resolution/{number}")
    return {"self": url, "id": number, "description": "", "name": name}


def transition(call: Call, issue: Issue, item: scheme.Transition, *, fields: bool) -> Json:
    """Return a transition, with its screen's fields if they were asked for."""
    bean: Json = {"id": item.id, "name": item.name, "to": status(call, item.target)}
    if is_cloud(call):
        bean |= {
            "hasScreen": item.has_screen,
            "isGlobal": False,
            "isInitial": False,
            "isAvailable": True,
            "isConditional": False,
            "looped": False,
        }
    if fields:
        bean["fields"] = (
            {"resolution": _resolution_field(call, issue, item)} if item.has_screen else {}
        )
    return bean


def _resolution_field(call: Call, issue: Issue, item: scheme.Transition) -> Json:
    return {
        "required": scheme.requires_resolution(issue, item),
        "schema": {"type": "resolution", "system": "resolution"},
        "name": "Resolution",
        "key": "resolution",
        "hasDefaultValue": False,
        "operations": ["set"],
        "allowedValues": [resolution(call, name) for name in scheme.RESOLUTIONS],
    }


def comment(
    world: World, call: Call, issue: Issue, item: Comment, *, rendered: bool = False
) -> Json:
    """Return a comment on an issue."""
    bean: Json = {
        "self": rest_url(call, f"issue/{issue.id}/comment/{item.id}"),
        "id": item.id,
        "author": user(call, world.person(item.author)),
        "body": item.body,
        "updateAuthor": user(call, world.person(item.editor or item.author)),
        "created": jira_time(item.created),
        "updated": jira_time(item.updated),
    }
    if item.visibility:
        bean["visibility"] = _restriction(call, item.visibility)
    if is_cloud(call):
        bean["jsdPublic"] = item.public
    elif "properties" in call.query.get("expand", ""):
        flag = {"key": "sd.public.comment", "value": {"internal": True}}
        bean["properties"] = [] if item.public else [flag]
    if rendered:
        bean["renderedBody"] = html(item.body)
    return bean


def _restriction(call: Call, kept: Json) -> Json:
    """Return who alone reads a comment; Cloud adds a name that does not change."""
    if not is_cloud(call):
        return kept
    name = str(kept["value"])
    return {**kept, "identifier": scheme.GROUPS[name] if kept["type"] == "group" else name}


def change(world: World, call: Call, item: Change) -> Json:
    """Return one entry of a changelog."""
    return {
        "id": item.id,
        "author": user(call, world.person(item.author)),
        "created": jira_time(item.created),
        "items": item.items,
    }


def worklog(world: World, call: Call, issue: Issue, item: Worklog) -> Json:
    """Return a worklog of an issue."""
    author = user(call, world.person(item.author))
    hours, minutes = divmod(item.seconds // 60, 60)
    return {
        "self": rest_url(call, f"issue/{issue.id}/worklog/{item.id}"),
        "id": item.id,
        "issueId": issue.id,
        "author": author,
        "updateAuthor": author,
        "comment": item.comment if item.comment or is_cloud(call) else "",
        "created": jira_time(item.created),
        "updated": jira_time(item.updated),
        "started": jira_time(item.started),
        "timeSpent": " ".join([f"{hours}h"] * bool(hours) + [f"{minutes}m"] * bool(minutes)),
        "timeSpentSeconds": item.seconds,
    }


def attachment(world: World, call: Call, item: Attachment) -> Json:
    """Return what is known of a file, without its bytes."""
    number = item.id
    content = f"attachment/content/{number}"
    return {
        "self": rest_url(call, f"attachment/{number}"),
        "id": number,
        "filename": item.filename,
        "author": user(call, world.person(item.author)),
        "created": jira_time(item.created),
        "size": len(base64.b64decode(item.content)),
        "mimeType": item.mime,
        "content": rest_url(call, content)
        if is_cloud(call)
        else f"{call.site.url}/secure/attachment/{number}/{item.filename}",
    }


def severity(call: Call, name: str) -> Json:
    """Return an option of the field Severity."""
    number = scheme.SEVERITIES[name]
    return {"self": rest_url(call, f"customFieldOption/{number}"), "value": name, "id": number}


def html(text: Any) -> str:
    """Return simple HTML for ADF or wiki markup; nothing for nothing."""
    if not text:
        return ""
    storage = wiki.to_storage(text) if isinstance(text, str) else from_adf.to_storage(text)
    return from_storage.to_view(storage)
