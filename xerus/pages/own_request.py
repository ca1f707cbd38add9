"""Whether a page of ours sent a request: by the headers that browsers set and no page can change."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers

_OWN_SITE = frozenset({"same-origin", "none"})
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}


def is_own(headers: Headers, *, public_url: str) -> bool:
    """Tell whether nothing says that another site made the browser send this.

    A second guard beside the token of a form. `Sec-Fetch-Site` is sent over https and to loopback,
    `Origin` with what changes something (Fetch standard, 3.2), neither by a program; each that is
    there has to be ours. `Origin: null` is not: frames in a sandbox and redirects by way of another
    site send it, the forms of our pages do not.
    """
    sites, origins = headers.getlist("sec-fetch-site"), headers.getlist("origin")
    return _OWN_SITE.issuperset(sites) and {_origin_of(public_url)}.issuperset(origins)


def _origin_of(public_url: str) -> str:
    """Return an origin as browsers write it: lower case, without the port that goes without saying."""
    parts = urlsplit(public_url.lower())
    return f"{parts.scheme}://{parts.netloc.removesuffix(_DEFAULT_PORTS[parts.scheme])}"
