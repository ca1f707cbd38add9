"""Asking the identity provider whether a person is still allowed, by renewing at it."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from pydantic import SecretStr

from xerus.accounts import store
from xerus.accounts.admission import Admission, NotAdmitted
from xerus.accounts.identity import identity_from
from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.notify import notify
from xerus.db.roles import Role
from xerus.errors import NotConfigured, UpstreamError, UpstreamRefused
from xerus.ids import UserId
from xerus.oauth.errors import InteractionRequired
from xerus.oauth.id_token import Claims
from xerus.oauth.provider import IdentityProvider
from xerus.vault.envelope import Binding
from xerus.vault.service import Vault

log = structlog.get_logger(__name__)

# Who somebody is, is remembered for up to 60 s, so asking from 9 minutes on keeps the promise of 10.
CHECK_AFTER = timedelta(minutes=9)

_POLL_SECONDS = 0.25
_POLLS = 100


class Verdict(StrEnum):
    """What came of a check; UNKNOWN: the provider did not answer."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


def identity_binding(user_id: UserId, issuer: str) -> Binding:
    """Return what a sealed refresh token of the provider is bound to."""
    return Binding(
        table="identities",
        column="refresh_token",
        row_id=user_id,
        user_id=user_id,
        provider=issuer,
    )


class Recheck:
    """One check per person at a time in the whole fleet; callers at the same time share it."""

    def __init__(
        self,
        *,
        db: Database,
        vault: Vault,
        audit: AuditLog,
        provider: IdentityProvider | None,
        admission: Admission,
        clock: Clock,
    ) -> None:
        self._db = db
        self._vault = vault
        self._audit = audit
        self._provider = provider
        self._admission = admission
        self._clock = clock
        self._refusals: list[Callable[[str], None]] = []
        self._running: dict[UserId, asyncio.Task[Verdict]] = {}

    @property
    def local_allowed(self) -> bool:
        """Whether the local administrator exists: only without an identity provider."""
        return self._provider is None

    def on_refused(self, handler: Callable[[str], None]) -> None:
        """Call `handler` with the id of each person this process saw refused."""
        self._refusals.append(handler)

    def forget(self, user_id: UserId) -> None:
        """Let this process forget a person whose sessions and tokens are gone."""
        for handler in self._refusals:
            handler(user_id)

    async def ask(self, user_id: UserId) -> Verdict:
        """Ask the provider now, or share the answer of a check that is under way.

        After REFUSED every session and grant made for the person before is void.
        """
        task = self._running.get(user_id)
        if task is None:
            task = asyncio.create_task(self._ask(user_id), name="identity-recheck")
            self._running[user_id] = task
            task.add_done_callback(lambda _: self._running.pop(user_id, None))
        # One caller that goes away must not cancel the check of the others.
        return await asyncio.shield(task)

    async def refuses(self, user_id: UserId, *, checked_at: datetime) -> bool:
        """Tell whether the provider refuses a person; asks where the last answer is 9 minutes old.

        An outage there refuses nobody, and of who never signed in here nothing can be asked.
        """
        if self._clock.now() - checked_at < CHECK_AFTER:
            return False
        async with self._db.transaction(Role.WORKER) as conn:
            known = await store.find_identity(conn, user_id)
        return known is not None and await self.ask(user_id) is Verdict.REFUSED

    async def _ask(self, user_id: UserId) -> Verdict:
        started = self._clock.now()
        async with self._db.transaction(Role.WORKER) as conn:
            leased = await store.take_check_lease(conn, user_id)
            row = await store.find_identity(conn, user_id) if leased else None
        if not leased:
            return await self._wait_for_other(user_id, started)
        try:
            return await self._renew(user_id, row)
        finally:
            async with self._db.transaction(Role.WORKER) as conn:
                await store.release_check_lease(conn, user_id)

    async def _renew(self, user_id: UserId, row: store.Row | None) -> Verdict:
        if row is None or self._provider is None:
            return Verdict.REFUSED
        binding = identity_binding(user_id, self._provider.issuer)
        token = SecretStr((await self._vault.open(row["refresh_token"], binding)).decode())
        try:
            renewed = await self._provider.refresh(token)
        except UpstreamRefused as error:
            log.warning(
                "identity_refused", user=user_id, cause=error.code, request_id=error.request_id
            )
            challenge = error.claims if isinstance(error, InteractionRequired) else ""
            return await self._refused(
                user_id, row["generation"], "identity_provider_refused", challenge
            )
        except (UpstreamError, NotConfigured) as error:  # no verdict about the person
            log.warning(
                "identity_check_unanswered", user=user_id, cause=error.code, debug=error.debug
            )
            return Verdict.UNKNOWN
        if not await self._still_admitted(user_id, renewed.claims):
            return await self._refused(user_id, row["generation"], "not_admitted")
        sealed = await self._vault.seal(renewed.refresh_token.get_secret_value().encode(), binding)
        now = self._clock.now()
        async with self._db.transaction(Role.WORKER) as conn:
            await store.replace_identity(
                conn, user_id, generation=row["generation"], sealed=sealed, now=now
            )
            await store.mark_checked(conn, user_id, now)
        return Verdict.ALLOWED

    async def _still_admitted(self, user_id: UserId, claims: Claims | None) -> bool:
        """Measure a person anew by what the provider says of them now."""
        async with self._db.transaction(Role.GATE) as conn:
            row = await store.find_user(conn, user_id)
            if row is None:
                return False
            if claims is None:  # a provider need not send an ID token with a renewal
                return self._admission.still_admitted(row)
            identity = identity_from(claims)
            if (identity.tenant, identity.subject) != (row["tenant"], row["subject"]):
                log.error("identity_of_somebody_else", user=user_id)
                return False
            try:
                self._admission.check(identity)
            except NotAdmitted as error:
                log.warning("identity_not_admitted", user=user_id, cause=error.code)
                return False
            await self._admission.note(conn, user_id, identity)
        return True

    async def _refused(
        self, user_id: UserId, generation: int, cause: str, challenge: str = ""
    ) -> Verdict:
        async with self._db.transaction(Role.WORKER) as conn:
            done = await store.void_everything(
                conn,
                user_id,
                generation=generation,
                now=self._clock.now(),
                challenge=challenge,
            )
            if not done:
                return Verdict.ALLOWED
            for channel in ("xerus_session", "xerus_grant"):
                await notify(conn, channel, user_id)
            await self._audit.record(conn, Event.SESSION_ENDED, user_id=user_id, cause=cause)
        self.forget(user_id)
        return Verdict.REFUSED

    async def _wait_for_other(self, user_id: UserId, started: datetime) -> Verdict:
        """Another process asks at this moment: its answer is ours."""
        for _ in range(_POLLS):
            await asyncio.sleep(_POLL_SECONDS)
            async with self._db.transaction(Role.WORKER) as conn:
                row = await store.find_user(conn, user_id)
            if row is None or row["void_before"] >= started:
                return Verdict.REFUSED
            if row["checked_at"] >= started:
                return Verdict.ALLOWED
            if row["check_lease_until"] is None:
                return Verdict.UNKNOWN
        return Verdict.UNKNOWN
