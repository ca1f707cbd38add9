"""What a tool is, and the decorator that declares one.

Everything said about a tool is said in its declaration: the schema, the annotations and the
description that clients see, the scopes asked for at Atlassian and at our own door, the row on the
Tools page and the reference come from the `Tool` record.
"""

from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from inspect import getdoc, signature
from typing import Any, Literal, Protocol, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, Field

from xerus.atlassian.confluence.client import Confluence
from xerus.atlassian.credentials import Product
from xerus.atlassian.jira.client import Jira
from xerus.settings.toolsets import Toolset
from xerus.tools.schemas import input_schema

_PRODUCTS: dict[Any, Product] = {Jira: Product.JIRA, Confluence: Product.CONFLUENCE}


class Effect(StrEnum):
    """What running a tool does; read-only mode, approvals and audit go by it."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Args(BaseModel):
    """Arguments of a tool; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def target_site(self) -> str | None:
        """Return the site that the call goes to, None for the chosen one."""
        return None


class SiteArgs(Args):
    """Arguments of a tool that calls a site."""

    site: str | None = Field(default=None, description="Site, if several")

    def target_site(self) -> str | None:
        """Return the site asked for."""
        return self.site


class ReadArgs(SiteArgs):
    """Arguments of a tool that reads."""

    format: Literal["table", "json"] = Field(
        default="table", description="json: structured content"
    )


class Answer(Protocol):
    """What a tool gives back; only one of the two forms is made."""

    def markdown(self) -> str:
        """Return the compact text form, texts of others fenced."""
        ...

    def structured(self) -> dict[str, Any]:
        """Return the JSON form."""
        ...


A = TypeVar("A", bound=Args)
C = TypeVar("C")


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One tool.

    Attributes:
        toolset: the set with which it is switched on.
        client: what `run` takes first: `Jira`, `Confluence`, or one of our own sources.
        scopes: Atlassian scopes without which it cannot run at all.
        optional_scopes: further ones that some arguments need; asked for, not insisted on.
        endpoints: every Cloud operation it may call; `data_center` the same there.
    """

    name: str
    title: str
    description: str
    toolset: Toolset
    effect: Effect
    product: Product | None
    client: type
    scopes: frozenset[str]
    optional_scopes: frozenset[str]
    endpoints: tuple[str, ...]
    data_center: tuple[str, ...]
    arguments: type[Args]
    input_schema: dict[str, Any]
    run: Callable[[Any, Any], Awaitable[Answer]]

    @property
    def writes(self) -> bool:
        """Whether running it changes anything."""
        return self.effect is not Effect.READ

    @property
    def mcp_scope(self) -> str:
        """The scope a client needs: jira:read, confluence:write ...; '' for none."""
        return f"{self.product}:{'write' if self.writes else 'read'}" if self.product else ""

    @property
    def annotations(self) -> dict[str, bool]:
        """The hints of the MCP specification; destructive is what may replace or remove."""
        hints = {"readOnlyHint": not self.writes, "openWorldHint": bool(self.endpoints)}
        if self.writes:
            hints["destructiveHint"] = self.effect is not Effect.CREATE
        return hints


def tool(
    *,
    title: str,
    effect: Effect,
    toolset: Toolset = Toolset.CORE,
    scopes: AbstractSet[str] = frozenset(),
    optional_scopes: AbstractSet[str] = frozenset(),
    endpoints: tuple[str, ...] = (),
    data_center: tuple[str, ...] = (),
    name: str | None = None,
) -> Callable[[Callable[[C, A], Awaitable[Answer]]], Tool]:
    """Turn a function of (client, arguments) into a `Tool`.

    The name is product + function unless it is given, the description the docstring.
    """

    def declare(run: Callable[[C, A], Awaitable[Answer]]) -> Tool:
        client, arguments = (get_type_hints(run)[name] for name in signature(run).parameters)
        product = _PRODUCTS.get(client)
        prefix = f"{product}_" if product else ""
        return Tool(
            name=name or prefix + run.__name__,
            title=title,
            description=" ".join((getdoc(run) or "").split()),
            toolset=toolset,
            effect=effect,
            product=product,
            client=client,
            scopes=frozenset(scopes),
            optional_scopes=frozenset(optional_scopes),
            endpoints=endpoints,
            data_center=data_center,
            arguments=arguments,
            input_schema=input_schema(arguments),
            run=run,
        )

    return declare
