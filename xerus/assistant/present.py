"""What a person is shown of a call before they approve it, and as whom it would be made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mcp.client.client import Client

from xerus.assistant.changes import Preview
from xerus.assistant.lacking import Lacking
from xerus.assistant.policies import Key, scopes_of
from xerus.assistant.previews.built import built
from xerus.assistant.previews.reading import NotConnected, Reader
from xerus.atlassian.credentials import SiteUnknown
from xerus.tools.untrusted import one_line

_STATUS = "connection_status"
_UNUSABLE = frozenset({"not_connected", "connecting", "needs_reconnect", "disconnected"})
_CHOOSING = "choosing_site"

__all__ = ["NotConnected", "Presented", "SiteUnknown", "account_of", "present"]


@dataclass(frozen=True, kw_only=True)
class Presented:
    """A preview, and the accounts at Atlassian that the call could be made as."""

    preview: Preview
    account: str


async def present(client: Client, key: Key, arguments: Mapping[str, Any]) -> Presented:
    """Return what approving a call would do.

    Raises:
        NotConnected: the call cannot succeed before Atlassian is connected, or grants more.
        SiteUnknown: it cannot either, for it names no site, and of several none is chosen.
    """
    status = await Reader(client).read(_STATUS)
    if all(one.get("state") in _UNUSABLE for one in _each(status)):
        raise NotConnected(Lacking())
    if missing := _missing(status, key):
        raise NotConnected(Lacking(scopes=missing))
    if status.get("state") == _CHOOSING and not (status.get("others") or arguments.get("site")):
        raise SiteUnknown(None, [str(site.get("name")) for site in status.get("sites", ())])
    return Presented(preview=await built(client, key, arguments), account=_account(status))


async def account_of(client: Client) -> str:
    """Return as whom calls would be made now; '' where that is unknown."""
    return _account(await Reader(client).read(_STATUS))


def _each(status: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return (status, *status.get("others", ()))


def _account(status: Mapping[str, Any]) -> str:
    usable = (one for one in _each(status) if one.get("state") not in _UNUSABLE)
    emails = dict.fromkeys(one_line(str(one.get("account_email") or "")) for one in usable)
    return ", ".join(filter(None, emails))


def _missing(status: Mapping[str, Any], key: Key) -> tuple[str, ...]:
    """Return the scopes that a tool needs and the only connection lacks."""
    granted = frozenset(status.get("scopes") or ())
    if status.get("others") or status.get("credential") != "user" or not granted:
        return ()
    return tuple(sorted(scopes_of(key) - granted)) if granted & {"read:me"} else ()
