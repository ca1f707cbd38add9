"""POST /chat/{id}/decide: what a person says about calls that wait."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.assistant.verdicts import LONGEST_REASON, Remember, Verdict
from xerus.errors import InvalidInput
from xerus.web import access
from xerus.web.deps import WebDeps

Answer: TypeAlias = Callable[[Request, Session, str], Awaitable[Response]]

_DECISIONS: Mapping[str, tuple[bool, Remember]] = {
    "approve": (True, ""),
    "here": (True, "here"),
    "always": (True, "always"),
    "decline": (False, ""),
    "block": (False, "block"),
}


class ChatDecide:
    """Takes decisions; `answer` shows the conversation after one."""

    def __init__(self, deps: WebDeps, answer: Answer) -> None:
        self._deps = deps
        self._answer = answer

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [access.action(self._deps, "/chat/{id}/decide", self._decide)]

    async def _decide(self, request: Request, session: Session, form: FormData) -> Response:
        conversation_id = request.path_params["id"]
        await self._deps.assistant.decide(session.user, conversation_id, _verdicts(form))
        return await self._answer(request, session, conversation_id)


def _verdicts(form: FormData) -> list[Verdict]:
    """Return the same decision for each call that the form names.

    Raises:
        InvalidInput: it is none, or names no call.
    """
    decision = access.field(form, "decision")
    if decision not in _DECISIONS:
        raise InvalidInput("Choose Approve or Decline.")
    approve, remember = _DECISIONS[decision]
    calls = [str(one) for one in form.getlist("call_id")]
    shown = [str(one) for one in form.getlist("shown")] or [""] * len(calls)
    if not calls or len(shown) != len(calls):
        raise InvalidInput("The form names no call.", hint="Reload the page and try again.")
    reason = " ".join(access.field(form, "reason").split())[:LONGEST_REASON]
    return [
        Verdict(
            approval_id=call,
            approve=approve,
            shown=seen,
            reason="" if approve else reason,
            remember=remember,
        )
        for call, seen in zip(calls, shown, strict=True)
    ]
