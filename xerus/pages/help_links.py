"""Which answer of `/help` fits a failure: from its code to the name of the answer."""

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

NAMES: Mapping[str, str] = {
    # An attempt to connect
    "access_denied": "declined",
    "unknown_state": "other-browser",
    "expired": "stuck",
    "interrupted": "stuck",
    "superseded": "stuck",
    "cancelled": "stuck",
    "no_site": "account",
    "no_product": "account",
    "code_refused": "failed",
    "upstream_refused": "organisation",
    # A connection
    "grant_refused": "reconnect",
    "scope_missing": "permissions",
    "insufficient_scope": "permissions",
    "upstream_unavailable": "trouble",
    "upstream_timeout": "trouble",
    "upstream_error": "trouble",
    "rate_limited": "limits",
    "limit_reached": "limits",
    # The installation
    "client_rejected": "not-set-up",
    "no_refresh_token": "not-set-up",
    "not_configured": "not-set-up",
    # Signing in, and forms
    "not_signed_in": "signed-out",
    "form_expired": "signed-out",
    "cross_site": "signed-out",
    "not_admitted": "signed-out",
    "groups_missing": "signed-out",
}
_REFERENCE = re.compile(r"[0-9a-f]{12}")


def help_for(code: str, *, default: str = "error") -> str:
    """Return the name of the answer for an error's code."""
    return NAMES.get(code, default)


def help_url(name: str, *, reference: str = "", at: datetime | None = None) -> str:
    """Return the address of an answer, with what it is asked about."""
    asked = {"reference": reference} if reference else {}
    if at is not None:
        asked["at"] = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    return f"/help/{name}" + (f"?{urlencode(asked)}" if asked else "")


def asked_about(reference: str, at: str) -> tuple[str, datetime | None]:
    """Return what an address of an answer names; what has another form is left out."""
    try:
        when = datetime.strptime(at, "%Y-%m-%dT%H:%M:%S%z") if at else None
    except ValueError:
        when = None
    return (reference if _REFERENCE.fullmatch(reference) else "", when)
