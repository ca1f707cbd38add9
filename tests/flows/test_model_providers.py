"""The whole product on each provider's wire: a person in the chat, the real libraries, the real tools."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial

import pytest

from tests.stores.connecting import until
from tests.support.asked import stack_of
from tests.support.browser import Browser
from tests.support.journeys import ADA, sign_in
from tests.support.model_answers import Call, Cut, Refuse, Say, Usage
from tests.support.model_servers import (
    KEY,
    FakeAnthropic,
    FakeLocal,
    FakeOpenAI,
    ModelServer,
)
from tests.support.stack import Sandbox, Stack

_ISSUE = {"project_key": "ENG", "issue_type": "Task", "summary": "Written by a model"}
_WINDOW = 60_000


@dataclass
class Talk:
    """A Xerus, its model, and what stands in the sandbox's log so far."""

    stack: Stack
    model: ModelServer

    async def begun(self, browser: Browser, text: str) -> str:
        """Sign in, send a first message and return what the page then says."""
        await sign_in(browser, self.stack.url, ADA)
        await browser.open(f"{self.stack.url}/")
        return (await browser.click("Send", text=text)).text

    async def created(self, mark: int) -> int:
        log = await self.stack.sandbox.atlassian.log(mark)
        return sum(one["method"] == "POST" and one["path"].endswith("/issue") for one in log)


@pytest.fixture(
    scope="module",
    params=[FakeOpenAI, FakeAnthropic, partial(FakeLocal, strict_templates=True)],
    ids=["openai", "anthropic", "compatible"],
)
async def talk(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[Talk]:
    make: Callable[[], ModelServer] = request.param
    async with make() as model:
        windows = f"{model.provider}:some-model={_WINDOW}"
        async with stack_of(model, sandbox, XERUS_MODEL_WINDOWS=windows) as stack:
            yield Talk(stack, model)


async def test_calls_read_in_parallel_and_writes_run_once_each_as_the_person_decides(
    talk: Talk, browser: Browser
) -> None:
    mark = await talk.stack.sandbox.atlassian.mark()
    talk.model.will(
        Say("I look."),
        Call("jira_search", {"project_key": "ENG"}),
        Call("jira_get_issue", {"issue_key": "ENG-1"}),
    )
    talk.model.will(Say("Now I write."), Call("jira_create_issue", _ISSUE))
    said = await talk.begun(browser, "Look, then write")
    for words in (
        "I look.",
        "Search issues",
        "Get issue",
        "Now I write.",
        "Approve: Create issue?",
    ):
        assert words in said
    assert await talk.created(mark) == 0
    waiting = browser.page

    talk.model.will(Say("It is there."))
    said = (await browser.click("Approve")).text
    assert "It is there." in said
    browser.page = waiting
    await browser.click("Approve")
    assert await talk.created(mark) == 1

    talk.model.will(Call("jira_create_issue", _ISSUE))
    await browser.click("Send", text="Another one")
    talk.model.will(Say("Then not."))
    said = (await browser.click("Decline")).text
    assert "Then not." in said
    assert "the person declined it" in talk.model.asked[-1].text
    assert await talk.created(mark) == 1
    talk.model.check()


async def test_each_failure_is_told_in_the_page_and_the_same_conversation_goes_on(
    talk: Talk, browser: Browser
) -> None:
    model = talk.model
    model.will_refuse(Refuse(401, "authentication_error", f"Incorrect API key: {KEY}"))
    said = await talk.begun(browser, "Are you there?")
    assert "refused the key" in said
    model.will_refuse(Refuse(429, "rate_limit_error", headers={"retry-after": "0"}), times=2)
    model.will(Say("Here after all."))
    assert "Here after all." in (await browser.click("Send", text="And now?")).text
    model.will(Say("Half of"), Cut())
    said = (await browser.click("Send", text="Tell me all")).text
    assert "Half of" in said
    assert "The connection to the model" in said
    model.will(Say("The first half."), stop="length")
    assert "The answer was cut off." in (await browser.click("Send", text="Again")).text
    model.will(Say("The second half."), usage=Usage(input=50_000))
    assert "The second half." in (await browser.click("Go on")).text
    model.will(Call("no_such_tool"))
    model.will(Call("jira_search", '{"project_key": '))
    model.will(Say("Without tools, then."))
    said = (await browser.click("Send", text="Use one")).text
    assert "Without tools, then." in said
    assert "Outcome unknown" not in said
    model.check()
    assert model.left == 0
    for kept in (talk.stack.xerus.log.read_text(), said):
        assert KEY not in kept
        assert "Are you there?" not in talk.stack.xerus.log.read_text()


async def test_a_busy_model_is_told_while_it_is_waited_for_and_stop_ends_that(
    talk: Talk, browser: Browser, other_browser: Browser
) -> None:
    talk.model.will_refuse(Refuse(429, "rate_limit_error", headers={"retry-after": "25"}))
    asked = len(talk.model.asked)
    await sign_in(other_browser, talk.stack.url, ADA)
    waiting = asyncio.create_task(talk.begun(browser, "Busy at the moment?"))

    async def shown() -> bool:
        page = await other_browser.open(f"{talk.stack.url}/")
        if "Busy at the moment?" not in page.text:
            return False
        path = page.html.split('href="/chat/', 1)[1].split('"', 1)[0]
        page = await other_browser.open(f"{talk.stack.url}/chat/{path}")
        return "The model is busy. Trying again in" in page.text

    await until(shown)
    await other_browser.click("Stop")
    said = await waiting
    assert "Stopped." in said
    assert len(talk.model.asked) == asked + 1


async def test_a_long_conversation_goes_on_in_the_page_with_what_was_summarised(
    talk: Talk, browser: Browser
) -> None:
    model = talk.model
    model.will(Say("The heron stands there. " * 1_500), usage=Usage(input=50_000))
    await talk.begun(browser, "Where is the heron?")
    model.will(Say("They look for a heron."))
    model.will(Say("By the water."))
    said = (await browser.click("Send", text="And the other?")).text
    assert "Earlier messages were summarised for the model" in said
    assert "The heron stands there." in said
    assert "By the water." in said
    assert "They look for a heron." in model.asked[-1].text
    assert "The heron stands there." not in model.asked[-1].text
    model.check()
