"""Where the rows of one kind of connection lie.

Attempts to connect, credentials and their leases work the same for every kind: for the links to
Atlassian, and for the servers of `remotes`, which have tables of their own with these columns.
"""

from dataclasses import dataclass
from typing import Protocol

from xerus.connections.links import Link


class Named(Protocol):
    """What a person connects: a name for people, and one for metrics and logs."""

    @property
    def label(self) -> str:
        """What people call it."""

    @property
    def value(self) -> str:
        """One of few words, whoever calls."""


@dataclass(frozen=True, kw_only=True)
class Tables:
    """The tables, which rows of them are meant, and what sealed values in them are bound to.

    Attributes:
        column, value: the column that tells the rows of this kind from others, and its value.
        provider: whose secrets they are (`vault.envelope.Binding`).
        label: what people call it.
    """

    connections: str
    credentials: str
    flows: str
    column: str
    value: str
    provider: str
    label: str


_PROVIDER = "atlassian"


def provider_of(link: Link) -> str:
    """Return what the values of a link are bound to."""
    # Cloud's name stands in what was sealed before there were others.
    return _PROVIDER if link is Link.CLOUD else f"{_PROVIDER}-{link}"


def tables_of(link: Link) -> Tables:
    """Return where the rows of a link lie."""
    return Tables(
        connections="connections",
        credentials="credentials",
        flows="connect_flows",
        column="link",
        value=link.value,
        provider=provider_of(link),
        label=link.label,
    )
