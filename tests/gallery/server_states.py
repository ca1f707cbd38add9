"""The states of remote MCP servers."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from tests.gallery.shown import Shown
from tests.unit.web.fake_servers import registered, server, signing_in
from tests.unit.web.fakes import CONNECTED, NOW, World, flow, problem
from xerus.connections.views import ConnectionView, FlowStatus, Outcome, State
from xerus.ids import ConnectionId
from xerus.remotes.servers import Auth, Registered
from xerus.remotes.views import shared_view

_AWAY = problem("upstream_timeout", "The server did not answer in time.", "Try again in a moment.")
_UNHEARD = problem("upstream_unreachable", "The server cannot be reached.", "")
OWN = ConnectionView(
    state=State.CONNECTED,
    connection_id=ConnectionId("r1"),
    scopes=frozenset({"docs:read", "docs:write"}),
    connected_at=NOW - timedelta(days=3),
    access_expires_at=NOW + timedelta(minutes=42),
    refreshed_at=NOW - timedelta(minutes=18),
    last_ok_at=NOW - timedelta(minutes=2),
    checked_at=NOW - timedelta(minutes=2),
    check_seconds=0.21,
)
_OVER = NOW - timedelta(minutes=3)
OWN_VIEWS: Mapping[State, ConnectionView] = {
    State.NOT_CONNECTED: ConnectionView(state=State.NOT_CONNECTED),
    State.CONNECTED: OWN,
    State.REFRESHING: replace(
        OWN,
        state=State.REFRESHING,
        cause="The connection is being renewed.",
        access_expires_at=_OVER,
    ),
    State.EXPIRING_SOON: replace(
        OWN,
        state=State.EXPIRING_SOON,
        cause="Docs gave an access that cannot be renewed.",
        hint="Reconnect.",
    ),
    State.NEEDS_RECONNECT: replace(
        OWN,
        state=State.NEEDS_RECONNECT,
        cause="Docs no longer accepts this authorization.",
        hint="Reconnect Docs.",
        last_error=problem("grant_refused", "Docs no longer accepts this authorization.", ""),
    ),
    State.DEGRADED: replace(
        OWN, state=State.DEGRADED, cause=_AWAY.message, hint=_AWAY.hint, last_error=_AWAY
    ),
    State.DISCONNECTED: ConnectionView(
        state=State.DISCONNECTED,
        cause="You disconnected it; Docs was told to end the access.",
        since=_OVER,
        ended_at=_OVER,
    ),
}


def _own(view: ConnectionView) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        world.connections.shown = CONNECTED
        world.remotes.put(signing_in("docs", "Docs"), view)

    return arrange


def _several(world: World) -> None:
    """A server of each kind, one of them handed Atlassian tokens that are not there."""
    free = registered(server("wiki", "Team wiki"))
    world.remotes.put(free, shared_view(free))
    keyed = registered(server("crm", "Customers", auth=Auth.API_KEY), key_of_each=True)
    world.remotes.put(keyed, OWN_VIEWS[State.NOT_CONNECTED])
    handed = registered(server("jira_x", "mcp-atlassian", handed=True))
    world.remotes.put(handed, shared_view(handed))


def _handed(world: World) -> None:
    world.connections.shown = CONNECTED
    handed = registered(server("docs", "Docs", handed=True))
    world.remotes.put(handed, shared_view(handed))


def _away(world: World) -> None:
    """Servers that do not answer: connected, not connected, and for everybody."""
    world.connections.shown = CONNECTED
    for slug, view in (("docs", OWN), ("wiki", OWN_VIEWS[State.NOT_CONNECTED])):
        row = signing_in(slug, slug.title())
        world.remotes.put(_silent(row), view)
    free = _silent(registered(server("maps", "Maps")))
    world.remotes.put(free, shared_view(free))


def _silent(row: Registered) -> Registered:
    away = replace(row.server, away_since=NOW - timedelta(minutes=50))
    return replace(row, server=away, reach_error=_UNHEARD)


def _waiting(world: World) -> None:
    link = world.remotes.put(signing_in("docs", "Docs"), OWN_VIEWS[State.NOT_CONNECTED])
    link.newest = flow(FlowStatus.PENDING)


def _returned(status: FlowStatus) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        link = world.remotes.put(signing_in("docs", "Docs"), OWN)
        error = problem(
            "wrong_issuer",
            "The answer came from another authorization server, so nothing was done with it.",
            "Start again from the Tools page.",
        )
        link.outcome = Outcome(
            status=status,
            flow_id=None,
            view=OWN,
            error=None if status is FlowStatus.CONNECTED else error,
        )

    return arrange


def _key(world: World) -> None:
    keyed = registered(server("docs", "Docs", auth=Auth.API_KEY, handed=True), key_of_each=True)
    world.remotes.put(keyed, OWN_VIEWS[State.NOT_CONNECTED])


def _servers(world: World) -> None:
    world.servers.put(registered(server("docs", "Docs")))
    keyed = registered(server("crm", "Customers", auth=Auth.API_KEY), key_of_each=True)
    silent = replace(keyed.server, away_since=NOW - timedelta(minutes=50))
    world.servers.put(replace(keyed, reach_error=_AWAY, server=silent), people=3, ended=1)
    world.servers.put(signing_in("wiki", "Wiki"), people=1)
    world.servers.put(
        replace(registered(server("lab", "Lab", handed=True)), enabled=False, tools=None)
    )


_PAGE = "/connections/servers/docs"

SERVER_STATES: Mapping[str, Shown] = {
    "servers-empty": Shown(path="/admin/servers"),
    "servers": Shown(path="/admin/servers", arrange=_servers),
    "servers-add": Shown(path="/admin/servers/add"),
    "servers-one": Shown(path="/admin/servers/one?id=id-crm", arrange=_servers),
    "servers-one-sign-in": Shown(path="/admin/servers/one?id=id-wiki", arrange=_servers),
    "servers-one-handed": Shown(path="/admin/servers/one?id=id-lab", arrange=_servers),
    "servers-hand": Shown(path="/admin/servers/hand?id=id-docs", arrange=_servers),
    "servers-remove": Shown(path="/admin/servers/remove?id=id-wiki", arrange=_servers),
    "tools-servers": Shown(path="/tools", arrange=_several),
    "tools-server-waiting": Shown(path="/tools", arrange=_waiting),
    "tools-server-away": Shown(path="/tools", arrange=_away),
    "tools-server-handed": Shown(path="/tools", arrange=_handed),
    **{
        f"tools-server-{state}": Shown(path="/tools", arrange=_own(v))
        for state, v in OWN_VIEWS.items()
    },
    **{f"server-{state}": Shown(path=_PAGE, arrange=_own(v)) for state, v in OWN_VIEWS.items()},
    "server-handed": Shown(path=_PAGE, arrange=_handed),
    "server-key": Shown(path=f"{_PAGE}/start", arrange=_key),
    "server-disconnect": Shown(path=f"{_PAGE}/disconnect", arrange=_own(OWN)),
    "server-return-connected": Shown(
        path=f"{_PAGE}/callback?code=c&state=s", arrange=_returned(FlowStatus.CONNECTED)
    ),
    "server-return-failed": Shown(
        path=f"{_PAGE}/callback?code=c&state=s", arrange=_returned(FlowStatus.FAILED)
    ),
}
