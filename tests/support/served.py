"""A whole Xerus as an OAuth client that the test plays sees it."""

from dataclasses import dataclass, field
from typing import Any, Self

import httpx2

from tests.support.database import embedded, rows
from tests.support.plain import NO_TLS
from tests.support.stack import Xerus


@dataclass(kw_only=True)
class Served:
    """A running Xerus; `entra` tells that people sign in there."""

    xerus: Xerus
    entra: bool = True
    http: httpx2.AsyncClient = field(
        default_factory=lambda: httpx2.AsyncClient(verify=NO_TLS, trust_env=False, timeout=30)
    )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    @property
    def url(self) -> str:
        return self.xerus.url

    async def token(self, **form: str) -> httpx2.Response:
        return await self.http.post(f"{self.url}/oauth/token", data=form)

    async def call(self, access_token: str) -> httpx2.Response:
        """Call the MCP endpoint, for its status alone."""
        headers = {"Authorization": f"Bearer {access_token}"}
        return await self.http.get(f"{self.url}/mcp", headers=headers)

    def stored(self, client_id: str) -> list[Any]:
        """Return the row of a client, if there is one."""
        return self._rows("SELECT * FROM clients WHERE id = %s", client_id)

    def events(self, client_id: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the audit events that name a client, each with its person's e-mail as `by`."""
        found = self._rows(
            "SELECT event, facts, u.email FROM audit_events LEFT JOIN users u ON u.id = user_id"
            " WHERE facts->>'client' = %s ORDER BY at, n",
            client_id,
        )
        return [(row["event"], {**row["facts"], "by": row["email"]}) for row in found]

    def age(self, client_id: str) -> None:
        """Let a client be registered 40 days ago."""
        self._rows(
            "UPDATE clients SET created_at = created_at - interval '40 days' WHERE id = %s"
            " RETURNING id",
            client_id,
        )

    def _rows(self, query: str, value: str) -> list[Any]:
        return rows(embedded(self.xerus.folder / "data").administrator, query, value)
