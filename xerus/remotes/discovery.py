"""Finding the authorization server of an MCP server, from its refusal on.

Sources: MCP authorization 2026-07-28 (discovery), RFC 9728, RFC 8414, OpenID Connect Discovery. Every
address comes from somebody else, so each is judged by `ServerEgress.place` before it is used.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from xerus.egress.client import origin_of
from xerus.egress.servers import ServerEgress
from xerus.errors import EgressRefused, UpstreamRefused, UpstreamUnavailable
from xerus.oauth import pkce

_SECONDS = 10.0
_MOST_BYTES = 128 * 1024
_PARAMETER = re.compile(r'(resource_metadata|scope)="([^"]*)"')
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,200}")  # RFC 6749 3.3
_MOST_SCOPES = 50


@dataclass(frozen=True, kw_only=True)
class Found:
    """An authorization server that a person can be sent to.

    Attributes:
        registration_endpoint, revocation_endpoint: '' where it has none.
        scopes: what the server asks for; empty where it does not say.
        auth_methods: how a client may prove itself at its token endpoint.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    registration_endpoint: str
    revocation_endpoint: str
    scopes: tuple[str, ...]
    resource: str
    names_issuer: bool
    auth_methods: frozenset[str]


class NotDiscovered(UpstreamRefused):
    """The server wants authorization and does not say, in a way that is safe to follow, where."""

    code = "not_discovered"


class Discovery:
    """Reads what a server and its authorization server publish."""

    def __init__(self, *, egress: ServerEgress) -> None:
        self._egress = egress

    async def find(self, url: str, challenge: str) -> Found:
        """Return the authorization server of the MCP server at `url`.

        `challenge` is the `WWW-Authenticate` of its refusal, '' if it had none.

        Raises:
            NotDiscovered: with what is missing or not safe.
            UpstreamUnavailable: a document cannot be had at the moment.
        """
        said = dict(_PARAMETER.findall(challenge))
        resource = await self._resource(url, said.get("resource_metadata", ""))
        # Servers from before RFC 9728 are their own authorization server (MCP 2025-03-26).
        issuer = _origin(url) if resource is None else _issuer_of(resource)
        about: Mapping[str, Any] = resource or {}
        server = await self._authorization_server(url, issuer)
        scopes = said.get("scope", "").split() or _list(about.get("scopes_supported"))
        if "offline_access" in _list(server.get("scopes_supported")):
            scopes = [*scopes, "offline_access"]  # without it no refresh token comes there
        return self._found(url, server, clean_scopes(scopes), _resource_of(about, url))

    async def _resource(self, url: str, named: str) -> Mapping[str, Any] | None:
        for address in (named,) if named else _resource_addresses(url):
            document = await self._read(address, named_by=url)
            if document is None:
                continue
            # RFC 9728 3.3: a document for another resource is not to be used.
            if not _covers(document.get("resource"), url):
                raise _not("its metadata is for another address")
            return document
        if named:
            raise _not("the metadata that it names cannot be read")
        return None

    async def _authorization_server(self, url: str, issuer: str) -> Mapping[str, Any]:
        for address in _server_addresses(issuer):
            document = await self._read(address, named_by=url)
            if document is None:
                continue
            # RFC 8414 3.3: an issuer that is another one is an attack.
            if str(document.get("issuer")).rstrip("/") != issuer.rstrip("/"):
                raise _not("its authorization server says that it is another one")
            return document
        raise _not("its authorization server publishes no metadata")

    async def _read(self, address: str, *, named_by: str) -> Mapping[str, Any] | None:
        """Return a document, None where there is none.

        Raises:
            NotDiscovered: the address may not be called.
            UpstreamUnavailable: no answer, or one that says nothing.
        """
        try:
            reply = await self._egress.request(
                "GET",
                address,
                named_by=named_by,
                headers={"Accept": "application/json"},
                deadline=_SECONDS,
                max_bytes=_MOST_BYTES,
            )
        except EgressRefused as error:
            raise _not(f"it names an address that is not called: {error.debug}") from error
        if reply.status != HTTPStatus.OK:
            if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise UpstreamUnavailable(
                    "The server's metadata cannot be read at the moment.",
                    hint="Try again in a minute.",
                    upstream_status=reply.status,
                )
            return None
        try:
            document = reply.json()
        except UpstreamUnavailable:  # as of a page that answers every address
            return None
        return document if isinstance(document, dict) else None

    def _found(
        self, url: str, document: Mapping[str, Any], scopes: tuple[str, ...], resource: str
    ) -> Found:
        methods = document.get("code_challenge_methods_supported")
        if not isinstance(methods, list) or pkce.METHOD not in methods:
            raise _not("its authorization server does not offer PKCE with S256")
        return Found(
            issuer=str(document["issuer"]),
            authorization_endpoint=self._endpoint(url, document, "authorization_endpoint"),
            token_endpoint=self._endpoint(url, document, "token_endpoint"),
            registration_endpoint=self._endpoint(url, document, "registration_endpoint", may=True),
            revocation_endpoint=self._endpoint(url, document, "revocation_endpoint", may=True),
            scopes=scopes,
            resource=resource,
            names_issuer=document.get("authorization_response_iss_parameter_supported") is True,
            # RFC 8414 2: without the list it is client_secret_basic.
            auth_methods=frozenset(
                map(str, _list(document.get("token_endpoint_auth_methods_supported")))
            )
            or frozenset({"client_secret_basic"}),
        )

    def _endpoint(
        self, url: str, document: Mapping[str, Any], name: str, *, may: bool = False
    ) -> str:
        address = document.get(name)
        if address is None and may:
            return ""
        try:
            self._egress.place(str(address), named_by=url)
        except EgressRefused as error:
            raise _not(f"its {name} is not used: {error.debug}") from error
        return str(address)


def _not(why: str) -> NotDiscovered:
    return NotDiscovered(
        f"The server asks for authorization, but {why}.",
        hint="Use a key, or tell the server's operator.",
        debug=why,
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _resource_addresses(url: str) -> Iterator[str]:
    path = urlsplit(url).path.rstrip("/")
    base = f"{_origin(url)}/.well-known/oauth-protected-resource"
    if path:
        yield base + path
    yield base


def _server_addresses(issuer: str) -> Iterator[str]:
    """Yield where an issuer may publish itself: inserted before its path first (RFC 8414 3.1, 5)."""
    origin, path = _origin(issuer), urlsplit(issuer).path.rstrip("/")
    yield f"{origin}/.well-known/oauth-authorization-server{path}"
    yield f"{origin}/.well-known/openid-configuration{path}"
    if path:
        yield f"{origin}{path}/.well-known/openid-configuration"


def _issuer_of(resource: Mapping[str, Any]) -> str:
    named = _list(resource.get("authorization_servers"))
    if not named or not isinstance(named[0], str) or not origin_of(named[0]):
        raise _not("its metadata names no authorization server")
    parts = urlsplit(named[0])
    if parts.query or parts.fragment:
        raise _not("its metadata names no authorization server that can be used")
    return str(named[0])


def _covers(resource: object, url: str) -> bool:
    """Whether a resource is the MCP endpoint, or what it is a part of."""
    if not isinstance(resource, str) or origin_of(resource) != origin_of(url):
        return False
    whole, part = urlsplit(resource).path.rstrip("/"), urlsplit(url).path.rstrip("/")
    return part == whole or part.startswith(f"{whole}/")


def _resource_of(about: Mapping[str, Any], url: str) -> str:
    resource = about.get("resource")
    return resource if isinstance(resource, str) else url


def clean_scopes(named: object) -> tuple[str, ...]:
    """Return scopes out of an answer: each once, in their form, and not too many."""
    words = (word for word in _list(named) if isinstance(word, str) and _SCOPE.fullmatch(word))
    return tuple(dict.fromkeys(words))[:_MOST_SCOPES]


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
