"""Both products for one call, for tools that go to either or to both."""

from dataclasses import dataclass

from xerus.atlassian.confluence.client import Confluence
from xerus.atlassian.jira.client import Jira
from xerus.errors import XerusError


@dataclass(frozen=True, kw_only=True)
class Products:
    """A client of each product, or why there is none."""

    jira: Jira | XerusError
    confluence: Confluence | XerusError

    @property
    def reached(self) -> tuple[Jira | Confluence, ...]:
        """The clients that there are."""
        both = (self.jira, self.confluence)
        return tuple(one for one in both if not isinstance(one, XerusError))

    def reach_jira(self) -> Jira:
        """Return Jira; raises why it cannot be reached."""
        if isinstance(self.jira, XerusError):
            raise self.jira
        return self.jira

    def reach_confluence(self) -> Confluence:
        """Return Confluence; raises why it cannot be reached."""
        if isinstance(self.confluence, XerusError):
            raise self.confluence
        return self.confluence
