"""Access tokens: short ES256 JWTs of our own, and those Entra issued for our API."""

from datetime import UTC, datetime
from typing import Any

from xerus.accounts import store as accounts_store
from xerus.accounts.admission import Admission, NotAdmitted
from xerus.accounts.cache import RevocableCache
from xerus.accounts.recheck import Recheck
from xerus.accounts.users import AdminRule
from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.notify import Listener
from xerus.db.roles import Role
from xerus.grants import store
from xerus.grants.bearer import Bearer, InvalidToken
from xerus.grants.clients import CHAT_CLIENT_ID, CHAT_CLIENT_NAME
from xerus.grants.entra import Accepted, EntraTokens
from xerus.grants.families import CHANNEL, Families
from xerus.ids import FamilyId, UserId, is_id, new_id, secret_hash
from xerus.keys import signing
from xerus.keys.signing import SigningKeys
from xerus.oauth import errors, id_token
from xerus.oauth import scopes as scope_names

LIFE = signing.LONGEST_LIFE
_TEXTS = ("client_id", "scope", "jti")
_TYPE = "at+jwt"  # RFC 9068 2.1


class AccessTokens:
    """Mints and verifies.

    A verified token is trusted for 60 s, or until its family is revoked or its person refused.
    """

    def __init__(
        self,
        *,
        db: Database,
        listener: Listener,
        signing_keys: SigningKeys,
        issuer: str,
        resource: str,
        admins: AdminRule,
        admission: Admission,
        families: Families,
        recheck: Recheck,
        entra: EntraTokens | None,
        clock: Clock,
    ) -> None:
        self._db = db
        self._signing = signing_keys
        self._issuer = issuer
        self._resource = resource
        self._admins = admins
        self._admission = admission
        self._entra = entra
        self._clock = clock
        self._cache = RevocableCache[Bearer](listener=listener, clock=clock, channel=CHANNEL)
        families.on_revoked(self._cache.drop)
        self._recheck = recheck
        recheck.on_refused(self._cache.drop)

    async def mint(
        self,
        *,
        user_id: UserId,
        client_id: str,
        scopes: frozenset[str],
        family_id: FamilyId | None,
        resource: str,
    ) -> str:
        """Return an access token for `resource` (RFC 9068), good for ten minutes."""
        now = int(self._clock.now().timestamp())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": resource,
            "sub": user_id,
            "client_id": client_id,
            "scope": scope_names.text(scopes),
            "jti": new_id(),
            "iat": now,
            "exp": now + int(LIFE.total_seconds()),
        }
        if family_id is not None:
            claims["family"] = family_id
        return await self._signing.sign(claims, typ=_TYPE)

    async def verify(self, token: str) -> Bearer:
        """Return whom a bearer token speaks for.

        Raises:
            InvalidToken: says why the token is not accepted.
            Unavailable: the database does not answer.
        """
        key = secret_hash(token)
        cached = self._cache.get(key)
        if cached is not None:
            return cached
        epoch = self._cache.epoch
        bearer, expires = await self._verify(token)
        tags: set[str] = {bearer.user.id, bearer.family_id or ""}
        self._cache.put(key, bearer, tags=tags, epoch=epoch, until=expires)
        return bearer

    async def family_of(self, token: str) -> tuple[FamilyId, str] | None:
        """Return family and client of a token of ours, None if it is none or has no family."""
        try:
            claims = await self._signing.verify(token, typ=_TYPE)
        except signing.InvalidToken:
            return None
        family = claims.get("family")
        return (FamilyId(family), claims["client_id"]) if family else None

    async def _verify(self, token: str) -> tuple[Bearer, datetime]:
        try:
            if self._entra is not None and id_token.peek_header(token).get("alg") != "ES256":
                return await self._of_entra(await self._entra.verify(token))
            claims = await self._signing.verify(token, typ=_TYPE)
        except (errors.InvalidToken, signing.InvalidToken) as error:
            raise InvalidToken(error.message) from error
        expires = self._check(claims)
        return await self._bearer(claims), expires

    def _check(self, claims: dict[str, Any]) -> datetime:
        if claims.get("iss") != self._issuer:
            raise InvalidToken("The token is from another issuer.")
        if claims.get("aud") != self._resource:
            raise InvalidToken("The token is for another server.")
        _check_shape(claims)
        expires = datetime.fromtimestamp(claims["exp"], UTC)
        if expires <= self._clock.now():
            raise InvalidToken("The token has expired.")
        return expires

    async def _bearer(self, claims: dict[str, Any]) -> Bearer:
        family = claims.get("family")
        async with self._db.transaction(Role.GATE) as conn:
            if family:
                row = await store.bearer_of_family(
                    conn, family_id=family, user_id=claims["sub"], now=self._clock.now()
                )
            else:
                row = await store.bearer_without_family(
                    conn,
                    user_id=claims["sub"],
                    issued_at=datetime.fromtimestamp(claims["iat"], UTC),
                )
        if row is None or (not family and claims["client_id"] != CHAT_CLIENT_ID):
            raise InvalidToken("The token was revoked.")
        return Bearer(
            user=accounts_store.user_from(row, self._admins),
            client_id=claims["client_id"],
            client_name=row.get("client_name", CHAT_CLIENT_NAME),
            scopes=frozenset(claims["scope"].split()),
            family_id=FamilyId(family) if family else None,
            token_id=claims["jti"],
        )

    async def _of_entra(self, accepted: Accepted) -> tuple[Bearer, datetime]:
        try:
            if not accepted.is_application:  # its app role admits it
                self._admission.check(accepted.identity)
        except NotAdmitted as error:
            raise InvalidToken(error.message) from error
        async with self._db.transaction(Role.GATE) as conn:
            user_id = await accounts_store.ensure_user(
                conn, accepted.identity, now=self._clock.now()
            )
            row = await store.bearer_without_family(
                conn, user_id=user_id, issued_at=accepted.issued_at
            )
        if row is None or await self._recheck.refuses(user_id, checked_at=row["checked_at"]):
            raise InvalidToken("The token was revoked.")
        bearer = Bearer(
            user=accounts_store.user_from(row, self._admins),
            client_id=accepted.client_id,
            client_name=f"Entra application {accepted.client_id}",
            scopes=accepted.scopes,
            family_id=None,
            token_id=accepted.token_id,
        )
        return bearer, accepted.expires_at


def _check_shape(claims: dict[str, Any]) -> None:
    """Refuse what this version never mints: another one may have signed with the same keys."""
    texts = all(isinstance(claims.get(name), str) for name in _TEXTS)
    times = id_token.is_time(claims.get("iat")) and id_token.is_time(claims.get("exp"))
    ids = is_id(claims.get("sub")) and is_id(claims.get("family", claims.get("sub")))
    if not (texts and times and ids) or "nbf" in claims:
        raise InvalidToken("The token is not of a form that this server issues.")
