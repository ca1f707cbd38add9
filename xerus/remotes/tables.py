"""Where the rows of a server lie, for the machinery of `connections`."""

from dataclasses import dataclass

from xerus.connections.tables import Tables
from xerus.remotes.sealing import PROVIDER
from xerus.remotes.servers import RemoteServer

METRIC = "mcp_server"
FLOWS = "remote_flows"


@dataclass(frozen=True)
class Remote:
    """A server by its name for people; for metrics all of them have one."""

    label: str
    value: str = METRIC


def tables_of(server: RemoteServer) -> Tables:
    """Return where the rows of people at a server lie."""
    return Tables(
        connections="remote_connections",
        credentials="remote_credentials",
        flows=FLOWS,
        column="server_id",
        value=server.id,
        provider=PROVIDER,
        label=server.name,
    )
