"""People as administrators see and change them: who they are, what is held for them, an end to it."""

from collections.abc import Mapping, Sequence

from xerus.accounts.people import People, PersonRow, Wanted
from xerus.accounts.sessions import Sessions
from xerus.app.disabling import Disabling
from xerus.app.foundation import Foundation
from xerus.app.removal import Removal
from xerus.audit.events import Event
from xerus.connections import overview
from xerus.connections.cloud import GRANT_LIFE
from xerus.connections.health import WARN_BEFORE
from xerus.connections.links import Link
from xerus.connections.service import Connections
from xerus.connections.views import State
from xerus.db.roles import Role
from xerus.errors import NotFound
from xerus.grants.families import Families
from xerus.ids import UserId
from xerus.remotes import overview as remote_overview
from xerus.remotes.service import Remotes
from xerus.web.people_deps import HeldConnection, PeoplePage, PersonLine

_SERVER = "server-"


class PeopleAdministration:
    """Implements `web.people_deps.PeopleService`; who may look is for the pages to check.

    What an administrator does is recorded before it is done, in their name; what it ended, in the
    person's.
    """

    def __init__(
        self,
        *,
        base: Foundation,
        people: People,
        removal: Removal,
        disabling: Disabling,
        sessions: Sessions,
        families: Families,
        links: Mapping[Link, Connections],
        remotes: Remotes,
    ) -> None:
        self._db = base.db
        self._audit = base.audit
        self._clock = base.clock
        self._people = people
        self._sessions = sessions
        self._families = families
        self._links = links
        self._remotes = remotes
        self.get = people.get
        self.remove = removal.remove
        self.disable = disabling.disable
        self.enable = disabling.enable

    async def page(self, wanted: Wanted) -> PeoplePage:
        """Return a page of the people who fit."""
        found = await self._people.page(wanted)
        ids = [person.id for person in found.rows]
        clients = await self._families.count_of(ids)
        connections = await self._states(ids)
        return PeoplePage(
            lines=[
                PersonLine(
                    person=person,
                    clients=clients.get(person.id, 0),
                    connections=connections.get(person.id, ()),
                )
                for person in found.rows
            ],
            total=found.total,
            page=found.page,
        )

    async def _states(self, ids: Sequence[UserId]) -> Mapping[UserId, list[tuple[str, State]]]:
        now = self._clock.now()
        async with self._db.transaction(Role.WORKER) as conn:
            links = await overview.states_of(conn, ids, now, now + WARN_BEFORE - GRANT_LIFE)
            servers = await remote_overview.states_of(conn, ids, now)
        states: dict[UserId, list[tuple[str, State]]] = {}
        for user_id, link, state in links:
            if self._links[link].configured:
                states.setdefault(user_id, []).append((link.label, State(state)))
        for user_id, name, state in servers:
            states.setdefault(user_id, []).append((name, State(state)))
        return states

    async def connections(self, user_id: UserId) -> Sequence[HeldConnection]:
        """Return how a person stands at each place that people can connect."""
        links = [
            HeldConnection(
                key=link.value, name=link.label, view=await one.view(user_id), is_told=False
            )
            for link, one in self._links.items()
            if one.configured
        ]
        servers = [
            HeldConnection(
                key=f"{_SERVER}{one.row.server.slug}",
                name=one.row.server.name,
                view=await one.view(user_id),
                is_told=True,
            )
            for one in await self._remotes.links(user_id)
            if one.row.is_personal
        ]
        return [*links, *servers]

    async def sign_out(self, user_id: UserId, *, by: UserId) -> None:
        """End every browser session of a person."""
        await self._note(Event.PERSON_SIGNED_OUT, user_id, by)
        await self._sessions.end_all(user_id)

    async def end_clients(self, user_id: UserId, *, by: UserId) -> None:
        """End what every MCP client of a person was given."""
        await self._note(Event.PERSON_CLIENTS_ENDED, user_id, by)
        await self._families.end_all(user_id)

    async def disconnect(self, user_id: UserId, key: str, *, by: UserId) -> None:
        """Erase a person's tokens of one place.

        Raises:
            NotFound: there is no such place.
        """
        link = next((one for one in self._links if one.value == key), None)
        if link is not None:
            await self._note(Event.PERSON_DISCONNECTED, user_id, by, place=key)
            await self._links[link].disconnect(user_id, by_administrator=True)
            return
        slug = key.removeprefix(_SERVER)
        if slug == key:
            raise NotFound("There is no such connection.", hint="Look at the person's page.")
        server = await self._remotes.link(user_id, slug)
        await self._note(Event.PERSON_DISCONNECTED, user_id, by, place=slug)
        await server.disconnect(user_id, by_administrator=True)

    async def _note(self, event: Event, user_id: UserId, by: UserId, place: str = "") -> None:
        person: PersonRow = await self._people.get(user_id)
        facts = {"place": place} if place else {}
        await self._audit.append(event, user_id=by, person=person.id, **facts)
