"""Rotating refresh tokens, with a retry that is safe (RFC 9700 4.14.2, FAPI 2.0 on retries)."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Any

from pydantic import SecretStr

from xerus.accounts.recheck import Recheck, Verdict
from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Connection, Database
from xerus.db.roles import Role
from xerus.grants import store
from xerus.grants.clients import Client
from xerus.grants.families import Families
from xerus.ids import FamilyId, UserId, new_secret, secret_hash
from xerus.oauth.errors import OAuthError

LIFE = timedelta(days=30)
# Clients race themselves and lose answers: the direct parent gets the same successor this long.
GRACE = timedelta(seconds=120)


@dataclass(frozen=True, kw_only=True)
class Renewable:
    """A live family with the refresh token that its client holds from now on."""

    family_id: FamilyId
    user_id: UserId
    client_id: str
    scopes: frozenset[str]
    resource: str
    refresh_token: SecretStr

    @classmethod
    def of(cls, family: dict[str, Any], refresh_token: SecretStr) -> "Renewable":
        """Build from a row of `grant_families`."""
        return cls(
            family_id=FamilyId(str(family["id"])),
            user_id=UserId(str(family["user_id"])),
            client_id=family["client_id"],
            scopes=frozenset(family["scopes"]),
            resource=family["resource"],
            refresh_token=refresh_token,
        )


class _State(Enum):
    CURRENT = auto()
    RETRY = auto()
    EXPIRED = auto()
    REPLAYED = auto()


class RefreshTokens:
    """Issues, rotates and judges refresh tokens.

    A successor is derived from its parent with a key of its own, so that a retry can be given the
    same token although only hashes are stored.
    """

    def __init__(
        self,
        *,
        db: Database,
        audit: AuditLog,
        families: Families,
        recheck: Recheck,
        successor_key: bytes,
        clock: Clock,
    ) -> None:
        self._db = db
        self._audit = audit
        self._families = families
        self._recheck = recheck
        self._key = successor_key
        self._clock = clock

    async def first(self, conn: Connection, family_id: FamilyId) -> SecretStr:
        """Return the first refresh token of a family."""
        token = new_secret()
        await self._insert(conn, token, family_id)
        return SecretStr(token)

    async def renew(
        self, client: Client, token: str, wanted: frozenset[str] | None = None
    ) -> Renewable:
        """Exchange a refresh token for its successor.

        Args:
            client: who asks.
            token: the refresh token.
            wanted: narrower scopes for the access token (RFC 6749 6); None: all that was granted.

        Raises:
            OAuthError: `invalid_grant`; `invalid_scope`; `temporarily_unavailable` while the identity provider
                cannot say whether the person is still allowed.
        """
        seen = await self._judge(client, token, wanted, rotate=False)
        if seen is not None:
            return seen
        await self._check_person(token)
        renewed = await self._judge(client, token, wanted, rotate=True)
        assert renewed is not None
        return renewed

    async def family_of(self, token: str) -> tuple[FamilyId, str] | None:
        """Return family and client of a refresh token, None if it is not known."""
        async with self._db.transaction(Role.GATE) as conn:
            row = await store.find_refresh(conn, secret_hash(token))
            family = await store.live_family(conn, str(row["family_id"])) if row else None
        return (FamilyId(str(family["id"])), family["client_id"]) if family else None

    async def _judge(
        self, client: Client, token: str, wanted: frozenset[str] | None, *, rotate: bool
    ) -> Renewable | None:
        """Look at a token and act on it; None: it is current and `rotate` was not asked for."""
        renewed: Renewable | None = None
        async with self._families.transaction() as conn:
            row = await store.find_refresh(conn, secret_hash(token))
            family = await store.live_family(conn, str(row["family_id"])) if row else None
            problem = await self._problem(conn, client, row, family)
            if not problem and row is not None and family is not None:
                _check_scopes(wanted, frozenset(family["scopes"]))
                renewed = await self._successor(conn, token, row, family, rotate=rotate)
        # Raised after the commit, so that a revocation stands.
        if problem:
            raise OAuthError("invalid_grant", problem)
        return renewed

    async def _problem(
        self, conn: Connection, client: Client, row: store.Row | None, family: store.Row | None
    ) -> str:
        if row is None or family is None:
            return "The refresh token is not known or was revoked. Authorize again."
        if family["client_id"] != client.id:
            await self._families.revoke(conn, str(family["id"]), "wrong_client")
            return "The refresh token was issued to another client."
        match self._state(row):
            case _State.EXPIRED:
                return "The refresh token has expired. Authorize again."
            case _State.REPLAYED:
                await self._audit.record(
                    conn,
                    Event.TOKEN_REPLAYED,
                    user_id=UserId(str(family["user_id"])),
                    client=client.id,
                    family=str(family["id"]),
                )
                await self._families.revoke(conn, str(family["id"]), "refresh_replayed")
                return "The refresh token was used before. Its grant is revoked; authorize again."
            case _:
                return ""

    def _state(self, row: store.Row) -> _State:
        now = self._clock.now()
        if row["rotated_at"] is None:
            return _State.EXPIRED if row["expires_at"] <= now else _State.CURRENT
        within = now - row["rotated_at"] < GRACE
        # Once the successor was used, its parent is a grandparent: nobody honest has it.
        return _State.RETRY if within and row["successor_rotated_at"] is None else _State.REPLAYED

    async def _successor(
        self, conn: Connection, token: str, row: store.Row, family: store.Row, *, rotate: bool
    ) -> Renewable | None:
        successor = self._derive(token, str(family["id"]))
        if self._state(row) is _State.CURRENT:
            if not rotate:
                return None
            await store.rotate_refresh(
                conn, row["token_hash"], successor=secret_hash(successor), now=self._clock.now()
            )
            await self._insert(conn, successor, FamilyId(str(family["id"])))
            await self._audit.record(
                conn,
                Event.TOKEN_REFRESHED,
                user_id=UserId(str(family["user_id"])),
                client=family["client_id"],
                family=str(family["id"]),
            )
        return Renewable.of(family, SecretStr(successor))

    async def _check_person(self, token: str) -> None:
        async with self._db.transaction(Role.GATE) as conn:
            row = await store.find_refresh(conn, secret_hash(token))
            family = await store.live_family(conn, str(row["family_id"])) if row else None
        if family is None or (family["is_local"] and self._recheck.local_allowed):
            return
        verdict = await self._recheck.ask(UserId(str(family["user_id"])))
        if verdict is Verdict.UNKNOWN:
            raise OAuthError(
                "temporarily_unavailable",
                "The identity provider does not answer. Try again in a moment.",
            )
        if verdict is Verdict.REFUSED:
            async with self._families.transaction() as conn:
                await self._families.revoke(conn, str(family["id"]), "identity_provider_refused")

    async def _insert(self, conn: Connection, token: str, family_id: FamilyId) -> None:
        now = self._clock.now()
        await store.insert_refresh(
            conn,
            token_hash=secret_hash(token),
            family_id=family_id,
            now=now,
            expires_at=now + LIFE,
        )

    def _derive(self, parent: str, family_id: str) -> str:
        message = b"refresh\0" + family_id.encode() + b"\0" + parent.encode()
        mac = hmac.new(self._key, message, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def _check_scopes(wanted: frozenset[str] | None, granted: frozenset[str]) -> None:
    if wanted is not None and not wanted <= granted:
        raise OAuthError("invalid_scope", "More scopes are asked for than were granted.")
