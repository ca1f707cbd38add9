"""POST /chat/{id}/ask-again: a tool is asked about again in a conversation."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.web import access
from xerus.web.deps import WebDeps


class Allowances:
    """Takes back what a person allowed in a conversation."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [access.action(self._deps, "/chat/{id}/ask-again", self._ask_again)]

    async def _ask_again(self, request: Request, session: Session, form: FormData) -> Response:
        conversation_id = request.path_params["id"]
        await self._deps.policies.ask_again(
            session.user.id, conversation_id, access.field(form, "allowance")
        )
        return RedirectResponse(f"/chat/{conversation_id}", 303)
