"""Each failing state leads to its answer, with the reference, and to whom the operator named."""

import html
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.gallery.help_states import SUPPORT
from tests.gallery.states import STATES
from tests.unit.web.fakes import World
from xerus.pages.help_links import NAMES
from xerus.pages.support import Support
from xerus.web.help_answers import ANSWERS

_LEADS = re.compile(r'href="(/help/[^"]*)"')
# The state of the gallery, and the answer that its page leads to.
_LED = {
    "tools-waiting": "stuck",
    "tools-declined": "failed",
    "tools-failed": "failed",
    "tools-missing-permissions": "permissions",
    "tools-not_configured": "not-set-up",
    "tools-needs_reconnect": "reconnect",
    "tools-degraded": "trouble",
    "connection-missing-permissions": "permissions",
    "connection-needs_reconnect": "reconnect",
    "connection-degraded": "trouble",
    "return-failed": "failed",
    "return-blocked-by-the-organisation": "organisation",
    "chat-error": "chat",
    "chat-needs-connection": "window",
    "not-found": "error",
    "database-away": "error",
    "admin-refused": "error",
}


def arranged(name: str) -> tuple[World, str, str]:
    shown = STATES[name]
    world = World(mode=shown.mode)  # type: ignore[arg-type]  # a name of the gallery's
    shown.arrange(world)
    return world, shown.path, shown.token


def links(page: str) -> Iterator[tuple[str, dict[str, list[str]]]]:
    for found in _LEADS.findall(page):
        parts = urlsplit(found.replace("&amp;", "&"))
        yield parts.path.removeprefix("/help/"), parse_qs(parts.query)


def mail(page: str) -> tuple[str, dict[str, list[str]]]:
    (found,) = set(re.findall(r'href="(mailto:[^"]*)"', page))
    parts = urlsplit(found.replace("&amp;", "&"))
    return unquote(parts.path), parse_qs(parts.query)


@pytest.mark.parametrize("name", [name for name in STATES if STATES[name].token])
async def test_every_link_to_an_answer_finds_one(name: str) -> None:
    world, path, token = arranged(name)
    async with world.client(token) as http:
        page = (await http.get(path)).text
        for answer, _ in links(page):
            assert (await http.get(f"/help/{answer}")).status_code == 200


@pytest.mark.parametrize(("name", "answer"), _LED.items())
async def test_a_failing_state_leads_to_its_answer(name: str, answer: str) -> None:
    world, path, token = arranged(name)
    async with world.client(token) as http:
        page = (await http.get(path)).text
    assert answer in dict(links(page))


def test_every_code_has_an_answer_and_every_answer_a_next_step() -> None:
    assert set(NAMES.values()) <= ANSWERS.keys()
    assert all(answer.steps and answer.why for answer in ANSWERS.values())


async def test_an_answer_tells_how_the_persons_own_connection_stands() -> None:
    world, _, _ = arranged("tools-needs_reconnect")
    async with world.client() as http:
        page = (await http.get("/help/reconnect")).text
    assert "Reconnect needed" in page
    assert "Atlassian has ended the access." in page
    assert 'href="/connections/atlassian/start"' in page


async def test_a_stranger_reads_all_answers_and_learns_of_nobody() -> None:
    world, _, _ = arranged("tools-needs_reconnect")
    async with world.client("") as http:
        answer = await http.get("/help")
    assert answer.status_code == 200
    assert all(one.title in answer.text for one in ANSWERS.values())
    assert ">Your connection<" not in answer.text
    assert "ada@example.com" not in answer.text


async def test_the_reference_and_its_time_are_shown_again() -> None:
    async with World().client() as http:
        page = (await http.get("/help/failed?reference=4f9c21ab07de&at=2026-11-22T09:58:00Z")).text
    assert "4f9c21ab07de" in page
    assert "2026-11-22 09:58:00 UTC" in page


@pytest.mark.parametrize(
    "query",
    [
        "reference=%3Cscript%3E",
        "reference=4f9c21ab07de4f9c",
        "reference=4f9c21ab07de%0d%0aBcc:x@example.com",
        "reference=AAAAAAAAAAAA",
        "reference=code-of-somebody",
        "at=yesterday",
        "at=0000-00-00T00:00:00Z",
    ],
)
async def test_what_is_no_reference_is_not_repeated(query: str) -> None:
    async with World().client() as http:
        answer = await http.get(f"/help/failed?{query}")
    assert answer.status_code == 200
    assert "Reference for support" not in answer.text


async def test_an_answer_that_is_none_is_not_found() -> None:
    async with World().client() as http:
        answer = await http.get("/help/no-such-answer")
    assert answer.status_code == 404
    assert "Open Help" in answer.text


async def test_a_message_to_support_begins_with_reference_time_and_page() -> None:
    world, path, _ = arranged("return-blocked-by-the-organisation")
    async with world.client() as http:
        page = (await http.get(path)).text
    to, fields = mail(page)
    assert to == SUPPORT.email
    assert fields["subject"] == ["Xerus, reference 4f9c21ab07de"]
    (body,) = fields["body"]
    assert "Reference: 4f9c21ab07de\r\n" in body
    assert "Time: 2026-11-22 10:00:00 UTC\r\n" in body
    assert "Page: /connections/atlassian/callback\r\n" in body
    assert "code=" not in page.replace("&amp;", "&").partition("mailto:")[2].partition('"')[0]


async def test_without_a_contact_it_is_the_administrator() -> None:
    world, path, _ = arranged("return-failed")
    async with world.client() as http:
        assert "ask your administrator" in (await http.get(path)).text
        assert "Your administrator is the support here" in (await http.get("/help")).text


async def test_a_help_desk_is_a_link() -> None:
    world, path, _ = arranged("return-failed")
    desk = Support(url="https://desk.example.com/xerus?form=7", text="Open all day.")
    world.pages._env.globals["support"] = desk
    async with world.client() as http:
        pages = [(await http.get(path)).text, (await http.get("/help")).text]
    for page in pages:
        assert 'href="https://desk.example.com/xerus?form=7"' in page
        assert "your administrator" not in page.partition("Getting help")[2]
    assert "Open all day." in pages[1]


_ADVICE = {
    # Of the guide that Xerus was asked for by: its advice, and the answer where it stands here.
    "allow pop-ups for this address": "window",
    "A pop-up blocker": "window",
    "Reload the Tools page and choose Configure again": "window",
    "Close the Atlassian window": "stuck",
    "clear the browser's cache and cookies for atlassian.com": "stuck",
    "Check your internet connection": "stuck",
    "your account may still use them": "stuck",
    "the account of the right workspace": "failed",
    "this account may use Jira or Confluence": "failed",
    "your organisation restricts apps": "failed",
    "Try it again after a few minutes": "failed",
    "Wait a few seconds": "not-connected",
    "Reload the Tools page. It shows what is stored": "not-connected",
    "the browser's console": "not-connected",
    "contact support": "not-connected",
    # "Getting help" stands below each answer.
    "Check the status.": "error",
    "Look at the browser's console.": "error",
    "Try again.": "error",
    "Clear the browser's cache and cookies for this address and for atlassian.com": "error",
    "Send the reference, the time and what you did": "error",
}


@pytest.mark.parametrize(("words", "answer"), _ADVICE.items())
async def test_every_advice_of_the_guide_stands_in_its_answer(words: str, answer: str) -> None:
    async with World().client() as http:
        page = (await http.get(f"/help/{answer}")).text
    assert words in html.unescape(page)
