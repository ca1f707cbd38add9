"""GET /admin/audit: everybody's events, filtered by the address; the same as a file by its form."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from xerus.accounts.people import PersonRow
from xerus.accounts.sessions import Session
from xerus.audit.events import Event, Fact
from xerus.audit.log import AuditRow
from xerus.audit.search import Found, Portion, SearchTooLong
from xerus.errors import InvalidInput
from xerus.ids import UserId
from xerus.web import access, activity, audit_export
from xerus.web.audit_export import Form
from xerus.web.audit_filter import (
    MOST_PEOPLE,
    OUTCOMES,
    PATH,
    Asked,
    asked_in,
    event_in_words,
    groups,
    is_day,
    is_person,
    written,
)
from xerus.web.deps import WebDeps

_PAGE = 50
_FILTER_WORDS = {
    "person": "Person",
    "event": "What",
    "tool": "Tool",
    "client": "Client",
    "outcome": "Result",
    "reference": "Reference",
    "since": "From",
    "until": "To",
}


@dataclass(frozen=True, kw_only=True)
class AuditLine:
    """One event as the table shows it; each address narrows the page to what it stands at."""

    at: datetime
    place: str
    who: str
    email: str
    who_address: str
    title: str
    event: str
    target: str
    tool: str
    tool_address: str
    client: str
    client_address: str
    outcome: str
    kind: str
    outcome_address: str
    reference: str
    reference_address: str
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Chip:
    """A filter that is on, and the address without it."""

    name: str
    value: str
    address: str


@dataclass(frozen=True, kw_only=True)
class _Concerned:
    """Whom the words for a person stand for; `are_more` where they fit others too."""

    people: Sequence[PersonRow]
    ids: Sequence[UserId] | None
    are_more: bool = False


class AdminAudit:
    """Shows 50 events at a time; looking and exporting are events themselves."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.admin_page(self._deps, PATH, self._show, tells_itself=True),
            access.admin_action(self._deps, f"{PATH}/export", self._export),
        ]

    async def _show(self, request: Request, session: Session) -> Response:
        asked = asked_in(request.query_params)
        concerned = await self._concerned(asked.values.get("person", ""))
        if asked.after is None:
            # Once for each filter; the pages that follow show no more than was asked for.
            await self._tell(Event.LOG_READ, session, asked.facts(concerned.ids))
        too_long = None
        try:
            portion = await self._deps.oversight.audit.portion(
                asked.wanted(concerned.ids),
                after=asked.after,
                limit=_PAGE,
                newest_first=not asked.oldest_first,
            )
        except SearchTooLong as error:
            portion, too_long = Portion(rows=(), after=None), error
        people = await self._deps.admin.named({row.user_id for row in portion.rows if row.user_id})
        return self._deps.pages.render(
            request,
            "admin/audit.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            status=too_long.status if too_long else 200,
            too_long=too_long,
            asked=asked,
            groups=groups(),
            outcomes=OUTCOMES,
            chips=_chips(asked, concerned),
            matched=concerned if len(concerned.people) > 1 else None,
            rows=[_line(row, people, asked) for row in portion.rows],
            further=_further(asked, portion),
            looked_to=portion.looked_to,
            is_day=is_day,
            other_order=asked.address(order="" if asked.oldest_first else "oldest"),
        )

    async def _export(self, _request: Request, session: Session, form: FormData) -> Response:
        asked = asked_in(form)
        try:
            kind = Form(access.field(form, "form"))
        except ValueError:
            raise InvalidInput(
                "The log is not exported in that form.", hint="Choose one on the page Audit."
            ) from None
        concerned = await self._concerned(asked.values.get("person", ""))
        facts = {"form": kind.value, **asked.facts(concerned.ids)}
        await self._tell(Event.LOG_EXPORTED, session, {**facts, "outcome": "started"})
        name = f"xerus-audit-{self._deps.clock.now().astimezone(UTC):%Y%m%dT%H%MZ}.{kind.ending}"
        return StreamingResponse(
            self._file(kind, asked, concerned.ids, session, facts),
            media_type=kind.media_type,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    async def _file(
        self,
        kind: Form,
        asked: Asked,
        ids: Sequence[UserId] | None,
        session: Session,
        facts: Mapping[str, Fact],
    ) -> AsyncIterator[bytes]:
        """Yield the file, some thousand lines in memory at once; that it is whole is an event too."""
        count = 0
        yield audit_export.head(kind)
        reader = self._deps.oversight.audit
        async for rows in reader.everything(asked.wanted(ids), until=self._deps.clock.now()):
            people = await self._deps.admin.named({row.user_id for row in rows if row.user_id})
            count += len(rows)
            yield audit_export.lines(kind, rows, people)
        await self._tell(Event.LOG_EXPORTED, session, {**facts, "outcome": "ok", "events": count})

    async def _tell(self, event: Event, session: Session, facts: Mapping[str, Fact]) -> None:
        await self._deps.audit.append(event, user_id=session.user.id, **facts)

    async def _concerned(self, words: str) -> _Concerned:
        if not words:
            return _Concerned(people=(), ids=None)
        if is_person(words):
            named = await self._deps.admin.named({UserId(words)})
            return _Concerned(people=list(named.values()), ids=[UserId(words)])
        found = await self._deps.admin.people(words)
        people = found[:MOST_PEOPLE]
        return _Concerned(
            people=people, ids=[one.id for one in people], are_more=len(found) > len(people)
        )


def _chips(asked: Asked, concerned: _Concerned) -> list[Chip]:
    shown = dict(asked.values)
    if is_person(shown.get("person", "")) and concerned.people:
        shown["person"] = concerned.people[0].name or concerned.people[0].email
    if "event" in shown:
        shown["event"] = event_in_words(shown["event"])
    if "outcome" in shown:
        shown["outcome"] = OUTCOMES.get(shown["outcome"], shown["outcome"].replace("_", " "))
    return [
        Chip(name=_FILTER_WORDS[name], value=value, address=asked.address(**{name: ""}))
        for name, value in shown.items()
    ]


def _further(asked: Asked, portion: Portion) -> str:
    return asked.address(after=written(portion.after)) if portion.after else ""


def _line(row: Found, people: Mapping[UserId, PersonRow], asked: Asked) -> AuditLine:
    plain = replace(asked, after=None)
    person = people.get(row.user_id) if row.user_id else None
    shown = activity.line(AuditRow(at=row.at, event=row.event, facts=row.facts))
    fact = {name: "" if value is None else str(value) for name, value in row.facts.items()}
    client, outcome = fact.get("client", ""), fact.get("outcome", "")
    return AuditLine(
        at=row.at,
        place=f"{row.shard}-{row.n}",
        who=(person.name or person.email) if person else row.user_id or "",
        email=person.email if person else "",
        who_address=plain.address(person=row.user_id) if row.user_id else "",
        title=shown.title,
        event=row.event,
        target=fact.get("target", "") or fact.get("account", "") or fact.get("page", ""),
        tool=fact.get("tool", ""),
        tool_address=plain.address(tool=fact.get("tool", "")),
        client=fact.get("client_name", "") or client,
        client_address=plain.address(client=client) if client else "",
        outcome=shown.outcome,
        kind=shown.kind,
        outcome_address=plain.address(outcome=outcome) if outcome else "",
        reference=fact.get("correlation_id", ""),
        reference_address=plain.address(reference=fact.get("correlation_id", "")),
        facts=sorted(fact.items()),
    )
