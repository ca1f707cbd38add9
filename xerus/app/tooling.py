"""The tools and whose credential they use."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial

from pydantic import SecretStr

from xerus.app.audited_calls import AuditedCalls
from xerus.app.foundation import Foundation
from xerus.app.tool_audit import RecordedTools
from xerus.atlassian.credentials import Credentials, Product
from xerus.atlassian.fallback import UserThenShared
from xerus.atlassian.limits import AtlassianLimits
from xerus.atlassian.pat import SharedCredentials, SharedToken
from xerus.connections.choice import SeveralCredentials
from xerus.connections.cloud import CloudOAuth
from xerus.connections.data_center import DataCenterOAuth
from xerus.connections.links import Link
from xerus.connections.provider import Provider
from xerus.connections.running import Running
from xerus.connections.service import Connections
from xerus.egress.client import Egress
from xerus.errors import XerusError
from xerus.grants.clients import CHAT_CLIENT_ID
from xerus.ids import UserId
from xerus.settings.groups import ConfluenceSettings, JiraSettings, Settings
from xerus.telemetry.logs import logger
from xerus.tools.caller import Caller
from xerus.tools.catalogue import Catalogue, meant
from xerus.tools.connection import SharedStatus, StatusSource, UserStatus
from xerus.tools.policy import Policy
from xerus.tools.runner import Runner

_log = logger(__name__)
_MINIMUM = frozenset({"read:me", "offline_access"})


def catalogue_of(settings: Settings) -> Catalogue:
    """Return the tools that the operator lets run; names that mean nothing are logged."""
    wanted = settings.tools
    unknown = [name for name in wanted.enabled or () if not meant(name)]
    if unknown:
        _log.warning(
            "tools_not_enabled",
            names=unknown,
            meaning="XERUS_ENABLED_TOOLS names tools that are not here, or that change more here;"
            " docs/migrating-from-mcp-atlassian.md has the names",
        )
    return Catalogue(
        policy=Policy(
            choices=wanted.toolsets,
            enabled=None
            if wanted.enabled is None
            else frozenset(ours for name in wanted.enabled for ours in meant(name)),
            read_only=wanted.read_only,
            projects=frozenset(wanted.jira_projects),
            spaces=frozenset(wanted.confluence_spaces),
            profile=wanted.profile,
        )
    )


def scopes_to_ask(settings: Settings, catalogue: Catalogue) -> frozenset[str]:
    """Return the Atlassian scopes to ask for: the operator's list, or what the tools need."""
    return frozenset(settings.atlassian.scope or catalogue.atlassian_scopes()) | _MINIMUM


def shared_credentials(settings: Settings, egress: Egress) -> SharedCredentials:
    """Return the operator's tokens."""
    return SharedCredentials(
        egress=egress,
        api_url=settings.atlassian.api_url,
        jira=_token(settings.jira),
        confluence=_token(settings.confluence),
    )


def shared_products(settings: Settings) -> frozenset[Product]:
    """Return the products that the operator set a token for."""
    groups: Mapping[Product, JiraSettings | ConfluenceSettings] = {
        Product.JIRA: settings.jira,
        Product.CONFLUENCE: settings.confluence,
    }
    return frozenset(product for product, group in groups.items() if _token(group))


def _token(group: JiraSettings | ConfluenceSettings) -> SharedToken | None:
    if not (group.url and group.token):
        return None
    return SharedToken(url=group.url, username=group.username or "", token=group.token)


def connections_for(
    base: Foundation,
    catalogue: Catalogue,
    limits: AtlassianLimits,
    running: Running,
    tools_url: str,
) -> dict[Link, Connections]:
    """Return people's connections by each link that is set up; Cloud is always there."""
    return {
        provider.link: Connections(
            provider=provider,
            db=base.db,
            vault=base.vault,
            audit=base.audit,
            listener=base.listener,
            running=running,
            clock=base.clock,
            tools_url=tools_url,
            limits=limits,
            metrics=base.metrics,
        )
        for provider in (_cloud(base, catalogue, limits), *_data_centers(base, catalogue))
        if provider.configured or provider.link is Link.CLOUD
    }


def _cloud(base: Foundation, catalogue: Catalogue, limits: AtlassianLimits) -> Provider:
    wanted = base.settings.atlassian
    return CloudOAuth(
        client_id=wanted.client_id or "",
        client_secret=wanted.client_secret or SecretStr(""),
        redirect_uri=base.settings.atlassian_redirect_uri,
        auth_url=wanted.auth_url,
        api_url=wanted.api_url,
        scopes=scopes_to_ask(base.settings, catalogue),
        egress=base.egress,
        clock=base.clock,
        points=limits.points,
    )


def _data_centers(base: Foundation, catalogue: Catalogue) -> Iterator[Provider]:
    groups: Mapping[Product, JiraSettings | ConfluenceSettings] = {
        Product.JIRA: base.settings.jira,
        Product.CONFLUENCE: base.settings.confluence,
    }
    for product, group in groups.items():
        yield DataCenterOAuth(
            product=product,
            base_url=group.url or "",
            client_id=group.oauth_client_id or "",
            client_secret=group.oauth_client_secret or SecretStr(""),
            redirect_uri=base.settings.atlassian_redirect_uri,
            writes=any(tool.writes for tool in catalogue.tools if tool.product is product),
            egress=base.egress,
            clock=base.clock,
        )


def credential_choice(
    base: Foundation, links: Mapping[Link, Connections], shared: SharedCredentials
) -> Callable[[Caller], Credentials]:
    """Return what decides whose credential a call uses."""
    mode = base.settings.credential_mode

    def by(link: Link, user_id: UserId) -> Credentials:
        own = links[link].credentials_for(user_id)
        if mode == "user-then-shared" and link is not Link.CLOUD:
            # The operator's token for a product is for the server of its application link.
            return UserThenShared(user=own, shared=shared)
        return own

    def own(caller: Caller) -> Credentials:
        user_id = caller.user_id
        assert user_id is not None
        if len(links) == 1:
            return by(Link.CLOUD, user_id)
        return SeveralCredentials(
            {link: by(link, user_id) for link, one in links.items() if one.configured}
        )

    match mode:
        case "user":
            return own
        case "shared":
            return lambda _: shared
        case "user-then-shared":
            return lambda caller: UserThenShared(user=own(caller), shared=shared)


def granted_scopes(
    choice: Callable[[Caller], Credentials],
) -> Callable[[Caller], Awaitable[frozenset[str] | None]]:
    """Return what tells the Atlassian scopes of a caller; None without a usable connection.

    None for our own chat too: it is to call what lacks a scope, and then asks the person for it.
    """

    async def granted(caller: Caller) -> frozenset[str] | None:
        if caller.client_id == CHAT_CLIENT_ID:
            return None
        try:
            return (await choice(caller).target(Product.JIRA, None)).scopes
        except XerusError:
            return None

    return granted


def runner_for(
    base: Foundation,
    catalogue: Catalogue,
    links: Mapping[Link, Connections],
    shared: SharedCredentials,
    choice: Callable[[Caller], Credentials],
    limits: AtlassianLimits,
    running: Running,
    tools_url: str,
) -> Runner:
    """Return the one way to run a tool, recorded in the audit log."""
    everybody: StatusSource = SharedStatus(credentials=shared, tools_url=tools_url)

    def status_for(caller: Caller) -> StatusSource:
        if base.settings.credential_mode == "shared" or caller.user_id is None:
            return everybody
        user_id = caller.user_id
        shown = {link: one for link, one in links.items() if one.configured or len(links) == 1}
        return UserStatus(
            views={link.label: partial(one.view, user_id) for link, one in shown.items()},
            tools_url=tools_url,
            behind=everybody if base.settings.credential_mode == "user-then-shared" else None,
        )

    return Runner(
        catalogue=catalogue,
        credentials_for=choice,
        status_for=status_for,
        history_for=lambda caller: AuditedCalls(audit=base.audit, user_id=caller.user_id),
        egress=base.egress,
        limits=limits,
        running=running,
        audit=RecordedTools(audit=base.audit, metrics=base.metrics),
        tools_url=tools_url,
        clock=base.clock,
    )
