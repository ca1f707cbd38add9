"""What administrators should know of the installation: found by the worker, kept for the pages."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from xerus.atlassian.credentials import Product
from xerus.audit import store as audit
from xerus.clock import Clock
from xerus.connections import overview
from xerus.connections.overview import Cause
from xerus.db.database import Connection, Database
from xerus.db.roles import Role
from xerus.errors import NotConfigured, UpstreamRefused, XerusError
from xerus.keys import store as keys
from xerus.notices import store
from xerus.notices.notice import Notice
from xerus.notices.store import Trouble
from xerus.vault import store as vault

_KEY_DUE, _KEY_OVERDUE = timedelta(days=365), timedelta(days=400)
_CERTIFICATE_ENDS, _CERTIFICATE_ENDS_SOON = timedelta(days=30), timedelta(days=7)
_TOKEN_EVERY, _TOKEN_AFTER_START = timedelta(hours=1), timedelta(minutes=5)
_FEW = 3
"""Up to so many failing connections are their people's matter, who see it themselves."""
_FAILING_FOR = timedelta(hours=1)
_APP_REJECTED = "client_rejected"

Proof = Callable[[Product], Awaitable[None]]


class OperatorWatch:
    """Looks at the installation and keeps what is wrong with it."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        shared_products: Iterable[Product] = (),
        prove: Proof | None = None,
        certificate_ends_at: datetime | None = None,
    ) -> None:
        """Make one.

        Args:
            db: holds what is known.
            clock: the present.
            shared_products: those that people use by the operator's own token.
            prove: makes a real call with that token; raises NotConfigured or UpstreamRefused where
                it is not good any more, and UpstreamUnavailable where nothing was learnt.
            certificate_ends_at: of the certificate that proves Xerus to Entra ID, if there is one.
        """
        self._db = db
        self._clock = clock
        self._products = sorted(shared_products)
        self._prove = prove
        self._certificate_ends_at = certificate_ends_at
        self._refused: dict[Product, str] = {}
        self._prove_at = clock.now() + _TOKEN_AFTER_START

    async def look(self) -> int:
        """Look once; return 0, as a loop that need not hurry does.

        Raises:
            Unavailable: the database does not answer.
        """
        await self._try_tokens()
        async with self._db.transaction(Role.GATE) as conn:
            found = [one async for one in self._old_keys(conn)]
        async with self._db.transaction(Role.WORKER) as conn:
            found += self._certificate()
            found += [self._trouble(f"token:{p}", 1, product=p.title()) for p in self._refused]
            found += await self._audit(conn)
            found += self._failing(await overview.causes(conn))
            await store.keep_troubles(conn, found)
        return 0

    def _trouble(
        self, cause: str, level: int, since: datetime | None = None, **facts: str | int
    ) -> Trouble:
        return Trouble(cause=cause, level=level, since=since or self._clock.now(), facts=facts)

    async def _try_tokens(self) -> None:
        now = self._clock.now()
        if self._prove is None or now < self._prove_at:
            return
        self._prove_at = now + _TOKEN_EVERY
        for product in self._products:
            try:
                await self._prove(product)
            except (NotConfigured, UpstreamRefused) as error:
                self._refused[product] = error.code
            except XerusError:  # nothing was learnt: what was known before stays
                continue
            else:
                self._refused.pop(product, None)

    async def _old_keys(self, conn: Connection) -> AsyncIterator[Trouble]:
        now = self._clock.now()
        for kind, rows in (
            ("data", await vault.count_keys(conn)),
            ("signing", await keys.count_signing_keys(conn, now)),
        ):
            made = next((row["newest"] for row in rows if row["state"] == "active"), now)
            if now - made >= _KEY_DUE:
                level = 2 if now - made >= _KEY_OVERDUE else 1
                yield self._trouble(f"key:{kind}", level, made + _KEY_DUE, kind=kind)

    def _certificate(self) -> Iterator[Trouble]:
        ends_at, now = self._certificate_ends_at, self._clock.now()
        if ends_at is None or now < ends_at - _CERTIFICATE_ENDS:
            return
        level = 2 if now >= ends_at - _CERTIFICATE_ENDS_SOON else 1
        yield self._trouble(
            "certificate", level, ends_at - _CERTIFICATE_ENDS, ends=f"{ends_at:%Y-%m-%d}"
        )

    async def _audit(self, conn: Connection) -> list[Trouble]:
        last = await audit.last_verification(conn)
        return [] if last is None or last[1] else [self._trouble("audit", 1, last[0])]

    def _failing(self, causes: Iterable[Cause]) -> Iterator[Trouble]:
        now, count, since = self._clock.now(), 0, self._clock.now()
        for cause in causes:
            if cause.code == _APP_REJECTED:
                yield self._trouble(
                    f"app:{cause.link}", 1, cause.since, link=cause.link.label, count=cause.count
                )
            elif now - cause.since >= _FAILING_FOR:
                count, since = count + cause.count, min(since, cause.since)
        if count > _FEW:
            level = len(str(count))  # ten times as many is worse
            yield self._trouble("failing", level, since, count=count)


def in_words(trouble: Trouble) -> Notice:
    """Return a trouble of the installation as administrators read it."""
    name = trouble.cause.partition(":")[0]
    title, text, page, action = _WORDS[name]
    facts: Mapping[str, str | int] = trouble.facts
    return Notice(
        cause=trouble.cause,
        level=trouble.level,
        kind="bad" if trouble.level > 1 or name in _AT_ONCE else "warn",
        title=title.format(**facts),
        text=text.format(**facts),
        since=trouble.since,
        page=page,
        action=action,
        help="not-set-up" if name in {"token", "app"} else "",
    )


_AT_ONCE = frozenset({"token", "app", "audit"})
_WORDS: Mapping[str, tuple[str, str, str, str]] = {
    "token": (
        "{product} refuses the token that you set.",
        "Everybody who works by it gets errors. Set a new one, then restart Xerus.",
        "/admin/connections",
        "Look at it",
    ),
    "app": (
        "{link} rejects this server's own app credentials.",
        (
            "{count} connections cannot be renewed. Correct the secret and restart Xerus; nobody has to "
            "connect again."
        ),
        "/admin/connections",
        "Look at it",
    ),
    "failing": (
        "{count} connections fail.",
        "They are kept and tried again. The page of connections says why, and whom it concerns.",
        "/admin/connections",
        "Look at it",
    ),
    "audit": (
        "The audit log did not stand its last check.",
        "Keep the database as it is, and run xerus audit verify: it names the first event.",
        "/admin",
        "Look at it",
    ),
    "key": (
        "It is time to rotate the {kind} key.",
        "It is more than a year old. Run xerus keys rotate beside the running server.",
        "/admin/connections",
        "Look at it",
    ),
    "certificate": (
        "The certificate for Entra ID ends on {ends}.",
        "After that nobody can sign in. Register a new one there and set it here before.",
        "/admin",
        "Look at it",
    ),
}
