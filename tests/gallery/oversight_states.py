"""States of what administrators oversee: the audit log, the health of connections, the set-up."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from tests.unit.web.fakes import ADA, GRACE, NOW, World
from xerus.audit.events import Event, Fact
from xerus.audit.search import Found
from xerus.connections.history import HourRow
from xerus.grants.clients import Source
from xerus.ids import UserId
from xerus.mcpserver.first_steps import Step

Arrange = Callable[[World], None]

_GONE = UserId("6f1d1a34-7a4e-4a30-9a59-2b6f3a0c9d11")
_TOLD: tuple[tuple[Event, UserId | None, dict[str, Fact]], ...] = (
    (
        Event.CALL_FINISHED,
        GRACE,
        {
            "tool": "confluence_update_page_section",
            "target": "98311",
            "client": "7ec7",
            "client_name": "Claude Code",
            "outcome": "ok",
            "latency_ms": 412,
            "correlation_id": "4f9c21ab07de",
            "site": "acme",
            "credential": "user",
        },
    ),
    (
        Event.CALL_REFUSED,
        GRACE,
        {
            "tool": "jira_delete_issue",
            "target": "ENG-12",
            "client": "7ec7",
            "client_name": "Claude Code",
            "cause": "insufficient_scope",
            "correlation_id": "0b17de9c21ab",
        },
    ),
    (Event.CREDENTIAL_REFRESH_FAILED, _GONE, {"cause": "atlassian_unavailable", "link": "cloud"}),
    (Event.REGISTRATION_CREATED, None, {"client": "7ec7", "client_name": "Claude Code"}),
    (Event.PERSON_REMOVED, ADA, {"person": str(_GONE), "tenant": "11111111-2222"}),
    (Event.LOG_READ, ADA, {"filters": "person outcome", "whose": "grace"}),
)


def _log(entries: int) -> Arrange:
    def arrange(world: World) -> None:
        world.oversight.audit.rows = [
            Found(
                shard=n % 8,
                n=40_000 - n,
                at=NOW - timedelta(minutes=3 * n),
                event=event,
                user_id=user_id,
                facts=facts,
                mac="00ff",
            )
            for n, (event, user_id, facts) in enumerate(
                (_TOLD * (entries // len(_TOLD) + 1))[:entries]
            )
        ]

    return arrange


def _looked(world: World) -> None:
    world.oversight.audit.looked_to = NOW - timedelta(days=3)


def _too_long(world: World) -> None:
    world.oversight.audit.takes_too_long = True


_FILTERED = "/admin/audit?person=a&event=tool&outcome=failed&since=2026-11-01&until=2026-11-22"


def _clients(world: World) -> None:
    world.grants.add("f1", ADA, "Claude Code", "http://127.0.0.1/callback")


def _clients_of_many(world: World) -> None:
    kinds: tuple[Source, ...] = ("dynamic", "dynamic", "administrator", "file", "document")
    names = (
        "Claude Code",
        "Visual Studio Code",
        "Reports",
        "Night job",
        "Assistant of the web shop",
    )
    for n in range(130):
        world.clients.put(
            f"7ec7b{n:03}",
            f"{names[n % 5]} {n}" if n >= len(names) else names[n],
            kinds[n % 5],
            confidential=n % 5 == 2,
            is_used=n % 11 > 0,
        )


def _in_between(world: World) -> None:
    names = ("The address", "What the MCP server says of itself", "A call without a token")
    world.oversight.first_steps.plan = (*names, "Registration")
    world.oversight.first_steps.steps = (
        Step(
            name=names[0],
            state="warn",
            said="http://localhost:8000/mcp is a loopback address.",
            cause="Only programs on this machine reach it.",
            remedy="An administrator sets XERUS_PUBLIC_URL to an https address.",
        ),
        Step(name=names[1], state="ok", said="Found, and it names this address.", seconds=0.04),
        Step(
            name=names[2],
            state="failed",
            said="401, as it should be, but without WWW-Authenticate with resource_metadata.",
            cause="A proxy takes that header away, so that clients do not find where to sign in.",
            remedy="Let the proxy pass WWW-Authenticate on.",
            seconds=0.02,
        ),
        Step(name="Registration", state="skipped", said="Not tried."),
    )


def _hours(world: World) -> None:
    """90 days with a night without a worker, and a bad afternoon."""
    rows = []
    for ago in range(90 * 24):
        hour = NOW - timedelta(hours=ago)
        if 9 <= ago <= 12:
            rows.append(HourRow(hour=hour, renewals={"ok": 3} if ago == 12 else {}))
            continue
        failed = {3: 41, 4: 380, 5: 96}.get(ago, 0)
        rows.append(
            HourRow(
                hour=hour,
                was_seen=True,
                states={
                    "connected": 1_204 - failed,
                    "degraded": failed,
                    "needs_reconnect": ago % 3,
                    "expiring_soon": 12,
                    "disconnected": 60,
                },
                renewals={"ok": 1_190 - failed, "atlassian_unavailable": failed},
                left={"over": failed // 4, "10": 90, "30": 380, "more": 730},
            )
        )
    world.oversight.history.rows = rows[::-1]


STATES: Mapping[str, tuple[str, Arrange]] = {
    "connect-client": ("/tools/clients?client=vs-code", _clients),
    "connect-client-failing": ("/tools/clients", _in_between),
    "clients-many": ("/admin/clients", _clients_of_many),
    "clients-second-page": ("/admin/clients?order=registered&page=2", _clients_of_many),
    "clients-none-fits": ("/admin/clients?q=mainframe&kind=dynamic", _clients_of_many),
    "clients-unused": ("/admin/clients/unused", _clients_of_many),
    "clients-all-used": ("/admin/clients/unused", _clients),
    "health-24h": ("/admin/connections", _hours),
    "health-90d": ("/admin/connections?range=90d", _hours),
    "audit-empty": ("/admin/audit", _log(0)),
    "audit": ("/admin/audit", _log(6)),
    "audit-big": (_FILTERED, _log(300)),
    "audit-looked": ("/admin/audit?tool=jira_delete_issue&outcome=not_found", _looked),
    "audit-too-long": ("/admin/audit?outcome=succeeded&client=7ec7", _too_long),
}
