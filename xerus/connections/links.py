"""What a person can connect: Atlassian Cloud, and a Data Center of each product."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from xerus.atlassian.credentials import Product


class Link(StrEnum):
    """One authorization server with one app of this installation; the name is stored."""

    CLOUD = "cloud"
    JIRA = "jira"
    CONFLUENCE = "confluence"

    @property
    def label(self) -> str:
        """What people call it."""
        return _LABELS[self]

    @property
    def products(self) -> frozenset[Product]:
        """What a connection by this link can reach."""
        return frozenset(Product) if self is Link.CLOUD else frozenset({Product(self)})


_LABELS: Mapping[Link, str] = MappingProxyType(
    {
        Link.CLOUD: "Atlassian",
        Link.JIRA: "Jira Data Center",
        Link.CONFLUENCE: "Confluence Data Center",
    }
)
