"""The two cookies: who is signed in, and which browser this is."""

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from xerus.accounts.sessions import LIFE, Session, Sessions
from xerus.ids import new_secret

_LONGEST = 100


class Cookies:
    """Reads and writes the cookies; on https their names carry the `__Host-` promise."""

    def __init__(self, *, https: bool) -> None:
        prefix = "__Host-" if https else ""
        self.session_name = f"{prefix}xerus_session"
        self.browser_name = f"{prefix}xerus_browser"
        self._https = https

    async def session_from(self, request: Request, sessions: Sessions) -> Session | None:
        """Return the live session of a request."""
        token = self.session_token(request)
        return await sessions.read(token) if token else None

    def session_token(self, request: Request) -> str:
        """Return the session cookie's value, '' without one."""
        return _bounded(request.cookies.get(self.session_name, ""))

    def set_session(self, response: Response, token: SecretStr) -> None:
        """Sign this browser in."""
        self._set(response, self.session_name, token.get_secret_value(), int(LIFE.total_seconds()))

    def clear_session(self, response: Response) -> None:
        """Sign this browser out."""
        response.delete_cookie(
            self.session_name, path="/", secure=self._https, httponly=True, samesite="lax"
        )

    def browser_from(self, request: Request) -> str:
        """Return the secret that marks this browser, '' if it has none yet."""
        return _bounded(request.cookies.get(self.browser_name, ""))

    def browser_binding(self, request: Request) -> str:
        """Return the secret that marks this browser, a new one if it has none yet.

        Pass it to `keep_browser` with the answer.
        """
        return self.browser_from(request) or new_secret()

    def keep_browser(self, response: Response, browser: str) -> None:
        """Let the browser remember its mark until it is closed."""
        self._set(response, self.browser_name, browser, None)

    def _set(self, response: Response, name: str, value: str, max_age: int | None) -> None:
        response.set_cookie(
            name,
            value,
            max_age=max_age,
            path="/",
            secure=self._https,
            httponly=True,
            samesite="lax",
        )


def _bounded(value: str) -> str:
    return value if len(value) <= _LONGEST else ""
