"""Tokens that Entra itself issued for our own API: the one kind of foreign token accepted."""

from dataclasses import dataclass, replace
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
    is_application: bool


class EntraTokens:
    """Applies the strict rule: issuer, tenant, audience and scope all have to be ours.

    A token of Microsoft Graph and an ID token are refused: the first is for somebody else, the second
    is no access token. A token of an application, which speaks for nobody, is refused too unless
    the operator named an app role for it.
    """

    def __init__(
        self, *, provider: IdentityProvider, clock: Clock, machine_role: str | None = None
    ) -> None:
        self._provider = provider
        self._machine_role = machine_role
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
        client_id = str(claims.get("azp") or claims.get("appid") or "unknown")
        application = claims.get("idtyp") == "app"
        identity = identity_from(claims)
        if application:
            identity = replace(identity, name=f"Application {client_id}", email="")
        return Accepted(
            identity=identity,
            client_id=client_id,
            scopes=self._roles(claims) if application else self._scopes(claims),
            is_application=application,
            token_id=str(claims.get("uti") or claims.get("jti") or ""),
            issued_at=datetime.fromtimestamp(claims["iat"], UTC),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )

    def _check_kind(self, claims: id_token.Claims) -> None:
        if claims.get("aud") == _GRAPH:
            raise InvalidToken("This is a Microsoft Graph token. Ask for a scope of this API.")
        if str(claims.get("aud")) not in self._audiences:
            raise InvalidToken("The token is for another application.")
        if claims.get("idtyp") == "app":
            self._check_application(claims)
        elif not isinstance(claims.get("scp"), str):
            # An ID token has roles and no scp, too: only `idtyp` tells an application.
            raise InvalidToken("The token is not an access token of a person.")

    def _check_application(self, claims: id_token.Claims) -> None:
        if not self._machine_role:
            raise InvalidToken(
                "The token is not an access token of a person, and applications are not let in "
                "here: XERUS_MACHINE_ROLE is not set."
            )
        if self._machine_role not in _roles(claims):
            raise InvalidToken("The application lacks the app role that XERUS_MACHINE_ROLE names.")
        if "scp" in claims:
            raise InvalidToken("The token is of an application and of a person at once.")

    def _roles(self, claims: id_token.Claims) -> frozenset[str]:
        """Return what an application may do: all, unless it has roles named like our scopes."""
        return _roles(claims) & scopes.ALL or scopes.ALL

    def _scopes(self, claims: id_token.Claims) -> frozenset[str]:
        given = frozenset(claims["scp"].split())
        granted = scopes.ALL if given & self._full else given & scopes.ALL
        if not granted:
            raise InvalidToken("The token carries no scope of this API.")
        return granted


def _roles(claims: id_token.Claims) -> frozenset[str]:
    roles = claims.get("roles")
    return frozenset(map(str, roles)) if isinstance(roles, list) else frozenset()


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != "" and value.isprintable()
