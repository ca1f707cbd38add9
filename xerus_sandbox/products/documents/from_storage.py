"""Storage format read as ADF, and as view HTML.

Every construct gets some ADF: unknown macros become `extension` or `bodiedExtension` with the macro's
name and parameters, as Confluence itself does.
"""

from html import escape
from typing import Any

from xerus_sandbox.products.documents.storage import Element, parse, serialize

_MARKS = {
    "strong": "strong",
    "b": "strong",
    "em": "em",
    "i": "em",
    "code": "code",
    "u": "underline",
    "del": "strike",
    "s": "strike",
}
_PANELS = {"info": "info", "note": "note", "tip": "success", "warning": "warning"}
_COLOURS = {"green": "green", "red": "red", "yellow": "yellow", "blue": "blue"}
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_INLINE_MACROS = frozenset({"status", "jira", "anchor"})
_INLINE_TAGS = frozenset(
    {*_MARKS, "a", "span", "br", "ac:link", "ac:emoticon", "time", "sub", "sup"}
)
_WRAPPERS = frozenset({"div", "root", "ac:rich-text-body", "ac:layout", "tbody", "section"})

Node = dict[str, Any]


def to_adf(source: str) -> Node:
    """Return the ADF document for well-formed storage format."""
    return {"type": "doc", "version": 1, "content": _blocks(parse(source))}


def _blocks(parent: Element) -> list[Node]:
    blocks: list[Node] = []
    loose: list[Node] = []
    for child in parent.children:
        if isinstance(child, str) or _is_inline(child):
            loose += _inline(child, [])
            continue
        _flush(loose, blocks)
        loose = []
        blocks += _block(child)
    _flush(loose, blocks)
    return blocks


def _flush(loose: list[Node], blocks: list[Node]) -> None:
    if any(node["type"] != "text" or node["text"].strip() for node in loose):
        blocks.append({"type": "paragraph", "content": loose})


def _is_inline(element: Element) -> bool:
    if element.tag == "ac:structured-macro":
        return element.attrs.get("ac:name") in _INLINE_MACROS
    return element.tag in _INLINE_TAGS


def _block(element: Element) -> list[Node]:  # noqa: PLR0911, C901 - one line per construct
    tag = element.tag
    if tag in _HEADINGS:
        return [_with_inline({"type": "heading", "attrs": {"level": _HEADINGS[tag]}}, element)]
    if tag == "p":
        return [_with_inline({"type": "paragraph"}, element)]
    if tag in {"ul", "ol"}:
        return _list(element)
    if tag == "pre":
        return [_code(element.text(), None)]
    if tag == "hr":
        return [{"type": "rule"}]
    if tag == "blockquote":
        return [{"type": "blockquote", "content": _blocks(element) or [_empty()]}]
    if tag == "table":
        return _table(element)
    if tag == "ac:structured-macro":
        return [_macro(element)]
    if tag == "ac:task-list":
        return [_tasks(element)]
    if tag == "ac:layout-section":
        return [_layout(element)]
    if tag == "ac:image":
        return [_image(element)]
    return _blocks(element)


def _empty() -> Node:
    return {"type": "paragraph", "content": []}


def _with_inline(node: Node, element: Element) -> Node:
    node["content"] = [n for child in element.children for n in _inline(child, [])]
    return node


def _inline(child: Element | str, marks: list[Node]) -> list[Node]:  # noqa: PLR0911
    if isinstance(child, str):
        return [_text(child, marks)] if child else []
    tag = child.tag
    if tag == "br":
        return [{"type": "hardBreak"}]
    if tag == "ac:structured-macro":
        return [_inline_macro(child)]
    if tag == "ac:link":
        return [_ac_link(child, marks)]
    if tag == "time":
        return [_text(child.attrs.get("datetime", ""), marks)] if child.attrs else []
    if tag == "ac:emoticon":
        return [{"type": "emoji", "attrs": {"shortName": f":{child.attrs.get('ac:name', '')}:"}}]
    if tag in _MARKS:
        marks = [*marks, {"type": _MARKS[tag]}]
    elif tag in {"sub", "sup"}:
        marks = [*marks, {"type": "subsup", "attrs": {"type": tag}}]
    elif tag == "a" and "href" in child.attrs:
        marks = [*marks, {"type": "link", "attrs": {"href": child.attrs["href"]}}]
    return [node for inner in child.children for node in _inline(inner, marks)]


def _text(text: str, marks: list[Node]) -> Node:
    node: Node = {"type": "text", "text": text}
    names = {mark["type"] for mark in marks}
    kept = [m for m in marks if "code" not in names or m["type"] in {"code", "link"}]
    if kept:
        node["marks"] = kept
    return node


def _ac_link(element: Element, marks: list[Node]) -> Node:
    if (user := element.find("ri:user")) is not None:
        return {"type": "mention", "attrs": {"id": user.attrs.get("ri:account-id", "")}}
    body = element.find("ac:plain-text-link-body") or element.find("ac:link-body")
    page = element.find("ri:page")
    title = page.attrs.get("ri:content-title", "") if page is not None else ""
    return _text((body.text() if body else "") or title or "link", marks)


def _inline_macro(element: Element) -> Node:
    name, parameters = element.attrs.get("ac:name", ""), element.parameters()
    if name == "status":
        colour = _COLOURS.get(parameters.get("colour", "").lower(), "neutral")
        return {"type": "status", "attrs": {"text": parameters.get("title", ""), "color": colour}}
    return {"type": "inlineExtension", "attrs": _extension_attrs(name, parameters)}


def _extension_attrs(name: str, parameters: dict[str, str]) -> Node:
    return {
        "extensionType": "com.atlassian.confluence.macro.core",
        "extensionKey": name,
        "parameters": {"macroParams": {key: {"value": value} for key, value in parameters.items()}},
    }


def _macro(element: Element) -> Node:
    name, parameters = element.attrs.get("ac:name", ""), element.parameters()
    plain, rich = element.find("ac:plain-text-body"), element.find("ac:rich-text-body")
    if name == "code":
        return _code(plain.text() if plain else "", parameters.get("language"))
    content = (_blocks(rich) if rich else []) or [_empty()]
    if name in _PANELS:
        return {"type": "panel", "attrs": {"panelType": _PANELS[name]}, "content": content}
    if name == "expand":
        return {
            "type": "expand",
            "attrs": {"title": parameters.get("title", "")},
            "content": content,
        }
    node: Node = {
        "type": "extension",
        "attrs": {**_extension_attrs(name, parameters), "layout": "default"},
    }
    if rich is not None:
        node |= {"type": "bodiedExtension", "content": content}
    return node


def _code(text: str, language: str | None) -> Node:
    attrs = {"language": language} if language else {}
    return {
        "type": "codeBlock",
        "attrs": attrs,
        "content": [{"type": "text", "text": text}] if text else [],
    }


def _list(element: Element) -> list[Node]:
    kind = "bulletList" if element.tag == "ul" else "orderedList"
    items = [
        {"type": "listItem", "content": _blocks(item) or [_empty()]}
        for item in element.elements()
        if item.tag == "li"
    ]
    return [{"type": kind, "content": items}] if items else []


def _table(element: Element) -> list[Node]:
    rows = [
        {"type": "tableRow", "content": [_cell(cell) for cell in row.elements()]}
        for part in element.elements()
        for row in (part.elements() if part.tag in {"tbody", "thead"} else (part,))
        if row.tag == "tr"
    ]
    attrs = {"isNumberColumnEnabled": False, "layout": "default"}
    return [{"type": "table", "attrs": attrs, "content": rows}] if rows else []


def _cell(element: Element) -> Node:
    kind = "tableHeader" if element.tag == "th" else "tableCell"
    spans = {
        k: int(v) for k, v in element.attrs.items() if k in {"colspan", "rowspan"} and v.isdecimal()
    }
    return {"type": kind, "attrs": spans, "content": _blocks(element) or [_empty()]}


def _tasks(element: Element) -> Node:
    items = []
    for number, task in enumerate(element.elements(), 1):
        status, body = task.find("ac:task-status"), task.find("ac:task-body")
        state = "DONE" if status is not None and status.text() == "complete" else "TODO"
        item: Node = {"type": "taskItem", "attrs": {"localId": f"task-{number}", "state": state}}
        items.append(_with_inline(item, body or Element("ac:task-body")))
    return {"type": "taskList", "attrs": {"localId": "tasks"}, "content": items}


def _layout(element: Element) -> Node:
    cells = [cell for cell in element.elements() if cell.tag == "ac:layout-cell"]
    width = round(100 / max(len(cells), 1), 2)
    columns = [
        {"type": "layoutColumn", "attrs": {"width": width}, "content": _blocks(cell) or [_empty()]}
        for cell in cells
    ]
    return {"type": "layoutSection", "content": columns}


def _image(element: Element) -> Node:
    url = element.find("ri:url")
    attachment = element.find("ri:attachment")
    if url is not None:
        attrs = {"type": "external", "url": url.attrs.get("ri:value", "")}
    else:
        name = attachment.attrs.get("ri:filename", "") if attachment is not None else ""
        attrs = {"type": "file", "id": f"attachment-{name}", "collection": "content", "alt": name}
    media: Node = {"type": "media", "attrs": attrs}
    return {"type": "mediaSingle", "attrs": {"layout": "center"}, "content": [media]}


def to_view(source: str) -> str:
    """Return simple HTML as a reader would see it; macros become labelled blocks."""
    return "".join(_html(child) for child in parse(source).children)


def _html(node: Element | str) -> str:
    if isinstance(node, str):
        return escape(node, quote=False)
    inner = "".join(_html(child) for child in node.children)
    if node.tag == "ac:structured-macro":
        return _macro_html(node)
    if node.tag == "ac:link":
        return f"<a>{inner or escape(_link_title(node))}</a>"
    if node.tag.startswith(("ac:", "ri:")):
        return "" if node.tag in {"ac:task-id", "ac:task-status", "ac:parameter"} else inner
    return serialize(Element(node.tag, node.attrs)) if not inner else _wrap(node, inner)


def _wrap(node: Element, inner: str) -> str:
    attrs = "".join(f' {name}="{escape(value)}"' for name, value in node.attrs.items())
    return f"<{node.tag}{attrs}>{inner}</{node.tag}>"


def _link_title(node: Element) -> str:
    page = node.find("ri:page")
    return page.attrs.get("ri:content-title", "") if page is not None else "user"


def _macro_html(node: Element) -> str:
    name = node.attrs.get("ac:name", "")
    plain, rich = node.find("ac:plain-text-body"), node.find("ac:rich-text-body")
    if name == "status":
        return f'<span class="status-macro">{escape(node.parameters().get("title", ""))}</span>'
    if plain is not None:
        return f"<pre>{escape(plain.text())}</pre>"
    body = "".join(_html(child) for child in rich.children) if rich is not None else ""
    return f'<div class="confluence-{escape(name)}-macro">{body}</div>'


def to_text(source: str) -> str:
    """Return the words of a storage document, blocks separated by spaces, for search."""
    return " ".join(_words(parse(source)).split())


def _words(node: Element) -> str:
    if node.tag in {"ac:parameter", "ac:task-id", "ac:task-status"}:
        return " "
    parts = [child if isinstance(child, str) else _words(child) for child in node.children]
    inline = node.tag in _INLINE_TAGS
    return "".join(parts) if inline else f" {''.join(parts)} "
