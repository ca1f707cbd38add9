"""Telling a caller how the link to Atlassian stands."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Protocol

from pydantic import Field

from xerus.atlassian.credentials import Product
from xerus.atlassian.pat import SharedCredentials
from xerus.connections.views import ConnectionView
from xerus.errors import XerusError
from xerus.tools.declaration import Args, Effect, tool
from xerus.tools.tables import table
from xerus.tools.untrusted import clean, fenced, one_line


@dataclass(frozen=True, kw_only=True)
class SiteStatus:
    """One site, as it is shown."""

    name: str
    url: str
    cloud_id: str
    products: tuple[str, ...]
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class Status:
    """The answer of `connection_status`.

    Attributes:
        credential: "user" for the caller's own connection, "shared" for the operator's.
        link: what it leads to, as people call it.
        others: the caller's connections to other servers, and the operator's token behind them.
    """

    state: str
    credential: Literal["user", "shared"]
    link: str = "Atlassian"
    account_email: str = ""
    account_name: str = ""
    sites: tuple[SiteStatus, ...] = ()
    scopes: tuple[str, ...] = ()
    missing_scopes: tuple[str, ...] = ()
    reconnect_by: datetime | None = None
    hint: str = ""
    tools_url: str = ""
    others: tuple["Status", ...] = ()

    def markdown(self) -> str:
        """Return a short record for each connection; names of people and sites are fenced."""
        return "\n\n".join(one.record(named=bool(self.others)) for one in (self, *self.others))

    def record(self, *, named: bool) -> str:
        """Return this connection alone, with its name where there are others."""
        facts = {
            "Connection": self.link if named else "",
            "State": self.state,
            "Credential": "shared by all callers" if self.credential == "shared" else "your own",
            "Scopes": " ".join(self.scopes),
            "Not granted": " ".join(self.missing_scopes),
            "Reconnect by": f"{self.reconnect_by:%Y-%m-%d}" if self.reconnect_by else "",
            "Next step": self.hint,
            "Manage": self.tools_url,
        }
        lines = [f"{name}: {value}" for name, value in facts.items() if value]
        return "\n".join([*lines, *self._named()])

    def _named(self) -> list[str]:
        if not (self.account_email or self.sites):
            return []
        rows = [
            [site.name, site.url, site.cloud_id, ", ".join(site.products), "yes" * site.chosen]
            for site in self.sites
        ]
        sites = table(("site", "url", "cloud id", "products", "chosen"), rows)
        account = one_line(f"account: {self.account_name} {self.account_email}")
        return [fenced(f"{account}\n{sites}", source="atlassian account")]

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {
            "state": self.state,
            "credential": self.credential,
            "account_email": clean(self.account_email),
            "account_name": clean(self.account_name),
            "sites": [
                {
                    "name": clean(site.name),
                    "url": site.url,
                    "cloud_id": site.cloud_id,
                    "products": list(site.products),
                    "chosen": site.chosen,
                }
                for site in self.sites
            ],
            "scopes": list(self.scopes),
            "missing_scopes": list(self.missing_scopes),
            "reconnect_by": self.reconnect_by.isoformat() if self.reconnect_by else None,
            "hint": self.hint,
            "tools_url": self.tools_url,
        } | self._structured_others()

    def _structured_others(self) -> dict[str, Any]:
        if not self.others:
            return {}
        return {
            "link": self.link,
            "others": [{"link": one.link, **one.structured()} for one in self.others],
        }


class StatusSource(Protocol):
    """Knows how one caller's link to Atlassian stands; never raises for a missing connection."""

    async def status(self) -> Status:
        """Return the present status."""
        ...


def status_of(connection: ConnectionView, *, link: str, tools_url: str) -> Status:
    """Return the status of one connection of a person's."""
    return Status(
        link=link,
        state=connection.state.value,
        credential="user",
        account_email=connection.account_email,
        account_name=connection.account_name,
        sites=tuple(
            SiteStatus(
                name=site.name,
                url=site.url,
                cloud_id=site.cloud_id,
                products=tuple(sorted(site.products)),
                chosen=site.chosen,
            )
            for site in connection.sites
        ),
        scopes=tuple(sorted(connection.scopes)),
        missing_scopes=tuple(sorted(connection.missing_scopes)),
        reconnect_by=connection.reconnect_by,
        hint=connection.hint,
        tools_url=tools_url,
    )


class UserStatus:
    """The status of a person's own connections, by what people call each of them.

    `behind` is what serves where one of them is missing, if anything does.
    """

    def __init__(
        self,
        *,
        views: Mapping[str, Callable[[], Awaitable[ConnectionView]]],
        tools_url: str,
        behind: StatusSource | None = None,
    ) -> None:
        self._views = views
        self._tools_url = tools_url
        self._behind = behind

    async def status(self) -> Status:
        """Return how the connections stand now."""
        found = [
            status_of(await view(), link=label, tools_url=self._tools_url)
            for label, view in self._views.items()
        ]
        if self._behind is not None:
            found.append(await self._behind.status())
        return replace(found[0], others=tuple(found[1:]))


class SharedStatus:
    """The status where the operator's tokens serve everybody."""

    def __init__(self, *, credentials: SharedCredentials, tools_url: str) -> None:
        self._credentials = credentials
        self._tools_url = tools_url

    async def status(self) -> Status:
        """Return the configured sites; asks the servers once what they are."""
        try:
            targets = [
                await self._credentials.target(product, None)
                for product in Product
                if product in self._credentials.products
            ]
        except XerusError as error:
            return self._made("degraded", hint=f"{error.message} {error.hint}")
        products: dict[tuple[str, str, str], list[str]] = {}
        for target in targets:
            site = (target.site_name, target.browse_base, target.cloud_id or "")
            products.setdefault(site, []).append(target.product)
        sites = tuple(
            SiteStatus(name=name, url=url, cloud_id=cloud_id, products=tuple(has), chosen=True)
            for (name, url, cloud_id), has in products.items()
        )
        email = next((target.account_email for target in targets), "")
        return self._made("shared", account_email=email, sites=sites)

    def _made(
        self,
        state: str,
        *,
        hint: str = "",
        account_email: str = "",
        sites: tuple[SiteStatus, ...] = (),
    ) -> Status:
        return Status(
            state=state,
            credential="shared",
            link="Shared service token",
            hint=hint,
            account_email=account_email,
            sites=sites,
            tools_url=self._tools_url,
        )


class ConnectionStatus(Args):
    """Nothing to choose but the form."""

    format: Literal["table", "json"] = Field(
        default="table", description="json: structured content"
    )


@tool(title="Connection status", effect=Effect.READ)
async def connection_status(source: StatusSource, args: ConnectionStatus) -> Status:
    """Show the Atlassian account, its sites and scopes, and whether the connection works."""
    del args
    return await source.status()
