"""Wiki markup, as Data Center's Jira keeps it and Confluence still accepts it: read as storage."""

import re
from html import escape

from xerus_sandbox.products.documents.storage import cdata

_HEADING = re.compile(r"h([1-6])\.\s+(.*)")
_LIST = re.compile(r"([*#]+|-)\s+(.*)")
_CODE = re.compile(r"\{code(?::([\w+#-]+))?[^}]*\}(.*?)\{code\}", re.DOTALL)
_INLINE = (
    (re.compile(r"\{\{(.+?)\}\}"), r"<code>\1</code>"),
    (re.compile(r"(?<!\w)\*(\S(?:[^*\n]*\S)?)\*(?!\w)"), r"<strong>\1</strong>"),
    (re.compile(r"(?<!\w)_(\S(?:[^_\n]*\S)?)_(?!\w)"), r"<em>\1</em>"),
    (re.compile(r"\[([^|\]\n]+)\|([^\]\n]+)\]"), r'<a href="\2">\1</a>'),
    (re.compile(r"\[(https?://[^\]\s]+)\]"), r'<a href="\1">\1</a>'),
)


def to_storage(source: str) -> str:
    """Return storage format for wiki markup: headings, lists, tables, code, bold, italic, links."""
    parts, end = [], 0
    for match in _CODE.finditer(source):
        parts += [_text(source[end : match.start()]), _code(match.group(1), match.group(2))]
        end = match.end()
    return "".join([*parts, _text(source[end:])])


def _code(language: str | None, text: str) -> str:
    head = f'<ac:parameter ac:name="language">{language}</ac:parameter>' if language else ""
    return (
        f'<ac:structured-macro ac:name="code">{head}<ac:plain-text-body>'
        f"{cdata(text.strip(chr(10)))}</ac:plain-text-body></ac:structured-macro>"
    )


def _text(source: str) -> str:
    html: list[str] = []
    group: list[str] = []
    kind = ""
    for line in [*source.splitlines(), ""]:
        found = _kind(line)
        if found != kind or not found:
            html.append(_close(kind, group))
            group, kind = [], found
        if found:
            group.append(line.strip())
    return "".join(html)


def _kind(line: str) -> str:
    stripped = line.strip()
    if _HEADING.fullmatch(stripped):
        return "heading"
    if found := _LIST.match(stripped):
        return "ol" if found.group(1).startswith("#") else "ul"
    if stripped.startswith("|"):
        return "table"
    return "p" if stripped else ""


def _close(kind: str, lines: list[str]) -> str:
    match kind:
        case "heading":
            found = [_HEADING.fullmatch(line) for line in lines]
            return "".join(f"<h{m[1]}>{_inline(m[2])}</h{m[1]}>" for m in found if m)
        case "ul" | "ol":
            texts = (_LIST.sub(r"\2", line, count=1) for line in lines)
            items = "".join(f"<li>{_inline(text)}</li>" for text in texts)
            return f"<{kind}>{items}</{kind}>"
        case "table":
            return f"<table><tbody>{''.join(map(_row, lines))}</tbody></table>"
        case "p":
            return f"<p>{'<br />'.join(map(_inline, lines))}</p>"
        case _:
            return ""


def _row(line: str) -> str:
    tag = "th" if line.startswith("||") else "td"
    cells = line.strip("|").split("||" if tag == "th" else "|")
    return "<tr>" + "".join(f"<{tag}>{_inline(c.strip())}</{tag}>" for c in cells) + "</tr>"


def _inline(text: str) -> str:
    html = escape(text)
    for pattern, replacement in _INLINE:
        html = pattern.sub(replacement, html)
    return html
