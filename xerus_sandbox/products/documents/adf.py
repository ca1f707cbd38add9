"""Atlassian Document Format: a compact check of what the products accept, and its plain text.

The grammar below is a short form of the published JSON schema: which node may contain which, which
attributes a node must and may carry, which marks exist. It is stricter than nothing and looser than
the schema in the finer rules on marks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_INLINE = frozenset(
    [
        "text",
        "hardBreak",
        "mention",
        "emoji",
        "date",
        "status",
        "inlineCard",
        "placeholder",
        "inlineExtension",
        "mediaInline",
    ]
)
_LISTS = frozenset({"bulletList", "orderedList"})
_LEAF_BLOCKS = frozenset(
    [
        "blockCard",
        "codeBlock",
        "mediaSingle",
        "mediaGroup",
        "rule",
        "embedCard",
        "extension",
        "syncBlock",
    ]
)
_NESTABLE = (
    _LEAF_BLOCKS
    | _LISTS
    | frozenset(["paragraph", "heading", "blockquote", "panel", "taskList", "decisionList"])
)
_BLOCKS = _NESTABLE | {"table", "expand", "bodiedExtension", "bodiedSyncBlock"}
_CELL = _NESTABLE | {"nestedExpand"}
_ITEM = _LISTS | {"paragraph", "codeBlock", "mediaSingle", "taskList", "extension"}
_PANEL = _LISTS | frozenset(
    [
        "paragraph",
        "heading",
        "blockCard",
        "mediaGroup",
        "mediaSingle",
        "codeBlock",
        "taskList",
        "rule",
        "decisionList",
        "extension",
    ]
)
_QUOTE = _LISTS | {"paragraph", "codeBlock", "mediaSingle", "mediaGroup", "extension"}
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Node:
    content: frozenset[str] = _NONE
    required: frozenset[str] = _NONE
    attrs: frozenset[str] = _NONE
    at_least_one: bool = False


def _node(content: frozenset[str] = _NONE, attrs: str = "", *, some: bool = False) -> _Node:
    """Make a rule; a name ending in `!` is a required attribute, `localId` is always allowed."""
    names = attrs.split()
    required = frozenset(name[:-1] for name in names if name.endswith("!"))
    allowed = frozenset(name.rstrip("!") for name in names) | {"localId"}
    return _Node(content, required, allowed, some)


_EXTENSION = "extensionKey! extensionType! parameters text layout"
_TABLE_CELL = "colspan rowspan colwidth background valign"
_NODES: Mapping[str, _Node] = {
    "doc": _node(_BLOCKS | {"layoutSection"}),
    "paragraph": _node(_INLINE),
    "heading": _node(_INLINE, "level!"),
    "blockquote": _node(_QUOTE, some=True),
    "bulletList": _node(frozenset({"listItem"}), some=True),
    "orderedList": _node(frozenset({"listItem"}), "order", some=True),
    "listItem": _node(_ITEM, some=True),
    "codeBlock": _node(frozenset({"text"}), "language uniqueId wrap hideLineNumbers"),
    "panel": _node(_PANEL, "panelType! panelIcon panelIconId panelIconText panelColor", some=True),
    "rule": _node(),
    "table": _node(
        frozenset({"tableRow"}), "displayMode isNumberColumnEnabled layout width", some=True
    ),
    "tableRow": _node(frozenset({"tableCell", "tableHeader"})),
    "tableCell": _node(_CELL, _TABLE_CELL, some=True),
    "tableHeader": _node(_CELL, _TABLE_CELL, some=True),
    "taskList": _node(frozenset({"taskItem", "taskList", "blockTaskItem"}), "localId!", some=True),
    "taskItem": _node(_INLINE, "localId! state!"),
    "blockTaskItem": _node(frozenset({"paragraph", "extension"}), "localId! state!", some=True),
    "decisionList": _node(frozenset({"decisionItem"}), "localId!", some=True),
    "decisionItem": _node(_INLINE, "localId! state!"),
    "expand": _node(_BLOCKS | {"nestedExpand"}, "title", some=True),
    "nestedExpand": _node(_NESTABLE, "title", some=True),
    "bodiedExtension": _node(_BLOCKS, _EXTENSION, some=True),
    "extension": _node(attrs=_EXTENSION),
    "inlineExtension": _node(attrs="extensionKey! extensionType! parameters text"),
    "layoutSection": _node(frozenset({"layoutColumn"})),
    "layoutColumn": _node(_BLOCKS, "width! valign", some=True),
    "mediaSingle": _node(frozenset({"media", "caption"}), "width layout widthType", some=True),
    "mediaGroup": _node(frozenset({"media"}), some=True),
    "media": _node(attrs="type! id alt collection height occurrenceKey width url"),
    "mediaInline": _node(attrs="type id! collection! alt occurrenceKey width height data"),
    "caption": _node(_INLINE),
    "blockCard": _node(attrs="url datasource width layout data"),
    "embedCard": _node(attrs="url! layout! width originalHeight originalWidth"),
    "inlineCard": _node(attrs="url data"),
    "mention": _node(attrs="id! text accessLevel userType"),
    "emoji": _node(attrs="shortName! id text"),
    "date": _node(attrs="timestamp!"),
    "status": _node(attrs="text! color! style"),
    "placeholder": _node(attrs="text!"),
    "hardBreak": _node(attrs="text"),
    "syncBlock": _node(attrs="resourceId!"),
    "bodiedSyncBlock": _node(_BLOCKS, "resourceId!", some=True),
}
_MARKS: Mapping[str, frozenset[str]] = {
    name: frozenset(attrs.split())
    for name, attrs in {
        "strong": "",
        "em": "",
        "code": "",
        "strike": "",
        "underline": "",
        "subsup": "type",
        "link": "href title id collection occurrenceKey",
        "textColor": "color",
        "backgroundColor": "color",
        "alignment": "align",
        "indentation": "level",
        "breakout": "mode width",
        "border": "size color",
        "annotation": "id annotationType",
        "fontSize": "fontSize",
        "dataConsumer": "sources",
        "fragment": "localId name",
    }.items()
}
_PANELS = frozenset(["info", "note", "tip", "warning", "error", "success", "custom"])
_HEADINGS = range(1, 7)


class AdfError(ValueError):
    """The document breaks the format; the message names the place."""


def check(document: object) -> None:
    """Accept a whole document.

    Raises:
        AdfError: it is not an ADF document of version 1, or a node in it is not allowed there.
    """
    if not isinstance(document, dict) or document.get("type") != "doc":
        raise AdfError("the root is not a doc node")
    if document.get("version") != 1 or not isinstance(document.get("content"), list):
        raise AdfError("a doc node needs version 1 and content")
    if extra := set(document) - {"type", "version", "content"}:
        raise AdfError(f"doc has unknown members {sorted(extra)}")
    try:
        _children(document, "doc")
    except RecursionError as error:
        raise AdfError("the document is nested too deeply") from error


def _children(node: dict[str, Any], path: str) -> None:
    rule = _NODES[node["type"]]
    content = node.get("content", [])
    if not isinstance(content, list):
        raise AdfError(f"{path}: content is not an array")
    if rule.at_least_one and not content:
        raise AdfError(f"{path}: content is empty")
    for index, child in enumerate(content):
        _check_node(child, rule.content, f"{path}/{index}")


def _check_node(node: object, allowed: frozenset[str], path: str) -> None:
    if not isinstance(node, dict):
        raise AdfError(f"{path}: not a node")
    kind = node.get("type")
    if kind not in allowed:
        raise AdfError(f"{path}: {kind!r} is not allowed here")
    _check_marks(node.get("marks", []), path)
    if kind == "text":
        _check_text(node, path)
        return
    if extra := set(node) - {"type", "attrs", "content", "marks"}:
        raise AdfError(f"{path}: unknown members {sorted(extra)}")
    _check_attrs(node, _NODES[kind], path)
    _children(node, f"{path}/{kind}")


def _check_text(node: dict[str, Any], path: str) -> None:
    text = node.get("text")
    if not isinstance(text, str) or not text:
        raise AdfError(f"{path}: text must be a string that is not empty")
    if extra := set(node) - {"type", "text", "marks"}:
        raise AdfError(f"{path}: unknown members {sorted(extra)}")


def _check_attrs(node: dict[str, Any], rule: _Node, path: str) -> None:
    attrs = node.get("attrs", {})
    if not isinstance(attrs, dict):
        raise AdfError(f"{path}: attrs is not an object")
    if missing := rule.required - set(attrs):
        raise AdfError(f"{path}: attrs lacks {sorted(missing)}")
    if extra := set(attrs) - rule.attrs:
        raise AdfError(f"{path}: unknown attrs {sorted(extra)}")
    if node["type"] == "heading" and attrs["level"] not in _HEADINGS:
        raise AdfError(f"{path}: heading level must be 1 to 6")
    if node["type"] == "panel" and attrs["panelType"] not in _PANELS:
        raise AdfError(f"{path}: unknown panelType")


def _check_marks(marks: object, path: str) -> None:
    if not isinstance(marks, list):
        raise AdfError(f"{path}: marks is not an array")
    for mark in marks:
        kind = mark.get("type") if isinstance(mark, dict) else None
        if not isinstance(kind, str) or kind not in _MARKS:
            raise AdfError(f"{path}: unknown mark {kind!r}")
        attrs = mark.get("attrs", {})
        if not isinstance(attrs, dict) or set(attrs) - _MARKS[kind]:
            raise AdfError(f"{path}: unknown attrs of mark {kind}")
        if kind == "link" and not isinstance(attrs.get("href"), str):
            raise AdfError(f"{path}: a link needs href")


def plain_text(node: object) -> str:
    """Return the words of a document or node, blocks separated by a newline."""
    if not isinstance(node, dict):
        return ""
    if node.get("type") == "text":
        return str(node["text"])
    attrs = node.get("attrs", {})
    inner = [plain_text(child) for child in node.get("content", ())]
    if node.get("type") in {"mention", "status", "emoji"}:
        return str(attrs.get("text", ""))
    if node.get("type") in {"paragraph", "heading", "codeBlock", "taskItem", "decisionItem"}:
        return "".join(inner)
    return "\n".join(part for part in inner if part)


def paragraph(text: str) -> dict[str, Any]:
    """Return a paragraph node with this text."""
    return {"type": "paragraph", "content": [{"type": "text", "text": text}] if text else []}


def doc(*blocks: dict[str, Any]) -> dict[str, Any]:
    """Return a document of these blocks."""
    return {"type": "doc", "version": 1, "content": list(blocks)}
