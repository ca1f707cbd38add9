"""How an answer of the chat grows in a real browser, is stopped, and outlives what happens."""

import signal
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from tests.stores.connecting import until
from tests.support.asked import HEARD, answer, ask, asked, is_over, reached, stored
from tests.support.chromium import profile, sign_in
from tests.support.journeys import ADA, GRACE
from tests.support.model_answers import Call, Gate, Say
from tests.support.model_servers import FakeLocal
from tests.support.stack import Sandbox, Stack


@pytest.fixture(scope="module")
async def asking(sandbox: Sandbox) -> AsyncIterator[tuple[Stack, FakeLocal]]:
    async with asked(sandbox) as both:
        yield both


async def test_text_grows_and_calls_appear_while_the_answer_is_written(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, model = asking
    before, amid = Gate(), Gate()
    model.will(Say("Let me **look**."), before, Call("jira_search", {"project_key": "ENG"}))
    model.will(Say("| Key |\n| --- |\n| ENG-1 |\n\nThat is *all*"), amid, Say(" of it."))
    async with profile(chrome) as (_, page, complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        await page.evaluate(HEARD)
        await ask(page, "What is there?")
        await reached(before)
        await expect(answer(page).locator("strong")).to_have_text("look")
        assert "Search issues" not in await page.inner_text("main")
        before.open()
        await reached(amid)
        await expect(answer(page).get_by_role("cell", name="ENG-1")).to_be_visible()
        await expect(answer(page)).to_contain_text("That is all")
        row = page.locator("details.tool").first
        await expect(row).to_contain_text("Search issues")
        await expect(row).to_contain_text("Done")
        await expect(row).to_contain_text("kB")
        await row.locator("summary").click()
        amid.open()
        await expect(answer(page)).to_contain_text("That is all of it.")
        await is_over(page)
        assert await row.get_attribute("open") is not None
        heard = await page.evaluate("window.heard")
        assert heard[0] == "Xerus is answering."
        assert heard[-1] == "Answer ready."
        assert len(heard) == len([one for n, one in enumerate(heard) if one != heard[n - 1]])
        assert len(heard) <= 4
        assert complaints.found == []


async def test_stop_keeps_what_was_written_and_the_model_is_told(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, model = asking
    gate = Gate()
    model.will(Say("Half of the answer"), gate, Say(" and the rest."))
    async with profile(chrome) as (_, page, complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        await ask(page, "Tell me a long story")
        await reached(gate)
        await expect(answer(page)).to_contain_text("Half of the answer")
        await page.get_by_role("button", name="Stop").click()
        await expect(shown(page, "Stopped.")).to_be_visible()
        await expect(answer(page)).to_contain_text("Half of the answer")
        model.will(Say("As you wish."))
        await page.get_by_role("button", name="Go on").click()
        await expect(answer(page)).to_contain_text("As you wish.")
        told = model.asked[-1].text
        assert "Half of the answer" in told
        assert "This answer was stopped" in told
        assert "and the rest" not in await page.inner_text("main")
        assert complaints.found == []


async def test_escape_in_the_composer_stops_and_a_message_amid_it_stays_a_draft(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, model = asking
    gate = Gate()
    model.will(Say("One moment"), gate)
    async with profile(chrome) as (_, page, _complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        await ask(page, "Begin")
        await reached(gate)
        await expect(answer(page)).to_contain_text("One moment")
        await ask(page, "And another thing")
        await expect(page.locator("#unsent")).to_contain_text("still answering")
        await expect(page.get_by_role("textbox")).to_have_value("And another thing")
        await page.get_by_role("textbox").press("Escape")
        await expect(shown(page, "Stopped.")).to_be_visible()
        await expect(page.get_by_role("textbox")).to_have_value("And another thing")
        await page.reload()
        await expect(page.get_by_role("textbox")).to_have_value("And another thing")
        assert "And another thing" not in model.asked[-1].text


async def test_the_model_that_the_composer_shows_answers_also_a_retry(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, model = asking
    model.will(Say("By the first."))
    model.will(Say("By the second."))
    async with profile(chrome) as (_, page, complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        await ask(page, "Who answers?")
        await expect(answer(page)).to_contain_text("By the first.")
        await is_over(page)
        await page.get_by_label("Model").select_option("compatible:other-model")
        await page.get_by_role("button", name="Retry").click()
        await expect(answer(page)).to_contain_text("By the second.")
        await is_over(page)
        assert [asked.body["model"] for asked in model.asked[-2:]] == ["some-model", "other-model"]
        await page.reload()
        await expect(page.get_by_label("Model")).to_have_value("compatible:other-model")
        assert complaints.found == []


def shown(page: Page, words: str) -> Locator:
    return page.get_by_role("list", name="Messages").get_by_text(words)


async def ask_amid(page: Page, stack: Stack, gate: Gate) -> None:
    """Ask a first thing, and a second one while the answer waits at the gate."""
    await sign_in(page, stack.url, ADA)
    await page.goto(f"{stack.url}/")
    await ask(page, "One")
    await reached(gate)
    await ask(page, "Two")
    await expect(page.locator("#unsent")).to_contain_text("still answering")


async def test_a_message_sent_amid_an_answer_follows_it(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, model = asking
    gate = Gate()
    model.will(Say("The first answer,"), gate, Say(" whole."))
    model.will(Say("The second answer."))
    async with profile(chrome) as (_, page, _complaints):
        await ask_amid(page, stack, gate)
        gate.open()
        await expect(answer(page)).to_contain_text("The second answer.")
        await expect(page.get_by_text("The first answer, whole.")).to_be_visible()
        await expect(page.get_by_role("textbox")).to_have_value("")
        await is_over(page)


async def test_a_reload_and_a_second_tab_see_the_same_answer_grow(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, model = asking
    first, second = Gate(), Gate()
    model.will(Say("First part."), first, Say(" Second part."), second, Say(" Third part."))
    async with profile(chrome) as (context, page, _complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        await ask(page, "In parts, please")
        await reached(first)
        await expect(answer(page)).to_contain_text("First part.")
        await page.reload()
        await expect(answer(page)).to_contain_text("First part.")
        other = await context.new_page()
        await other.goto(page.url)
        first.open()
        for one in (page, other):
            await expect(answer(one)).to_contain_text("Second part.")
        second.open()
        for one in (page, other):
            await expect(answer(one)).to_contain_text("Third part.")
            await is_over(one)


async def test_who_reads_further_up_is_not_moved_and_the_field_keeps_the_focus(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, model = asking
    first, second = Gate(), Gate()
    many = "\n\n".join(f"Paragraph {n}." for n in range(60))
    model.will(Say(f"{many}\n\nBefore."), first, Say(" Amid."), second, Say(f"\n\n{many}\n\nLast."))
    async with profile(chrome) as (_, page, _complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        await ask(page, "At length")
        await reached(first)
        await expect(answer(page).get_by_text("Before.")).to_be_in_viewport()
        await page.get_by_role("textbox").press_sequentially("Meanwhile")
        await page.mouse.wheel(0, -800)
        await page.wait_for_function(_MOVED)
        place = await page.evaluate(_PLACE)
        first.open()
        await expect(answer(page)).to_contain_text("Before. Amid.")
        second.open()
        await expect(answer(page)).to_contain_text("Last.")
        await is_over(page)
        assert await page.evaluate(_PLACE) == place
        await expect(page.get_by_role("textbox")).to_be_focused()
        await expect(page.get_by_role("textbox")).to_have_value("Meanwhile")


_PLACE = """() => [...document.querySelectorAll(".prose p")]
  .find((one) => one.textContent === "Paragraph 30.").getBoundingClientRect().top"""
_MOVED = """() => {
  const moved = window.scrollY !== window.before;
  window.before = window.scrollY;
  return !moved && window.innerHeight + window.scrollY < document.body.scrollHeight - 400;
}"""


async def test_a_tab_that_was_open_before_learns_that_an_answer_began(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, model = asking
    gate = Gate()
    model.will(Say("Hello."))
    model.will(Say("First half,"), gate, Say(" second half."))
    async with profile(chrome) as (context, page, _complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        await ask(page, "Hello")
        await expect(answer(page)).to_contain_text("Hello.")
        await is_over(page)
        other = await context.new_page()
        await other.goto(page.url)
        await ask(page, "And now in halves")
        await reached(gate)
        await expect(answer(other)).to_contain_text("First half,")
        gate.open()
        await expect(answer(other)).to_contain_text("First half, second half.")
        await is_over(other)


async def test_a_hidden_tab_lets_go_of_its_stream_and_catches_up_when_it_is_seen(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, model = asking
    first, second = Gate(), Gate()
    model.will(Say("Seen."), first, Say(" Unseen."), second, Say(" Seen again."))
    async with profile(chrome) as (_, page, _complaints):
        ended: list[str] = []
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        page.on("requestfailed", lambda one: ended.append(one.url))
        page.on("requestfinished", lambda one: ended.append(one.url))
        await ask(page, "Hide and seek")
        await reached(first)
        await expect(answer(page)).to_contain_text("Seen.")
        assert not [url for url in ended if url.endswith("/stream")]
        async with page.expect_event("requestfailed", lambda one: one.url.endswith("/stream")):
            await page.evaluate(_SEEN, False)
        first.open()
        await reached(second)
        await expect(answer(page)).not_to_contain_text("Unseen.")
        await page.evaluate(_SEEN, True)
        await expect(answer(page)).to_contain_text("Unseen.")
        second.open()
        await expect(answer(page)).to_contain_text("Seen again.")
        await is_over(page)


_SEEN = """seen => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => !seen });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


async def test_eight_tabs_of_an_answer_leave_room_for_a_ninth(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, model = asking
    gate = Gate()
    model.will(Say("Wait for it."), gate, Say(" Here."))
    async with profile(chrome) as (context, page, _complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        await ask(page, "In many tabs")
        await reached(gate)
        await expect(answer(page)).to_contain_text("Wait for it.")
        tabs = [page]
        for _ in range(7):
            tabs.append(await context.new_page())
            await tabs[-1].goto(page.url)
            await expect(answer(tabs[-1])).to_contain_text("Wait for it.")
        ninth = await context.new_page()
        await ninth.goto(f"{stack.url}/tools", timeout=1000)
        gate.open()
        for tab in tabs:
            await expect(answer(tab)).to_contain_text("Here.")
            await is_over(tab)


async def test_a_restart_amid_an_answer_is_told_on_the_open_page(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, model = asking
    gate = Gate()
    model.will(Say("Written before the crash. " * 100), gate)
    async with profile(chrome) as (_, page, _complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        await ask(page, "Will you survive?")
        await reached(gate)
        await expect(answer(page)).to_contain_text("Written before the crash.")
        await stored(stack, page.url, 2600)
        stack.xerus.restart(with_signal=signal.SIGKILL)
        await expect(page.get_by_text("Interrupted by a restart.", exact=True)).to_be_visible()
        await expect(answer(page)).to_contain_text("Written before the crash.")
        model.will(Say("Here I am again."))
        await page.get_by_role("button", name="Go on").click()
        await expect(answer(page)).to_contain_text("Here I am again.")
        assert "A restart of the server cut this answer off" in model.asked[-1].text


async def test_stop_works_without_javascript_from_another_tab(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, model = asking
    gate = Gate()
    model.will(Say("Plain and slow"), gate)
    async with profile(chrome, java_script_enabled=False) as (context, page, _complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        await page.get_by_role("textbox").fill("Without scripts")
        await page.get_by_role("button", name="Send").click(no_wait_after=True)
        await reached(gate)
        other = await context.new_page()
        await other.goto(f"{stack.url}/")
        await other.get_by_role("link", name="Without scripts").click()
        await other.get_by_role("button", name="Stop").click()
        await expect(shown(other, "Stopped.")).to_be_visible()
        await expect(shown(page, "Stopped.")).to_be_visible()
        await expect(answer(page)).to_contain_text("Plain and slow")


async def test_a_message_that_waits_for_an_answer_still_waits_after_a_reload(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, model = asking
    gate = Gate()
    model.will(Say("The first answer,"), gate, Say(" whole."))
    model.will(Say("The second answer."))
    async with profile(chrome) as (_, page, _complaints):
        await ask_amid(page, stack, gate)
        await page.reload()
        await expect(page.locator("#unsent")).to_contain_text("still answering")
        await expect(page.get_by_role("textbox")).to_have_value("Two")
        gate.open()
        await expect(answer(page)).to_contain_text("The second answer.")
        await expect(page.get_by_role("textbox")).to_have_value("")


async def test_a_message_whose_answer_ended_while_the_page_was_away_is_told_as_unsent(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, model = asking
    gate = Gate()
    model.will(Say("The only answer,"), gate, Say(" whole."))
    async with profile(chrome) as (context, page, _complaints):
        await ask_amid(page, stack, gate)
        talk = page.url
        await page.goto(f"{stack.url}/help")
        gate.open()

        async def it_has_ended() -> bool:
            return "data-running" not in await (await context.request.get(talk)).text()

        await until(it_has_ended)
        await page.goto(talk)
        await expect(page.get_by_role("textbox")).to_have_value("Two")
        await expect(page.locator("#unsent")).to_contain_text("was not sent yet")


async def test_what_is_written_while_a_message_is_on_its_way_is_kept(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, _ = asking
    async with profile(chrome) as (_, page, _complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        held: list[Route] = []

        async def hold(route: Route) -> None:
            held.append(route)

        await page.route("**/chat", hold)
        async with page.expect_request("**/chat"):
            await ask(page, "First")
        await ask(page, "Second")
        await expect(page.locator("#unsent")).to_contain_text("still answering")
        await held[0].abort()
        await expect(page.locator("#unsent")).to_contain_text("did not arrive")
        assert len(held) == 1
        await expect(page.get_by_role("textbox")).to_have_value("First\n\nSecond")
        await page.reload()
        await expect(page.get_by_role("textbox")).to_have_value("First\n\nSecond")


async def test_a_session_that_ends_amid_an_answer_is_told_where_one_looks(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, model = asking
    gate = Gate()
    model.will(Say("Half of it,"), gate, Say(" all of it."))
    async with profile(chrome) as (context, page, _complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        await ask(page, "Tell me")
        await reached(gate)
        await expect(answer(page)).to_contain_text("Half of it,")
        await context.clear_cookies()
        await page.evaluate(_SEEN, False)
        await page.evaluate(_SEEN, True)
        await expect(page.locator("#unsent")).to_have_text(
            "You are signed out. Reload the page to sign in."
        )
        await expect(page.locator("#running-words")).to_contain_text("You are signed out.")
        gate.open()
        await page.reload()
        await page.get_by_text("Continue with Microsoft").click()
        await page.get_by_role("button", name=ADA).click()
        await expect(answer(page)).to_contain_text("Half of it, all of it.")


async def test_a_network_that_is_away_for_a_while_costs_nothing_of_an_answer(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, model = asking
    gate = Gate()
    model.will(Say("Before the tunnel,"), gate, Say(" and behind it."))
    async with profile(chrome) as (context, page, _complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        await ask(page, "Tell me")
        await reached(gate)
        await expect(answer(page)).to_contain_text("Before the tunnel,")
        await context.set_offline(True)
        await page.evaluate(_SEEN, False)
        await page.evaluate(_SEEN, True)
        await expect(page.locator("#running-words")).to_contain_text("The connection is lost")
        gate.open()
        await context.set_offline(False)
        await expect(answer(page)).to_contain_text("Before the tunnel, and behind it.")
        await is_over(page)


async def test_a_draft_is_not_shown_to_the_next_person_at_the_same_browser(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, _ = asking
    async with profile(chrome) as (context, page, _complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        await page.get_by_role("textbox").fill("Ada's secret")
        await page.reload()
        await expect(page.get_by_role("textbox")).to_have_value("Ada's secret")
        await context.clear_cookies()
        await sign_in(page, stack.url, GRACE)
        await page.goto(f"{stack.url}/")
        await expect(page.get_by_role("textbox")).to_have_value("")
        assert "secret" not in await page.evaluate("JSON.stringify({...sessionStorage})")


async def test_a_search_result_leads_to_the_turn_in_which_the_words_are(
    asking: tuple[Stack, FakeLocal], chrome: Browser
) -> None:
    stack, model = asking
    long = "\n\n".join(f"Paragraph {n}." for n in range(60))
    async with profile(chrome) as (_, page, _complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        for said in ("a heron", "an otterling", "a bittern"):
            model.will(Say(f"I saw {said}.\n\n{long}"))
            await ask(page, f"Which animal, {len(said)}?")
            await expect(answer(page)).to_contain_text(said)
            await is_over(page)
        await page.goto(f"{stack.url}/conversations?q=otterling")
        await page.get_by_role("link", name="I saw an otterling").first.click()
        asked_for = page.locator("article:target")
        await expect(asked_for).to_have_text("Which animal, 12?")
        await expect(asked_for).to_be_in_viewport()
        await expect(page.get_by_text("I saw an otterling")).to_be_in_viewport()
