"""GET /chat/{id}/export and POST /conversations/export: conversations as files to keep."""

from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.assistant.exported import Form
from xerus.errors import InvalidInput
from xerus.web import access
from xerus.web.deps import WebDeps


class Exports:
    """Sends files; a browser saves them and shows none of them as a page of ours."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._exporting = deps.kept.exporting

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.page(self._deps, "/chat/{id}/export", self._one),
            access.action(self._deps, "/conversations/export", self._all),
        ]

    async def _one(self, request: Request, session: Session) -> Response:
        try:
            form = Form(request.query_params.get("form", ""))
        except ValueError as error:
            raise InvalidInput(
                "A conversation is exported as `markdown` or `json`.",
                hint="Choose one in the menu of the conversation.",
            ) from error
        file = await self._exporting.file(session.user.id, request.path_params["id"], form)
        return Response(file.content, media_type=file.media_type, headers=attachment(file.name))

    async def _all(self, _request: Request, session: Session, _form: FormData) -> Response:
        pieces = await self._exporting.archive(session.user.id)
        name = f"{self._deps.clock.now():%Y-%m-%d} Xerus conversations.zip"
        return StreamingResponse(pieces, media_type="application/zip", headers=attachment(name))


def attachment(name: str) -> dict[str, str]:
    """Return headers that make an answer a file of this name, in any script (RFC 6266)."""
    plain = "".join(char for char in name if char.isascii() and (char.isalnum() or char in " .-()"))
    return {
        "Content-Disposition": f'attachment; filename="{" ".join(plain.split())}"; '
        f"filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
    }
