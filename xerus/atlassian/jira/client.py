"""Jira's REST API, as far as the tools need it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xerus.atlassian.credentials import Target
from xerus.atlassian.jira.offsets import offset_of
from xerus.atlassian.transport import Changes, Transport
from xerus.atlassian.uploads import Upload
from xerus.egress.client import Reply

READ = "read:jira-work"
WRITE = "write:jira-work"
USERS = "read:jira-user"

_ISSUE = "/issue/{issueIdOrKey}"


@dataclass(frozen=True, kw_only=True)
class SearchPage:
    """One page of issues; `cursor` is None on the last one, `total` None where Jira has none."""

    issues: list[dict[str, Any]]
    cursor: str | None
    total: int | None


class Jira:
    """Jira on one site, as one account. Raises what `Transport.call` raises."""

    def __init__(self, *, transport: Transport, target: Target) -> None:
        self._transport = transport
        self.target = target
        self._api = "/rest/api/3" if target.is_cloud else "/rest/api/2"

    @property
    def is_cloud(self) -> bool:
        """Documents are ADF and people are account ids when true."""
        return self.target.is_cloud

    @property
    def received(self) -> int:
        """Bytes of the answers so far: about how long it takes to make something of them."""
        return self._transport.received

    @property
    def changes(self) -> Changes:
        """What came of the requests that change something."""
        return self._transport.changes

    def link(self, issue_key: str) -> str:
        """Return the address of an issue in the browser."""
        return f"{self.target.browse_base}/browse/{issue_key}"

    async def search(
        self, jql: str, *, fields: Sequence[str], limit: int, cursor: str | None
    ) -> SearchPage:
        """Find issues; `cursor` comes from the page before."""
        asked: dict[str, Any] = {"jql": jql, "fields": list(fields), "maxResults": limit}
        if self.is_cloud:
            if cursor:
                asked["nextPageToken"] = cursor
            found = await self._read("POST", "/search/jql", json=asked)
            # nextPageToken is absent or null on the last page, and there is no total.
            return SearchPage(
                issues=found["issues"], cursor=found.get("nextPageToken") or None, total=None
            )
        asked["startAt"] = start = offset_of(cursor)
        found = await self._read("POST", "/search", json=asked)
        end = start + len(found["issues"])
        more = bool(found["issues"]) and end < found["total"]
        return SearchPage(
            issues=found["issues"], cursor=str(end) if more else None, total=found["total"]
        )

    async def issue(
        self, issue_key: str, *, fields: Sequence[str], expand: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Read one issue; comments and transitions come along by `fields` and `expand`."""
        query = {"fields": ",".join(fields)}
        if expand:
            query["expand"] = ",".join(expand)
        issue: dict[str, Any] = await self._read("GET", _ISSUE, issue_key, query=query)
        return issue

    async def create_issue(self, fields: Mapping[str, Any]) -> str:
        """Create an issue and return its key."""
        created = await self._write("POST", "/issue", json={"fields": fields})
        return str(created["key"])

    async def transitions(self, issue_key: str) -> list[dict[str, Any]]:
        """Return the transitions open to this account, with the fields of their screens."""
        found = await self._read(
            "GET", _ISSUE + "/transitions", issue_key, query={"expand": "transitions.fields"}
        )
        return list(found["transitions"])

    async def transition(
        self,
        issue_key: str,
        transition_id: str,
        *,
        fields: Mapping[str, Any],
        comment: Any = None,
    ) -> None:
        """Move an issue through its workflow."""
        change: dict[str, Any] = {"transition": {"id": transition_id}}
        if fields:
            change["fields"] = fields
        if comment is not None:
            change["update"] = {"comment": [{"add": {"body": comment}}]}
        await self._write("POST", _ISSUE + "/transitions", issue_key, json=change)

    async def project(self, project_key: str) -> dict[str, Any]:
        """Read one project, its issue types included."""
        reply = await self._transport.call(
            self.target,
            "GET",
            self._api + "/project/{projectIdOrKey}",
            path={"projectIdOrKey": project_key},
            scope=READ,
        )
        project: dict[str, Any] = reply.json()
        return project

    async def priorities(self) -> list[dict[str, Any]]:
        """Return the priorities. `/priority/search` would need an administrator's scope."""
        return list(await self._read("GET", "/priority"))

    async def myself(self) -> dict[str, Any]:
        """Return the account that the calls run as."""
        person: dict[str, Any] = await self._read("GET", "/myself", scope=USERS)
        return person

    async def assignable(self, text: str, *, project_key: str) -> list[dict[str, Any]]:
        """Find people who may be assigned issues of a project, by part of name or e-mail."""
        parameter = "query" if self.is_cloud else "username"
        query = {parameter: text, "project": project_key, "maxResults": "20"}
        return list(await self._read("GET", "/user/assignable/search", query=query, scope=USERS))

    async def call(
        self,
        method: str,
        template: str,
        *,
        scope: str = READ,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        safe: bool | None = None,
    ) -> Any:
        """Send one request for a module beside this one and return its JSON, None without a body.

        Args:
            method: HTTP method.
            template: below the platform's API; from `/rest/` on for another API of Jira.
            scope: the Atlassian scope it needs on Cloud.
            path: values of the template's parameters.
            query: query parameters.
            json: body, None for none.
            safe: whether it may be sent twice; by default when the method is GET.
        """
        reply = await self._transport.call(
            self.target,
            method,
            template if template.startswith("/rest/") else self._api + template,
            path=path,
            query=query,
            json=json,
            scope=scope,
            safe=safe,
        )
        return reply.json() if reply.body else None

    async def transfer(
        self,
        method: str,
        template: str,
        *,
        path: Mapping[str, str],
        scope: str,
        form: Upload | None = None,
    ) -> Reply:
        """Upload a file, or without a form download one; `template` is whole."""
        return await self._transport.transfer(
            self.target, method, template, path=path, scope=scope, form=form
        )

    async def _read(
        self,
        method: str,
        template: str,
        issue_key: str = "",
        *,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        scope: str = READ,
    ) -> Any:
        reply = await self._transport.call(
            self.target,
            method,
            self._api + template,
            path={"issueIdOrKey": issue_key},
            query=query,
            json=json,
            scope=scope,
            safe=True,
        )
        return reply.json()

    async def _write(self, method: str, template: str, issue_key: str = "", *, json: Any) -> Any:
        reply = await self._transport.call(
            self.target,
            method,
            self._api + template,
            path={"issueIdOrKey": issue_key},
            json=json,
            scope=WRITE,
        )
        return reply.json() if reply.body else None


def person_id(person: Mapping[str, Any]) -> dict[str, str]:
    """Return a user reference for a field value: account id on Cloud, name on Data Center."""
    if "accountId" in person:
        return {"accountId": str(person["accountId"])}
    return {"name": str(person["name"])}
