"""A person may choose not to be asked again; nothing is forwarded that somebody did not allow."""

from collections.abc import AsyncIterator

import pytest

from tests.flows.front_door.door import CALLBACK, Attempt, Door, query_of
from tests.support.browser import Browser, LeftTheWorld
from tests.support.journeys import ADA, GRACE

HTTPS = "https://client.example/callback"


@pytest.fixture
async def client_id(door: Door) -> str:
    return str((await door.register(redirect_uris=[HTTPS, CALLBACK]))["client_id"])


@pytest.fixture
async def ada() -> AsyncIterator[Browser]:
    async with Browser(stops_at=(CALLBACK, HTTPS)) as browser:
        yield browser


async def allow(browser: Browser, attempt: Attempt, account: str, **changes: str) -> str:
    """Allow with the box ticked and sign in; return the code."""
    await browser.open(attempt.url(**changes))
    await browser.click("Allow", remember="on")
    return await come_back(browser, account)


async def come_back(browser: Browser, account: str) -> str:
    with pytest.raises(LeftTheWorld) as left:
        await browser.click(account)
    return query_of(left.value.url)["code"]


async def asks(browser: Browser, attempt: Attempt, **changes: str) -> bool:
    try:
        await browser.open(attempt.url(**changes))
    except LeftTheWorld:
        return False
    return browser.can("Allow")


async def test_a_remembered_consent_leads_straight_to_sign_in_and_back(
    door: Door, client_id: str, ada: Browser
) -> None:
    await allow(ada, Attempt(door, client_id, redirect_uri=HTTPS), ADA)
    again = Attempt(door, client_id, redirect_uri=HTTPS)
    page = await ada.open(again.url())
    assert door.entra is not None
    assert page.url.startswith(door.entra.port.base)
    with pytest.raises(LeftTheWorld) as left:
        await ada.click(ADA)
    answer = query_of(left.value.url)
    assert answer["state"] == again.state
    response = await again.redeem(answer["code"])
    assert response.status_code == 200
    events = await door.events()
    assert "client:consent:remembered" in events
    assert "client:consent:skipped" in events


async def test_without_the_box_the_person_is_asked_again(
    door: Door, client_id: str, ada: Browser
) -> None:
    attempt = Attempt(door, client_id, redirect_uri=HTTPS)
    await attempt.answer(ada, ADA)
    assert await asks(ada, attempt)


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": "jira:read jira:write"},
        {"redirect_uri": CALLBACK},
        {"prompt": "consent"},
        {"prompt": "login consent"},
    ],
)
async def test_more_than_was_remembered_is_asked_for(
    door: Door, client_id: str, ada: Browser, changes: dict[str, str]
) -> None:
    attempt = Attempt(door, client_id, redirect_uri=HTTPS)
    await allow(ada, attempt, ADA, scope="jira:read")
    assert not await asks(ada, attempt, scope="jira:read")
    assert await asks(ada, attempt, **{"scope": "jira:read", **changes})


async def test_confused_deputy_another_client_with_the_same_address_is_asked_for(
    door: Door, client_id: str, ada: Browser
) -> None:
    await allow(ada, Attempt(door, client_id, redirect_uri=HTTPS), ADA)
    other = await door.register(redirect_uris=[HTTPS])
    assert await asks(ada, Attempt(door, other["client_id"], redirect_uri=HTTPS))


async def test_a_loopback_address_is_never_remembered(
    door: Door, client_id: str, ada: Browser
) -> None:
    attempt = Attempt(door, client_id)
    page = await ada.open(attempt.url())
    assert "Do not ask me again" not in page.text
    await allow(ada, attempt, ADA)  # a forged field changes nothing
    assert await asks(ada, attempt)


async def test_a_consent_is_asked_anew_where_no_session_is_live(
    door: Door, client_id: str, ada: Browser
) -> None:
    attempt = Attempt(door, client_id, redirect_uri=HTTPS)
    await allow(ada, attempt, ADA)
    async with Browser(stops_at=(HTTPS,)) as elsewhere:
        assert await asks(elsewhere, attempt)


async def test_one_persons_consent_is_not_another_persons(
    door: Door, client_id: str, ada: Browser
) -> None:
    attempt = Attempt(door, client_id, redirect_uri=HTTPS)
    await allow(ada, attempt, ADA)
    await ada.open(attempt.url())
    page = await ada.click(GRACE)
    assert page.status == 403
    assert "signed in as somebody else" in page.text
    assert "Nothing was sent" in page.text
    assert await asks(ada, attempt)  # now as grace, who was never asked


async def test_ending_a_client_forgets_what_was_remembered(
    door: Door, client_id: str, ada: Browser
) -> None:
    attempt = Attempt(door, client_id, redirect_uri=HTTPS)
    tokens = (await attempt.redeem(await allow(ada, attempt, ADA))).json()
    bearer = await door.tokens.verify(tokens["access_token"])
    assert not await asks(ada, attempt)
    assert bearer.family_id is not None
    await door.families.end(bearer.family_id, bearer.user.id)
    assert await asks(ada, attempt)
