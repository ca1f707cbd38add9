"""Which redirect URIs the simulated app registrations accept."""

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def is_registered(redirect_uri: str, registered: Sequence[str], default_path: str) -> bool:
    """Tell whether a redirect is registered: exactly, or on any loopback port if none is."""
    if registered:
        return redirect_uri in registered
    try:
        parts = urlsplit(redirect_uri)
        host = parts.hostname
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and host in _LOOPBACK
        and parts.username is None
        and parts.path == default_path
        and not parts.query
        and "#" not in redirect_uri
    )


def with_query(uri: str, **values: str | None) -> str:
    """Return the URI with query parameters added; None is left out."""
    parts = urlsplit(uri)
    query = parse_qsl(parts.query, keep_blank_values=True)
    query += [(name, value) for name, value in values.items() if value is not None]
    return urlunsplit(parts._replace(query=urlencode(query)))
