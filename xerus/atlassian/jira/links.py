"""Links: between issues, to web pages, and the epic that an issue is in."""

from collections.abc import Mapping
from typing import Any

from xerus.atlassian.jira.client import WRITE, Jira

_LINK = "/issueLink/{linkId}"
_WEB_LINKS = "/issue/{issueIdOrKey}/remotelink"
_WEB_LINK = _WEB_LINKS + "/{linkId}"
_AGILE = "/rest/agile/1.0"


async def create(jira: Jira, kind: str, *, inward: str, outward: str) -> None:
    """Link two issues so that `inward` has the outward words of the type: "A blocks B"."""
    link = {
        "type": {"name": kind},
        "inwardIssue": {"key": inward},
        "outwardIssue": {"key": outward},
    }
    await jira.call("POST", "/issueLink", json=link, scope=WRITE)


async def one(jira: Jira, link_id: str) -> dict[str, Any]:
    """Read a link with both its ends."""
    link: dict[str, Any] = await jira.call("GET", _LINK, path={"linkId": link_id})
    return link


async def delete(jira: Jira, link_id: str) -> None:
    """Remove a link between issues."""
    await jira.call("DELETE", _LINK, path={"linkId": link_id}, scope=WRITE)


async def web_links(jira: Jira, issue_key: str) -> list[dict[str, Any]]:
    """Return all web links of an issue; there are no pages."""
    return list(await jira.call("GET", _WEB_LINKS, path={"issueIdOrKey": issue_key}) or [])


async def web_link(jira: Jira, issue_key: str, link_id: str) -> dict[str, Any]:
    """Read one web link."""
    link: dict[str, Any] = await jira.call("GET", _WEB_LINK, path=_path(issue_key, link_id))
    return link


async def add_web_link(jira: Jira, issue_key: str, *, url: str, title: str) -> str:
    """Link an issue to a web page and return the id of the link."""
    path = {"issueIdOrKey": issue_key}
    link = {"object": {"url": url, "title": title}}
    created = await jira.call("POST", _WEB_LINKS, path=path, json=link, scope=WRITE)
    return str(created["id"])


async def delete_web_link(jira: Jira, issue_key: str, link_id: str) -> None:
    """Remove a web link."""
    await jira.call("DELETE", _WEB_LINK, path=_path(issue_key, link_id), scope=WRITE)


async def parent(jira: Jira, issue_key: str) -> dict[str, Any] | None:
    """Return the issue above; on Data Center the epic, which is no parent there."""
    if jira.is_cloud:
        above: dict[str, Any] | None = (await jira.issue(issue_key, fields=("parent",)))[
            "fields"
        ].get("parent")
        return above
    found = await jira.call(
        "GET",
        _AGILE + "/issue/{issueIdOrKey}",
        path={"issueIdOrKey": issue_key},
        query={"fields": "epic"},
    )
    epic: dict[str, Any] | None = found["fields"].get("epic")
    return {"key": epic["key"]} if epic else None


async def set_parent(jira: Jira, issue_key: str, above: str | None) -> None:
    """Put an issue below another one (Data Center: into an epic), or below none."""
    if jira.is_cloud:
        change = {"fields": {"parent": {"key": above} if above else None}}
        path = {"issueIdOrKey": issue_key}
        await jira.call("PUT", "/issue/{issueIdOrKey}", path=path, json=change, scope=WRITE)
        return
    template = "/epic/{epicIdOrKey}/issue" if above else "/epic/none/issue"
    path = {"epicIdOrKey": above} if above else {}
    await jira.call("POST", _AGILE + template, path=path, json={"issues": [issue_key]}, scope=WRITE)


def _path(issue_key: str, link_id: str) -> Mapping[str, str]:
    return {"issueIdOrKey": issue_key, "linkId": link_id}
