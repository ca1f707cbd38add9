"""The web role: the pages and the assistant behind the chat.

Imported only where the role runs: it brings 23 MiB of the assistant's libraries and half a second
to load them, which processes that serve OAuth or MCP alone have no use for.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.routing import BaseRoute

from xerus.accounts.people import People
from xerus.app.administration import Administration
from xerus.app.foundation import Foundation
from xerus.app.identity import Identity
from xerus.app.mail import mailing_for
from xerus.app.notices import notices_for
from xerus.app.oversight import oversee
from xerus.app.people import PeopleAdministration
from xerus.app.readiness import Readiness
from xerus.app.remotes import RemoteParts
from xerus.app.tooling import shared_products
from xerus.assistant.branching import Branching
from xerus.assistant.choosing import Models
from xerus.assistant.conversations import Conversations
from xerus.assistant.exporting import Exporting
from xerus.assistant.link import McpLink
from xerus.assistant.model import Access, Providers
from xerus.assistant.prices import Prices
from xerus.assistant.remote.calls import Others
from xerus.assistant.remote.servers import Servers as RemoteOffers
from xerus.assistant.searching import Searching
from xerus.assistant.service import Assistant
from xerus.assistant.tool_policies import ToolPolicies
from xerus.atlassian.limits import AtlassianLimits
from xerus.atlassian.shared_points import SharedPoints
from xerus.connections.links import Link
from xerus.connections.service import Connections
from xerus.mcpserver.endpoint import McpEndpoint
from xerus.mcpserver.metadata import resource_url
from xerus.notices.mailing import Mailing
from xerus.notices.service import Notices
from xerus.pages.rendering import Pages
from xerus.settings.groups import AssistantSettings
from xerus.settings.models import Provider, chosen, windows
from xerus.tools.declaration import Tool
from xerus.web import routes as web_routes
from xerus.web.deps import WebDeps
from xerus.web.kept import Kept
from xerus.web.oversight import Oversight


@dataclass(frozen=True, kw_only=True)
class WebRole:
    """What `composition` needs of the role."""

    routes: list[BaseRoute]
    closing: Callable[[], None]
    drain: Callable[[], Awaitable[None]]


def web_role(
    base: Foundation,
    pages: Pages,
    people: Identity,
    links: Mapping[Link, Connections],
    remote: RemoteParts,
    endpoint: McpEndpoint,
    limits: AtlassianLimits,
    points: SharedPoints,
    tools: Sequence[Tool],
) -> WebRole:
    """Build the pages; `tools` are those that are on.

    Raises:
        NotConfigured: XERUS_MODEL or XERUS_MODELS names a model that cannot be used.
    """
    providers = Providers(_access(base.settings.assistant))
    link = McpLink(
        app=endpoint.app, url=resource_url(base.settings.public_url), tokens=people.tokens
    )
    offers = RemoteOffers(remotes=remote.remotes, egress=base.server_egress)
    others = Others(
        servers=offers,
        audit=base.audit,
        metrics=base.metrics,
    )
    assistant = _assistant(base, link, providers, others)
    known = People(db=base.db, admins=people.admins, clock=base.clock)
    administration = Administration(base=base, people=known, limits=limits, points=points)
    of_people = PeopleAdministration(
        base=base,
        people=known,
        removal=people.removal,
        disabling=people.disabling,
        sessions=people.sessions,
        families=people.front.families,
        links=links,
        remotes=remote.remotes,
    )
    notices = notices_for(base, links, limits)
    mail = mailing_for(base, people.admins, links)
    overseen = oversee(base, link)
    deps = _deps(
        base,
        pages,
        people,
        links,
        remote,
        assistant,
        ToolPolicies(settling=assistant.settling, tools=tools, servers=offers),
        administration,
        of_people,
        notices,
        mail,
        overseen.services,
    )

    async def drain() -> None:
        await assistant.drain()
        await others.drain()
        await providers.close()
        await overseen.close()

    def closing() -> None:
        deps.closing.set()
        assistant.closing()

    return WebRole(routes=[*web_routes.routes(deps)], closing=closing, drain=drain)


def _access(wanted: AssistantSettings) -> Access:
    return Access(
        anthropic_url=wanted.anthropic_url,
        anthropic_api_key=wanted.anthropic_api_key,
        openai_url=wanted.openai_url,
        openai_api_key=wanted.openai_api_key,
        compatible_url=wanted.compatible_url,
        compatible_api_key=wanted.compatible_api_key,
    )


def _assistant(base: Foundation, link: McpLink, providers: Providers, others: Others) -> Assistant:
    wanted = base.settings.assistant
    names = chosen(wanted.model, wanted.models) or ("",)
    return Assistant(
        db=base.db,
        listener=base.listener,
        vault=base.vault,
        audit=base.audit,
        clock=base.clock,
        models=Models({name: providers.model(name) for name in names}, windows(wanted.windows)),
        messages_per_minute=wanted.messages_per_minute,
        prices=_prices(wanted),
        tokens_per_day=wanted.tokens_per_day,
        others=others,
        may_always_allow=wanted.may_always_allow,
        link=link,
    )


def _prices(wanted: AssistantSettings) -> Prices:
    theirs, elsewhere = Access(), _access(wanted)
    listed: list[Provider] = []
    if elsewhere.anthropic_url == theirs.anthropic_url:
        listed.append("anthropic")
    if elsewhere.openai_url == theirs.openai_url:
        listed.append("openai")
    return Prices(own={price.model: price for price in wanted.prices}, listed=listed)


def _kept(base: Foundation, assistant: Assistant) -> Kept:
    conversations = Conversations(
        db=base.db,
        vault=base.vault,
        audit=base.audit,
        clock=base.clock,
        days=base.settings.assistant.days,
    )
    return Kept(
        conversations=conversations,
        branching=Branching(db=base.db, vault=base.vault, clock=base.clock),
        searching=Searching(db=base.db, vault=base.vault, conversations=conversations),
        exporting=Exporting(
            conversations=conversations,
            read=assistant.content,
            audit=base.audit,
            clock=base.clock,
        ),
    )


def _deps(
    base: Foundation,
    pages: Pages,
    people: Identity,
    links: Mapping[Link, Connections],
    remote: RemoteParts,
    assistant: Assistant,
    policies: ToolPolicies,
    administration: Administration,
    of_people: PeopleAdministration,
    notices: Notices,
    mail: Mailing,
    oversight: Oversight,
) -> WebDeps:
    return WebDeps(
        pages=pages,
        csrf=people.csrf,
        cookies=people.cookies,
        sessions=people.sessions,
        grants=people.front.families,
        consents=people.front.consents,
        clients=people.clients,
        sign_in=people.sign_in,
        local_links=people.local,
        links=links,
        servers=remote.servers,
        remotes=remote.remotes,
        assistant=assistant,
        policies=policies,
        kept=_kept(base, assistant),
        audit=base.audit,
        admin=administration,
        people=of_people,
        readiness=Readiness(base=base, admins=people.admins, servers=remote.servers),
        oversight=oversight,
        notices=notices,
        mail=mail,
        clock=base.clock,
        public_url=base.settings.public_url,
        credentials_mode=base.settings.credential_mode,
        shared_products=shared_products(base.settings),
    )
