"""Writing to people about what cannot wait until they look: filled by the worker, sent by the worker."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from xerus.accounts import store as accounts
from xerus.accounts.users import AdminRule, User
from xerus.clock import Clock
from xerus.connections.cloud import GRANT_LIFE
from xerus.connections.health import WARN_BEFORE
from xerus.connections.links import Link
from xerus.db.database import Connection, Database
from xerus.db.roles import Role
from xerus.egress.smtp import MailUnsure, Smtp
from xerus.errors import UpstreamError, UpstreamRefused
from xerus.ids import UserId, new_id
from xerus.notices import outbox, servers, store
from xerus.notices.letter import Letter, is_address, written
from xerus.notices.notice import Notice
from xerus.notices.operator import in_words
from xerus.notices.outbox import Counts, Due
from xerus.notices.personal import personal
from xerus.telemetry.logs import logger
from xerus.telemetry.metrics import Metrics

log = logger(__name__)

_MAILED = ("reconnect", "year", "failing")
_WORTH_A_LETTER = 2
"""Trouble that lasts is written about when it has lasted for days."""
_AT_A_TIME = 500
_LEASE = timedelta(minutes=2)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
_MOST_ATTEMPTS = 10
_FORGOTTEN_AFTER = timedelta(days=60)
_NOBODY = "00000000-0000-0000-0000-000000000000"
_BEGIN = (_NOBODY, "")


class Mailing:
    """E-mail; without a server it does nothing and says that it is not set up."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        smtp: Smtp | None,
        sender: str,
        public_url: str,
        days: int,
        links: Iterable[Link],
        admins: AdminRule,
        metrics: Metrics | None = None,
    ) -> None:
        """Make one.

        Args:
            db: holds the outbox.
            clock: the present.
            smtp: the way out, None without a server.
            sender: the address that mail comes from.
            public_url: where its links lead.
            days: how many lie at least between two messages of one cause to one person.
            links: those that people work through; nothing is written about others.
            admins: who administers, and is written to about the installation.
            metrics: where what became of messages is counted.
        """
        self._db = db
        self._clock = clock
        self._smtp = smtp
        self._sender = sender
        self._public_url = public_url
        self._days = days
        self._missing = dict.fromkeys(links, lambda _: frozenset[str]())
        self._admins = admins
        self._metrics = metrics or Metrics()

    @property
    def configured(self) -> bool:
        """Whether there is a server to hand mail in at."""
        return self._smtp is not None

    async def wanted(self, user_id: UserId) -> bool:
        """Tell whether a person wants mail."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            return await outbox.wanted(conn, user_id)

    async def choose(self, user_id: UserId, *, wants: bool) -> None:
        """Remember whether a person wants mail."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            await outbox.choose(conn, user_id, wants=wants, now=self._clock.now())

    async def counts(self) -> Counts:
        """Return how mail goes."""
        async with self._db.transaction(Role.WORKER) as conn:
            return await outbox.counts(conn, since=self._clock.now() - timedelta(days=30))

    async def test(self, user: User) -> None:
        """Send a message to an administrator at once.

        Raises:
            UpstreamRefused: there is no usable address, or the server refuses it.
            UpstreamUnavailable: it was not taken, or nobody knows.
        """
        if self._smtp is None or not is_address(user.email):
            raise UpstreamRefused(
                "There is no server to send by, or your account has no usable e-mail address.",
                hint="Set XERUS_SMTP_HOST and XERUS_MAIL_FROM.",
                code="mail_refused",
            )
        letter = Letter(
            id=new_id(),
            to=user.email,
            title="This is a test message.",
            text="Mail from Xerus reaches you. Nothing has to be done.",
            page="/admin/mail",
            action="Open Xerus",
        )
        await self._hand_in(self._smtp, letter)

    async def fill(self) -> int:
        """Put what is to be told into the outbox, and take out what is over; return 0.

        Raises:
            Unavailable: the database does not answer.
        """
        if self._smtp is None:
            return 0
        began = self._clock.now()
        await self._fill_for_people(began)
        await self._fill_for_people_at_servers(began)
        await self._fill_for_administrators(began)
        async with self._db.transaction(Role.WORKER) as conn:
            await outbox.withdraw(
                conn, not_seen_since=began, forget_before=began - _FORGOTTEN_AFTER
            )
        return 0

    async def _fill_for_people(self, began: datetime) -> None:
        after, full = _BEGIN, True
        while full:
            async with self._db.transaction(Role.WORKER) as conn:
                found = await outbox.candidates(
                    conn,
                    consented_before=began + WARN_BEFORE - GRANT_LIFE,
                    failing_before=began - timedelta(days=1),
                    after=after,
                    most=_AT_A_TIME,
                )
                for user_id, standing in found:
                    for notice in personal([standing], missing=self._missing, now=began):
                        if _is_mailed(notice):
                            await self._put(conn, user_id, notice, began)
            full = len(found) == _AT_A_TIME
            if found:
                after = (found[-1][0], found[-1][1].link.value)

    async def _fill_for_people_at_servers(self, began: datetime) -> None:
        after, full = (_NOBODY, _NOBODY), True
        while full:
            async with self._db.transaction(Role.WORKER) as conn:
                found = await servers.candidates(conn, after=after, most=_AT_A_TIME)
                for user_id, _, standing in found:
                    for notice in servers.of_servers([standing], began):
                        if _is_mailed(notice):
                            await self._put(conn, user_id, notice, began)
            full = len(found) == _AT_A_TIME
            if found:
                after = (found[-1][0], found[-1][1])

    async def send(self) -> int:
        """Send one message that is due; return how many were.

        Raises:
            Unavailable: the database does not answer.
        """
        if self._smtp is None:
            return 0
        async with self._db.transaction(Role.WORKER) as conn:
            due = await outbox.take(conn, self._clock.now(), lease=_LEASE)
            if due is not None and not due.wanted:
                await outbox.drop(conn, due)
                return 1
        if due is None:
            return 0
        await self._send(self._smtp, due)
        return 1

    async def _put(self, conn: Connection, user_id: UserId, notice: Notice, now: datetime) -> None:
        await outbox.put(conn, user_id, notice, now=now, between=timedelta(days=self._days))

    async def _fill_for_administrators(self, now: datetime) -> None:
        async with self._db.transaction(Role.WORKER) as conn:
            troubles = [in_words(one) for one in await store.troubles(conn)]
            if not troubles:
                return
            for row in await accounts.named_administrators(conn):
                user = accounts.user_from(row, self._admins)
                if user.is_admin and user.email and await outbox.wanted(conn, user.id):
                    for notice in troubles:
                        await self._put(conn, user.id, notice, now)

    async def _send(self, smtp: Smtp, due: Due) -> None:
        letter = Letter(
            id=due.id,
            to=due.email,
            title=due.title,
            text=due.text,
            page=due.page,
            action=due.action,
        )
        try:
            await self._hand_in(smtp, letter)
        except UpstreamError as error:
            log.warning(
                "mail_not_sent",
                user=due.user_id,
                notice=due.cause,
                attempt=due.attempts,
                cause=error.code,
                debug=error.debug,
            )
            await self._not_sent(due, error)
        else:
            await self._settle(due, "sent")

    async def _hand_in(self, smtp: Smtp, letter: Letter) -> None:
        try:
            message = written(
                letter,
                sender=self._sender,
                public_url=self._public_url,
                days=self._days,
                now=self._clock.now(),
            )
        except ValueError as error:
            raise UpstreamRefused(
                "The address is none that mail can be sent to.", code="mail_address"
            ) from error
        await smtp.send(message, sender=self._sender, to=letter.to)

    async def _not_sent(self, due: Due, error: UpstreamError) -> None:
        over = isinstance(error, UpstreamRefused) or due.attempts >= _MOST_ATTEMPTS
        if over and not isinstance(error, MailUnsure):
            await self._settle(due, "failed", error.code)
            return
        pause = min(_FIRST_PAUSE * 2 ** (due.attempts - 1), _LONGEST_PAUSE)
        async with self._db.transaction(Role.WORKER) as conn:
            await outbox.later(
                conn,
                due,
                next_at=self._clock.now() + pause,
                error=error.code,
                certain=not isinstance(error, MailUnsure),
            )
        self._metrics.mails.labels("later").inc()

    async def _settle(self, due: Due, state: str, error: str = "") -> None:
        async with self._db.transaction(Role.WORKER) as conn:
            await outbox.settle(conn, due, state=state, now=self._clock.now(), error=error)
        self._metrics.mails.labels(state).inc()


def _is_mailed(notice: Notice) -> bool:
    name = notice.cause.partition(":")[2]
    return name in _MAILED and (name != "failing" or notice.level >= _WORTH_A_LETTER)
