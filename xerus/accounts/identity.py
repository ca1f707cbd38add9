"""Who a verified token is about."""

from xerus.accounts.users import Identity
from xerus.oauth import id_token


def identity_from(claims: id_token.Claims) -> Identity:
    """Return who a verified token is about: (tid, oid) at Entra, (iss, sub) elsewhere."""
    tenant, oid = id_token.tenant_of(claims), claims.get("oid")
    username = str(claims.get("preferred_username") or "")
    email = str(claims.get("email") or username or claims.get("upn") or "")
    at_entra = bool(tenant and oid)
    verified = email if claims.get("email_verified") is True else ""
    return Identity(
        tenant=tenant if at_entra else str(claims["iss"]),
        subject=str(oid if at_entra else claims.get("sub", "")),
        email=email[:320],
        name=str(claims.get("name") or email or "Unnamed")[:200],
        # In a pinned tenant its administrator assigns user names, but not those of guests.
        trusted_email=("" if _is_guest(claims) else username) if at_entra else verified,
        groups=_names(claims.get("groups")),
        roles=_names(claims.get("roles")),
        groups_missing=id_token.lacks_groups(claims),
        login_hint=str(claims.get("login_hint") or "")[:2000],
    )


def _is_guest(claims: id_token.Claims) -> bool:
    """Tell a person of another tenant: Entra names where they signed in only if it is not here."""
    return claims.get("idp") not in {None, claims["iss"]}


def _names(claim: object) -> frozenset[str]:
    return frozenset(map(str, claim)) if isinstance(claim, list) else frozenset()
