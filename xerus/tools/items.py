"""What a call is about, for the audit log: the key or id that its arguments name."""

from xerus.tools.declaration import Args

_NAMING = (
    *("issue_key", "request_key", "page_id", "comment_id", "link_id", "id"),
    *("project_key", "space_key", "sprint", "board", "service_desk"),
)


def item_of(args: Args) -> str:
    """Return the one thing that the arguments name, the most particular first; '' for none."""
    named = (getattr(args, name, None) for name in _NAMING)
    return next((str(value) for value in named if value), "")
