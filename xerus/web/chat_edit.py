"""GET and POST /chat/{id}/calls/{call}/edit: changing a call before it is approved."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.web import access
from xerus.web.assistant_deps import EditForm
from xerus.web.chat_decide import Answer
from xerus.web.deps import WebDeps

_PATH = "/chat/{id}/calls/{call}/edit"
_LARGEST = 1024 * 1024
_MOST_FIELDS = 300


class ChatEdit:
    """Shows the form of a call and takes it back; `shown` answers with the conversation."""

    def __init__(self, deps: WebDeps, shown: Answer) -> None:
        self._deps = deps
        self._editing = deps.assistant.editing
        self._shown = shown

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.page(self._deps, _PATH, self._ask),
            access.action(
                self._deps,
                _PATH,
                self._save,
                framed=True,
                largest=_LARGEST,
                most_fields=_MOST_FIELDS,
            ),
        ]

    async def _ask(self, request: Request, session: Session) -> Response:
        at = request.path_params
        form = await self._editing.form(session.user.id, at["id"], at["call"])
        return self._form(request, session, form, 200)

    async def _save(self, request: Request, session: Session, form: FormData) -> Response:
        at = request.path_params
        wrong = await self._editing.save(
            session.user.id,
            at["id"],
            at["call"],
            shown=access.field(form, "shown"),
            form={name: value for name, value in form.items() if isinstance(value, str)},
        )
        if wrong is not None:
            return self._form(request, session, wrong, 400)
        if access.is_fragment(request):
            return await self._shown(request, session, at["id"])
        return RedirectResponse(f"/chat/{at['id']}#call-{at['call']}", 303)

    def _form(self, request: Request, session: Session, form: EditForm, status: int) -> Response:
        inside = access.is_fragment(request)
        # Inside a page htmx puts only what succeeded into its place.
        headers = {"HX-Retarget": f"#call-{form.call_id}"} if inside else None
        return self._deps.pages.render(
            request,
            "chat/edit_form.html" if inside else "chat/edit.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            status=200 if inside else status,
            headers=headers,
            conversation_id=request.path_params["id"],
            form=form,
            level="h2" if inside else "h1",
        )
