"""The parts of Xerus that can run as services of their own."""

from enum import StrEnum


class Role(StrEnum):
    """What one process serves."""

    WEB = "web"
    OAUTH = "oauth"
    MCP = "mcp"
    WORKER = "worker"


def parse_roles(text: str) -> frozenset[Role]:
    """Return the roles that a comma-separated list names.

    Raises:
        ValueError: a name is unknown, or the list is empty.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = sorted(set(names) - set(Role))
    if unknown or not names:
        raise ValueError(f"choose from {', '.join(Role)}; got {', '.join(unknown) or 'nothing'}")
    return frozenset(Role(name) for name in names)
