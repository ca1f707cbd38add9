"""The three ways into the products: gateway, a site's own address, Data Center.

A door decides from path and credential which product, site and person a request is for, or refuses
it with the body that the real system gives there.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from xerus_sandbox.accounts import (
    API_TOKENS,
    BY_EMAIL,
    PATS,
    SCOPED_API_TOKENS,
    SCOPES_OF_API_TOKENS,
    SITES_OF,
    cloud_sites,
    data_center_sites,
)
from xerus_sandbox.atlassian.dc_grants import DataCenterGrants
from xerus_sandbox.atlassian.oauth_grants import Grants
from xerus_sandbox.log import Note
from xerus_sandbox.operations import Account, Deployment, Product, Site

_GATEWAY_SEGMENTS = 4


@dataclass(frozen=True, kw_only=True)
class Entrance:
    """A request that was let in."""

    product: Product
    deployment: Deployment
    site: Site
    account: Account
    path: str
    """Relative to the product's base, percent-encoded."""
    scopes: frozenset[str] | None
    """None where scopes do not apply."""


class Refused(Exception):
    """A request that was not let in: status and JSON body."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


@dataclass(frozen=True, kw_only=True)
class Credential:
    """Who a header says the caller is; no account when it is not valid."""

    kind: Literal["oauth", "basic", "pat", "none"]
    account: Account | None = None
    scopes: frozenset[str] | None = None
    """None where scopes do not apply: such a credential is worth nothing at the gateway."""
    sites: tuple[str, ...] = ()
    data_center: Product | None = None
    """The Data Center product whose application link gave it."""


class Doors:
    """Lets requests in."""

    def __init__(
        self,
        grants: Grants,
        data_center: Mapping[Product, DataCenterGrants],
        base_url: str,
    ) -> None:
        self._grants = grants
        self._links = data_center
        self._cloud = cloud_sites(base_url)
        self._by_cloud_id = {site.cloud_id: site for site in self._cloud.values()}
        self._data_center = data_center_sites(base_url)

    def credential(self, authorization: str) -> Credential:
        """Read an Authorization header."""
        scheme, _, value = authorization.partition(" ")
        match scheme.lower():
            case "basic":
                return _basic(value.strip())
            case "bearer":
                return self._bearer(value.strip())
            case _:
                return Credential(kind="none")

    def _bearer(self, token: str) -> Credential:
        for email, pat in PATS.items():
            if hmac.compare_digest(pat.encode(), token.encode()):
                return Credential(kind="pat", account=BY_EMAIL[email])
        for product, link in self._links.items():
            if found := link.admit(token):
                return Credential(
                    kind="oauth",
                    account=BY_EMAIL[found.email],
                    scopes=found.scopes,
                    data_center=product,
                )
        admission = self._grants.admit(token)
        if admission is None:
            return Credential(kind="oauth")
        return Credential(
            kind="oauth",
            account=BY_EMAIL[admission.email],
            scopes=admission.scopes,
            sites=admission.sites,
        )

    def enter(self, encoded_path: str, authorization: str, note: Note) -> Entrance:
        """Let a request in.

        Raises:
            Refused: unknown address, bad credential, or no access to the site.
        """
        credential = self.credential(authorization)
        note.credential = credential.kind
        note.account = credential.account.email if credential.account else None
        match encoded_path.split("/", _GATEWAY_SEGMENTS)[1:]:
            case ["ex", ("jira" | "confluence") as product, cloud_id, rest]:
                return self._gateway(product, cloud_id, "/" + rest, credential)
            case ["site", name, *rest] if name in self._cloud:
                return self._site(self._cloud[name], "/" + "/".join(rest), credential)
            case ["dc", ("jira" | "confluence") as product, *rest]:
                return self._dc(product, "/" + "/".join(rest), credential)
            case _:
                raise Refused(404, {"code": 404, "message": "Not Found"})

    def _gateway(
        self, product: Product, cloud_id: str, path: str, credential: Credential
    ) -> Entrance:
        if credential.scopes is None or credential.account is None or credential.data_center:
            raise Refused(401, {"code": 401, "message": "Unauthorized"})
        site = self._by_cloud_id.get(cloud_id)
        if site is None or site.name not in credential.sites or product not in site.products:
            raise Refused(404, {"code": 404, "message": "No message available"})
        return Entrance(
            product=product,
            deployment="cloud",
            site=site,
            account=credential.account,
            path=path,
            scopes=credential.scopes,
        )

    def _site(self, site: Site, path: str, credential: Credential) -> Entrance:
        product: Product = "confluence" if path.startswith("/wiki/") else "jira"
        # A 3LO token or an API token with scopes is worth nothing on a site's own address (facts b5).
        is_basic = credential.kind == "basic" and credential.scopes is None
        if not is_basic or credential.account is None:
            raise Refused(401, _not_authenticated(product))
        if product not in site.products:
            raise Refused(404, {"code": 404, "message": "Not Found"})
        if site.name not in SITES_OF[credential.account.email]:
            raise Refused(403, _not_permitted(product))
        return Entrance(
            product=product,
            deployment="cloud",
            site=site,
            account=credential.account,
            path=path,
            scopes=None,
        )

    def _dc(self, product: Product, path: str, credential: Credential) -> Entrance:
        is_meant = credential.kind == "pat" or credential.data_center == product
        if not is_meant or credential.account is None:
            raise Refused(401, _not_authenticated(product))
        return Entrance(
            product=product,
            deployment="dc",
            site=self._data_center[product],
            account=credential.account,
            path=path,
            scopes=credential.scopes,
        )


def _basic(value: str) -> Credential:
    try:
        email, _, token = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return Credential(kind="basic")
    if _is(SCOPED_API_TOKENS.get(email), token):
        return Credential(
            kind="basic",
            account=BY_EMAIL[email],
            scopes=frozenset(SCOPES_OF_API_TOKENS),
            sites=SITES_OF[email],
        )
    good = _is(API_TOKENS.get(email), token)
    return Credential(kind="basic", account=BY_EMAIL[email] if good else None)


def _is(known: str | None, token: str) -> bool:
    return known is not None and hmac.compare_digest(known.encode(), token.encode())


def _not_authenticated(product: Product) -> dict[str, Any]:
    text = "Client must be authenticated to access this resource."
    if product == "jira":
        return {"errorMessages": [text], "errors": {}}
    return {"statusCode": 401, "message": text}


def _not_permitted(product: Product) -> dict[str, Any]:
    text = f"Current user not permitted to use {product.capitalize()}"
    if product == "jira":
        return {"errorMessages": [text], "errors": {}}
    return {"statusCode": 403, "message": text}
