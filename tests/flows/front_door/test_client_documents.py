"""Clients that are described at the https address that is their id (Client ID Metadata Documents)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.flows.front_door.conftest import MakeDoor
from tests.flows.front_door.documents import REDIRECT, URL, Maker, described, makers_site
from tests.flows.front_door.door import CALLBACK, Attempt, Door, Entra
from tests.support.browser import Browser, LeftTheWorld
from tests.support.journeys import ADA


@dataclass
class Place:
    door: Door
    maker: Maker

    def attempt(self, redirect: str = REDIRECT) -> Attempt:
        return Attempt(self.door, URL, redirect_uri=redirect)


@pytest.fixture
async def place(make_door: MakeDoor, entra: Entra, tmp_path: Path) -> AsyncIterator[Place]:
    async with makers_site(tmp_path) as (maker, reader):
        yield Place(await make_door(entra, reader=reader), maker)


@pytest.fixture
async def ada() -> AsyncIterator[Browser]:
    async with Browser(stops_at=(CALLBACK, REDIRECT)) as browser:
        yield browser


async def test_a_described_client_gets_tokens_and_renews_them_without_another_reading(
    place: Place, ada: Browser
) -> None:
    attempt = place.attempt()
    page = await ada.open(attempt.url())
    assert "Described client" in page.text
    assert URL in page.text
    answer = await attempt.finish(ada, ADA)
    tokens = (await attempt.redeem(answer["code"])).json()
    place.maker.status = 500
    renewed = await attempt.renew(tokens["refresh_token"])
    assert renewed.status_code == 200
    assert place.maker.reads == 1


async def test_such_a_consent_is_never_remembered(place: Place, ada: Browser) -> None:
    attempt = place.attempt()
    page = await ada.open(attempt.url())
    assert "Do not ask me again" not in page.text
    await ada.click("Allow", remember="on")
    with pytest.raises(LeftTheWorld):
        await ada.click(ADA)
    await ada.open(place.attempt().url())
    assert ada.can("Allow")


async def test_the_metadata_says_whether_the_operator_lets_them_in(
    place: Place, door: Door, stranger: Browser
) -> None:
    path = "/.well-known/oauth-authorization-server"
    assert (await place.door.http.get(path)).json()["client_id_metadata_document_supported"]
    assert not (await door.http.get(path)).json()["client_id_metadata_document_supported"]
    page = await stranger.open(Attempt(door, URL, redirect_uri=REDIRECT).url())
    assert page.status == 400
    assert "not registered" in page.text


async def test_a_document_is_read_again_when_http_says_so(place: Place, ada: Browser) -> None:
    place.maker.headers = {"Cache-Control": "public, max-age=7200"}
    await ada.open(place.attempt().url())
    place.door.clock.ahead += timedelta(seconds=7000)
    await ada.open(place.attempt().url())
    assert place.maker.reads == 1
    place.maker.answer = described(redirect_uris=["https://moved.example/cb"])
    place.door.clock.ahead += timedelta(seconds=300)
    page = await ada.open(place.attempt().url())
    assert place.maker.reads == 2
    assert page.status == 400
    assert not ada.can("Allow")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"client_id": URL + "x"}, "client_id is not the address"),
        ({"client_id": None}, "client_id is not the address"),
        ({"client_secret": "everybody reads this"}, "client_secret"),
        ({"token_endpoint_auth_method": "client_secret_post"}, "not none"),
        ({"redirect_uris": None}, "redirect_uris are missing"),
        ({"redirect_uris": []}, "redirect_uris are missing"),
        ({"redirect_uris": [3]}, "not texts"),
        ({"redirect_uris": ["http://evil.example/cb"]}, "not allowed"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "not allowed"),
        ({"grant_types": ["client_credentials"]}, "authorization_code"),
        ({"response_types": ["token"]}, "code"),
    ],
)
async def test_an_unsound_document_lets_nobody_in(
    place: Place, stranger: Browser, changes: dict[str, Any], why: str
) -> None:
    place.maker.answer = described(**changes)
    page = await stranger.open(place.attempt().url())
    assert page.status == 400
    assert why in page.text
    assert not stranger.can("Allow")


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"<html>", b"{" * 1000, b"x" * 70_000])
async def test_what_is_no_document_lets_nobody_in(
    place: Place, stranger: Browser, body: bytes
) -> None:
    place.maker.body = body
    page = await stranger.open(place.attempt().url())
    assert page.status == 400
    assert not stranger.can("Allow")


async def test_a_redirect_that_the_document_does_not_name_is_refused(
    place: Place, stranger: Browser
) -> None:
    page = await stranger.open(place.attempt("https://evil.example/callback").url())
    assert page.status == 400
    assert not stranger.can("Allow")


@pytest.mark.parametrize("client_id", ["https://[::1/x", "https://[client.example]/x"])
async def test_what_is_no_address_is_an_unknown_client(
    place: Place, stranger: Browser, client_id: str
) -> None:
    page = await stranger.open(Attempt(place.door, client_id).url())
    assert page.status == 400
    assert place.maker.resolved == 0


async def test_ssrf_a_document_is_not_looked_for_where_it_was_moved(
    place: Place, stranger: Browser
) -> None:
    place.maker.status = 302
    place.maker.headers = {"Location": "https://client.example/elsewhere"}
    page = await stranger.open(place.attempt().url())
    assert "answered with 302" in page.text
    assert place.maker.reads == 1


async def test_ssrf_made_up_addresses_are_no_flood_of_readings(
    place: Place, stranger: Browser
) -> None:
    place.door.quota.left = 3
    for number in range(6):
        attempt = Attempt(place.door, f"https://client.example/{number}.json")
        assert (await stranger.open(attempt.url())).status == 400
    assert place.maker.reads == 3
