"""Registering Xerus at a server's authorization server (RFC 7591), and ending that (RFC 7592)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import orjson
from pydantic import SecretStr

from xerus.egress.servers import ServerEgress
from xerus.errors import EgressRefused, UpstreamError, UpstreamRefused, UpstreamUnavailable
from xerus.remotes.discovery import Found
from xerus.remotes.servers import OAuthClient

_SECONDS = 15.0
_MOST_BYTES = 128 * 1024
_VISIBLE = re.compile(r"[\x20-\x7e]{1,2000}")  # RFC 6749 A.1, A.2
_METHODS = ("client_secret_basic", "client_secret_post", "none")


@dataclass(frozen=True, kw_only=True)
class NewClient:
    """A client with what is secret of it."""

    client: OAuthClient
    secret: SecretStr | None = field(repr=False)
    registration_token: SecretStr | None = field(repr=False, default=None)


class NotRegistered(UpstreamRefused):
    """The authorization server does not register Xerus."""

    code = "not_registered"


def named_client(found: Found, client_id: str, secret: SecretStr | None) -> NewClient:
    """Return the client that an administrator has from the server's operator."""
    return NewClient(
        client=_client(found, client_id, _method(found, secret is not None)), secret=secret
    )


class Registration:
    """Registers and unregisters."""

    def __init__(self, *, egress: ServerEgress) -> None:
        self._egress = egress

    async def register(self, found: Found, *, redirect_uri: str, url: str) -> NewClient:
        """Register Xerus for the server at `url`.

        Raises:
            NotRegistered: it is not let in, or what came back is no registration.
            UpstreamUnavailable: no answer.
        """
        method = _method(found, has_secret=True)
        asked = {
            "client_name": "Xerus",
            "redirect_uris": [redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": method,
            "application_type": "web",
            **({"scope": " ".join(found.scopes)} if found.scopes else {}),
        }
        reply = await self._egress.request(
            "POST",
            found.registration_endpoint,
            named_by=url,
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            body=orjson.dumps(asked),
            deadline=_SECONDS,
            max_bytes=_MOST_BYTES,
        )
        if reply.status not in {HTTPStatus.CREATED, HTTPStatus.OK}:
            raise NotRegistered(
                f"The authorization server did not register Xerus (status {reply.status}).",
                hint="Ask its operator for a client id, and choose that way.",
                upstream_status=reply.status,
            )
        try:
            answer = reply.json()
        except UpstreamUnavailable:
            answer = None
        if not isinstance(answer, dict):
            raise _unusable()
        return self._read(found, answer, method=method, url=url)

    async def unregister(self, client: OAuthClient, token: SecretStr, *, url: str) -> bool:
        """End a registration; False where that did not work."""
        try:
            reply = await self._egress.request(
                "DELETE",
                client.registration_uri,
                named_by=url,
                headers={"Authorization": f"Bearer {token.get_secret_value()}"},
                deadline=_SECONDS,
                max_bytes=_MOST_BYTES,
            )
        except UpstreamError:
            return False
        return reply.status in {HTTPStatus.NO_CONTENT, HTTPStatus.OK}

    def _read(
        self, found: Found, answer: Mapping[str, object], *, method: str, url: str
    ) -> NewClient:
        client_id, secret = _text(answer, "client_id"), _text(answer, "client_secret")
        if not client_id:
            raise _unusable()
        given = answer.get("token_endpoint_auth_method", method)
        if given not in _METHODS or (given != "none" and not secret):
            raise _unusable()
        address, token = (
            _text(answer, "registration_client_uri"),
            _text(answer, "registration_access_token"),
        )
        if not self._may_call(address, url):
            address = ""
        return NewClient(
            client=_client(found, client_id, str(given), registration_uri=address, itself=True),
            secret=SecretStr(secret) if secret and given != "none" else None,
            registration_token=SecretStr(token) if token and address else None,
        )

    def _may_call(self, address: str, url: str) -> bool:
        try:
            self._egress.place(address, named_by=url)
        except EgressRefused:
            return False
        return True


def _client(
    found: Found, client_id: str, method: str, *, registration_uri: str = "", itself: bool = False
) -> OAuthClient:
    return OAuthClient(
        issuer=found.issuer,
        authorization_endpoint=found.authorization_endpoint,
        token_endpoint=found.token_endpoint,
        revocation_endpoint=found.revocation_endpoint,
        client_id=client_id,
        auth_method=method,
        scopes=found.scopes,
        resource=found.resource,
        names_issuer=found.names_issuer,
        registration_uri=registration_uri,
        is_registered=itself,
    )


def _method(found: Found, has_secret: bool) -> str:  # noqa: FBT001 - reads as a sentence
    if not has_secret:
        return "none"
    return next((one for one in _METHODS if one in found.auth_methods), "client_secret_basic")


def _text(answer: Mapping[str, object], name: str) -> str:
    value = answer.get(name)
    return value if isinstance(value, str) and _VISIBLE.fullmatch(value) else ""


def _unusable() -> NotRegistered:
    return NotRegistered(
        "The authorization server answered the registration with something that cannot be used.",
        hint="Ask its operator for a client id, and choose that way.",
    )
