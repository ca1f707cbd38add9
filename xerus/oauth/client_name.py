"""The names of clients, as people read them on the consent page."""

from xerus.oauth.errors import OAuthError

LONGEST = 100


def clean(value: object) -> str:
    """Return a name fit for the consent page: one line, nothing that turns text around.

    Raises:
        OAuthError: `invalid_client_metadata`.
    """
    if value is not None and not isinstance(value, str):
        raise OAuthError("invalid_client_metadata", "client_name must be text.")
    kept = "".join(char if char.isprintable() else " " for char in value or "")
    return " ".join(kept.split())[:LONGEST] or "Unnamed client"


def is_clean(value: object) -> bool:
    """Tell whether a name is there, and fit as it is."""
    return isinstance(value, str) and bool(value) and clean(value) == value
