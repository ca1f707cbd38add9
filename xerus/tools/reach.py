"""From a caller to a client of Jira, of Confluence, or of both."""

from collections.abc import Callable
from typing import assert_never

from xerus.atlassian.confluence.client import Confluence
from xerus.atlassian.credentials import (
    Credentials,
    NotConnected,
    Product,
    ProductUnavailable,
    ScopeMissing,
    Target,
)
from xerus.atlassian.jira.client import Jira
from xerus.atlassian.limits import AtlassianLimits
from xerus.atlassian.transport import Transport
from xerus.clock import Clock
from xerus.egress.client import Egress
from xerus.errors import XerusError
from xerus.tools import scopes
from xerus.tools.boundary.policy import boundary_of
from xerus.tools.boundary.transport import BoundedTransport
from xerus.tools.caller import Caller
from xerus.tools.declaration import Tool
from xerus.tools.policy import Policy, ToolOff
from xerus.tools.products import Products
from xerus.tools.results import McpScopeMissing


class Reach:
    """Opens clients for callers, each held to what the operator lets be reached."""

    def __init__(
        self,
        *,
        credentials_for: Callable[[Caller], Credentials],
        egress: Egress,
        limits: AtlassianLimits,
        clock: Clock,
        policy: Policy,
    ) -> None:
        self._credentials_for = credentials_for
        self._egress = egress
        self._limits = limits
        self._clock = clock
        self._policy = policy

    async def one(
        self, caller: Caller, tool: Tool, product: Product, site: str | None
    ) -> tuple[Jira | Confluence, Target]:
        """Return the client that a tool of one product needs.

        Raises:
            ScopeMissing: the grant lacks what the tool cannot do without.
        """
        try:
            target = await self._credentials_for(caller).target(product, site)
        except ProductUnavailable as error:
            if lacking := scopes.missing(tool, error.granted):
                raise ScopeMissing(lacking) from error
            raise
        if target.is_cloud and (lacking := scopes.missing(tool, target.scopes)):
            raise ScopeMissing(lacking)
        if target.is_read_only and tool.writes:
            raise ScopeMissing({"WRITE"})
        return self._client(caller, target), target

    async def both(self, caller: Caller, tool: Tool, site: str | None) -> tuple[Products, Target]:
        """Return what can be reached of both products, and the target that the audit names.

        Raises:
            XerusError: neither can be reached; the one that leads to the Tools page, if any.
        """
        jira = await self._tried(caller, tool, Product.JIRA, site)
        confluence = await self._tried(caller, tool, Product.CONFLUENCE, site)
        targets = [found for found in (jira, confluence) if isinstance(found, Target)]
        if not targets:
            raise _most_telling([e for e in (jira, confluence) if isinstance(e, XerusError)])
        return (
            Products(
                jira=jira if isinstance(jira, XerusError) else self._jira(caller, jira),
                confluence=confluence
                if isinstance(confluence, XerusError)
                else self._confluence(caller, confluence),
            ),
            targets[0],
        )

    async def _tried(
        self, caller: Caller, tool: Tool, product: Product, site: str | None
    ) -> Target | XerusError:
        name = f"{tool.name} in {product.title()}"
        if product not in self._policy.products:
            return ToolOff(name, "XERUS_TOOLSETS")
        if f"{product}:read" not in caller.mcp_scopes:
            return McpScopeMissing(name, f"{product}:read")
        try:
            return await self._credentials_for(caller).target(product, site)
        except XerusError as error:
            return error

    def _client(self, caller: Caller, target: Target) -> Jira | Confluence:
        match target.product:
            case Product.JIRA:
                return self._jira(caller, target)
            case Product.CONFLUENCE:
                return self._confluence(caller, target)
        assert_never(target.product)

    def _jira(self, caller: Caller, target: Target) -> Jira:
        return Jira(transport=self._transport(caller, Product.JIRA), target=target)

    def _confluence(self, caller: Caller, target: Target) -> Confluence:
        return Confluence(transport=self._transport(caller, Product.CONFLUENCE), target=target)

    def _transport(self, caller: Caller, product: Product) -> Transport:
        boundary = boundary_of(self._policy, product)
        if boundary is None:
            return Transport(
                egress=self._egress,
                credentials=self._credentials_for(caller),
                limits=self._limits,
                clock=self._clock,
            )
        return BoundedTransport(
            boundary=boundary,
            egress=self._egress,
            credentials=self._credentials_for(caller),
            limits=self._limits,
            clock=self._clock,
        )


def _most_telling(errors: list[XerusError]) -> XerusError:
    return next((error for error in errors if isinstance(error, NotConnected)), errors[0])
