"""A model's reply as HTML that is safe in our pages.

A reply can repeat what strangers wrote. So it brings no HTML of its own, nothing that a browser
fetches by itself, and every link shows the host it leads to.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from xerus.assistant.marks import without_marks

_TAGS = {
    *("a", "blockquote", "br", "code", "del", "em", "hr", "p", "pre", "s", "strong"),
    *("h2", "h3", "h4", "h5", "h6", "li", "ol", "ul"),
    *("div", "table", "tbody", "td", "th", "thead", "tr"),
}
_ATTRIBUTES = {"a": {"href"}, "div": {"tabindex", "role", "aria-label"}, "ol": {"start"}}
_ALERTS = ("note", "tip", "important", "warning", "caution")
_ALERT = re.compile(rf"\[!({'|'.join(_ALERTS)})\]", re.IGNORECASE)
# A wide table scrolls in a box of its own, which the keyboard has to reach.
_TABLE_BOX = '<div class="table-scroll" tabindex="0" role="group" aria-label="Table">'
_MARKDOWN = (
    MarkdownIt("commonmark", {"html": False, "breaks": True})
    .enable(["table", "strikethrough"])
    .disable(["image", "html_block", "html_inline"])
)
_LOWEST_HEADING = 6


def _open_table(*_: Any) -> str:
    return f"{_TABLE_BOX}<table>\n"


def _close_table(*_: Any) -> str:
    return "</table></div>\n"


_MARKDOWN.add_render_rule("table_open", _open_table)
_MARKDOWN.add_render_rule("table_close", _close_table)


def html_of(text: str) -> Markup:
    """Return Markdown as sanitised HTML."""
    return Markup("").join(blocks_of(text))


def blocks_of(text: str) -> tuple[Markup, ...]:
    """Return Markdown as sanitised HTML, one piece for each block at the top: a paragraph, a list."""
    tokens = _MARKDOWN.parse(without_marks(text))
    for token in tokens:
        if token.children:
            token.children = _with_hosts(token.children)
    _rank_headings(tokens)
    _name_alerts(tokens)
    return tuple(_html(block) for block in _at_the_top(tokens))


def _at_the_top(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    begun = depth = 0
    for n, token in enumerate(tokens):
        depth += token.nesting
        if depth == 0:
            yield tokens[begun : n + 1]
            begun = n + 1


def _html(tokens: Sequence[Token]) -> Markup:
    rendered = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return Markup(  # noqa: S704 - cleaned in this expression
        nh3.clean(
            rendered,
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            allowed_classes={
                "div": {"table-scroll"},
                "blockquote": {f"is-{name}" for name in _ALERTS},
            },
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener noreferrer nofollow",
        )
    )


def _rank_headings(tokens: Sequence[Token]) -> None:
    """Let headings begin below the page's own h1 and skip no level, whatever was written."""
    above: list[int] = []
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag[1:])
            above = [*(one for one in above if one < level), level]
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(len(above) + 1, _LOWEST_HEADING)}"


def _name_alerts(tokens: Sequence[Token]) -> None:
    """Turn a quotation that begins with e.g. `[!NOTE]`, as panels of pages do, into a named one."""
    for quote, paragraph, inline in zip(tokens, tokens[1:], tokens[2:], strict=False):
        words = inline.children or []
        if (quote.type, paragraph.type) != ("blockquote_open", "paragraph_open") or not words:
            continue
        found = _ALERT.fullmatch(words[0].content.strip())
        if found is None:
            continue
        name = found[1].lower()
        quote.attrSet("class", f"is-{name}")
        inline.children = [
            Token("strong_open", "strong", 1),
            Token("text", "", 0, content=name.capitalize()),
            Token("strong_close", "strong", -1),
            *words[1:],
        ]


def _with_hosts(tokens: Sequence[Token]) -> list[Token]:
    """Add the host after each link whose text is not the address itself."""
    shown: list[Token] = []
    host = ""
    for token in tokens:
        shown.append(token)
        if token.type == "link_open":
            host = "" if token.markup == "autolink" else _host(str(token.attrs.get("href", "")))
        elif token.type == "link_close" and host:
            shown.append(Token("text", "", 0, content=f" ({host})"))
    return shown


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
