"""The Entra port's application, wired."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Router

from xerus_sandbox.clock import VirtualClock
from xerus_sandbox.config import SHARED_SETTINGS, Config
from xerus_sandbox.entra.directory import SETTINGS as DIRECTORY_SETTINGS
from xerus_sandbox.entra.directory import Directory
from xerus_sandbox.entra.discovery import Discovery
from xerus_sandbox.entra.graph import Graph
from xerus_sandbox.entra.sign_in import SignIn
from xerus_sandbox.entra.token import TokenEndpoint
from xerus_sandbox.entra.tokens import TokenMaker
from xerus_sandbox.log import Note

SETTINGS = (*SHARED_SETTINGS, *DIRECTORY_SETTINGS)


class EntraService:
    """One tenant of Entra ID with its state; see `port.Service` for the promises."""

    def __init__(self, *, base_url: str, clock: VirtualClock, config: Config) -> None:
        self._directory = Directory(clock, config)
        maker = TokenMaker(clock, config, base_url)
        routes = [
            *Discovery(self._directory, base_url).routes,
            *SignIn(self._directory, clock, config).routes,
            *Graph(self._directory, clock, config, base_url).routes,
            *TokenEndpoint(self._directory, clock, config, maker).routes,
        ]
        self.app = Router(routes, redirect_slashes=False)

    @property
    def changed(self) -> bool:
        """Whether there is something to save."""
        return self._directory.changed

    @changed.setter
    def changed(self, value: bool) -> None:
        self._directory.changed = value

    def to_json(self) -> dict[str, Any]:
        """Return the whole state."""
        return self._directory.to_json()

    def restore(self, data: dict[str, Any]) -> None:
        """Take the state back."""
        self._directory.restore(data)

    def reset(self) -> None:
        """Go back to no sign-ins and the first key."""
        self._directory.reset()

    def revoke(self, email: str) -> int:
        """Revoke all refresh tokens of an account."""
        return self._directory.revoke(email)

    def identify(self, authorization: str, note: Note) -> None:
        """Nothing: requests to Entra name their person in the body."""

    async def rotate_keys(self, _: Request) -> Response:
        """Answer the control that makes a new signing key."""
        key = self._directory.rotate_keys()
        kids = [known.kid for known in self._directory.keys]
        return JSONResponse({"kid": key.kid, "kids": kids})
