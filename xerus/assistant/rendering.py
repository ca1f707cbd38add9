"""A model's reply as HTML that is safe in our pages.

A reply can repeat what strangers wrote. So it brings no HTML of its own, nothing that a browser
fetches by itself, and every link shows the host it leads to.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from xerus.assistant.marks import without_marks

_TAGS = {
    *("a", "blockquote", "br", "code", "del", "em", "hr", "p", "pre", "s", "strong"),
    *("h3", "h4", "h5", "h6", "li", "ol", "ul"),
    *("table", "tbody", "td", "th", "thead", "tr"),
}
_MARKDOWN = (
    MarkdownIt("commonmark", {"html": False, "breaks": True})
    .enable(["table", "strikethrough"])
    .disable(["image", "html_block", "html_inline"])
)
_LOWEST_HEADING = 6


def html_of(text: str) -> Markup:
    """Return Markdown as sanitised HTML."""
    tokens = _MARKDOWN.parse(without_marks(text))
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            # The page has its own h1 and h2.
            token.tag = f"h{min(int(token.tag[1:]) + 2, _LOWEST_HEADING)}"
        if token.children:
            token.children = _with_hosts(token.children)
    rendered = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return Markup(  # noqa: S704 - cleaned in this expression
        nh3.clean(
            rendered,
            tags=_TAGS,
            attributes={"a": {"href"}, "ol": {"start"}},
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener noreferrer nofollow",
        )
    )


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
