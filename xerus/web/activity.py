"""GET /activity: a person's own audit entries, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.audit.events import Event, Fact
from xerus.audit.log import AuditRow
from xerus.errors import InvalidInput
from xerus.web import access
from xerus.web.deps import WebDeps

_PAGE = 50
TITLES: Mapping[str, str] = {
    Event.SESSION_CREATED: "Signed in",
    Event.SESSION_ENDED: "Signed out",
    Event.SIGNIN_REFUSED: "Sign-in refused",
    Event.REGISTRATION_CREATED: "MCP client registered",
    Event.REGISTRATION_CHANGED: "MCP client changed its registration",
    Event.REGISTRATION_REFUSED: "MCP client could not register",
    Event.REGISTRATION_REMOVED: "MCP client removed",
    Event.SECRET_REPLACED: "MCP client given a new secret",
    Event.CLIENT_CONSENT_SHOWN: "MCP client asked for access",
    Event.CLIENT_CONSENT_APPROVED: "MCP client allowed",
    Event.CLIENT_CONSENT_DENIED: "MCP client refused",
    Event.CLIENT_CONSENT_REMEMBERED: "Chose not to be asked again for an MCP client",
    Event.CLIENT_CONSENT_SKIPPED: "MCP client came back, allowed before",
    Event.CLIENT_CONSENT_FORGOTTEN: "To be asked again for an MCP client",
    Event.AUTHORIZATION_REFUSED: "MCP client's request refused",
    Event.CODE_ISSUED: "MCP client came back from sign-in",
    Event.CODE_REPLAYED: "A code was used twice, access ended",
    Event.TOKEN_ISSUED: "MCP client got access",
    Event.TOKEN_REFRESHED: "MCP client renewed access",
    Event.TOKEN_REPLAYED: "An old token was used, access ended",
    Event.TOKEN_REFUSED: "MCP client's request for access refused",
    Event.FAMILY_REVOKED: "MCP client's access ended",
    Event.CONNECTION_CONSENT_STARTED: "Started to connect Atlassian",
    Event.CONNECTION_CONSENT_DENIED: "Declined access at Atlassian",
    Event.CONNECTION_CONSENT_FAILED: "Connecting Atlassian failed",
    Event.ACCOUNT_CONNECTED: "Atlassian connected",
    Event.ACCOUNT_REPLACED: "Atlassian account replaced",
    Event.ACCOUNT_DISCONNECTED: "Atlassian disconnected",
    Event.CONNECTION_CHECKED: "Connection to Atlassian checked",
    Event.SITE_CHOSEN: "Site chosen",
    Event.CREDENTIAL_REFRESHED: "Access to Atlassian renewed",
    Event.CREDENTIAL_REFRESH_FAILED: "Renewing access to Atlassian failed",
    Event.CREDENTIAL_EXPIRED: "Access to Atlassian expired",
    Event.RENEWALS_PAUSED: "Renewing access to Atlassian paused for everybody",
    Event.RENEWALS_RESUMED: "Renewing access to Atlassian resumed",
    Event.SERVER_ADDED: "Added an MCP server",
    Event.SERVER_CHANGED: "Changed an MCP server",
    Event.SERVER_ENABLED: "Switched an MCP server on",
    Event.SERVER_DISABLED: "Switched an MCP server off",
    Event.SERVER_REMOVED: "Removed an MCP server",
    Event.SERVER_TOKEN_HANDED: "Let an MCP server have people's Atlassian tokens",
    Event.SERVER_TRUSTED: "Let tools of an MCP server read without asking",
    Event.SERVER_DISTRUSTED: "Let every tool of an MCP server be asked about",
    Event.SERVER_TOKEN_KEPT: "Let an MCP server have no Atlassian tokens any more",
    Event.CALL_STARTED: "Tool started",
    Event.CALL_FINISHED: "Tool finished",
    Event.CALL_REFUSED: "Tool refused",
    Event.REMOTE_STARTED: "Tool of another MCP server started",
    Event.REMOTE_FINISHED: "Tool of another MCP server finished",
    Event.APPROVAL_ASKED: "Asked for approval",
    Event.APPROVAL_APPROVED: "Approved",
    Event.APPROVAL_DECLINED: "Declined",
    Event.APPROVAL_EXPIRED: "Approval expired",
    Event.CONVERSATION_DELETED: "Conversation deleted",
    Event.CONVERSATION_EXPORTED: "Conversations exported",
    Event.CONVERSATIONS_REMOVED: "Conversations removed, not used for long",
    Event.APPROVAL_EDITED: "Changed a call before approving it",
    Event.APPROVAL_WAIVED: "Ran without asking, as you allowed",
    Event.POLICY_SET: "Chose how a tool may run",
    Event.POLICIES_RESET: "Let tools run as at the beginning",
    Event.CALL_HELD: "Waiting for a connection",
    Event.CALL_RESUMED: "Went on after connecting Atlassian",
    Event.CALL_DROPPED: "Not run without a connection to Atlassian",
    Event.PERSON_REMOVED: "Removed a person",
    Event.PERSON_DISABLED: "Turned off a person's access",
    Event.PERSON_ENABLED: "Turned on a person's access",
    Event.PERSON_SIGNED_OUT: "Signed a person out everywhere",
    Event.PERSON_CLIENTS_ENDED: "Ended the access of a person's MCP clients",
    Event.PERSON_DISCONNECTED: "Disconnected a person",
    Event.ADMIN_PAGE_VIEWED: "Looked at a page for administrators",
    Event.ADMIN_PAGE_REFUSED: "A page for administrators was refused",
    Event.KEYS_ROTATED: "Keys rotated",
    Event.LOG_READ: "Looked into the audit log",
    Event.LOG_EXPORTED: "Audit log exported",
    Event.LOG_REMOVED: "Old events removed from the audit log",
    Event.LOG_VERIFIED: "Audit log verified",
}
_SHOWN = (
    *("server", "host", "tool", "target", "client_name", "account", "site", "redirect_host"),
    *("user_agent_family", "page"),
)
_BAD_ENDINGS = ("refused", "failed", "refresh_failed", "replayed", "expired")
_BAD_OUTCOMES = frozenset({"error", "failed", "refused", "denied"})


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row of the table."""

    at: datetime
    title: str
    details: str
    outcome: str
    kind: str


class ActivityPage:
    """Shows 50 entries at a time."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the route."""
        return [access.page(self._deps, "/activity", self._show)]

    async def _show(self, request: Request, session: Session) -> Response:
        before = _instant(request.query_params.get("before", ""))
        rows = await self._deps.audit.recent(session.user.id, limit=_PAGE, before=before)
        names = {
            grant.client_id: grant.client_name
            for grant in await self._deps.grants.of(session.user.id)
        }
        older = rows[-1].at.astimezone(UTC).isoformat() if len(rows) == _PAGE else ""
        return self._deps.pages.render(
            request,
            "activity.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            rows=[line(row, client_names=names) for row in rows],
            older=older,
        )


def line(row: AuditRow, *, client_names: Mapping[str, str] = MappingProxyType({})) -> Line:
    """Return an event in words; one that has none yet keeps its name.

    Args:
        row: the event.
        client_names: names of MCP clients by their ids, which nobody recognizes.
    """
    outcome = str(row.facts.get("outcome") or "")
    bad = outcome in _BAD_OUTCOMES or row.event.endswith(_BAD_ENDINGS)
    client = client_names.get(str(row.facts.get("client")), "")
    return Line(
        at=row.at,
        title=TITLES.get(row.event, row.event),
        details=_details({"client_name": client, **row.facts}),
        outcome=_outcome(outcome, bad=bad, failed=row.event.endswith("failed")),
        kind="bad" if bad else "ok" if outcome in {"", "ok"} else "warn",
    )


def _outcome(outcome: str, *, bad: bool, failed: bool) -> str:
    if outcome in {"", "ok"}:
        return ("Failed" if failed else "Refused") if bad else "Done"
    return outcome.replace("_", " ").capitalize()


def _details(facts: Mapping[str, Fact]) -> str:
    found = dict.fromkeys(str(facts[name]) for name in _SHOWN if facts.get(name))
    cause = [str(facts["cause"]).replace("_", " ")] if facts.get("cause") else []
    credential = ["shared token"] if facts.get("credential") == "shared" else []
    return " · ".join([*found, *cause, *credential])


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as exc:
        raise InvalidInput(
            "`before` is not an instant.", hint="Open Activity from the menu."
        ) from exc
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
