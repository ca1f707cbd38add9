"""What one person does, over and over, in one process; each step looks at what came back."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit

import psycopg
from psycopg import sql
from pydantic import SecretStr

from tests.stores.chatting import Chat
from tests.stores.connecting import Part
from tests.stores.crossings.marks import marks_in
from xerus.accounts.users import User
from xerus.atlassian.credentials import Product, SiteUnknown
from xerus.audit.events import Event
from xerus.connections.views import FlowStatus
from xerus.db.roles import Role
from xerus.errors import Conflict, Forbidden, InvalidInput, NotFound, Unavailable
from xerus.ids import CloudId, FlowId, SessionId, UserId, new_id

# What may be answered instead: the person is not connected at the moment, or does two things at once.
_DECLINED = (Forbidden, NotFound, InvalidInput, Conflict)
_LONGEST_PATIENCE = 0.01
_AT_ONCE = 25
_BACK_SECONDS = 30.0
_TABLES = ("connections", "credentials", "connect_flows", "conversations", "audit_events")
_FORGED = "INSERT INTO conversations (user_id, id, title, created_at, updated_at) VALUES (%s, %s, '', now(), now())"

SHOWN = "shown"
"""What answers are counted as that had a mark in them."""

Step: TypeAlias = Callable[["Somebody"], Awaitable[object]]


@dataclass(kw_only=True)
class Place:
    """What the people of one process share: its parts, and a bare connection through the pooler."""

    part: Part
    chat: Chat
    bare: psycopg.AsyncConnection
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    done: Counter[str] = field(default_factory=Counter)


@dataclass(kw_only=True)
class Somebody:
    """A person at one process, with ids there that others may try to use."""

    mark: str
    user_id: UserId
    place: Place
    dice: random.Random
    others: Sequence["Somebody"] = ()
    session_id: SessionId = field(default_factory=lambda: SessionId(new_id()))
    state: str = ""
    flow_id: FlowId | None = None
    conversation: str = ""
    put_off: int = 0

    async def live(self, steps: int) -> None:
        """Connect, say something, and take random steps, `steps` in all.

        Raises:
            AssertionError: something of somebody else came back.
        """
        random_steps = self.dice.choices(_STEPS, _WEIGHTS, k=steps - 2)
        for step in (Somebody._connect, Somebody._talk, *random_steps):
            while not await self._take(step):
                assert self.put_off < steps, "the database is away all the time"
                await asyncio.sleep(_LONGEST_PATIENCE)

    async def _take(self, step: Step) -> bool:
        async with self.place.turns:
            try:
                await step(self)
            except Unavailable:
                self.put_off += 1
                return False
        self.place.done[step.__name__.removeprefix("_")] += 1
        return True

    def owns(self, *values: object) -> bool:
        """Tell whether there is a mark in the values.

        Raises:
            AssertionError: there is one of somebody else.
        """
        found = marks_in(*values)
        assert found <= {self.mark}, f"{self.mark} was shown {sorted(found)}"
        return bool(found)

    def got(self, *values: object) -> None:
        """Check whose it is, and count that there was something."""
        self.place.done[SHOWN] += self.owns(*values)

    async def comes_back(self) -> None:
        """Connect again, and use what that brought."""
        await self._connect()
        async with asyncio.timeout(_BACK_SECONDS):
            while True:
                # The choice is heard of, not seen, where another process had this row in memory.
                with suppress(SiteUnknown):
                    await self._header()
                    return
                await asyncio.sleep(_LONGEST_PATIENCE)

    async def _view(self) -> None:
        self.got(await self.place.part.connections.view(self.user_id))

    async def _open_token(self) -> None:
        with suppress(*_DECLINED):
            await self._header()

    async def _header(self) -> None:
        """Open the access token as the database has it."""
        credentials = self.place.part.connections.credentials_for(self.user_id)
        target = await credentials.target(Product.JIRA, None)
        # What was refused is none of ours, so the row is read again.
        value = await credentials.renew(target, SecretStr("another"))
        assert value
        self.got(target, value.get_secret_value())

    async def _renew(self) -> None:
        credentials = self.place.part.connections.credentials_for(self.user_id)
        with suppress(*_DECLINED):
            target = await credentials.target(Product.JIRA, None)
            present = await credentials.authorization(target)
            renewed = await credentials.renew(target, present)
            self.got(target, renewed.get_secret_value() if renewed else "")

    async def _begin(self) -> None:
        started = await self.place.part.connections.begin(
            user_id=self.user_id, session_id=self.session_id
        )
        (self.state,) = parse_qs(urlsplit(started.url).query)["state"]
        self.flow_id = started.flow_id

    async def _connect(self) -> None:
        """Consent, and choose a site."""
        await self._begin()
        outcome = await self.place.part.connections.complete(
            user_id=self.user_id,
            session_id=self.session_id,
            query={"state": self.state, "code": f"code.{self.mark}"},
        )
        self.got(outcome)
        await self._choose_site()

    async def _choose_site(self) -> None:
        letter = self.dice.choice("ab")
        with suppress(*_DECLINED):
            await self.place.part.connections.choose_site(
                self.user_id, CloudId(f"{self.mark}-{letter}")
            )

    async def _disconnect(self) -> None:
        await self.place.part.connections.disconnect(self.user_id)

    async def _look_at_flow(self) -> None:
        found = await self.place.part.connections.flow(self.user_id)
        assert found is None or found.flow_id, found

    async def _write_event(self) -> None:
        await self.place.part.audit.append(
            Event.CALL_FINISHED,
            user_id=self.user_id,
            tool="look",
            account=f"{self.mark}@example.com",
        )

    async def _read_activity(self) -> None:
        self.got(await self.place.part.audit.recent(self.user_id, limit=20))

    async def _list_conversations(self) -> None:
        self.got(await self.place.chat.conversations.page(self.user_id, limit=50))

    async def _open_conversation(self) -> None:
        if self.conversation:
            self.got(await self.place.chat.assistant.open(self.user_id, self.conversation))

    async def _talk(self) -> None:
        user = User(
            id=self.user_id, tenant="t", subject=self.mark, email="", name="", is_admin=False
        )
        with suppress(*_DECLINED):
            self.conversation = await self.place.chat.assistant.send(
                user, self.conversation or None, f"I am {self.mark}."
            )
            await self.place.chat.assistant.finished(self.user_id, self.conversation)

    async def _pry(self) -> None:
        """Ask for what is somebody else's by its right id."""
        other = self.dice.choice(self.others)
        connections = self.place.part.connections
        match self.dice.randrange(4):
            case 0 if other.flow_id:
                assert await connections.flow(self.user_id, other.flow_id) is None
            case 1 if other.state:
                outcome = await connections.complete(
                    user_id=self.user_id,
                    session_id=self.session_id,
                    query={"state": other.state, "code": f"code.{other.mark}"},
                )
                assert outcome.status is FlowStatus.FAILED, outcome
                self.owns(outcome)
            case 2 if other.conversation:
                with suppress(NotFound):
                    found = await self.place.chat.assistant.open(self.user_id, other.conversation)
                    raise AssertionError(f"{self.mark} was shown {found}")
            case _:
                with suppress(*_DECLINED):
                    await connections.choose_site(self.user_id, CloudId(f"{other.mark}-a"))
                    raise AssertionError(f"{self.mark} chose a site of {other.mark}")

    async def _look_around(self) -> None:
        """Ask a whole table whose rows there are."""
        table = sql.Identifier(self.dice.choice(_TABLES))
        query = sql.SQL("SELECT DISTINCT user_id::text AS whose FROM {}").format(table)
        async with self.place.part.db.transaction(Role.APP, user_id=self.user_id) as conn:
            seen = {row["whose"] for row in await (await conn.execute(query)).fetchall()}
        assert seen <= {self.user_id}, f"{self.mark} sees rows of {seen}"

    async def _be_nobody(self) -> None:
        table = sql.Identifier(self.dice.choice(_TABLES))
        query = sql.SQL("SELECT count(*) AS n FROM {} WHERE user_id IS NOT NULL").format(table)
        async with self.place.part.db.transaction(Role.APP) as conn:
            row = await (await conn.execute(query)).fetchone()
        assert row == {"n": 0}, f"nobody sees {row}"

    async def _count_everybody(self) -> None:
        """Take the role that sees everybody's rows, for those who come after."""
        await self.place.part.connections.count_by_status()

    async def _look_bare(self) -> None:
        """Look at a server connection that nobody has begun anything on."""
        query = "SELECT current_user::text, current_setting('role'), coalesce(current_setting('app.uid', true), '')"
        async with self.place.looking:
            found = await (await self.place.bare.execute(query)).fetchone()
        assert found == ("xerus", "none", ""), f"left behind: {found}"

    async def _fail_a_statement(self) -> None:
        with suppress(psycopg.errors.DivisionByZero):
            async with self.place.part.db.transaction(
                self.dice.choice(list(Role)), user_id=self.user_id
            ) as conn:
                await conn.execute("SELECT 1 / 0")

    async def _swallow_an_error(self) -> None:
        with suppress(RuntimeError):
            async with self.place.part.db.transaction(Role.APP, user_id=self.user_id) as conn:
                with suppress(psycopg.errors.DivisionByZero):
                    await conn.execute("SELECT 1 / 0")

    async def _forge_a_row(self) -> None:
        other = self.dice.choice(self.others)
        with suppress(psycopg.errors.InsufficientPrivilege):
            async with self.place.part.db.transaction(Role.APP, user_id=self.user_id) as conn:
                await conn.execute(_FORGED, (other.user_id, new_id()))
                raise AssertionError(f"{self.mark} wrote a row of {other.mark}")

    async def _think_better_of_it(self) -> None:
        with suppress(InterruptedError):
            async with self.place.part.db.transaction(Role.WORKER, user_id=self.user_id) as conn:
                await conn.execute("SELECT count(*) FROM connections")
                raise InterruptedError

    async def _lose_the_connection(self) -> None:
        with suppress(Unavailable):
            async with self.place.part.db.transaction(Role.WORKER, user_id=self.user_id) as conn:
                conn.pgconn.finish()
                await conn.execute("SELECT 1")

    async def _be_cancelled(self) -> None:
        (step,) = self.dice.choices(_STEPS[:_PLAIN], _WEIGHTS[:_PLAIN])
        task = asyncio.ensure_future(step(self))
        await asyncio.wait([task], timeout=self.dice.uniform(0, _LONGEST_PATIENCE))
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


# What costs many round trips is rarer, so that there are more steps in the same time.
_MIX: dict[Step, float] = {
    Somebody._view: 6,
    Somebody._open_token: 8,
    Somebody._read_activity: 12,
    Somebody._write_event: 14,
    Somebody._list_conversations: 8,
    Somebody._open_conversation: 4,
    Somebody._look_at_flow: 9,
    Somebody._begin: 0.5,
    Somebody._connect: 0.4,
    Somebody._choose_site: 0.3,
    Somebody._disconnect: 0.2,
    Somebody._renew: 0.5,
    Somebody._talk: 0.2,
    Somebody._pry: 8,
    Somebody._look_around: 8,
    Somebody._be_nobody: 6,
    Somebody._count_everybody: 4,
    Somebody._look_bare: 6,
    Somebody._fail_a_statement: 6,
    Somebody._swallow_an_error: 1,
    Somebody._forge_a_row: 4,
    Somebody._think_better_of_it: 3,
    Somebody._lose_the_connection: 0.3,
    Somebody._be_cancelled: 1,
}
_STEPS, _WEIGHTS = list(_MIX), list(_MIX.values())
_PLAIN = 13
"""How many of the steps are what people do of themselves."""
