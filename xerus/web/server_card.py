"""The card of an MCP server that an administrator added, by the same component as a link's."""

from starlette.requests import Request

from xerus.accounts.sessions import Session
from xerus.connections.views import ConnectionView, FlowStatus, FlowView, State
from xerus.pages.help_links import help_for
from xerus.remotes.servers import Auth, Registered
from xerus.remotes.views import away
from xerus.web.card import ACTIONS, Badge, Card, Notice, badge_of, version_of
from xerus.web.connect_status import Find, Watched
from xerus.web.deps import WebDeps
from xerus.web.server_deps import BASE, OneServer
from xerus.web.standing import standing_of

_MOST_SCOPES = 6
_READY = Badge("Ready", "circle-check", "ok")
_NEEDS_ATLASSIAN = Badge("Needs Atlassian", "unplug", "warn")
_TROUBLE = Badge("Trouble", "triangle-alert", "warn")
_AWAY = Badge("Does not answer", "triangle-alert", "warn")


def base_of(row: Registered) -> str:
    """Return the path of a server's pages."""
    return BASE.format(slug=row.server.slug)


def found(deps: WebDeps) -> Find:
    """Return what finds the server of a request. It raises NotFound."""

    async def find(request: Request, session: Session) -> Watched:
        return await one_of(deps, request, session)

    return find


async def one_of(deps: WebDeps, request: Request, session: Session) -> OneServer:
    """Return the server that the path names. Raises NotFound."""
    return await deps.remotes.link(session.user.id, request.path_params["slug"])


async def server_card(deps: WebDeps, link: OneServer, session: Session) -> Card:
    """Return the card of a server for the signed-in person."""
    user_id = session.user.id
    view, flow = await link.view(user_id), await link.flow(user_id, None)
    lacks_atlassian = (
        link.row.server.hands_atlassian_token and not (await deps.cloud.view(user_id)).usable
    )
    return card_of(deps, link.row, view, flow, lacks_atlassian=lacks_atlassian)


def card_of(
    deps: WebDeps,
    row: Registered,
    view: ConnectionView,
    flow: FlowView | None,
    *,
    lacks_atlassian: bool = False,
) -> Card:
    """Return the card of a server; `lacks_atlassian` where it cannot work without that."""
    server, now = row.server, deps.clock.now()
    personal = row.is_personal
    waiting = flow is not None and flow.open
    return Card(
        name=server.name,
        slug=f"server-{server.slug}",
        base=base_of(row),
        path=f"/tools/servers/{server.slug}",
        version=version_of(view, flow),
        says=_says(row),
        is_shared=not personal,
        badge=_badge(row, view, waiting=waiting, lacks_atlassian=lacks_atlassian),
        notice=_notice(row, view, flow, lacks_atlassian=lacks_atlassian),
        actions=_actions(view, waiting=waiting) if personal else frozenset(),
        pending=waiting,
        account_email="",
        site_names=(),
        permissions=tuple(sorted(view.scopes))[:_MOST_SCOPES],
        access_expires_at=view.access_expires_at
        if view.usable and view.access_expires_at and view.access_expires_at > now
        else None,
        reconnect_by=None,
        sites_to_choose=(),
        standing=standing_of(server.name, view, now=now),
        in_window=server.auth is Auth.OAUTH,
        handed_to=server.host if server.hands_atlassian_token else "",
    )


def _says(row: Registered) -> str:
    where = f"Tools of {row.server.host}."
    if row.is_personal:
        return where
    if row.server.hands_atlassian_token:
        return f"{where} Everybody here uses it with their own Atlassian account."
    key = " with a key that your administrator set" if row.server.auth is Auth.API_KEY else ""
    return f"{where} Everybody here uses it{key}; there is nothing for you to connect."


def _badge(row: Registered, view: ConnectionView, *, waiting: bool, lacks_atlassian: bool) -> Badge:
    if row.server.away_since is not None and (view.usable or not row.is_personal):
        return _AWAY
    if view.state is State.DEGRADED:
        return _TROUBLE
    if row.is_personal and not (lacks_atlassian and view.usable):
        return badge_of(view, waiting=waiting)
    return _NEEDS_ATLASSIAN if lacks_atlassian else _READY


def _actions(view: ConnectionView, *, waiting: bool) -> frozenset[str]:
    return frozenset({"waiting"}) if waiting else ACTIONS[view.state]


def _notice(
    row: Registered, view: ConnectionView, flow: FlowView | None, *, lacks_atlassian: bool
) -> Notice | None:
    if flow is not None and flow.open:
        return Notice(
            kind="busy",
            title="Waiting for you to finish in the other window.",
            text="This page notices by itself when you are done.",
        )
    if lacks_atlassian and (view.usable or not row.is_personal):
        return Notice(
            kind="warn",
            title="It works with your Atlassian account, which is not connected.",
            text="Connect Atlassian on this page; nothing else is needed here.",
        )
    return _news(row, view, flow) or _silence(row, view) or _standing(view)


def _news(row: Registered, view: ConnectionView, flow: FlowView | None) -> Notice | None:
    """What became of the newest attempt to connect."""
    if flow is None:
        return None
    if view.state is State.CONNECTED and _made(view, flow):
        return Notice(
            kind="ok", title="Authentication Successful", text=f"{row.server.name} is connected."
        )
    if view.state is State.NOT_CONNECTED and flow.error:
        return Notice(
            kind="warn",
            title=flow.error.message,
            text=flow.error.hint,
            correlation_id=flow.error.correlation_id,
            at=flow.error.at,
            help=help_for(flow.error.code, default="failed"),
        )
    return None


def _silence(row: Registered, view: ConnectionView) -> Notice | None:
    """That the server answers nobody, where its own state does not say more."""
    words = away(row.server)
    if not words or view.state is State.NEEDS_RECONNECT:
        return None
    return Notice(
        kind="warn",
        title=words,
        text="Xerus tries it again by itself. Your connection is kept; the chat goes on without it."
        if view.usable and row.is_personal
        else "Xerus tries it again by itself; the chat goes on without it.",
    )


def _standing(view: ConnectionView) -> Notice | None:
    """What is to be known of the connection as it stands."""
    match view.state:
        case State.NEEDS_RECONNECT:
            return Notice(kind="bad", title=view.cause, text=view.hint)
        case State.DEGRADED | State.EXPIRING_SOON:
            return Notice(kind="warn", title=view.cause, text=view.hint)
        case State.DISCONNECTED if view.cause:
            return Notice(kind="busy", title=view.cause)
        case _:
            return None


def _made(view: ConnectionView, flow: FlowView) -> bool:
    """Whether an attempt is the one that made the connection."""
    at = view.connected_at
    return flow.status is FlowStatus.CONNECTED and at is not None and at >= flow.created_at
