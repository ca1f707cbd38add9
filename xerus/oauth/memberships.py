"""The groups of a person who is in more than a token of Entra ID names, asked of Microsoft Graph."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from xerus.egress.client import Egress, origin_of
from xerus.errors import EgressRefused, UpstreamUnavailable

GRAPH_OF = {
    "login.microsoftonline.com": "https://graph.microsoft.com",
    "login.microsoftonline.us": "https://graph.microsoft.us",
    "login.partner.microsoftonline.cn": "https://microsoftgraph.chinacloudapi.cn",
}
"""Where Graph is, by the host of the issuer."""
_MAY_READ = frozenset({"user.read", "groupmember.read.all"})
_PATH = "/v1.0/me/transitiveMemberOf?$select=id&$top=999"
_OK = 200
_MOST_PAGES = 20
_DEADLINE_SECONDS = 10.0
_MAX_BYTES = 2**20


def may_read(scopes: object) -> bool:
    """Tell whether an access token with these scopes may ask Graph for its person's groups."""
    names = str(scopes or "").lower().split()
    return not _MAY_READ.isdisjoint(name.rpartition("/")[2] for name in names)


async def memberships(egress: Egress, graph_url: str, token: SecretStr) -> frozenset[str] | None:
    """Return the ids of every group that the token's person is in; None where Graph refuses.

    Args:
        egress: the way out.
        graph_url: any address at Graph, such as that of its userinfo.
        token: the person's access token for Graph.

    Raises:
        UpstreamUnavailable: no whole answer.
    """
    url, found = f"{origin_of(graph_url)}{_PATH}", set[str]()
    for _ in range(_MOST_PAGES):
        page = await _page(egress, url, token)
        if page is None:
            return None
        rows = page.get("value")
        found.update(str(row["id"]) for row in _rows(rows) if "id" in row)
        following = str(page.get("@odata.nextLink") or "")
        if not following:
            return frozenset(found)
        if origin_of(following) != origin_of(url):
            return None  # the token goes to Graph and to nowhere else
        url = following
    return None


async def _page(egress: Egress, url: str, token: SecretStr) -> Mapping[str, Any] | None:
    try:
        reply = await egress.request(
            "GET",
            url,
            headers={
                "Authorization": f"Bearer {token.get_secret_value()}",
                "Accept": "application/json",
            },
            deadline=_DEADLINE_SECONDS,
            max_bytes=_MAX_BYTES,
        )
    except EgressRefused:
        return None
    if reply.status in {400, 401, 403, 404}:
        return None
    answer = reply.json() if reply.status == _OK else None
    if not isinstance(answer, Mapping):
        raise UpstreamUnavailable(
            "Microsoft Graph cannot say which groups you are in.",
            hint="Try again in a minute.",
            upstream_status=reply.status,
        )
    return answer


def _rows(value: object) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
