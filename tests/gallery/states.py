"""The states: each a small world behind the pages, and the page that is looked at."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

from tests.gallery import oversight_states
from tests.gallery.conversations import OF_CONVERSATIONS
from tests.gallery.decision_states import DECISION_STATES
from tests.gallery.help_states import HELP_STATES
from tests.gallery.long_states import LONG_STATES
from tests.gallery.mail_states import MAIL_STATES
from tests.gallery.model_states import MODEL_STATES
from tests.gallery.notice_states import NOTICE_STATES
from tests.gallery.people_states import PEOPLE_STATES
from tests.gallery.policy_states import POLICY_STATES
from tests.gallery.running_states import RUNNING_STATES
from tests.gallery.server_states import OWN_VIEWS, SERVER_STATES
from tests.gallery.shown import Shown
from tests.unit.web.fake_servers import signing_in
from tests.unit.web.fakes import (
    ACME,
    ADA,
    CONNECTED,
    LABS,
    NOW,
    SCOPES,
    World,
    flow,
    problem,
)
from tests.unit.web.waiting import approval, held
from xerus.assistant.entries import (
    AssistantEntry,
    ErrorEntry,
    PersonEntry,
    ToolEntry,
)
from xerus.assistant.rendering import html_of
from xerus.audit.events import Event
from xerus.audit.log import AuditRow
from xerus.audit.use import Used
from xerus.connections.links import Link
from xerus.connections.overview import Cause, SharedAccount
from xerus.connections.views import Check, ConnectionView, FlowStatus, Outcome, State
from xerus.errors import TooLarge, Unavailable

OUTAGE = problem(
    "atlassian_unavailable",
    "Atlassian did not answer in time.",
    "It is tried again by itself; nothing is lost.",
)
ENDED = problem(
    "grant_refused", "Atlassian has ended the access.", "Reconnect; sites and settings stay."
)


def _view(view: ConnectionView) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        world.connections.shown = view

    return arrange


def _attempt(status: FlowStatus, *, view: ConnectionView, why: str = "") -> Callable[[World], None]:
    error = problem("connect_failed", why, "Try again.") if why else None

    async def nothing_changes(*_: object) -> None:
        await asyncio.Event().wait()

    def arrange(world: World) -> None:
        world.connections.shown = view
        world.connections.newest = flow(status, error)
        world.connections.wait_for_change = nothing_changes  # type: ignore[method-assign, assignment]  # for this state alone

    return arrange


def _return(status: FlowStatus, *, view: ConnectionView, why: str = "") -> Callable[[World], None]:
    error = problem("connect_failed", why, "Choose Try again.") if why else None

    def arrange(world: World) -> None:
        world.connections.shown = view
        world.connections.outcome = Outcome(status=status, flow_id=None, view=view, error=error)

    return arrange


NOT_CONNECTED = ConnectionView(state=State.NOT_CONNECTED)
CHOOSING = replace(
    CONNECTED,
    state=State.CHOOSING_SITE,
    cause="Atlassian is connected.",
    hint="Choose the site to work in.",
    sites=(replace(ACME, chosen=False), LABS),
)
_EXPIRED = NOW - timedelta(minutes=3)
VIEWS: Mapping[State, ConnectionView] = {
    State.NOT_CONFIGURED: ConnectionView(
        state=State.NOT_CONFIGURED,
        cause="Connecting Atlassian is not set up on this server.",
        hint="An administrator has to set ATLASSIAN_OAUTH_CLIENT_ID.",
    ),
    State.NOT_CONNECTED: NOT_CONNECTED,
    State.CONNECTING: ConnectionView(state=State.CONNECTING),
    State.CHOOSING_SITE: CHOOSING,
    State.CONNECTED: CONNECTED,
    State.REFRESHING: replace(
        CONNECTED,
        state=State.REFRESHING,
        cause="The connection is being renewed.",
        access_expires_at=_EXPIRED,
    ),
    State.EXPIRING_SOON: replace(
        CONNECTED,
        state=State.EXPIRING_SOON,
        cause="Atlassian ends each consent after a year.",
        hint="Reconnect.",
        reconnect_by=NOW + timedelta(days=9),
    ),
    State.NEEDS_RECONNECT: replace(
        CONNECTED,
        state=State.NEEDS_RECONNECT,
        cause=ENDED.message,
        hint="Reconnect Atlassian.",
        last_error=ENDED,
    ),
    State.DEGRADED: replace(
        CONNECTED,
        state=State.DEGRADED,
        cause=OUTAGE.message,
        hint=OUTAGE.hint,
        last_error=OUTAGE,
        access_expires_at=_EXPIRED,
        retry_at=NOW + timedelta(seconds=40),
    ),
    State.DISCONNECTED: ConnectionView(state=State.DISCONNECTED, account_email="ada@example.com"),
}


def _filled_in_wrongly(world: World) -> None:
    world.assistant.editing.answers = {
        "summary": "",
        "points": "three",
        "labels": '["security", keys]',
        "fields": '["not an object"]',
    }


def _missing_permissions(world: World) -> None:
    lost = frozenset({"write:jira-work", "write:page:confluence"})
    world.connections.shown = replace(CONNECTED, scopes=SCOPES - lost, missing_scopes=lost)


def _test_failed(world: World) -> None:
    world.connections.shown = CONNECTED
    world.connections.checked = Check(ok=False, seconds=2.1, products=frozenset(), error=OUTAGE)


_TALK = (
    PersonEntry(text="find open bugs in ENG"),
    ToolEntry(
        name="jira_search",
        title="Search issues",
        arguments='{"jql": "project = ENG AND type = Bug"}',
        result="ENG-7 | Login button ignores Enter | Open\nENG-12 | Slow search | Open",
        state="ok",
        seconds=0.8,
    ),
    AssistantEntry(
        author="Demo model",
        html=html_of(
            "Two open bugs in **ENG**:\n\n| Key | Summary | Status |\n| --- | --- | --- |\n"
            "| ENG-7 | Login button ignores Enter | Open |\n| ENG-12 | Slow search | Open |"
        ),
    ),
)
_CREATE = approval()
_ASKED = PersonEntry(text="create a task in ENG: Rotate the keys")


def _talk(*entries: object) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        world.connections.shown = CONNECTED
        world.assistant.entries["talk"] = list(entries)

    return arrange


def _unconnected_talk(world: World) -> None:
    world.assistant.entries["talk"] = [PersonEntry(text="show ENG-12"), held()]


def _two_unconnected(world: World) -> None:
    """Calls that wait for two connections, one of them of another server."""
    world.remotes.put(signing_in("docs", "Docs"), OWN_VIEWS[State.NOT_CONNECTED])
    world.assistant.entries["talk"] = [
        PersonEntry(text="what do the docs say about ENG-12?"),
        held(),
        held(call_ids=("c2",), titles=("Connect Docs",), name="Docs", server="docs"),
    ]


def _happened(world: World) -> None:
    told = (
        (Event.SESSION_CREATED, {"user_agent_family": "Firefox on Linux"}),
        (Event.ACCOUNT_CONNECTED, {"account": "ada@example.com", "site": "acme"}),
        (Event.CALL_FINISHED, {"tool": "jira_search", "outcome": "ok", "client_name": "Desk"}),
        (Event.CALL_REFUSED, {"tool": "jira_delete_issue", "cause": "insufficient_scope"}),
        (Event.CREDENTIAL_REFRESH_FAILED, {"cause": "atlassian_unavailable"}),
    )
    world.audit.rows = [
        AuditRow(at=NOW - timedelta(minutes=7 * n), event=event, facts=dict(facts))
        for n, (event, facts) in enumerate(told)
    ]


def _allowed(world: World) -> None:
    world.grants.add("f1", ADA, "Desk", "http://127.0.0.1/callback")
    world.consents.add("k1", ADA, "Reports", "https://reports.example.com/callback")


def _many_clients(world: World) -> None:
    world.clients.put("one", "Desk", "dynamic")
    world.clients.put("two", "Reports", "administrator", confidential=True)
    world.clients.put("three", "Night job", "file", confidential=True)


def _in_company(world: World) -> None:
    world.connections.shown = replace(CONNECTED, checked_at=_EXPIRED, check_seconds=0.31)
    world.connections.in_company = True


def _nobody_connected(world: World) -> None:
    world.admin.states = {}


def _trouble(world: World) -> None:
    world.admin.states = {
        (Link.CLOUD, "connected"): 1_204,
        (Link.CLOUD, "needs_reconnect"): 3,
        (Link.CLOUD, "degraded"): 41,
        (Link.JIRA, "connected"): 12,
    }
    world.admin.servers = [("Docs", "connected", 12), ("Docs", "refreshing", 1)]
    world.admin.failing = [
        Cause(
            link=Link.CLOUD,
            code="client_rejected",
            message="Atlassian rejected this server's own app credentials.",
            count=41,
            since=NOW - timedelta(hours=2),
            at=NOW - timedelta(minutes=1),
            correlation_id="4f9c21ab07de",
        )
    ]
    world.admin.shared = [
        SharedAccount(link=Link.CLOUD, account_email="team@example.com", people=2)
    ]
    world.admin.running = [
        SimpleNamespace(
            place=f"app-{n} 4711",
            roles=("mcp", "worker"),
            started_at=NOW - timedelta(days=3),
            seen_at=NOW - timedelta(seconds=4),
            is_silent=n == 2,
            listens=n != 2,
            gates={"cloud": (3, n == 1)},
        )
        for n in (1, 2)
    ]


def _much_used(world: World) -> None:
    world.admin.use.rows = [
        Used(
            key=f"{n}0000000-0000-4000-8000-000000000000",
            name=f"Grace Hopper {n} · grace{n}@example.com",
            calls=4_000 // n,
            failed=n,
            mean_ms=310,
            last_day=NOW.date(),
        )
        for n in range(1, 5)
    ]


def _tampered(world: World) -> None:
    sound = world.audit.verdict
    world.audit.verdict = replace(
        sound, sound=False, shard=2, n=41, reason="its contents do not fit its seal"
    )


def _fails(error: Exception) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        world.audit.failing = error

    return arrange


_HERE = "/connections/atlassian"
_BACK = f"{_HERE}/callback?code=c&state=s"

STATES: Mapping[str, Shown] = {
    **OF_CONVERSATIONS,
    "signin": Shown(path="/signin", token=""),
    "signout": Shown(path="/signout", token=""),
    **{f"tools-{state}": Shown(path="/tools", arrange=_view(v)) for state, v in VIEWS.items()},
    **{f"connection-{state}": Shown(path=_HERE, arrange=_view(v)) for state, v in VIEWS.items()},
    "tools-waiting": Shown(
        path="/tools", arrange=_attempt(FlowStatus.PENDING, view=VIEWS[State.CONNECTING])
    ),
    "tools-successful": Shown(
        path="/tools", arrange=_attempt(FlowStatus.CONNECTED, view=CONNECTED)
    ),
    "tools-declined": Shown(
        path="/tools",
        arrange=_attempt(
            FlowStatus.DENIED, view=NOT_CONNECTED, why="You declined access at Atlassian."
        ),
    ),
    "tools-failed": Shown(
        path="/tools",
        arrange=_attempt(
            FlowStatus.FAILED, view=NOT_CONNECTED, why="Your account reaches no site."
        ),
    ),
    "tools-ran-out": Shown(
        path="/tools",
        arrange=_attempt(
            FlowStatus.EXPIRED, view=NOT_CONNECTED, why="The attempt ended after 10 minutes."
        ),
    ),
    "tools-missing-permissions": Shown(path="/tools", arrange=_missing_permissions),
    "tools-shared": Shown(path="/tools", mode="shared", arrange=_view(VIEWS[State.NOT_CONFIGURED])),
    "connection-missing-permissions": Shown(path=_HERE, arrange=_missing_permissions),
    "connection-in-company": Shown(path=_HERE, arrange=_in_company),
    "disconnect": Shown(path=f"{_HERE}/disconnect", arrange=_view(CONNECTED)),
    "return-connected": Shown(path=_BACK, arrange=_return(FlowStatus.CONNECTED, view=CONNECTED)),
    "return-choosing": Shown(path=_BACK, arrange=_return(FlowStatus.CHOOSING_SITE, view=CHOOSING)),
    "return-declined": Shown(
        path=_BACK,
        arrange=_return(
            FlowStatus.DENIED, view=NOT_CONNECTED, why="You declined access at Atlassian."
        ),
    ),
    "return-failed": Shown(
        path=_BACK,
        arrange=_return(FlowStatus.FAILED, view=NOT_CONNECTED, why="Atlassian did not answer."),
    ),
    "chat-new": Shown(path="/", arrange=_view(CONNECTED)),
    "chat-answer": Shown(path="/chat/talk", arrange=_talk(*_TALK)),
    "chat-approval": Shown(path="/chat/talk", arrange=_talk(_ASKED, _CREATE)),
    "chat-approval-edited": Shown(
        path="/chat/talk", arrange=_talk(_ASKED, replace(_CREATE, edited=True))
    ),
    "chat-edit": Shown(path="/chat/talk/calls/c1/edit"),
    "chat-edit-wrong": Shown(path="/chat/talk/calls/c1/edit", arrange=_filled_in_wrongly),
    "chat-approval-over": Shown(
        path="/chat/talk", arrange=_talk(_ASKED, replace(_CREATE, state="expired"))
    ),
    "chat-needs-connection": Shown(path="/chat/talk", arrange=_unconnected_talk),
    "chat-needs-two-connections": Shown(path="/chat/talk", arrange=_two_unconnected),
    "chat-error": Shown(
        path="/chat/talk",
        arrange=_talk(
            _ASKED,
            ErrorEntry(
                message="The model did not answer.",
                hint="Send it again.",
                correlation_id="4f9c21ab07de",
            ),
        ),
    ),
    "activity-empty": Shown(path="/activity"),
    "activity": Shown(path="/activity", arrange=_happened),
    "access-empty": Shown(path="/access"),
    "access": Shown(path="/access", arrange=_allowed),
    "admin": Shown(path="/admin", arrange=_view(CONNECTED)),
    "admin-nobody-connected": Shown(path="/admin", arrange=_nobody_connected),
    "people-remove": Shown(path="/admin/people/remove?id=grace"),
    "admin-connections-empty": Shown(path="/admin/connections", arrange=_nobody_connected),
    "admin-connections": Shown(
        path="/admin/connections?link=cloud&cause=client_rejected", arrange=_trouble
    ),
    "admin-use-empty": Shown(path="/admin/use"),
    "admin-use": Shown(path="/admin/use?by=person&days=7&tool=jira_search", arrange=_much_used),
    **{
        name: Shown(path=path, arrange=arrange)
        for name, (path, arrange) in oversight_states.STATES.items()
    },
    "admin-refused": Shown(path="/admin", token="grace-token"),
    "clients-empty": Shown(path="/admin/clients"),
    "clients": Shown(path="/admin/clients", arrange=_many_clients),
    "clients-add": Shown(path="/admin/clients/add"),
    "clients-remove": Shown(path="/admin/clients/remove?id=two", arrange=_many_clients),
    "clients-secret": Shown(path="/admin/clients/secret?id=two", arrange=_many_clients),
    **DECISION_STATES,
    **LONG_STATES,
    **PEOPLE_STATES,
    **HELP_STATES,
    **SERVER_STATES,
    **POLICY_STATES,
    **NOTICE_STATES,
    **RUNNING_STATES,
    **MAIL_STATES,
    **MODEL_STATES,
    "not-found": Shown(path="/no-such-page"),
    "database-away": Shown(
        path="/activity",
        arrange=_fails(Unavailable("The database does not answer.", hint="Try again in a moment.")),
    ),
    "too-much": Shown(
        path="/activity",
        arrange=_fails(TooLarge("The form is too large.", hint="Send less at once.")),
    ),
    "went-wrong": Shown(path="/activity", arrange=_fails(RuntimeError("unforeseen"))),
}
