"""Light, dark, or what the system says: a cookie, so that the first paint is right without a script."""

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "xerus_theme"
THEMES = ("auto", "light", "dark")
_YEAR = 365 * 86400


def theme_of(request: Request) -> str:
    """Return the theme of the browser's choice: one of `THEMES`."""
    theme = request.cookies.get(COOKIE, "auto")
    return theme if theme in THEMES else "auto"


def keep_theme(response: Response, theme: str, *, https: bool) -> None:
    """Remember a theme in the browser; an unknown one means "auto"."""
    chosen = theme if theme in THEMES else "auto"
    response.set_cookie(COOKIE, chosen, max_age=_YEAR, secure=https, httponly=True, samesite="lax")
