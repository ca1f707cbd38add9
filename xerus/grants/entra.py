"""Tokens that Entra itself issued for our own API: the one kind of foreign token accepted."""

from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from xerus.accounts.identity import identity_from
from xerus.accounts.users import Identity
from xerus.clock import Clock
from xerus.errors import Unavailable, UpstreamError
from xerus.oauth import id_token, scopes
from xerus.oauth.errors import InvalidToken
from xerus.oauth.provider import IdentityProvider

log = structlog.get_logger(__name__)

_GRAPH = "00000003-0000-0000-c000-000000000000"


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A token of Entra that passed every rule."""

    identity: Identity
    client_id: str
    scopes: frozenset[str]
    token_id: str
    issued_at: datetime
    expires_at: datetime


class EntraTokens:
    """Applies the strict rule: issuer, tenant, audience and scope all have to be ours.

    A token of Microsoft Graph, an ID token and an app-only token are refused: the first is for
    somebody else, the second is no access token, the third speaks for nobody.
    """

    def __init__(self, *, provider: IdentityProvider, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        prefix = f"api://{provider.client_id}/"
        # Version 2 tokens name the audience by the client id, older ones by the application URI.
        self._audiences = {provider.client_id, prefix.rstrip("/")}
        self._full = {"mcp"} | {
            name.removeprefix(prefix) for name in provider.scopes if name.startswith(prefix)
        }

    async def verify(self, token: str) -> Accepted:
        """Return what an accepted token says.

        Raises:
            InvalidToken: says which rule is broken.
            Unavailable: Entra's keys cannot be had.
        """
        if "nonce" in id_token.peek_header(token):
            raise InvalidToken("This is a Microsoft Graph token. Ask for a scope of this API.")
        try:
            claims = await id_token.verified_claims(
                token, discovery=self._provider.discovery, now=self._clock.now()
            )
        except id_token.VersionOneToken as error:
            log.warning("entra_token_of_version_1", meaning=error.description)
            raise
        except UpstreamError as error:
            raise Unavailable(
                "The issuer's keys cannot be had at the moment.", hint="Try again in a moment."
            ) from error
        id_token.check_not_before(claims, now=self._clock.now())
        self._check_kind(claims)
        oid = claims.get("oid")
        if not id_token.tenant_of(claims) or not _is_name(oid):
            raise InvalidToken("The token names no person of this tenant.")
        if not id_token.is_time(claims.get("iat")):
            raise InvalidToken("The token does not say when it was issued.")
        return Accepted(
            identity=identity_from(claims),
            client_id=str(claims.get("azp") or claims.get("appid") or "unknown"),
            scopes=self._scopes(claims),
            token_id=str(claims.get("uti") or claims.get("jti") or ""),
            issued_at=datetime.fromtimestamp(claims["iat"], UTC),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )

    def _check_kind(self, claims: id_token.Claims) -> None:
        if claims.get("aud") == _GRAPH:
            raise InvalidToken("This is a Microsoft Graph token. Ask for a scope of this API.")
        if str(claims.get("aud")) not in self._audiences:
            raise InvalidToken("The token is for another application.")
        if claims.get("idtyp") == "app" or not isinstance(claims.get("scp"), str):
            raise InvalidToken("The token is not an access token of a person.")

    def _scopes(self, claims: id_token.Claims) -> frozenset[str]:
        given = frozenset(claims["scp"].split())
        granted = scopes.ALL if given & self._full else given & scopes.ALL
        if not granted:
            raise InvalidToken("The token carries no scope of this API.")
        return granted


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != "" and value.isprintable()
