"""Connections that a pooler hands on to the server."""

from psycopg import AsyncConnection
from psycopg.rows import DictRow


class ThroughPooler(AsyncConnection[DictRow]):
    """Is given up where a direct connection would ask the server to cancel its statement.

    PgBouncer up to 1.17 can cancel somebody else's statement instead (its pull request 717), and
    later ones end altogether where who asked goes away before the server answers (issue 801). A
    connection that is closed costs a new one, and the server rolls its transaction back.
    """

    async def cancel_safe(self, *, timeout: float = 30.0) -> None:  # noqa: ARG002 - psycopg's signature
        """Close the connection."""
        await self.close()
