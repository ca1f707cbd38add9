"""The scopes of the MCP endpoint: what a client may do through it, in words a person can judge."""

from xerus.oauth.errors import OAuthError

DESCRIPTIONS = {
    "jira:read": "Read issues, projects and comments in Jira",
    "jira:write": "Create and change issues and comments in Jira",
    "confluence:read": "Read spaces, pages and comments in Confluence",
    "confluence:write": "Create and change pages and comments in Confluence",
}
ALL = frozenset(DESCRIPTIONS)


def parse(value: str | None) -> frozenset[str]:
    """Read a `scope` parameter; none or an empty one means all scopes.

    Raises:
        OAuthError: `invalid_scope`, with the names that are not known.
    """
    asked = frozenset((value or "").split())
    unknown = sorted(asked - ALL)
    if unknown:
        known = ", ".join(ALL_IN_ORDER)
        raise OAuthError(
            "invalid_scope",
            f"Unknown scope: {printable(' '.join(unknown))}. Known scopes: {known}.",
        )
    return asked or ALL


ALL_IN_ORDER = tuple(DESCRIPTIONS)


def text(scopes: frozenset[str]) -> str:
    """Return scopes as one parameter value, always in the same order."""
    return " ".join(name for name in ALL_IN_ORDER if name in scopes)


def printable(value: str, longest: int = 100) -> str:
    """Return a value from outside as an `error_description` may carry it (RFC 6749 5.2)."""
    kept = "".join(char if " " <= char <= "~" and char not in '"\\' else "?" for char in value)
    return kept if len(kept) <= longest else kept[:longest] + "..."
