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


class SiteArgs(Args):
    """Arguments of a tool that calls a site."""

    site: str | None = Field(
        default=None, description="Site name, URL or cloud id; default: the chosen site"
    )


class ReadArgs(SiteArgs):
    """Arguments of a tool that reads."""

    format: Literal["table", "json"] = Field(
        default="table", description="json: structured content instead of text"
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
        scopes: Atlassian scopes without which it cannot run at all.
        optional_scopes: further ones that some arguments need; asked for, not insisted on.
        endpoints: every Cloud operation it may call; `data_center` the same there.
    """

    name: str
    title: str
    description: str
    toolset: str
    effect: Effect
    product: Product | None
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
        hints = {"readOnlyHint": not self.writes, "openWorldHint": self.product is not None}
        if self.writes:
            hints["destructiveHint"] = self.effect is not Effect.CREATE
        return hints


def tool(
    *,
    title: str,
    effect: Effect,
    scopes: AbstractSet[str] = frozenset(),
    optional_scopes: AbstractSet[str] = frozenset(),
    endpoints: tuple[str, ...] = (),
    data_center: tuple[str, ...] = (),
) -> Callable[[Callable[[C, A], Awaitable[Answer]]], Tool]:
    """Turn a function of (client, arguments) into a `Tool`.

    The name is product + function, the toolset product + module, the description the docstring.
    """

    def declare(run: Callable[[C, A], Awaitable[Answer]]) -> Tool:
        client, arguments = (get_type_hints(run)[name] for name in signature(run).parameters)
        product = _PRODUCTS.get(client)
        prefix = f"{product}_" if product else ""
        return Tool(
            name=prefix + run.__name__,
            title=title,
            description=" ".join((getdoc(run) or "").split()),
            toolset=prefix + run.__module__.rsplit(".", 1)[-1],
            effect=effect,
            product=product,
            scopes=frozenset(scopes),
            optional_scopes=frozenset(optional_scopes),
            endpoints=endpoints,
            data_center=data_center,
            arguments=arguments,
            input_schema=input_schema(arguments),
            run=run,
        )

    return declare
