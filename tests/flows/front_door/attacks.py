"""Attacks on the front door at any number: small in the tests, whole in `make soak`.

Each is a row of the list of threats. One returns what it counted and raises AssertionError on the
first thing that must not be.
"""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from tests.flows.front_door.door import CALLBACK, Attempt, Door
from tests.support.browser import Browser, LeftTheWorld
from tests.support.journeys import ADA

Told = Callable[[str], None]
"""Shown how far it is."""

_AT_ONCE = 8
_REDEMPTIONS = 12
_RETRIES = 50
_OK, _BAD, _FORBIDDEN = 200, 400, 403
_ISSUED = "grant:code:issued"


async def cross_browser(door: Door, tries: int, told: Told) -> str:
    """Row 8, login CSRF: bring somebody's callback into other browsers."""
    made = await issued_codes(door)
    done = 0
    while done < tries:
        url = await callback_of_ada(door)
        for stranger in (_nobody, _with_cookie_of_its_own, _signed_in, _with_made_up_cookie):
            async with Browser(stops_at=(CALLBACK,)) as browser:
                await stranger(door, browser)
                answer = await browser.http.get(url)
                assert answer.status_code == _FORBIDDEN, (stranger.__name__, answer.text)
                assert "location" not in answer.headers, stranger.__name__
            done += 1
        told(f"{done} of {tries} tries")
    issued = await issued_codes(door) - made
    assert issued == 0, f"{issued} codes were issued"
    return f"{done} cross-browser tries, 0 codes issued"


async def callback_of_ada(door: Door) -> str:
    """Return the address that Ada's browser is sent back to, which it has not opened."""
    attempt = Attempt(door, (await door.register())["client_id"])
    async with Browser(stops_at=(f"{door.url}/oauth/callback",)) as ada:
        await ada.open(attempt.url())
        await ada.click("Allow")
        try:
            await ada.click(ADA)
        except LeftTheWorld as left:
            return left.url
        raise AssertionError(ada.page.text)


async def _nobody(door: Door, browser: Browser) -> None:
    del door, browser


async def _with_cookie_of_its_own(door: Door, browser: Browser) -> None:
    await browser.open(Attempt(door, (await door.register())["client_id"]).url())
    assert browser.http.cookies[door.cookies.browser_name]


async def _signed_in(door: Door, browser: Browser) -> None:
    await browser.open(f"{door.url}/start")
    await browser.click(ADA)


async def _with_made_up_cookie(door: Door, browser: Browser) -> None:
    browser.http.cookies.set(door.cookies.browser_name, secrets.token_urlsafe(32))


async def confused_deputy(door: Door, clients: int, told: Told) -> str:
    """Row 9: clients that register themselves find a person who is signed in everywhere."""
    assert door.entra is not None
    async with Browser(stops_at=(CALLBACK,)) as ada:
        await ada.open(f"{door.url}/start")
        await ada.click(ADA)
        mark = await door.entra.port.mark()
        foreign = await _consent_form(door, ada, "https://first.example/cb")
        for number in range(clients):
            uri = f"https://evil{number}.example/cb"
            form = await _consent_form(door, ada, uri)
            forged = {**form, "csrf": foreign["csrf"], "decision": "allow"}
            for fields, headers in (
                (forged, {"Origin": door.url}),
                ({"request": form.get("request", ""), "decision": "allow"}, {}),
                ({**form, "decision": "allow"}, {"Sec-Fetch-Site": "cross-site"}),
                ({**form, "decision": "allow"}, {"Origin": f"https://evil{number}.example"}),
            ):
                answer = await ada.http.post(
                    f"{door.url}/oauth/authorize", data=fields, headers=headers
                )
                assert answer.status_code == _FORBIDDEN, (headers, answer.status_code)
                assert "location" not in answer.headers
                assert "refresh" not in answer.headers
            told(f"{number + 1} of {clients} clients")
    asked = [entry["path"] for entry in await door.entra.port.log(mark)]
    assert not asked, f"the provider was asked: {asked[:3]}"
    return f"{clients} registrations beside a live session, 0 requests to the provider"


async def _consent_form(door: Door, browser: Browser, uri: str) -> dict[str, str]:
    reply = await door.register(redirect_uris=[uri])
    page = await browser.open(Attempt(door, reply["client_id"], redirect_uri=uri).url())
    assert urlsplit(page.url).path == "/oauth/authorize", page.url
    assert (urlsplit(uri).hostname or "") in page.text
    return dict(page.forms[-1].fields)


_REGISTERED = (
    CALLBACK,
    "https://client.example/oauth/callback?keep=1",
    "http://localhost:8976/cb",
    "cursor://anysphere.cursor-mcp/oauth/callback",
)
# RFC 8252 7.3 leaves the port of a loopback address free, and nothing else.
_FREE_PORT = re.compile(
    r"http://127\.0\.0\.1(:0*[1-9][0-9]{0,4})?/callback|http://localhost(:0*[1-9][0-9]{0,4})?/cb"
)
_INSERTS = (
    *"/\\@#%.:?;&=*~ \t\r\n\x00é。", "..", "/..", "/../", "/./", "%2e%2e/", "%2f", "%5c", "%00", "%0d%0a",
    "%252f", "@evil.example", "@evil.example/", "evil.example", ".evil.example", "#@evil.example",
    "\\@evil.example", "//evil.example/", "\u0430", "\u2044", "\u3002", "xn--", "[::1]", ":80", "0",
    "https://evil.example/", "javascript:", "?x=1", "&x=1", "\u202e", "%", "%zz", ";a=b",
)  # fmt: skip


def mutants() -> Iterator[str]:
    """Yield addresses that differ from a registered one, the same in every run."""
    seen = set(_REGISTERED)
    for size in (0, 1, 2, 7):
        for uri in _REGISTERED:
            for position in range(len(uri) + 1):
                for insert in ("", *_INSERTS):
                    mutant = uri[:position] + insert + uri[position + size :]
                    if mutant not in seen and not _FREE_PORT.fullmatch(mutant):
                        seen.add(mutant)
                        yield mutant
    for uri in _REGISTERED:
        yield from (uri.upper(), uri.title(), uri * 2, f" {uri}", f"{uri} ", f"{uri}\n")


def spread(count: int) -> list[str]:
    """Return `count` mutants out of all of them."""
    every = list(mutants())
    step = max(1, len(every) // count)
    return list(islice(every[::step], count))


async def redirects(door: Door, count: int, told: Told) -> str:
    """Row 10: ask for an answer at an address that is nearly the registered one."""
    client_id = (await door.register(redirect_uris=list(_REGISTERED)))["client_id"]
    tried = spread(count)

    async def one(mutant: str) -> None:
        answer = await door.http.get(Attempt(door, client_id, redirect_uri=mutant).url())
        assert answer.status_code == _BAD, (mutant, answer.status_code)
        assert "location" not in answer.headers, mutant
        assert "refresh" not in answer.headers, mutant

    await _at_once([partial(one, mutant) for mutant in tried], told, "addresses")
    for uri in _REGISTERED:
        answer = await door.http.get(Attempt(door, client_id, redirect_uri=uri).url())
        assert answer.status_code == _OK, (uri, answer.text)
    return f"{len(tried)} mutated redirect addresses, 0 accepted"


async def redemptions(door: Door, rounds: int, told: Told) -> str:
    """Row 12, code replay: redeem one code many times at once, then again."""
    async with Browser(stops_at=(CALLBACK,)) as ada:
        for number in range(rounds):
            attempt = Attempt(door, (await door.register())["client_id"])
            code = (await attempt.answer(ada, ADA))["code"]
            answers = await asyncio.gather(*(attempt.redeem(code) for _ in range(_REDEMPTIONS)))
            good = [answer.json() for answer in answers if answer.status_code == _OK]
            assert len(good) == 1, [answer.status_code for answer in answers]
            await _is_over(door, attempt, good)
            again = await attempt.redeem(code)
            assert again.json()["error"] == "invalid_grant", again.text
            ada.http.cookies.clear()
            told(f"{number + 1} of {rounds} codes")
    return (
        f"{rounds} codes, {_REDEMPTIONS} redemptions at once each: {rounds} answered with tokens, "
        f"{rounds} families revoked"
    )


async def _is_over(door: Door, attempt: Attempt, tokens: list[dict[str, Any]]) -> None:
    for given in tokens:
        assert (await door.mcp(given["access_token"])).status_code != _OK
        refused = await attempt.renew(given["refresh_token"])
        assert refused.status_code == _BAD, refused.text


async def refresh_replay(door: Door, families: int, told: Told) -> str:
    """Row 13: a client races itself, then somebody brings the grandparent."""
    async with Browser(stops_at=(CALLBACK,)) as ada:
        for number in range(families):
            attempt = Attempt(door, (await door.register())["client_id"])
            first = await attempt.tokens(ada, ADA)
            answers = await asyncio.gather(
                *(attempt.renew(first["refresh_token"]) for _ in range(_RETRIES))
            )
            successors = {answer.json().get("refresh_token") for answer in answers}
            assert {answer.status_code for answer in answers} == {_OK}
            assert len(successors) == 1, f"{len(successors)} successors of one token"
            child = answers[0].json()
            second = (await attempt.renew(child["refresh_token"])).json()
            replayed = await attempt.renew(first["refresh_token"])
            assert replayed.json()["error"] == "invalid_grant", replayed.text
            await _is_over(door, attempt, [child, second])
            ada.http.cookies.clear()
            told(f"{number + 1} of {families} families")
    return (
        f"{families} families, {_RETRIES} renewals at once each with one successor; "
        f"{families} of {families} revoked by the grandparent"
    )


async def issued_codes(door: Door) -> int:
    """Return how many codes the door has given out."""
    return (await door.events()).count(_ISSUED)


async def _at_once(work: list[Callable[[], Awaitable[None]]], told: Told, what: str) -> None:
    left = iter(enumerate(work, start=1))

    async def worker() -> None:
        for number, one in left:
            await one()
            if number % 250 == 0:
                told(f"{number} of {len(work)} {what}")

    await asyncio.gather(*(worker() for _ in range(_AT_ONCE)))
