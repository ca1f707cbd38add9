"""The whole of Xerus, built from the settings."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import BaseRoute

from xerus.app.figures import Figures
from xerus.app.foundation import DatabaseUrls, Foundation, lay
from xerus.app.heartbeat import Heartbeat
from xerus.app.http import build_http
from xerus.app.identity import Identity, know_people
from xerus.app.key_provider import ProviderWatch
from xerus.app.mail import mail_loops, mailing_for
from xerus.app.notices import notices_for, operator_watch
from xerus.app.probes import probe_routes
from xerus.app.remotes import RemoteParts, remote_parts
from xerus.app.resealing import destroy_unused_keys
from xerus.app.retention import retention_loops
from xerus.app.roles import Role
from xerus.app.support import support_of
from xerus.app.tooling import (
    catalogue_of,
    connections_for,
    credential_choice,
    granted_scopes,
    runner_for,
    shared_credentials,
)
from xerus.assistant.model_use import ModelUse
from xerus.atlassian.limits import AtlassianLimits
from xerus.atlassian.shared_holds import SharedHolds
from xerus.atlassian.shared_points import SharedPoints
from xerus.audit.use import ToolUse
from xerus.authserver import routes as oauth_routes
from xerus.connections.history import ConnectionHistory
from xerus.connections.links import Link
from xerus.connections.running import Running
from xerus.connections.service import Connections
from xerus.mcpserver.endpoint import McpEndpoint, caller_from_bearer
from xerus.mcpserver.server import build_server
from xerus.notices.operator import OperatorWatch
from xerus.notices.service import Notices
from xerus.oauth import scopes
from xerus.pages.assets import Assets
from xerus.pages.rendering import Pages, Viewer
from xerus.remotes.service import Remotes
from xerus.settings.groups import Settings
from xerus.telemetry.logs import logger
from xerus.tools.catalogue import ALL
from xerus.tools.lean import LEAN
from xerus.tools.runner import Runner
from xerus.web import access
from xerus.worker.loops import Loop, Worker

if TYPE_CHECKING:
    from xerus.app.web import WebRole

_log = logger(__name__)
_RENEW_SECONDS = 30.0
_CHECK_SECONDS = 5.0
_SWEEP_SECONDS = 600.0
_FIGURES_SECONDS = 30.0
_HISTORY_SECONDS = 300.0
_USE_SECONDS = 60.0
_OPERATOR_SECONDS = 60.0
_USE_KEPT = timedelta(days=400)


@dataclass(frozen=True, kw_only=True)
class Application:
    """What `serving` runs.

    Call `closing` when the process is asked to stop, before the connections are waited for.
    """

    http: Starlette
    sign_in_link: str
    closing: Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class _Parts:
    base: Foundation
    people: Identity
    links: Mapping[Link, Connections]
    remote: RemoteParts
    holds: SharedHolds
    points: SharedPoints
    runner: Runner
    endpoint: McpEndpoint
    worker: Worker
    watch: ProviderWatch
    web: "WebRole | None"


async def compose(settings: Settings, *, urls: DatabaseUrls, roles: frozenset[Role]) -> Application:
    """Build the application of the chosen roles; its lifespan starts and stops the rest.

    Raises:
        WrongKey: the key provider is not the one this database was sealed with.
        SettingsError: the file of clients cannot be used.
        Unavailable: the database does not answer.
    """
    base = await lay(settings, urls)
    assets = Assets()
    pages = Pages(assets=assets, clock=base.clock, support=support_of(settings))
    parts = await _build(base, pages, roles)
    _warn(settings)

    async def viewer_of(request: Request) -> Viewer | None:
        people = parts.people
        return await access.viewer_of(request, cookies=people.cookies, sessions=people.sessions)

    http = build_http(
        routes=_routes(parts, roles, assets),
        public_url=settings.public_url,
        pages=pages,
        viewer_of=viewer_of,
        metrics=base.metrics,
        lifespan=lambda _: _running(parts, roles),
    )
    return Application(
        http=http,
        sign_in_link=await _local_link(settings, parts.people, roles),
        closing=parts.web.closing if parts.web else _nothing,
    )


async def _build(base: Foundation, pages: Pages, roles: frozenset[Role]) -> _Parts:
    settings = base.settings
    catalogue, tools_url = catalogue_of(settings), f"{settings.public_url}/tools"
    people = await know_people(base, pages)
    limits = AtlassianLimits(clock=base.clock, points_per_hour=settings.atlassian.points_per_hour)
    running = Running(db=base.db, listener=base.listener)
    links = connections_for(base, catalogue, limits, running, tools_url)
    # One object, because it remembers what it learnt of the operator's servers.
    shared = shared_credentials(settings, base.egress)
    remote = remote_parts(base, links)
    choice = credential_choice(base, links, shared)
    points = SharedPoints(db=base.db, ledger=limits.points, metrics=base.metrics)
    holds = SharedHolds(db=base.db, listener=base.listener, limits=limits, clock=base.clock)
    runner = runner_for(base, catalogue, links, shared, choice, limits, running, tools_url)
    endpoint = McpEndpoint(
        server=build_server(
            runner=runner,
            caller_of=caller_from_bearer,
            granted=granted_scopes(choice),
        ),
        tokens=people.tokens,
        public_url=settings.public_url,
        scopes=scopes.ALL,
        limits=settings.mcp,
    )
    web = None
    if Role.WEB in roles:
        from xerus.app.web import web_role  # noqa: PLC0415 - its first lines say why

        web = web_role(
            base, pages, people, links, remote, endpoint, limits, points, catalogue.tools
        )
    figures = Figures(db=base.db, clock=base.clock)
    notices = notices_for(base, links, limits)
    worker = _worker(
        base, people, links, remote.remotes, figures, notices, operator_watch(base, shared)
    )
    watch = ProviderWatch(vault=base.vault)
    _watch(base, links, limits, worker, figures)
    base.metrics.watch(watch.readings)
    base.metrics.watch(remote.remotes.readings)
    return _Parts(
        base=base,
        people=people,
        links=links,
        remote=remote,
        holds=holds,
        points=points,
        runner=runner,
        endpoint=endpoint,
        worker=worker,
        watch=watch,
        web=web,
    )


def _watch(
    base: Foundation,
    links: Mapping[Link, Connections],
    limits: AtlassianLimits,
    worker: Worker,
    figures: Figures,
) -> None:
    """Let every scrape of the metrics read these."""
    for read in (
        *(base.db.readings, base.listener.readings, base.audit.readings),
        *(limits.readings, worker.readings, figures.readings),
        *(one.readings for one in links.values()),
    ):
        base.metrics.watch(read)


def _worker(
    base: Foundation,
    people: Identity,
    links: Mapping[Link, Connections],
    remotes: Remotes,
    figures: Figures,
    notices: Notices,
    operator: OperatorWatch,
) -> Worker:
    async def sweep() -> int:
        await people.sessions.sweep()
        await people.removal.sweep()
        await people.front.clients.sweep()
        await people.registrations.sweep()
        await links[Link.CLOUD].clean_up()
        await remotes.clean_up()
        await base.signing_keys.sweep()
        await destroy_unused_keys(base)
        await notices.forget_old()
        return 0

    history = ConnectionHistory(db=base.db, clock=base.clock)
    return Worker(
        metrics=base.metrics,
        loops=[
            *(
                Loop(name=_named("renew", link), every_seconds=_RENEW_SECONDS, run=one.renew_due)
                for link, one in links.items()
            ),
            *(
                Loop(name=_named("check", link), every_seconds=_CHECK_SECONDS, run=one.check_due)
                for link, one in links.items()
            ),
            Loop(name="renew-servers", every_seconds=_RENEW_SECONDS, run=remotes.renew_due),
            Loop(name="check-servers", every_seconds=_CHECK_SECONDS, run=remotes.check_due),
            Loop(name="greet-servers", every_seconds=_CHECK_SECONDS, run=remotes.greet_due),
            Loop(name="sweep", every_seconds=_SWEEP_SECONDS, run=sweep),
            _counting(base),
            Loop(name="history", every_seconds=_HISTORY_SECONDS, run=history.write),
            Loop(name="operator", every_seconds=_OPERATOR_SECONDS, run=operator.look),
            Loop(name="figures", every_seconds=_FIGURES_SECONDS, run=figures.refresh),
            *retention_loops(base),
            *mail_loops(mailing_for(base, people.admins, links)),
        ],
    )


def _counting(base: Foundation) -> Loop:
    use = ToolUse(db=base.db, clock=base.clock)
    models = ModelUse(db=base.db, clock=base.clock)
    known = frozenset(tool.name for tool in (*ALL, *LEAN))
    days = base.settings.audit.days
    # What may be known of people from the audit log is not kept longer here.
    kept = _USE_KEPT if days is None else min(_USE_KEPT, timedelta(days=days))

    async def count() -> int:
        await models.forget(kept)
        return await use.count(known, keep=kept)

    return Loop(name="tool-use", every_seconds=_USE_SECONDS, run=count)


def _named(loop: str, link: Link) -> str:
    return loop if link is Link.CLOUD else f"{loop}-{link}"


def _routes(parts: _Parts, roles: frozenset[Role], assets: Assets) -> list[BaseRoute]:
    base = parts.base
    routes: list[BaseRoute] = [
        *probe_routes(
            db=base.db,
            vault=base.vault,
            provider=parts.watch,
            metrics=base.metrics,
            metrics_token=base.settings.server.metrics_token,
        )
    ]
    if roles & {Role.WEB, Role.OAUTH}:
        routes.append(assets.route())
    if Role.OAUTH in roles:
        routes += oauth_routes.routes(parts.people.front)
    if Role.MCP in roles:
        routes += parts.endpoint.routes()
    if parts.web is not None:
        routes += parts.web.routes
    return routes


@asynccontextmanager
async def _running(parts: _Parts, roles: frozenset[Role]) -> AsyncIterator[None]:
    """Start what runs beside the requests, and end it in the opposite order."""
    base = parts.base
    async with AsyncExitStack() as stack:
        stack.push_async_callback(base.close)
        await base.listener.start()
        stack.push_async_callback(base.listener.stop)
        await base.audit.start()
        stack.push_async_callback(base.audit.stop)
        await parts.people.file_clients.synchronize()
        await parts.holds.load()
        stack.push_async_callback(parts.holds.stop)
        parts.points.start()
        stack.push_async_callback(parts.points.stop)
        heartbeat = Heartbeat(
            db=base.db,
            clock=base.clock,
            roles=roles,
            listener=base.listener,
            links=parts.links,
        )
        stack.push_async_callback(heartbeat.leave)
        for connections in parts.links.values():
            stack.push_async_callback(connections.close)
        stack.push_async_callback(parts.remote.remotes.close)
        stack.push_async_callback(parts.runner.drain)
        # The chat of the web role is an MCP client of this process's own endpoint.
        await stack.enter_async_context(parts.endpoint.run())
        if parts.web is not None:
            stack.push_async_callback(parts.web.drain)
        # In every role: each process is one of the fleet, and may have to start anew.
        own = Worker(loops=[heartbeat.loop, parts.watch.loop], metrics=base.metrics)
        own.start()
        stack.push_async_callback(own.stop, seconds=1.0)  # a look may be cut off
        if Role.WORKER in roles:
            parts.worker.start()
            stack.push_async_callback(parts.worker.stop)
        yield


def _nothing() -> None:
    """Let go of nothing."""


async def _local_link(settings: Settings, people: Identity, roles: frozenset[Role]) -> str:
    if settings.identity.configured or Role.WEB not in roles:
        return ""
    return (await people.local.new_link()).get_secret_value()


def _warn(settings: Settings) -> None:
    if settings.credential_mode != "user":
        _log.warning(
            "shared_credential",
            mode=settings.credential_mode,
            meaning="signed-in callers act as the one account of JIRA_ and CONFLUENCE_ settings",
        )
    if not settings.identity.configured:
        _log.warning("no_identity_provider", meaning="one local administrator can sign in")
