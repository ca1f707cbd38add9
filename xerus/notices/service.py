"""The notices of a person, and putting one away."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from xerus.accounts.users import User
from xerus.atlassian.ledger import Use
from xerus.clock import Clock
from xerus.connections.links import Link
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.ids import UserId
from xerus.notices import store
from xerus.notices.notice import HIDDEN_FOR, Notice, still_shown
from xerus.notices.operator import in_words
from xerus.notices.personal import Missing, personal
from xerus.notices.servers import of_servers


class Notices:
    """Finds what to say above a page; one statement each time."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        missing: Mapping[Link, Missing],
        usage: Callable[[], Iterable[Use]],
    ) -> None:
        """Make one.

        Args:
            db: holds what is known.
            clock: the present.
            missing: for each link that people work through, what tells which scopes are missing.
            usage: tells how far the hourly quotas of Atlassian's are used, from memory.
        """
        self._db = db
        self._clock = clock
        self._missing = missing
        self._usage = usage

    async def of(self, user: User) -> list[Notice]:
        """Return what a person has not put away, the worst first.

        Raises:
            Unavailable: the database does not answer.
        """
        known = await self._known(user)
        return still_shown(self._all(known), known.dismissed, self._clock.now())

    async def put_away(self, user: User, cause: str) -> None:
        """Hide a notice from this person; nothing where there is none of this cause.

        Raises:
            Unavailable: the database does not answer.
        """
        known = await self._known(user)
        level = next((one.level for one in self._all(known) if one.cause == cause), None)
        if level is None:
            return
        async with self._db.transaction(Role.APP, user_id=user.id) as conn:
            await store.put_away(conn, user.id, cause=cause, level=level, now=self._clock.now())

    async def forget_old(self) -> None:
        """Delete what has no effect any more."""
        async with self._db.transaction(Role.WORKER) as conn:
            await store.forget_old(conn, self._clock.now() - HIDDEN_FOR - timedelta(days=1))

    async def _known(self, user: User) -> store.Known:
        async with self._db.transaction(Role.APP, user_id=user.id) as conn:
            return await store.known_of(conn, UserId(user.id), operator=user.is_admin)

    def _all(self, known: store.Known) -> list[Notice]:
        own = personal(
            known.standings,
            missing=self._missing,
            usage=self._usage(),
            now=self._clock.now(),
        )
        elsewhere = of_servers(known.servers, self._clock.now())
        return [*own, *elsewhere, *(in_words(trouble) for trouble in known.troubles)]
