"""The files of an issue."""

from typing import Any

from xerus.atlassian.jira.client import READ, WRITE, Jira
from xerus.atlassian.uploads import Upload


async def of_issue(jira: Jira, issue_key: str) -> list[dict[str, Any]]:
    """Return what is known of the files of an issue, the newest first."""
    issue = await jira.issue(issue_key, fields=("attachment",))
    found = (issue.get("fields") or {}).get("attachment") or []
    return sorted(found, key=lambda entry: str(entry.get("created", "")), reverse=True)


async def content(jira: Jira, entry: dict[str, Any]) -> bytes:
    """Return the bytes of a file that `of_issue` gave."""
    attachment_id = str(entry["id"])
    if jira.is_cloud:
        reply = await jira.transfer(
            "GET", "/rest/api/3/attachment/content/{id}", path={"id": attachment_id}, scope=READ
        )
        return reply.body
    # Data Center has no REST operation for the bytes, only this address of its pages.
    path = {"id": attachment_id, "filename": str(entry["filename"])}
    reply = await jira.transfer("GET", "/secure/attachment/{id}/{filename}", path=path, scope=READ)
    return reply.body


async def add(jira: Jira, issue_key: str, form: Upload) -> dict[str, Any]:
    """Attach one file and return it as stored."""
    api = "/rest/api/3" if jira.is_cloud else "/rest/api/2"
    reply = await jira.transfer(
        "POST",
        api + "/issue/{issueIdOrKey}/attachments",
        path={"issueIdOrKey": issue_key},
        scope=WRITE,
        form=form,
    )
    stored: dict[str, Any] = reply.json()[0]
    return stored


async def delete(jira: Jira, attachment_id: str) -> None:
    """Delete a file for good."""
    await jira.call("DELETE", "/attachment/{id}", scope=WRITE, path={"id": attachment_id})
