"""People behind the pages: who they are, what is held for them, and what was asked for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from xerus.accounts.people import PAGE, PersonRow, Wanted
from xerus.connections.views import ConnectionView, State
from xerus.errors import Forbidden, NotFound
from xerus.ids import ConnectionId, UserId
from xerus.web.people_deps import HeldConnection, PeoplePage, PersonLine

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ADA = PersonRow(
    id=UserId("ada"),
    name="Ada Lovelace",
    email="ada@example.com",
    is_admin=True,
    last_seen_at=NOW,
    sessions=2,
)
GRACE = PersonRow(
    id=UserId("grace"), name="Grace Hopper", email="grace@example.com", is_admin=False, sessions=1
)


class FakePeople:
    def __init__(self) -> None:
        self.rows: dict[UserId, PersonRow] = {row.id: row for row in (ADA, GRACE)}
        self.held: dict[UserId, list[HeldConnection]] = {}
        self.clients: dict[UserId, int] = {}
        self.done: list[tuple[str, UserId, UserId]] = []
        self.removed: list[tuple[UserId, UserId]] = []

    def put(self, user_id: str, name: str, email: str, *, is_off: bool = False) -> UserId:
        row = PersonRow(
            id=UserId(user_id),
            name=name,
            email=email,
            is_admin=False,
            last_seen_at=NOW - timedelta(days=2),
            disabled_at=NOW - timedelta(days=1) if is_off else None,
            sessions=0 if is_off else 1,
        )
        self.rows[row.id] = row
        return row.id

    def hold(self, user_id: UserId, key: str, name: str, state: State, cause: str = "") -> None:
        lives = state not in {State.DISCONNECTED, State.NOT_CONNECTED}
        view = ConnectionView(
            state=state,
            cause=cause,
            connection_id=ConnectionId("c1") if lives else None,
            account_email=f"{user_id}@example.com",
            connected_at=NOW - timedelta(days=3) if lives else None,
            last_ok_at=NOW - timedelta(minutes=7) if lives else None,
            ended_at=None if lives else NOW - timedelta(days=1),
        )
        held = HeldConnection(key=key, name=name, view=view, is_told=key.startswith("server-"))
        self.held.setdefault(user_id, []).append(held)

    async def page(self, wanted: Wanted) -> PeoplePage:
        fitting = [
            row
            for row in self.rows.values()
            if wanted.words.lower() in f"{row.name} {row.email}".lower()
            and (row.disabled_at or not wanted.only_disabled)
        ]
        begins = (wanted.page - 1) * PAGE
        return PeoplePage(
            lines=[
                PersonLine(
                    person=row,
                    clients=self.clients.get(row.id, 0),
                    connections=[(h.name, h.view.state) for h in self.held.get(row.id, ())],
                )
                for row in fitting[begins : begins + PAGE]
            ],
            total=len(fitting),
            page=wanted.page,
        )

    async def get(self, user_id: str) -> PersonRow:
        row = self.rows.get(UserId(user_id))
        if row is None:
            raise NotFound("There is no such person.", hint="Look at the list under Admin, People.")
        return row

    async def connections(self, user_id: UserId) -> Sequence[HeldConnection]:
        return self.held.get(user_id, ())

    async def sign_out(self, user_id: UserId, *, by: UserId) -> None:
        self.done.append(("signout", user_id, by))

    async def end_clients(self, user_id: UserId, *, by: UserId) -> None:
        self.done.append(("clients", user_id, by))

    async def disconnect(self, user_id: UserId, key: str, *, by: UserId) -> None:
        self.done.append((f"disconnect {key}", user_id, by))

    async def disable(self, user_id: UserId, *, by: UserId) -> None:
        if user_id == by:
            raise Forbidden("You cannot turn off your own access, so nothing was done.")
        self.rows[user_id] = replace(self.rows[user_id], disabled_at=NOW)
        self.done.append(("disable", user_id, by))

    async def enable(self, user_id: UserId, *, by: UserId) -> None:
        self.rows[user_id] = replace(self.rows[user_id], disabled_at=None)
        self.done.append(("enable", user_id, by))

    async def remove(self, user_id: UserId, *, by: UserId) -> None:
        self.removed.append((user_id, by))
