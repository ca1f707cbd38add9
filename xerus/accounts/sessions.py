"""Browser sessions: an opaque cookie, found by its hash, ended at once in every process."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from xerus.accounts import store
from xerus.accounts.cache import RevocableCache
from xerus.accounts.recheck import CHECK_AFTER, Recheck, Verdict
from xerus.accounts.user_agent import family
from xerus.accounts.users import LOCAL_TENANT, AdminRule, User
from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.notify import Listener, notify
from xerus.db.roles import Role
from xerus.ids import SessionId, UserId, new_id, new_secret, secret_hash
from xerus.pages.csrf import Csrf

CHANNEL = "xerus_session"
LIFE = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Session:
    """A signed-in browser; `csrf` is the token of its forms."""

    id: SessionId
    user: User
    csrf: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class SessionRow:
    """A session as its owner sees it in a list."""

    id: SessionId
    user_agent: str
    created_at: datetime
    last_seen_at: datetime


class Sessions:
    """Creates, reads and ends browser sessions."""

    def __init__(
        self,
        *,
        db: Database,
        listener: Listener,
        audit: AuditLog,
        csrf: Csrf,
        admins: AdminRule,
        recheck: Recheck,
        clock: Clock,
    ) -> None:
        self._db = db
        self._audit = audit
        self._csrf = csrf
        self._admins = admins
        self._recheck = recheck
        self._clock = clock
        self._cache = RevocableCache[Session](listener=listener, clock=clock, channel=CHANNEL)
        recheck.on_refused(self._cache.drop)

    async def create(self, user_id: UserId, *, user_agent: str, address: str = "") -> SecretStr:
        """Start a session and return the value of its cookie."""
        token, session_id, now = new_secret(), new_id(), self._clock.now()
        async with self._db.transaction(Role.GATE) as conn:
            await store.insert_session(
                conn,
                session_id=session_id,
                user_id=user_id,
                token_hash=secret_hash(token),
                user_agent=family(user_agent),
                now=now,
                expires=now + LIFE,
            )
            await self._audit.record(
                conn,
                Event.SESSION_CREATED,
                user_id=user_id,
                address=address,
                user_agent_family=family(user_agent),
            )
        return SecretStr(token)

    async def read(self, token: str) -> Session | None:
        """Return the live session of a cookie, None if there is none.

        Asks the identity provider when the last answer is older than 9 minutes; an outage there
        leaves the session alive, a refusal ends it.
        """
        if not token:
            return None
        key = secret_hash(token)
        cached = self._cache.get(key)
        if cached is not None:
            return cached
        epoch = self._cache.epoch
        async with self._db.transaction(Role.GATE) as conn:
            row = await store.find_session(conn, key, self._clock.now())
        if row is None:
            return None
        if self._is_due(row):
            row = await self._asked_again(key, row)
        if row is None:
            return None
        session = self._session(row)
        self._cache.put(
            key,
            session,
            tags={session.id, session.user.id},
            epoch=epoch,
            until=row["expires_at"],
        )
        return session

    async def end(self, session_id: SessionId, user_id: UserId) -> None:
        """End a session of this person everywhere; nothing happens if it is over already."""
        async with self._db.transaction(Role.GATE) as conn:
            if await store.end_session(conn, session_id, user_id, self._clock.now()):
                await notify(conn, CHANNEL, session_id)
                await self._audit.record(
                    conn, Event.SESSION_ENDED, user_id=user_id, cause="signed_out"
                )
        self._cache.drop(session_id)

    async def end_all(self, user_id: UserId) -> None:
        """End every session of a person, everywhere, because an administrator wants it."""
        async with self._db.transaction(Role.GATE) as conn:
            if await store.end_sessions(conn, user_id, self._clock.now()):
                await notify(conn, CHANNEL, user_id)
                await self._audit.record(
                    conn,
                    Event.SESSION_ENDED,
                    user_id=user_id,
                    cause="ended_by_administrator",
                )
        self._cache.drop(user_id)

    async def of(self, user_id: UserId) -> list[SessionRow]:
        """Return the live sessions of a person, the last seen first."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            rows = await store.sessions_of(conn, user_id, self._clock.now())
        return [
            SessionRow(
                id=SessionId(str(row["id"])),
                user_agent=row["user_agent"],
                created_at=row["created_at"],
                last_seen_at=row["last_seen_at"],
            )
            for row in rows
        ]

    async def sweep(self) -> None:
        """Delete sessions, sign-ins and links that are over."""
        async with self._db.transaction(Role.GATE) as conn:
            await store.sweep(conn, self._clock.now())

    def _session(self, row: store.Row) -> Session:
        session_id = SessionId(str(row["session_id"]))
        return Session(
            id=session_id,
            user=store.user_from(row, self._admins),
            csrf=self._csrf.token(session_id),
            created_at=row["session_created_at"],
        )

    def _is_due(self, row: store.Row) -> bool:
        local = row["tenant"] == LOCAL_TENANT
        return bool(local or self._clock.now() - row["checked_at"] >= CHECK_AFTER)

    async def _asked_again(self, key: bytes, row: store.Row) -> store.Row | None:
        """Return the session as it is after the provider was asked; None if it is over."""
        if row["tenant"] == LOCAL_TENANT:
            return row if self._recheck.local_allowed else None
        if await self._recheck.ask(UserId(str(row["id"]))) is Verdict.REFUSED:
            return None
        async with self._db.transaction(Role.GATE) as conn:
            return await store.find_session(conn, key, self._clock.now())
