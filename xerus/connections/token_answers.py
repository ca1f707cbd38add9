"""Answers of authorization servers, as observed at Atlassian, where the status says little."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from pydantic import SecretStr

from xerus.atlassian.errors import is_scope_miss
from xerus.connections.provider import ClientRejected, GrantRefused, TokenSet
from xerus.egress.client import Egress, Reply
from xerus.errors import UpstreamRefused, UpstreamUnavailable

SCOPE_MISSING = "scope_missing"
"""The code of a 401 that no new token changes."""

_READ_DEADLINE = 10.0
_LONGEST_LIFE = 10 * 365 * 24 * 3600
_DEAD_GRANT = frozenset(
    {
        # RFC 6749, section 5.2 has 400; Atlassian says 403.
        (HTTPStatus.BAD_REQUEST, "invalid_grant"),
        (HTTPStatus.UNAUTHORIZED, "invalid_grant"),
        (HTTPStatus.FORBIDDEN, "invalid_grant"),
        # Atlassian's for a token that was rotated out. With 400 it means what the RFC says: our
        # client may not use this kind of grant.
        (HTTPStatus.FORBIDDEN, "unauthorized_client"),
    }
)
_VERDICTS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_OUR_FAULT = frozenset(
    {
        "access_denied",
        "invalid_client",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)


def read_token_answer(
    reply: Reply, requested_at: datetime, *, settings: str, label: str = "Atlassian"
) -> TokenSet:
    """Read an answer of a token endpoint; `settings` name our app's credentials, `label` whose it is.

    Raises:
        GrantRefused, ClientRejected, UpstreamUnavailable: as `Provider.refresh`.
    """
    answer = _json_object(reply)
    if reply.status == HTTPStatus.OK and isinstance(answer.get("access_token"), str):
        return TokenSet(
            access_token=SecretStr(answer["access_token"]),
            refresh_token=_optional_secret(answer.get("refresh_token")),
            expires_in=_lifetime(answer.get("expires_in")),
            scopes=_optional_scopes(answer.get("scope")),
            requested_at=requested_at,
            says_when="expires_in" in answer,
        )
    raise _token_failure(reply, str(answer.get("error", "")), settings, label)


def _token_failure(
    reply: Reply, error: str, settings: str, label: str
) -> UpstreamRefused | UpstreamUnavailable:
    """Read a failure as observed at Atlassian, where the status alone says little.

    Any other status, and a 4xx without a known `error`, which comes from a proxy on the way, is no
    verdict on the grant: 429 and 5xx end nothing, whatever stands in them.
    """
    debug = f"token endpoint: status {reply.status}, error {error!r}"
    if (reply.status, error) in _DEAD_GRANT:
        return GrantRefused(
            f"{label} no longer accepts this authorization.",
            hint=f"Connect {label} again on the Tools page.",
            debug=debug,
            upstream_status=reply.status,
        )
    if reply.status in _VERDICTS and error in _OUR_FAULT:
        return ClientRejected(
            f"{label} rejected this server's own app credentials.",
            hint=f"An administrator has to check {settings}. Connections are kept.",
            debug=debug,
            upstream_status=reply.status,
        )
    return _unavailable(reply, debug, label)


async def read_json(egress: Egress, base: str, path: str, access_token: SecretStr) -> Any:
    """Return what `base` answers to a first GET with a new token.

    Raises:
        UpstreamRefused: the account may not.
        UpstreamUnavailable: no verdict.
    """
    reply = await egress.request(
        "GET",
        f"{base}{path}",
        headers={
            "Authorization": f"Bearer {access_token.get_secret_value()}",
            "Accept": "application/json",
        },
        deadline=_READ_DEADLINE,
    )
    if reply.status == HTTPStatus.OK:
        return reply.json()
    raise _read_failure(path, reply)


def _read_failure(path: str, reply: Reply) -> UpstreamRefused | UpstreamUnavailable:
    """Return what a first read that did not succeed means."""
    debug = f"GET {path.partition('?')[0]}: status {reply.status}"
    if reply.status == HTTPStatus.UNAUTHORIZED and is_scope_miss(reply):
        return UpstreamRefused(
            "Atlassian says that a permission for a first read was not granted.",
            hint="Connect again and accept all permissions.",
            code=SCOPE_MISSING,
            debug=debug,
            upstream_status=reply.status,
        )
    if reply.status in {401, 403, 404}:
        return UpstreamRefused(
            f"Atlassian refused a first read with status {reply.status}.",
            hint="Check at Atlassian that this account may use the product and that the "
            "organisation allows the app.",
            debug=debug,
            upstream_status=reply.status,
        )
    return _unavailable(reply, debug)


def _unavailable(reply: Reply, debug: str, label: str = "Atlassian") -> UpstreamUnavailable:
    retry_after = reply.headers.get("Retry-After", "")
    return UpstreamUnavailable(
        f"{label} cannot answer at the moment (status {reply.status}).",
        hint="Try again in a minute.",
        debug=debug,
        upstream_status=reply.status,
        retry_after=int(retry_after) if retry_after.isdecimal() else None,
    )


def _json_object(reply: Reply) -> dict[str, Any]:
    try:
        answer = reply.json()
    except UpstreamUnavailable:
        return {}
    return answer if isinstance(answer, dict) else {}


def _optional_secret(value: object) -> SecretStr | None:
    return SecretStr(value) if isinstance(value, str) and value else None


def _optional_scopes(value: object) -> frozenset[str] | None:
    return frozenset(value.split()) if isinstance(value, str) else None


def _lifetime(value: object) -> int:
    try:
        return min(max(1, int(str(value))), _LONGEST_LIFE)
    except ValueError:
        return 3600  # what Atlassian documents
