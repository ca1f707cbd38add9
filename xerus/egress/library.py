"""The way out for libraries that want an HTTP client of httpx2: those of the model providers.

Their own clients follow redirects, take proxies and headers from the environment, and tell the
provider what machine they run on. Ours does none of it.
"""

import ssl
from collections.abc import Mapping

import httpx2

from xerus import __version__

LibraryClient = httpx2.AsyncClient

_CONNECT_SECONDS = 5.0
_MOST_CONNECTIONS = 1_000


def library_client(
    *, credential: Mapping[str, str], headers: frozenset[str], read_seconds: float
) -> LibraryClient:
    """Return a client; whoever asked for it closes it.

    A redirect is an answer and not followed: it would carry the credential and the conversation to
    where nobody sent them.

    Args:
        credential: headers that each request gets, whatever the library set.
        headers: names, in lower case, of the only others that may leave beside those of HTTP itself.
        read_seconds: how long to wait for the next bytes.
    """
    allowed = _OF_HTTP | headers

    async def only_ours(request: httpx2.Request) -> None:
        for header in set(request.headers) - allowed:
            del request.headers[header]
        request.headers.update({"user-agent": f"Xerus/{__version__}", **credential})

    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(read_seconds, connect=_CONNECT_SECONDS),
        limits=httpx2.Limits(max_connections=_MOST_CONNECTIONS, max_keepalive_connections=100),
        follow_redirects=False,
        trust_env=False,
        verify=ssl.create_default_context(),
        event_hooks={"request": [only_ours]},
    )


_OF_HTTP = {
    *("host", "accept", "accept-encoding", "connection", "content-type", "content-length"),
    "transfer-encoding",
}
