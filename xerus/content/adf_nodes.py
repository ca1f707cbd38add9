"""Reading attributes of ADF nodes, whose shape nobody has checked."""

from typing import Any

from xerus.content.bounds import printable

Node = dict[str, Any]

_LARGEST = 1e9


def kind_of(node: Node) -> str:
    """The type of a node or mark, `unknown` where it names none."""
    kind = node.get("type")
    if isinstance(kind, str) and kind.isalnum():  # as every sound one, and nothing to clean then
        return kind
    return string(kind) or "unknown"


def children(node: Node) -> list[Node]:
    """The child nodes; anything else in `content` is no node."""
    return dicts(node.get("content"))


def dicts(value: Any) -> list[Node]:
    """The objects in a list, or nothing where `value` is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def attr(node: Node, name: str) -> str:
    """A text attribute, or empty."""
    attrs = node.get("attrs")
    return string(attrs.get(name)) if isinstance(attrs, dict) else ""


def number(node: Node, name: str, default: float) -> float:
    """A numeric attribute of sensible size, or `default`."""
    attrs = node.get("attrs")
    value = attrs.get(name) if isinstance(attrs, dict) else None
    usable = (
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST
    )
    return value if usable and value is not None else default


def string(value: Any) -> str:
    """`value` if it is text, cleaned, or empty."""
    return printable(value).replace("\r\n", "\n") if isinstance(value, str) else ""
