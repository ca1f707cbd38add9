"""What answers, and answers that do not come, tell of the way between a client and Xerus."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Literal
from urllib.parse import urlsplit

import orjson

from xerus.egress.client import Reply
from xerus.errors import UpstreamUnavailable

SECONDS = 8.0
"""How long a step waits."""
NO_ANSWER = "No answer"
"""How what is said begins where nothing came back."""

State = Literal["ok", "warn", "failed", "skipped"]


class Unlike(Exception):
    """A step did not go as it should."""

    def __init__(self, said: str, cause: str, remedy: str, *, state: State = "failed") -> None:
        super().__init__(said)
        self.said, self.cause, self.remedy, self.state = said, cause, remedy, state


def unreachable(error: UpstreamUnavailable) -> Unlike:
    """Return what a request that brought no answer tells."""
    why = type(error.__cause__).__name__
    if "DNS" in why:
        return Unlike(
            f"{NO_ANSWER}: the name is not known here.",
            "This machine does not resolve the host of the public URL.",
            "Check XERUS_PUBLIC_URL and the DNS of this machine.",
        )
    if "SSL" in why or "Certificate" in why:
        return Unlike(
            f"{NO_ANSWER}: TLS failed.",
            "The certificate is expired, for another name, or of an authority this machine does "
            "not know. Clients that know the authority may still get through.",
            "Renew the certificate, or name your authority in SSL_CERT_FILE.",
        )
    if error.code == "upstream_timeout":
        return Unlike(
            f"{NO_ANSWER} in {SECONDS:.0f} seconds.",
            "A firewall drops the request, or this machine cannot reach its own public address.",
            "Let this machine reach the public URL, or test from a client's machine.",
        )
    return Unlike(
        f"{NO_ANSWER}: the connection was refused or broken off.",
        "Nothing listens at the public URL as seen from this machine.",
        "Start the proxy, or check host and port of XERUS_PUBLIC_URL.",
    )


def document(reply: Reply, path: str) -> Mapping[str, object]:
    """Return the JSON object of a 200, or raise what the answer tells instead."""
    if reply.status != HTTPStatus.OK:
        raise odd(reply, f"{path} was expected")
    try:
        found = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise Unlike(
            "Answered with 200 and something that is no JSON.",
            "Not Xerus answers but something before it: a sign-in page, or a site of its own.",
            f"Let {path} pass to Xerus.",
        )
    return found


_GATEWAY = "Let /mcp, /oauth and /.well-known pass."
_CLOSED = ("A gateway or firewall before Xerus refuses the request.", _GATEWAY)
_ELSEWHERE = (
    "The path does not reach Xerus, or no process with that role runs.",
    "Forward the whole host without changing paths; see the roles of xerus serve.",
)
_BEHIND = (
    "The proxy does not reach Xerus, or Xerus is not ready.",
    "Look at /readyz, and at the proxy's upstream address and port.",
)
_STATUSES = {
    **dict.fromkeys((401, 403), _CLOSED),
    **dict.fromkeys((404, 405), _ELSEWHERE),
    421: (
        "The Host header does not arrive as the public URL has it.",
        "Let the proxy pass Host on (nginx: proxy_set_header Host $host).",
    ),
    429: ("Too many requests in this minute.", "Wait a minute, test again."),
    **dict.fromkeys((502, 503, 504), _BEHIND),
}


def odd(reply: Reply, expected: str) -> Unlike:
    """Return what an answer with an unexpected status tells."""
    if 300 <= reply.status < 400:  # noqa: PLR2004 - redirects
        host = urlsplit(reply.headers.get("Location", "")).hostname or "another address"
        return Unlike(
            f"Redirected to {host}.",
            "A gateway before Xerus asks for a sign-in of its own, or moves http to https.",
            f"{_GATEWAY} Name the https address in XERUS_PUBLIC_URL.",
        )
    cause, remedy = _STATUSES.get(
        reply.status, ("Something before Xerus changes the answer.", "Look at its log.")
    )
    return Unlike(f"Answered with {reply.status}; {expected}.", cause, remedy)


def is_oauth_error(reply: Reply) -> bool:
    """Tell whether an answer is an error of OAuth (RFC 6749 5.2), as nothing but Xerus sends it."""
    try:
        found = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(found, dict) and isinstance(found.get("error"), str)


def short(value: object) -> str:
    """Return what another server sent as it may stand in a sentence."""
    return str(value)[:100] if value else "nothing"
