"""Requests to a key management service: few tries, short deadlines, and failures told apart."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from xerus.egress.client import Egress, Reply, origin_of
from xerus.errors import NotConfigured, Unavailable, UpstreamUnavailable

_MAX_BYTES = 64 * 2**10
_AWAY = frozenset({408, 412, 429, 472, 473})
"""Beside 5xx. 412, 472 and 473 are Vault's: a replica that is behind, or does not answer."""
_FAILED = 500
_LONGEST_WAIT = 3.0


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a call goes on.

    Attributes:
        attempt_seconds: deadline of one request.
        pauses: seconds before the second request, the third, and so on.
        rest_seconds: how long nothing is asked after all of them failed, so that a service that is
            away does not slow down what works without it.
    """

    attempt_seconds: float = 4.0
    pauses: tuple[float, ...] = (0.25, 1.0)
    rest_seconds: float = 10.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the service said: a status, and the members of a JSON object."""

    status: int
    body: Mapping[str, Any] = field(repr=False)

    @property
    def sound(self) -> bool:
        """Whether the service did what it was asked for."""
        return self.status == 200  # noqa: PLR2004

    def text(self, name: str) -> str:
        """Return a member that is a text, '' where there is none."""
        value = self.body.get(name)
        return value if isinstance(value, str) else ""

    def part(self, name: str) -> Mapping[str, Any]:
        """Return a member that is an object, an empty one where there is none."""
        value = self.body.get(name)
        return value if isinstance(value, dict) else {}


def _from_json(body: bytes) -> object:
    try:
        return orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        return None


class Calls:
    """Sends requests to one service, called `title` in messages."""

    def __init__(
        self,
        egress: Egress,
        *,
        title: str,
        patience: Patience,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._egress = egress
        self._title = title
        self._patience = patience
        self._monotonic = monotonic
        self._rests_until = 0.0

    async def send(
        self,
        url: str,
        body: bytes,
        headers: Callable[[], Mapping[str, str]],
        *,
        passing: Callable[[Answer], str] = lambda _: "",
        read: Callable[[bytes], object] = _from_json,
    ) -> Answer:
        """Send a POST until there is an answer that a repetition would not change.

        Args:
            url: where to.
            body: what to send.
            headers: made anew for each try: signatures bear the time.
            passing: tells, as the end of a sentence, why an answer is only about the moment.
            read: makes the members of an answer out of its body; what it makes of one that is not
                the service's is no mapping.

        Raises:
            NotConfigured: what is to go into a header holds a line break.
            Unavailable: no such answer, or nothing has been asked for a while after the last.
        """
        if self._monotonic() < self._rests_until:
            raise self._away(url, "did not answer a moment ago")
        why = ""
        for pause in (*self._patience.pauses, None):
            wait = 0.0
            try:
                reply = await self._egress.request(
                    "POST",
                    url,
                    headers=self._sendable(headers()),
                    body=body,
                    deadline=self._patience.attempt_seconds,
                    max_bytes=_MAX_BYTES,
                )
            except UpstreamUnavailable as error:
                why = _told(error)
            else:
                answer = _answer(reply, read)
                if answer is None:
                    why = f"answers with status {reply.status} and not as it should"
                elif _over(answer) or passing(answer):
                    why = f"answers with status {answer.status}{passing(answer)}"
                    wait = _asked_wait(reply)
                else:
                    return answer
            if pause is not None:
                await asyncio.sleep(min(max(pause, wait), _LONGEST_WAIT))
        self._rests_until = self._monotonic() + self._patience.rest_seconds
        raise self._away(url, why)

    def _sendable(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        if not all(value.isprintable() for value in headers.values()):
            raise NotConfigured(
                f"A credential or a name for {self._title} holds a line break.",
                hint="Look into the settings and files of the key provider: each holds one line.",
            )
        return headers

    def _away(self, url: str, why: str) -> Unavailable:
        return Unavailable(
            f"{self._title} {why}.",
            code="key_provider_away",
            hint=f"Check that {origin_of(url)} is its address, that this machine reaches it, and that "
            "no proxy answers in its place. Processes that run go on with the keys they have.",
            debug=f"{self._title} {why}",
        )


def _told(error: UpstreamUnavailable) -> str:
    match error.code:
        case "upstream_timeout":
            return "does not answer in time"
        case "upstream_too_large":
            return "answers with more than Xerus reads"
    if "Certificate" in error.debug:
        return "has a certificate that this machine does not trust (SSL_CERT_FILE names more)"
    return "cannot be reached"


def _answer(reply: Reply, read: Callable[[bytes], object]) -> Answer | None:
    body = read(reply.body)
    return Answer(status=reply.status, body=body) if isinstance(body, dict) else None


def _over(answer: Answer) -> bool:
    return answer.status >= _FAILED or answer.status in _AWAY


def _asked_wait(reply: Reply) -> float:
    after = reply.headers.get("Retry-After", "")
    return float(after) if after.isascii() and after.isdigit() else 0.0
