"""Authorization codes: issued once, redeemed once; a second redemption ends the family."""

from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Connection, Database
from xerus.db.roles import Role
from xerus.grants import consents, store
from xerus.grants.clients import Client
from xerus.grants.families import Families
from xerus.grants.refresh import RefreshTokens, Renewable
from xerus.grants.requests import AuthorizationRequest
from xerus.ids import FamilyId, UserId, new_id, new_secret, secret_hash
from xerus.oauth import pkce, scopes
from xerus.oauth.errors import OAuthError

LIFE = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class Redemption:
    """What a client sends to redeem a code; `redirect_uri` is None if it sent none."""

    code: str
    verifier: str
    redirect_uri: str | None


class Codes:
    """Issues and redeems authorization codes."""

    def __init__(
        self,
        *,
        db: Database,
        audit: AuditLog,
        families: Families,
        refresh: RefreshTokens,
        clock: Clock,
    ) -> None:
        self._db = db
        self._audit = audit
        self._families = families
        self._refresh = refresh
        self._clock = clock

    async def issue(self, request: AuthorizationRequest, user_id: UserId) -> SecretStr | None:
        """Answer an approved request with a code; None if it was answered before."""
        code, now, asked = new_secret(), self._clock.now(), request.asked
        async with self._db.transaction(Role.GATE) as conn:
            answered = await store.answer_request(conn, request.id, user_id=user_id, now=now)
            if answered is None:
                return None
            await consents.keep(conn, answered, user_id, now, self._audit)
            await store.insert_code(
                conn,
                {
                    "code_hash": secret_hash(code),
                    "family_id": new_id(),
                    "user_id": user_id,
                    "client_id": request.client_id,
                    "redirect_uri": asked.redirect_uri,
                    "redirect_given": asked.redirect_given,
                    "code_challenge": asked.code_challenge,
                    "scopes": scopes.text(asked.scopes).split(),
                    "resource": asked.resource,
                    "now": now,
                    "expires_at": now + LIFE,
                },
            )
            await self._audit.record(
                conn,
                Event.CODE_ISSUED,
                user_id=user_id,
                client=request.client_id,
                scopes=scopes.text(asked.scopes),
            )
        return SecretStr(code)

    async def redeem(self, client: Client, redemption: Redemption) -> Renewable:
        """Exchange a code for the first tokens of its family.

        The code is used up whatever comes of it. A second use revokes the family (RFC 6749 4.1.2).

        Raises:
            OAuthError: `invalid_grant`.
        """
        code_hash = secret_hash(redemption.code)
        async with self._families.transaction() as conn:
            row = await store.use_code(conn, code_hash, self._clock.now())
            if row is None:
                problem, granted = await self._unusable(conn, code_hash, client), None
            else:
                problem = self._problem(row, client, redemption)
                granted = None if problem else await self._first_tokens(conn, row)
        # Raised after the commit, so that a revocation stands.
        if granted is None:
            raise OAuthError("invalid_grant", problem or "The grant is not valid any more.")
        return granted

    async def _unusable(self, conn: Connection, code_hash: bytes, client: Client) -> str:
        used = await store.find_code(conn, code_hash)
        if used is None:
            return "The code is not known or has expired."
        await self._audit.record(
            conn,
            Event.CODE_REPLAYED,
            user_id=UserId(str(used["user_id"])),
            client=client.id,
            family=str(used["family_id"]),
        )
        await self._families.revoke(conn, str(used["family_id"]), "code_replayed")
        return "The code was used before. Its grant is revoked; authorize again."

    def _problem(self, row: store.Row, client: Client, redemption: Redemption) -> str:
        if row["client_id"] != client.id:
            return "The code was issued to another client."
        if row["expires_at"] <= self._clock.now():
            return "The code has expired."
        if (row["redirect_given"] or redemption.redirect_uri is not None) and (
            redemption.redirect_uri != row["redirect_uri"]
        ):
            return "The redirect_uri differs from the one of the authorization request."
        if not pkce.verify(redemption.verifier, row["code_challenge"]):
            return "The code_verifier does not match the code_challenge."
        return ""

    async def _first_tokens(self, conn: Connection, code: store.Row) -> Renewable | None:
        family = await store.live_family(conn, str(code["family_id"]))
        if family is None:
            return None
        await store.mark_redeemed(conn, str(family["id"]), code["client_id"], self._clock.now())
        token = await self._refresh.first(conn, FamilyId(str(family["id"])))
        await self._audit.record(
            conn,
            Event.TOKEN_ISSUED,
            user_id=UserId(str(family["user_id"])),
            client=family["client_id"],
            family=str(family["id"]),
            scopes=" ".join(family["scopes"]),
        )
        return Renewable.of(family, token)
