"""What an administrator ends for a person, each asked first. Administrators only."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.people import PersonRow
from xerus.accounts.sessions import Session
from xerus.errors import NotFound
from xerus.ids import UserId
from xerus.web import access, person_actions
from xerus.web.admin_people import PATH
from xerus.web.deps import WebDeps
from xerus.web.people_deps import HeldConnection
from xerus.web.person_actions import Question

Ask = Callable[[PersonRow, str], Awaitable[Question]]
Do = Callable[[PersonRow, str, UserId], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class _Action:
    name: str
    ask: Ask
    do: Do
    not_for_self: bool = False


class AdminPerson:
    """One page that asks, and one form, for each thing that can be ended."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        actions = (
            _Action(name="signout", ask=self._ask_sign_out, do=self._sign_out),
            _Action(name="clients", ask=self._ask_clients, do=self._end_clients),
            _Action(name="disconnect", ask=self._ask_disconnect, do=self._disconnect),
            _Action(name="disable", ask=self._ask_disable, do=self._disable, not_for_self=True),
            _Action(name="enable", ask=self._ask_enable, do=self._enable),
        )
        return [route for action in actions for route in self._routes(action)]

    def _routes(self, action: _Action) -> list[Route]:
        async def ask(request: Request, session: Session) -> Response:
            query = request.query_params
            return await self._question(
                request, session, action, query.get("id", ""), query.get("at", "")
            )

        async def do(request: Request, session: Session, form: FormData) -> Response:
            user_id, place = access.field(form, "id"), access.field(form, "at")
            if access.field(form, "confirm") != "yes":
                return await self._question(request, session, action, user_id, place)
            person = await self._deps.people.get(user_id)
            await action.do(person, place, session.user.id)
            return RedirectResponse(f"{PATH}/one?id={person.id}&done={action.name}", 303)

        path = f"{PATH}/{action.name}"
        return [
            access.admin_page(self._deps, path, ask),
            access.admin_action(self._deps, path, do),
        ]

    async def _question(
        self, request: Request, session: Session, action: _Action, user_id: str, place: str
    ) -> Response:
        person = await self._deps.people.get(user_id)
        is_self = person.id == session.user.id
        return self._deps.pages.render(
            request,
            "people/question.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            person=person,
            place=place,
            action=f"{PATH}/{action.name}",
            question=await action.ask(person, place),
            is_self=is_self,
            is_offered=not (is_self and action.not_for_self),
        )

    async def _ask_sign_out(self, person: PersonRow, _: str) -> Question:
        return person_actions.signing_out(person)

    async def _sign_out(self, person: PersonRow, _: str, by: UserId) -> None:
        await self._deps.people.sign_out(person.id, by=by)

    async def _ask_clients(self, person: PersonRow, _: str) -> Question:
        return person_actions.ending_clients(person, len(await self._deps.grants.of(person.id)))

    async def _end_clients(self, person: PersonRow, _: str, by: UserId) -> None:
        await self._deps.people.end_clients(person.id, by=by)

    async def _ask_disconnect(self, person: PersonRow, place: str) -> Question:
        return person_actions.disconnecting(person, await self._held(person, place))

    async def _disconnect(self, person: PersonRow, place: str, by: UserId) -> None:
        await self._deps.people.disconnect(person.id, place, by=by)

    async def _held(self, person: PersonRow, place: str) -> HeldConnection:
        for held in await self._deps.people.connections(person.id):
            if held.key == place and held.can_end:
                return held
        raise NotFound("There is nothing to disconnect.", hint="Look at the person's page.")

    async def _ask_disable(self, person: PersonRow, _: str) -> Question:
        return person_actions.disabling(person)

    async def _disable(self, person: PersonRow, _: str, by: UserId) -> None:
        await self._deps.people.disable(person.id, by=by)

    async def _ask_enable(self, person: PersonRow, _: str) -> Question:
        return person_actions.enabling(person)

    async def _enable(self, person: PersonRow, _: str, by: UserId) -> None:
        await self._deps.people.enable(person.id, by=by)
