"""The look of the sandbox's own pages: plain HTML, one inline stylesheet, nothing from outside."""

from collections.abc import Sequence
from html import escape

from starlette.responses import HTMLResponse

_STYLE = """
:root{color-scheme:light dark;--back:#eef0f4;--card:#fff;--text:#1c2430;--soft:#5b6472;--line:#d5dae2}
@media(prefers-color-scheme:dark){
:root{--back:#12161c;--card:#1c222b;--text:#e6eaf0;--soft:#9aa4b2;--line:#333c49}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem 1rem;
background:var(--back);color:var(--text);font:1rem/1.5 system-ui,sans-serif}
main{width:100%;max-width:26rem;background:var(--card);border:1px solid var(--line);
border-top:4px solid var(--brand);border-radius:.5rem;padding:1.5rem}
.label{margin:0;color:var(--soft);font-size:.875rem}
h1{margin:.25rem 0 1rem;font-size:1.25rem;line-height:1.3}
ul{padding-left:1.25rem}code{overflow-wrap:anywhere}
form{display:grid;gap:.5rem;margin-top:.5rem}
button,select{font:inherit;width:100%;min-height:2.75rem;padding:.5rem .75rem;border-radius:.375rem;
border:1px solid var(--line);background:transparent;color:inherit;cursor:pointer;text-align:left}
button:hover{border-color:var(--brand)}
button:focus-visible,select:focus-visible{outline:2px solid var(--brand);outline-offset:2px}
button.main{background:var(--fill);border-color:var(--fill);color:#fff;text-align:center}
button.plain{text-align:center}
"""


def page(*, label: str, brand: str, title: str, body: str, status: int = 200) -> HTMLResponse:
    """Return a page; `body` is HTML whose values are escaped already, `brand` a CSS colour."""
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<title>{escape(title)} - {escape(label)}</title><link rel="icon" href="data:,">'
        f"<style>{_STYLE}:root{{--brand:{brand};--fill:{brand}}}</style></head>"
        f'<body><main><p class="label">{escape(label)}</p><h1>{escape(title)}</h1>{body}</main>'
        "</body></html>"
    )
    return HTMLResponse(html, status_code=status, headers={"cache-control": "no-store"})


def hidden(name: str, value: str) -> str:
    """Return a hidden form field."""
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def button(name: str, value: str, text: str, style: str = "") -> str:
    """Return a submit button that sends `name=value`."""
    return (
        f'<button class="{style}" name="{escape(name)}" value="{escape(value)}">'
        f"{escape(text)}</button>"
    )


def form(action: str, *parts: str) -> str:
    """Return a form that posts its parts."""
    return f'<form method="post" action="{escape(action)}">{"".join(parts)}</form>'


def bullets(items: Sequence[str]) -> str:
    """Return a list of code words."""
    return "<ul>" + "".join(f"<li><code>{escape(item)}</code></li>" for item in items) + "</ul>"
