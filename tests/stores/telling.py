"""People who are connected, and what they are told above each page."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.stores.connecting import Part, Person
from xerus.accounts import store as accounts
from xerus.accounts.users import Identity, User
from xerus.atlassian.ledger import Use
from xerus.connections.links import Link
from xerus.connections.store import problem_json
from xerus.connections.views import Problem
from xerus.db.roles import Role
from xerus.ids import UserId, new_id
from xerus.notices.notice import Notice
from xerus.notices.service import Notices


@dataclass
class Told:
    """A person who is connected, and what they are told."""

    part: Part
    person: Person
    user: User
    lost: set[str] = field(default_factory=set)
    usage: list[Use] = field(default_factory=list)

    def notices(self, *, links: tuple[Link, ...] = (Link.CLOUD,)) -> Notices:
        return Notices(
            db=self.part.db,
            clock=self.part.clock,
            missing=dict.fromkeys(links, lambda _: frozenset(self.lost)),
            usage=lambda: self.usage,
        )

    async def causes(self) -> list[str]:
        return [one.cause for one in await self.notices().of(self.user)]

    async def one(self) -> Notice:
        (notice,) = await self.notices().of(self.user)
        return notice

    async def put_away(self, cause: str) -> None:
        await self.notices().put_away(self.user, cause)

    async def later(self, by: timedelta) -> None:
        self.part.clock.ahead += by

    async def change(self, query: str, *values: object) -> None:
        async with self.part.db.transaction(Role.APP, user_id=self.user.id) as conn:
            await conn.execute(query.encode(), values)

    async def connects_docs(self, status: str, failing_since: datetime | None = None) -> None:
        """Have a connection to another MCP server, `docs`, which stands so since now."""
        server, now = new_id(), self.part.clock.now()
        async with self.part.db.transaction(Role.GATE) as conn:
            await conn.execute(
                "INSERT INTO remote_servers (id, slug, name, url, auth, added_at)"
                " VALUES (%s, 'docs', 'Docs', 'https://docs.example/mcp', 'oauth', %s)",
                (server, now),
            )
        await self.change(
            "INSERT INTO remote_connections (id, user_id, server_id, status, consented_at)"
            " VALUES (%s, %s, %s, %s, %s)",
            *(server, self.user.id, server, status, now),
        )
        await self.change(
            "INSERT INTO remote_credentials (connection_id, user_id, server_id, generation,"
            " access_token, issued_at, check_after, failing_since)"
            " VALUES (%s, %s, %s, 1, '', %s, %s, %s)",
            *(server, self.user.id, server, now, now, failing_since),
        )

    async def ends(self, at: datetime) -> None:
        problem = Problem(code="grant_refused", message="", hint="", correlation_id="", at=at)
        await self.change("UPDATE connections SET status = 'needs_reconnect'")
        await self.change("UPDATE credentials SET last_error = %s", problem_json(problem))


async def known(part: Part, name: str, *, is_admin: bool = False) -> User:
    identity = Identity(tenant="t", subject=name, email=f"{name}@example.com", name=name)
    async with part.db.transaction(Role.GATE) as conn:
        user_id = await accounts.ensure_user(conn, identity, now=part.clock.now())
    return User(
        id=UserId(str(user_id)),
        tenant="t",
        subject=name,
        email=identity.email,
        name=name,
        is_admin=is_admin,
    )


async def told(part: Part, name: str) -> Told:
    """Return somebody who has signed in and connected."""
    user = await known(part, name)
    person = Person(f"{name}@example.com")
    person.user_id = user.id
    await person.connect(part)
    return Told(part, person, user)
