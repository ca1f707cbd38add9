"""A text outline, and its three written forms: ADF, wiki markup, storage."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Literal

from xerus_sandbox.products.documents.adf import doc, paragraph

Kind = Literal["heading", "text", "bullets", "numbers", "code", "panel", "table", "mention"]
_WIKI_PANELS = {"info": "info", "warning": "warning", "note": "note"}


@dataclass(frozen=True)
class Block:
    """One block; `lines` are its texts, `rows` only for a table, `note` a language or panel type."""

    kind: Kind
    lines: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = field(default=())
    note: str = ""


def as_adf(blocks: Sequence[Block]) -> dict[str, Any]:
    """Return the outline as an ADF document."""
    return doc(*(_adf(block) for block in blocks))


def _adf(block: Block) -> dict[str, Any]:  # noqa: PLR0911 - one line per kind
    match block.kind:
        case "heading":
            text = {"type": "text", "text": block.lines[0]}
            return {"type": "heading", "attrs": {"level": 2}, "content": [text]}
        case "bullets" | "numbers":
            kind = "bulletList" if block.kind == "bullets" else "orderedList"
            items = [{"type": "listItem", "content": [paragraph(line)]} for line in block.lines]
            return {"type": kind, "content": items}
        case "code":
            text = {"type": "text", "text": "\n".join(block.lines)}
            return {"type": "codeBlock", "attrs": {"language": block.note}, "content": [text]}
        case "panel":
            content = [paragraph(text) for text in block.lines]
            return {"type": "panel", "attrs": {"panelType": block.note}, "content": content}
        case "table":
            rows = [_adf_row(row, header=n == 0) for n, row in enumerate(block.rows)]
            attrs: dict[str, Any] = {"isNumberColumnEnabled": False, "layout": "default"}
            return {"type": "table", "attrs": attrs, "content": rows}
        case "mention":
            mention = {"type": "mention", "attrs": {"id": block.note, "text": block.lines[0]}}
            after = {"type": "text", "text": block.lines[1]}
            return {"type": "paragraph", "content": [mention, after]}
        case "text":
            return paragraph(block.lines[0])


def _adf_row(row: Sequence[str], *, header: bool) -> dict[str, Any]:
    kind = "tableHeader" if header else "tableCell"
    cells = [{"type": kind, "attrs": {}, "content": [paragraph(text)]} for text in row]
    return {"type": "tableRow", "content": cells}


def as_wiki(blocks: Sequence[Block]) -> str:
    """Return the outline as wiki markup."""
    return "\n\n".join(_wiki(block) for block in blocks)


def _wiki(block: Block) -> str:  # noqa: PLR0911 - one line per kind
    text = "\n".join(block.lines)
    match block.kind:
        case "heading":
            return f"h2. {text}"
        case "bullets" | "numbers":
            mark = "*" if block.kind == "bullets" else "#"
            return "\n".join(f"{mark} {line}" for line in block.lines)
        case "code":
            return f"{{code:{block.note}}}\n{text}\n{{code}}"
        case "panel":
            name = _WIKI_PANELS.get(block.note, "info")
            return f"{{{name}}}\n{text}\n{{{name}}}"
        case "table":
            head, *rest = block.rows
            lines = [f"||{'||'.join(head)}||", *(f"|{'|'.join(row)}|" for row in rest)]
            return "\n".join(lines)
        case "mention":
            return f"[~{block.lines[0].removeprefix('@').split()[0].lower()}]{block.lines[1]}"
        case "text":
            return text


def as_storage(blocks: Sequence[Block]) -> str:
    """Return the outline as storage format."""
    return "".join(_storage(block) for block in blocks)


def _storage(block: Block) -> str:  # noqa: PLR0911 - one line per kind
    lines = [escape(line, quote=False) for line in block.lines]
    match block.kind:
        case "heading":
            return f"<h2>{lines[0]}</h2>"
        case "bullets" | "numbers":
            tag = "ul" if block.kind == "bullets" else "ol"
            return f"<{tag}>{''.join(f'<li><p>{line}</p></li>' for line in lines)}</{tag}>"
        case "code":
            return macro("code", {"language": block.note}, plain="\n".join(block.lines))
        case "panel":
            return macro(block.note, {}, rich="".join(f"<p>{line}</p>" for line in lines))
        case "table":
            return f"<table><tbody>{''.join(_rows(block.rows))}</tbody></table>"
        case "mention":
            user = f'<ac:link><ri:user ri:account-id="{block.note}" /></ac:link>'
            return f"<p>{user}{lines[1]}</p>"
        case "text":
            return f"<p>{lines[0]}</p>"


def _rows(rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        "<tr>" + "".join(f"<{tag}><p>{escape(c, quote=False)}</p></{tag}>" for c in row) + "</tr>"
        for tag, row in (("td" if n else "th", row) for n, row in enumerate(rows))
    ]


def macro(name: str, parameters: dict[str, str], *, plain: str = "", rich: str = "") -> str:
    """Return a macro in storage format."""
    head = "".join(
        f'<ac:parameter ac:name="{key}">{escape(value, quote=False)}</ac:parameter>'
        for key, value in parameters.items()
    )
    body = f"<ac:plain-text-body><![CDATA[{plain}]]></ac:plain-text-body>" if plain else ""
    body += f"<ac:rich-text-body>{rich}</ac:rich-text-body>" if rich else ""
    return f'<ac:structured-macro ac:name="{name}" ac:schema-version="1">{head}{body}</ac:structured-macro>'
