"""The sites that a grant reaches, and finding one of them by what a person calls it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from xerus.atlassian.credentials import Product, ProductUnavailable, SiteUnknown
from xerus.ids import CloudId

_CLOUD_ID = re.compile(r"[0-9A-Za-z-]{1,80}")
_WEB_ADDRESS = re.compile(r"https?://[!-~]+")


@dataclass(frozen=True, kw_only=True)
class GrantedSite:
    """A site as stored with the connection."""

    cloud_id: CloudId
    name: str
    url: str
    products: frozenset[Product]

    def to_json(self) -> dict[str, Any]:
        """Return the stored form."""
        return {
            "cloud_id": self.cloud_id,
            "name": self.name,
            "url": self.url,
            "products": sorted(self.products),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "GrantedSite":
        """Read the stored form back."""
        return cls(
            cloud_id=CloudId(stored["cloud_id"]),
            name=stored["name"],
            url=stored["url"],
            products=frozenset(Product(product) for product in stored["products"]),
        )


def merge_resources(resources: Iterable[Any]) -> tuple[GrantedSite, ...]:
    """Read an accessible-resources answer: one id may come several times, once per product.

    The products of a site follow from the scopes of its entries. Entries without an id, or with
    one that could name another path, are passed over; order is kept.
    """
    merged: dict[str, GrantedSite] = {}
    for entry in resources:
        cloud_id = str(entry.get("id") or "") if isinstance(entry, dict) else ""
        if not _CLOUD_ID.fullmatch(cloud_id):
            continue
        known = merged.get(cloud_id)
        products = products_of(entry.get("scopes") or ())
        merged[cloud_id] = GrantedSite(
            cloud_id=CloudId(cloud_id),
            name=known.name if known else str(entry.get("name") or cloud_id),
            url=known.url if known else _web_address(entry.get("url")),
            products=products | (known.products if known else frozenset()),
        )
    return tuple(merged.values())


def _web_address(value: object) -> str:
    """Return an address that links may begin with, '' for one that is no web address."""
    url = str(value or "").rstrip("/")
    return url if _WEB_ADDRESS.fullmatch(url) else ""


def products_of(scopes: Iterable[str]) -> frozenset[Product]:
    """Return the products that these scopes speak of, by the product's name in the scope."""
    return frozenset(product for product in Product for scope in scopes if product in scope)


def find_site(
    sites: Sequence[GrantedSite], asked: str | None, chosen: CloudId | None
) -> GrantedSite:
    """Return the site asked for by name, URL, host or cloud id, or else the chosen one.

    Raises:
        SiteUnknown: there is none of that name, or several and none is chosen.
    """
    wanted = _plain(asked) if asked else _plain(chosen or "")
    for site in sites:
        if wanted and wanted in _names(site):
            return site
    raise SiteUnknown(asked, [site.name for site in sites])


def require_product(
    site: GrantedSite, product: Product, sites: Sequence[GrantedSite]
) -> GrantedSite:
    """Return `site` if it has the product.

    Raises:
        ProductUnavailable: it has not; the hint names the sites that do.
    """
    if product in site.products:
        return site
    others = [other.name for other in sites if product in other.products]
    raise ProductUnavailable(
        f"The site {site.name!r} has no {product.value.title()} for this connection.",
        hint=f"Sites that have it: {', '.join(others)}. Pass one as `site`."
        if others
        else "No site of this connection has it.",
    )


def _names(site: GrantedSite) -> set[str]:
    names = {_plain(site.cloud_id), _plain(site.name), _plain(site.url)}
    address = urlsplit(site.url)
    # A host alone names a site only where no path tells sites of one host apart.
    return names if address.path.strip("/") else names | {_plain(address.netloc)}


def _plain(text: str) -> str:
    return text.strip().rstrip("/").casefold()
