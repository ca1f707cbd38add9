"""Which redirect addresses a client may register, and how a requested one is compared.

Sources: RFC 6749 3.1.2, RFC 8252 7 and 8.3-8.4, RFC 9700 2.1 and 4.1, MCP authorization.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from xerus.oauth.errors import OAuthError
from xerus.oauth.scopes import printable

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

# Private schemes of desktop clients that cannot listen on a port: exact addresses only, because
# any program on a machine may claim a scheme.
PRIVATE = frozenset(
    {
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "cursor://anysphere.cursor-retrieval/oauth/callback",
    }
)

_LONGEST = 2000
_PLAIN = re.compile(r"[!-~]+")  # printable ASCII without space: no IDN look-alikes, no controls
_HOST = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?"
)
# urlsplit() takes what stands behind the brackets of an IPv6 address for nothing.
_AUTHORITY = re.compile(r"(\[[^\[\]]+\]|[^\[\]:]+)(:[0-9]+)?")
_HEX = re.compile(r"0x[0-9a-f]*")
_TRICKS = re.compile(r"%(2f|5c|00|0a|0d|09|25)", re.IGNORECASE)
_DOTS = re.compile(r"/(\.|%2e){1,2}(/|;|$)", re.IGNORECASE)
_PORT = re.compile(r"^(https?://(?:\[[^\]]*\]|[^/?:]*)):[0-9]+")


@dataclass(frozen=True, kw_only=True)
class RedirectPolicy:
    """What may be registered beyond loopback addresses.

    Attributes:
        private: exact addresses with a private scheme.
        https_hosts: the https hosts allowed; None allows every one, because the consent page
            names the host before anything is sent there.
    """

    private: frozenset[str] = PRIVATE
    https_hosts: frozenset[str] | None = None

    def check(self, uri: str) -> None:
        """Accept an address for registration.

        Raises:
            OAuthError: `invalid_redirect_uri`, with what is wrong.
        """
        if uri in self.private:
            return
        problem = _form(uri) or self._place(urlsplit(uri))
        if problem:
            raise OAuthError("invalid_redirect_uri", f"{printable(uri)}: {problem}")

    def _place(self, parts: SplitResult) -> str:
        host = parts.hostname or ""
        if parts.scheme not in {"http", "https"}:
            return "this private scheme is not on the server's list; use https or a loopback URL"
        if host in LOOPBACK_HOSTS:
            return ""
        if parts.scheme == "http":
            return "plain http is only for loopback (localhost, 127.0.0.1, [::1]); use https"
        if _HOST.fullmatch(host) is None or _is_odd_number(host):
            return "the host name is not valid"
        if self.https_hosts is not None and host not in self.https_hosts:
            return "this host is not on the server's list"
        return ""


def _is_odd_number(host: str) -> bool:
    """Tell whether browsers would read a host as an IPv4 address that it does not look like."""
    # WHATWG URL, "ends in a number": https://2130706433 is 127.0.0.1, and the consent page would
    # name a destination that nobody can judge.
    last = host.rpartition(".")[2]
    if not (last.isdecimal() or _HEX.fullmatch(last)):
        return False
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return True
    return False


def _form(uri: str) -> str:
    """Return what is wrong with the form of an address, '' if nothing is."""
    if len(uri) > _LONGEST:
        return "longer than 2000 characters"
    if _PLAIN.fullmatch(uri) is None or "\\" in uri:
        return "white space, control characters, backslashes and non-ASCII are not allowed"
    if "#" in uri:
        return "a fragment is not allowed (RFC 6749 3.1.2)"
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return "not a valid URL"
    return _form_of_parts(uri, parts, port)


def _form_of_parts(uri: str, parts: SplitResult, port: int | None) -> str:
    if not parts.scheme or not uri.startswith(f"{parts.scheme}://"):
        return "must be an absolute URL with a lower-case scheme, such as https://host/path"
    if "@" in parts.netloc:
        return "a user name or password is not allowed"
    if not parts.hostname or parts.netloc != parts.netloc.lower():
        return "needs a host name in lower case"
    if port == 0 or _AUTHORITY.fullmatch(parts.netloc) is None:
        return "the port is not valid"
    if _DOTS.search(parts.path) or _TRICKS.search(parts.path):
        return "dot segments and encoded slashes are not allowed in the path"
    return ""


def matches(requested: str, registered: str) -> bool:
    """Compare by the characters; a loopback address may differ in its port (RFC 8252 7.3)."""
    if requested == registered:
        return True
    if not is_loopback(registered) or _form(requested):
        return False
    return _without_port(requested) == _without_port(registered)


def is_loopback(uri: str) -> bool:
    """Tell whether an address that passed the form check leads to the person's own machine."""
    parts = urlsplit(uri)
    return parts.scheme in {"http", "https"} and parts.hostname in LOOPBACK_HOSTS


def shown_host(uri: str) -> str:
    """Return what the consent page names as the destination."""
    parts = urlsplit(uri)
    if parts.scheme in {"http", "https"}:
        return parts.hostname or ""
    return f"{parts.scheme}://{parts.netloc}"


def _without_port(uri: str) -> str:
    return _PORT.sub(r"\1", uri, count=1)
