"""Verification of what the identity provider signed: ID tokens, and access tokens for our API."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key

from xerus.oauth.compact_jws import extract
from xerus.oauth.discovery import Discovery
from xerus.oauth.errors import InvalidToken
from xerus.oauth.issuer import TENANT, IssuerRule

Claims = Mapping[str, Any]

_ALGORITHM = "RS256"
_LEEWAY_SECONDS = 60
_GUID = re.compile(r"[0-9a-fA-F-]{36}")
_LONGEST = 16_000
_LAST_SECOND = 253_402_300_799  # of the year 9999


async def verified_claims(token: str, *, discovery: Discovery, now: datetime) -> Claims:
    """Return the claims of a token signed by the provider: signature, issuer, expiry, tenant.

    Audience, nonce and scopes are for the caller to check.

    Raises:
        InvalidToken: says which rule is broken.
        UpstreamUnavailable: the provider's keys cannot be had.
    """
    header = peek_header(token)
    if header.get("alg") != _ALGORITHM:
        raise InvalidToken(f"The token must be signed with {_ALGORITHM}.")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise InvalidToken("The token names no signing key.")
    key = await discovery.key(kid)
    if key is None or key.key_type != "RSA":
        raise InvalidToken("The token is signed with a key that the issuer does not list.")
    try:
        claims = jwt.decode(token, key, algorithms=[_ALGORITHM]).claims
    except (JoseError, ValueError) as error:
        raise InvalidToken("The signature of the token is not valid.") from error
    _check_issuer(claims, discovery.rule)
    _check_key_issuer(key, claims)
    if not is_time(claims.get("exp")) or claims["exp"] + _LEEWAY_SECONDS <= now.timestamp():
        raise InvalidToken("The token has expired.")
    return claims


def check_id_token(claims: Claims, *, client_id: str, nonce: str) -> None:
    """Check the rules of OpenID Connect Core 3.1.3.7 that are about us and this sign-in.

    Raises:
        InvalidToken: says which rule is broken.
    """
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences:
        raise InvalidToken("The ID token is for another application.")
    if len(audiences) > 1 and claims.get("azp") != client_id:
        raise InvalidToken("The ID token was issued to another application.")
    if claims.get("nonce") != nonce:
        raise InvalidToken("The ID token belongs to another sign-in.")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise InvalidToken("The ID token names nobody.")


def check_renewed(claims: Claims, *, client_id: str) -> None:
    """Check the audience of an ID token that came with a renewal (OpenID Connect Core 12.2).

    Raises:
        InvalidToken: it is for another application.
    """
    audience = claims.get("aud")
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        raise InvalidToken("The ID token is for another application.")


def tenant_of(claims: Claims) -> str:
    """Return the Entra tenant when the verified issuer is one of Entra, else ''."""
    tid = claims.get("tid")
    return str(tid) if tid and str(claims.get("iss")).endswith(f"/{tid}/v2.0") else ""


def lacks_groups(claims: Claims) -> bool:
    """Tell whether there were too many groups for a token (over 200, or 6 in a short form)."""
    names = claims.get("_claim_names")
    elsewhere = isinstance(names, dict) and "groups" in names
    return elsewhere or claims.get("hasgroups") in {True, "true"}


def peek_header(token: str) -> Mapping[str, Any]:
    """Return the header of a compact JWS without believing it.

    Raises:
        InvalidToken: the text is no JWT.
    """
    if len(token) > _LONGEST:
        raise InvalidToken("The token is too long.")
    try:
        return extract(token).headers()
    except (JoseError, ValueError) as error:
        raise InvalidToken("The token is not a JWT.") from error


class VersionOneToken(InvalidToken):
    """Entra ID issues tokens of version 1 for this application; the message says how to change it."""


def _check_issuer(claims: Claims, rule: IssuerRule) -> None:
    found, tid = claims.get("iss"), claims.get("tid")
    if not rule.allows(found):
        if claims.get("ver") == "1.0" and tid and _is_ours(str(tid), rule):
            raise VersionOneToken(
                "The token is from another issuer: it is a version 1 token of Entra ID. In the "
                "manifest of the app registration set api.requestedAccessTokenVersion, in the older "
                "form accessTokenAcceptedVersion, to 2."
            )
        if rule.is_of_template(found, tid):
            raise InvalidToken(
                "The token is from a tenant that is not allowed here: "
                f"ENTRA_ID_ALLOWED_TENANTS does not name {_guid(tid)}."
            )
        raise InvalidToken("The token is from another issuer.")
    # facts: pin the tenant. An issuer of Entra carries it in its path.
    if tid and str(found).endswith("/v2.0") and not tenant_of(claims):
        raise InvalidToken("The token is from another tenant.")


def _is_ours(tenant: str, rule: IssuerRule) -> bool:
    return tenant.lower() in rule.tenants if rule.shared else f"/{tenant}/" in rule.issuer


def _guid(tenant: object) -> str:
    text = str(tenant)
    return text if _GUID.fullmatch(text) else "it"


def _check_key_issuer(key: Key, claims: Claims) -> None:
    """Check the `issuer` that Entra lists with a key: a tenant's own key signs for it alone."""
    listed = key.as_dict(private=False).get("issuer")
    if not isinstance(listed, str):
        return
    if listed.replace(TENANT, str(claims.get("tid"))) != claims.get("iss"):
        raise InvalidToken("The token is signed with a key of another issuer.")


def check_not_before(claims: Claims, *, now: datetime) -> None:
    """Refuse a bearer token whose time has not come.

    Raises:
        InvalidToken: it is not valid yet.
    """
    start = claims.get("nbf", 0)
    if not is_time(start) or start - _LEEWAY_SECONDS > now.timestamp():
        raise InvalidToken("The token is not valid yet.")


def is_time(value: object) -> bool:
    """Tell whether a claim is a NumericDate (RFC 7519 2) that a calendar has."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value <= _LAST_SECOND
