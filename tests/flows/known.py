"""Values that are good at this moment, to be put into generated requests to the OAuth front.

A generated client id or code is never one that exists, so that without these every request would
end at the first check. Each is as somebody has it who plays by the rules; most are used up by a
request that does, too, so they are made anew now and then.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.flows.front_door.door import CALLBACK, Attempt, query_of
from tests.support.browser import Browser, LeftTheWorld
from tests.support.journeys import ADA
from tests.support.served import Served
from tests.support.stack import Xerus


@dataclass
class Known:
    """By the names of parameters, and of headers."""

    values: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def some(self, numbers: frozenset[int]) -> "Known":
        """Return those of these numbers."""
        kept = {name for n, name in enumerate([*self.values, *self.headers]) if n in numbers}
        return Known(
            {name: value for name, value in self.values.items() if name in kept},
            {name: value for name, value in self.headers.items() if name in kept},
        )


@dataclass
class _Visit:
    """A client that has just been registered and a person who has not been asked yet."""

    registration: dict[str, Any]
    attempt: Attempt
    browser: Browser
    turn: int

    @property
    def client(self) -> dict[str, Any]:
        return {"client_id": self.attempt.client_id}

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.registration['registration_access_token']}"}

    @property
    def cookies(self) -> dict[str, str]:
        jar = self.browser.http.cookies.jar
        return {"Cookie": "; ".join(f"{one.name}={one.value}" for one in jar)}


async def known(xerus: Xerus, label: str, turn: int) -> Known:
    """Return what is good in an operation; of what there are two kinds, one in each turn."""
    make = _MAKERS.get(label)
    if make is None:
        return Known()
    async with Served(xerus=xerus) as served, Browser(stops_at=(CALLBACK,)) as browser:
        metadata = {"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"}
        answer = await served.http.post(f"{served.url}/oauth/register", json=metadata)
        assert answer.status_code == 201, answer.text
        attempt = Attempt(served, answer.json()["client_id"])
        return await make(_Visit(answer.json(), attempt, browser, turn))


async def _metadata(_: _Visit) -> Known:
    return Known({"redirect_uris": [CALLBACK]})


async def _registration(visit: _Visit) -> Known:
    return Known(visit.client, visit.bearer)


async def _replacement(visit: _Visit) -> Known:
    return Known({**visit.client, "redirect_uris": [CALLBACK]}, visit.bearer)


async def _request(visit: _Visit) -> Known:
    return Known(query_of(visit.attempt.url()))


async def _decision(visit: _Visit) -> Known:
    page = await visit.browser.open(visit.attempt.url())
    return Known({**page.forms[-1].fields, "decision": "allow"}, visit.cookies)


async def _sign_in(visit: _Visit) -> Known:
    visit.browser.stops_at = (f"{visit.attempt.door.url}/oauth/callback",)
    await visit.browser.open(visit.attempt.url())
    try:
        await visit.browser.click("Allow")
        await visit.browser.click(ADA)
    except LeftTheWorld as left:
        return Known(query_of(left.url), visit.cookies)
    raise AssertionError(visit.browser.page.text)


async def _grant(visit: _Visit) -> Known:
    attempt = visit.attempt
    if visit.turn % 2:
        tokens = await attempt.tokens(visit.browser, ADA)
        renewal = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        return Known({**visit.client, **renewal})
    redemption = {
        "grant_type": "authorization_code",
        "code": (await attempt.answer(visit.browser, ADA))["code"],
        "code_verifier": attempt.verifier,
        "redirect_uri": attempt.redirect_uri,
    }
    return Known({**visit.client, **redemption})


async def _token(visit: _Visit) -> Known:
    tokens = await visit.attempt.tokens(visit.browser, ADA)
    return Known(
        {**visit.client, "token": tokens["access_token" if visit.turn % 2 else "refresh_token"]}
    )


_MAKERS: dict[str, Callable[[_Visit], Awaitable[Known]]] = {
    "POST /oauth/register": _metadata,
    "POST /register": _metadata,
    "GET /oauth/register/{client_id}": _registration,
    "PUT /oauth/register/{client_id}": _replacement,
    "DELETE /oauth/register/{client_id}": _registration,
    "GET /oauth/authorize": _request,
    "GET /authorize": _request,
    "POST /oauth/authorize": _decision,
    "GET /oauth/callback": _sign_in,
    "POST /oauth/token": _grant,
    "POST /token": _grant,
    "POST /oauth/revoke": _token,
}
