"""Templates to answers. Every page is one call of `Pages.render`."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from xerus.clock import Clock
from xerus.pages import headers as security
from xerus.pages.assets import Assets
from xerus.pages.compiled import Compiled
from xerus.pages.help_links import help_for, help_url
from xerus.pages.relative_time import in_words
from xerus.pages.support import Support
from xerus.pages.theme import theme_of

_TEMPLATES = Path(__file__).parent / "templates"
_OPTIONS: dict[str, Any] = {
    "undefined": jinja2.StrictUndefined,
    "trim_blocks": True,
    "lstrip_blocks": True,
}


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """The person a page is shown to, as far as the page frame needs to know."""

    name: str
    email: str
    is_admin: bool = False

    @property
    def initial(self) -> str:
        """The letter in the avatar."""
        return (self.name or self.email or "?")[0].upper()


class Pages:
    """Renders templates with autoescape; an undefined variable is an error, not an empty string."""

    def __init__(self, *, assets: Assets, clock: Clock, support: Support | None = None) -> None:
        """Make the renderer; without `support` pages say to ask the administrator."""
        self._clock = clock
        self._env = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_TEMPLATES),
            autoescape=True,
            bytecode_cache=Compiled(_TEMPLATES / "__pycache__", _OPTIONS),
            **_OPTIONS,
        )
        self._env.globals["asset"] = assets.url
        self._env.globals["support"] = support or Support()
        self._env.globals["help_for"] = help_for
        self._env.globals["help_url"] = help_url
        self._env.globals["now"] = clock.now
        self._env.filters["ago"] = self._ago
        self._env.filters["exact"] = _exact

    def render(
        self,
        request: Request,
        template: str,
        *,
        viewer: Viewer | None,
        csrf: str = "",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> HTMLResponse:
        """Render a page or a fragment with its own content security policy.

        Args:
            request: supplies the path (current place in the navigation) and the theme cookie.
            template: path below `templates/`.
            viewer: who is signed in; None shows the frame without navigation.
            csrf: token for the forms of the page, the sign-out form of the frame included.
            status: HTTP status of the answer.
            headers: further headers.
            context: what the template names.
        """
        nonce = secrets.token_urlsafe(16)
        html = self._env.get_template(template).render(
            path=request.url.path,
            reload_path=_reload_path(request),
            theme=theme_of(request),
            viewer=viewer,
            csrf=csrf,
            nonce=nonce,
            notices=getattr(request.state, "notices", ()),
            **context,
        )
        return HTMLResponse(
            html,
            status,
            headers={
                "Content-Security-Policy": security.policy(nonce),
                "Cache-Control": "no-store",
                **(headers or {}),
            },
        )

    def html(self, template: str, **context: Any) -> str:
        """Render a piece of a page that htmx has nothing to do with, for a stream of events."""
        return self._env.get_template(template).render(nonce="", **context)

    def _ago(self, instant: datetime) -> str:
        return in_words(instant, self._clock.now())


def _reload_path(request: Request) -> str:
    """Return where a change of colours leads back to; empty on pages that show once only."""
    path = request.url.path
    if request.method != "GET" or path.endswith("/callback") or path.startswith("/oauth/"):
        return ""
    return f"{path}?{request.url.query}" if request.url.query else path


def _exact(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"
