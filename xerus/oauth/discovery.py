"""The identity provider's metadata and keys, fetched when needed and kept for a while."""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from xerus.clock import Clock
from xerus.egress.client import Egress
from xerus.errors import NotConfigured, UpstreamUnavailable
from xerus.oauth.issuer import IssuerRule
from xerus.oauth.redirect_uri import LOOPBACK_HOSTS

_OK = 200
_METADATA_LIFE = timedelta(hours=12)
_KEYS_LIFE = timedelta(hours=12)
# An unknown key id makes us fetch again, but a flood of forged ids must not become a flood of
# requests at the provider: at most so many in a minute.
_REFILLS = 5
_REFILLS_WITHIN = timedelta(minutes=1)
_DEADLINE_SECONDS = 10.0
_MAX_BYTES = 2**20


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """The part of a discovery document that Xerus uses (OpenID Connect Discovery 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str = ""
    userinfo_endpoint: str = ""


def may_open(url: str) -> bool:
    """Tell whether a browser may be sent to an address out of metadata (CVE-2025-6514)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS
    return plain or (parts.scheme == "https" and bool(parts.hostname))


def _page(url: object) -> str:
    return url if isinstance(url, str) and may_open(url) else ""


class Discovery:
    """Knows one issuer: its endpoints and its signing keys."""

    def __init__(
        self, *, issuer: str, egress: Egress, clock: Clock, tenants: Iterable[str] = ()
    ) -> None:
        self.issuer = issuer
        self.rule = IssuerRule.of(issuer, tenants)
        self._egress = egress
        self._clock = clock
        self._lock = asyncio.Lock()
        self._metadata: tuple[Metadata, datetime] | None = None
        self._keys: tuple[KeySet, datetime] | None = None
        self._refills: deque[datetime] = deque(maxlen=_REFILLS)

    async def metadata(self) -> Metadata:
        """Return the endpoints of the issuer.

        Raises:
            UpstreamUnavailable: the provider does not answer.
            NotConfigured: the document is for another issuer, or incomplete.
        """
        held = self._metadata
        if held is not None and self._clock.now() < held[1]:
            return held[0]
        async with self._lock:
            document = await self._fetch(f"{self.issuer}/.well-known/openid-configuration")
            metadata = self._read(document)
            self._metadata = (metadata, self._clock.now() + _METADATA_LIFE)
        return metadata

    async def key(self, kid: str) -> Key | None:
        """Return the signing key with an id, asking the provider again if it is not known.

        Raises:
            UpstreamUnavailable: no keys are known and the provider does not answer.
        """
        found = self._find(kid)
        if found is not None and not self._older_than(_KEYS_LIFE):
            return found
        metadata = await self.metadata()
        async with self._lock:
            if self._find(kid) is None or self._older_than(_KEYS_LIFE):
                await self._refill(metadata, known=found)
        return self._find(kid)

    async def _refill(self, metadata: Metadata, *, known: Key | None) -> None:
        now = self._clock.now()
        if len(self._refills) == _REFILLS and now - self._refills[0] < _REFILLS_WITHIN:
            return
        self._refills.append(now)
        try:
            keys = KeySet.import_key_set(await self._fetch(metadata.jwks_uri))
        except UpstreamUnavailable:
            if known is None:
                raise
            return
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise UpstreamUnavailable(
                "The identity provider's keys cannot be read.",
                hint="Try again in a minute.",
                debug=type(error).__name__,
            ) from error
        self._keys = (keys, self._clock.now())

    def _find(self, kid: str) -> Key | None:
        if self._keys is None:
            return None
        return next((key for key in self._keys[0] if key.kid == kid), None)

    def _older_than(self, age: timedelta) -> bool:
        return self._keys is None or self._clock.now() >= self._keys[1] + age

    async def _fetch(self, url: str) -> Any:
        reply = await self._egress.request(
            "GET", url, deadline=_DEADLINE_SECONDS, max_bytes=_MAX_BYTES
        )
        if reply.status != _OK:
            raise UpstreamUnavailable(
                "The identity provider does not answer as expected.",
                hint="Try again in a minute. An administrator can check ENTRA_ID_EXPECTED_ISSUER.",
                debug=f"{url}: status {reply.status}",
                upstream_status=reply.status,
            )
        return reply.json()

    def _read(self, document: object) -> Metadata:
        # OpenID Connect Discovery 4.3: the issuer must be the one that was asked for.
        if not isinstance(document, Mapping) or document.get("issuer") != self.rule.template:
            raise NotConfigured(
                "The identity provider names another issuer than the configured one.",
                hint="Set ENTRA_ID_EXPECTED_ISSUER to the `issuer` of its discovery document.",
            )
        if not may_open(str(document.get("authorization_endpoint"))):
            raise NotConfigured(
                "The identity provider's authorization endpoint is not an https address.",
                hint="Check ENTRA_ID_EXPECTED_ISSUER.",
            )
        try:
            return Metadata(
                issuer=self.issuer,
                authorization_endpoint=str(document["authorization_endpoint"]),
                token_endpoint=str(document["token_endpoint"]),
                jwks_uri=str(document["jwks_uri"]),
                end_session_endpoint=_page(document.get("end_session_endpoint")),
                userinfo_endpoint=_page(document.get("userinfo_endpoint")),
            )
        except KeyError as error:
            raise NotConfigured(
                f"The identity provider's discovery document lacks {error}.",
                hint="Check ENTRA_ID_EXPECTED_ISSUER.",
            ) from error
