"""GET /admin: the set-up, connections by state, quotas, and the check of the audit log. Administrators only."""

from collections import Counter
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.audit.events import Event
from xerus.audit.verification import Verdict
from xerus.web import access
from xerus.web.admin_connections import word_of
from xerus.web.admin_quotas import in_words
from xerus.web.checklist import checklist
from xerus.web.deps import WebDeps


@dataclass(frozen=True, kw_only=True)
class VerdictInWords:
    """The result of the check as the page says it."""

    ok: bool
    title: str
    text: str


class AdminPage:
    """Counts and states; tokens and conversations never reach it."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.admin_page(self._deps, "/admin", self._show),
            access.admin_action(self._deps, "/admin/audit/verify", self._verify),
        ]

    async def _show(self, request: Request, session: Session) -> Response:
        return await self._page(request, session, None)

    async def _verify(self, request: Request, session: Session, _form: FormData) -> Response:
        verdict = await self._deps.audit.verify()
        await self._deps.audit.append(Event.LOG_VERIFIED, user_id=session.user.id, **verdict.facts)
        return await self._page(request, session, verdict)

    async def _page(self, request: Request, session: Session, verdict: Verdict | None) -> Response:
        states: Counter[str] = Counter()
        for (_, state), n in (await self._deps.admin.connection_states()).items():
            states[state] += n
        return self._deps.pages.render(
            request,
            "admin.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            checklist=checklist(await self._deps.readiness.facts()),
            states=[(word_of(state), n) for state, n in states.items()],
            quotas=in_words(
                await self._deps.admin.atlassian_usage(), self._deps.admin.atlassian_held()
            ),
            verdict=_in_words(verdict) if verdict else None,
        )


def _in_words(verdict: Verdict) -> VerdictInWords:
    if verdict.sound:
        text = f"{verdict.events} events and {verdict.checkpoints} checkpoints fit together."
        return VerdictInWords(ok=True, title="The audit log is whole.", text=text)
    place = f" First bad event: chain {verdict.shard}, number {verdict.n}." if verdict.n else ""
    return VerdictInWords(
        ok=False,
        title="The audit log was changed.",
        text=f"{verdict.reason}.{place} Keep the database as it is and run xerus audit verify.",
    )
