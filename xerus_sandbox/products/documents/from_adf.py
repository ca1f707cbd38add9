"""ADF written as storage format: the plain inverse of `from_storage`."""

from collections.abc import Callable
from html import escape
from typing import Any

from xerus_sandbox.products.documents.storage import cdata

_TAGS = {
    "paragraph": "p",
    "bulletList": "ul",
    "orderedList": "ol",
    "listItem": "li",
    "blockquote": "blockquote",
    "tableRow": "tr",
    "tableCell": "td",
    "tableHeader": "th",
    "layoutSection": "ac:layout-section",
    "layoutColumn": "ac:layout-cell",
    "decisionList": "ul",
    "decisionItem": "li",
}
_MARKS = {"strong": "strong", "em": "em", "code": "code", "underline": "u", "strike": "del"}
_PANELS = {"info": "info", "note": "note", "success": "tip", "tip": "tip"}


def to_storage(node: dict[str, Any]) -> str:  # noqa: C901, PLR0911 - one line per kind
    """Return storage format for a checked ADF document or node."""
    kind, attrs = node["type"], node.get("attrs", {})
    if kind == "text":
        return _text(node)
    if kind in _LEAVES:
        return _LEAVES[kind](attrs)
    inner = "".join(to_storage(child) for child in node.get("content", ()))
    match kind:
        case "heading":
            return f"<h{attrs['level']}>{inner}</h{attrs['level']}>"
        case "codeBlock":
            return _code(node)
        case "table":
            return f"<table><tbody>{inner}</tbody></table>"
        case "panel":
            return _macro(_PANELS.get(attrs["panelType"], "warning"), {}, inner)
        case "expand" | "nestedExpand":
            return _macro("expand", {"title": attrs.get("title", "")}, inner)
        case "bodiedExtension":
            return _macro(attrs["extensionKey"], _parameters(attrs), inner)
        case "taskList":
            return f"<ac:task-list>{inner}</ac:task-list>"
        case "taskItem":
            return _task(attrs, inner)
        case _:
            tag = _TAGS.get(kind)
            return f"<{tag}>{inner}</{tag}>" if tag else inner


def _text(node: dict[str, Any]) -> str:
    text = escape(node["text"], quote=False)
    for mark in node.get("marks", ()):
        if tag := _MARKS.get(mark["type"]):
            text = f"<{tag}>{text}</{tag}>"
        elif mark["type"] == "link":
            text = f'<a href="{escape(mark["attrs"]["href"])}">{text}</a>'
    return text


def _code(node: dict[str, Any]) -> str:
    text = "".join(child["text"] for child in node.get("content", ()))
    language = node.get("attrs", {}).get("language")
    head = f'<ac:parameter ac:name="language">{escape(language)}</ac:parameter>' if language else ""
    body = f"<ac:plain-text-body>{cdata(text)}</ac:plain-text-body>"
    return f'<ac:structured-macro ac:name="code">{head}{body}</ac:structured-macro>'


def _macro(name: str, parameters: dict[str, str], body: str | None) -> str:
    head = "".join(
        f'<ac:parameter ac:name="{escape(key)}">{escape(value, quote=False)}</ac:parameter>'
        for key, value in parameters.items()
    )
    rich = "" if body is None else f"<ac:rich-text-body>{body}</ac:rich-text-body>"
    return f'<ac:structured-macro ac:name="{escape(name)}">{head}{rich}</ac:structured-macro>'


def _parameters(attrs: dict[str, Any]) -> dict[str, str]:
    given = (attrs.get("parameters") or {}).get("macroParams") or {}
    return {
        key: str(item.get("value", "")) for key, item in given.items() if isinstance(item, dict)
    }


def _extension(attrs: dict[str, Any]) -> str:
    return _macro(attrs["extensionKey"], _parameters(attrs), None)


def _task(attrs: dict[str, Any], inner: str) -> str:
    state = "complete" if attrs["state"] == "DONE" else "incomplete"
    return (
        f"<ac:task><ac:task-status>{state}</ac:task-status>"
        f"<ac:task-body>{inner}</ac:task-body></ac:task>"
    )


def _mention(attrs: dict[str, Any]) -> str:
    return f'<ac:link><ri:user ri:account-id="{escape(attrs["id"])}" /></ac:link>'


def _status(attrs: dict[str, Any]) -> str:
    return _macro("status", {"title": attrs["text"], "colour": attrs["color"].title()}, None)


def _card(attrs: dict[str, Any]) -> str:
    url = escape(attrs.get("url", ""))
    return f'<a href="{url}">{url}</a>'


def _media(attrs: dict[str, Any]) -> str:
    if "url" in attrs:
        return f'<ac:image><ri:url ri:value="{escape(attrs["url"])}" /></ac:image>'
    name = escape(attrs.get("alt") or attrs.get("id", ""))
    return f'<ac:image><ri:attachment ri:filename="{name}" /></ac:image>'


_LEAVES: dict[str, Callable[[dict[str, Any]], str]] = {
    "hardBreak": lambda _: "<br />",
    "rule": lambda _: "<hr />",
    "mention": _mention,
    "status": _status,
    "emoji": lambda attrs: escape(attrs.get("text") or attrs["shortName"]),
    "date": lambda attrs: escape(attrs["timestamp"]),
    "inlineCard": _card,
    "blockCard": _card,
    "embedCard": _card,
    "extension": _extension,
    "inlineExtension": _extension,
    "media": _media,
    "mediaInline": _media,
    "placeholder": lambda attrs: escape(attrs["text"]),
}
