"""GET /admin/use: calls of tools by tool, person or client, and by day; tokens of the chat's models.

Everything is in the address.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.assistant.model_use import ModelsBy, ModelUsed
from xerus.assistant.spending import dollars
from xerus.audit.use import By, Only, Used
from xerus.errors import InvalidInput
from xerus.ids import UserId, is_id
from xerus.web import access, paging
from xerus.web.deps import WebDeps

_PATH = "/admin/use"
_SPANS = (7, 30, 90)
_LOOK = "Open Admin, then Use."
_HEADS = {By.TOOL: "Tool", By.PERSON: "Person", By.CLIENT: "Client"}


@dataclass(frozen=True, kw_only=True)
class Tab:
    """A link to the same page, seen in another way."""

    word: str
    address: str
    is_here: bool


@dataclass(frozen=True, kw_only=True)
class UseLine:
    """One row; its address narrows the page to it."""

    name: str
    used: Used
    address: str


@dataclass(frozen=True, kw_only=True)
class ModelLine:
    """What a model, or a person, used; `address` narrows the page to a person."""

    name: str
    used: ModelUsed
    cost: str
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class _Asked:
    by: By
    days: int
    filters: Mapping[str, str]

    def address(self, **changes: str) -> str:
        """Return the address of this page with some things otherwise; '' takes one away."""
        whole = {"by": self.by.value, "days": str(self.days), **self.filters, **changes}
        return paging.address(_PATH, whole)


class AdminUse:
    """Numbers of calls; never what was read or written."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the route."""
        return [access.admin_page(self._deps, _PATH, self._show)]

    async def _show(self, request: Request, session: Session) -> Response:
        asked = _asked(request.query_params)
        use = self._deps.admin.use
        person = asked.filters.get("person", "")
        only = Only(
            since=self._deps.clock.now().date() - timedelta(days=asked.days - 1),
            tool=asked.filters.get("tool", ""),
            person=UserId(person) if person else None,
            client=asked.filters.get("client"),
        )
        rows, days = await use.by(asked.by, only), await use.days(only)
        spent = partial(self._deps.admin.model_use.by, since=only.since, person=only.person)
        models, people = await spent(ModelsBy.MODEL), await spent(ModelsBy.PERSON)
        return self._deps.pages.render(
            request,
            "admin/use.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            head=_HEADS[asked.by],
            bys=[
                Tab(word=word, address=asked.address(by=by.value), is_here=by is asked.by)
                for by, word in _HEADS.items()
            ],
            spans=[
                Tab(
                    word=f"{days} days",
                    address=asked.address(days=str(days)),
                    is_here=days == asked.days,
                )
                for days in _SPANS
            ],
            filters=[
                Tab(word=f"{name}: {value}", address=asked.address(**{name: ""}), is_here=True)
                for name, value in (await self._named(asked, only)).items()
            ],
            lines=[_line(row, asked) for row in rows],
            models=[_model_line(row) for row in models],
            people=[_model_line(row, asked) for row in people],
            days=days,
            most=max((day.calls for day in days), default=0),
            total=sum(day.calls for day in days),
        )

    async def _named(self, asked: _Asked, only: Only) -> dict[str, str]:
        """Return the filters with the names of what they stand for."""
        named = dict(asked.filters)
        for by in (By.PERSON, By.CLIENT):
            if by.value in named:
                found = await self._deps.admin.use.by(by, only)
                named[by.value] = found[0].name if found else named[by.value]
        return named


def _asked(query: QueryParams) -> _Asked:
    try:
        by, days = By(query.get("by", "tool")), int(query.get("days", "30"))
    except ValueError:
        raise InvalidInput("This page cannot be shown like that.", hint=_LOOK) from None
    filters = {name: query[name] for name in ("tool", "person", "client") if query.get(name)}
    if days not in _SPANS or not is_id(
        filters.get("person") or "0" * 8 + "-0000-0000-0000-" + "0" * 12
    ):
        raise InvalidInput("This page cannot be shown like that.", hint=_LOOK)
    return _Asked(by=by, days=days, filters=filters)


def _model_line(used: ModelUsed, asked: _Asked | None = None) -> ModelLine:
    if asked is None:
        return ModelLine(name=used.key or "Demo model", used=used, cost=_cost(used))
    address = asked.address(person=used.key, by=By.TOOL.value)
    return ModelLine(name=used.name, used=used, cost=_cost(used), address=address)


def _cost(used: ModelUsed) -> str:
    """Return the cost in words; not known where it is known of no request."""
    if used.unpriced >= used.requests > 0:
        return "cost not known"
    least = "at least " if used.unpriced or used.untold else ""
    return f"{least}{dollars(used.cost)}"


def _line(used: Used, asked: _Asked) -> UseLine:
    # Narrowed to a tool one wants to know who; narrowed to a person or a client, which tools.
    after = By.PERSON if asked.by is By.TOOL else By.TOOL
    address = asked.address(**{asked.by.value: used.key, "by": after.value})
    return UseLine(name=used.name or used.key or "Unnamed", used=used, address=address)
