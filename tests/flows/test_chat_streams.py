"""Streams of the chat by HTTP: at any process, for nobody else, and through crashes and restarts."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx2
import pytest

from tests.stores.connecting import until
from tests.support.asked import asked, reached
from tests.support.browser import Browser
from tests.support.database import embedded, rows
from tests.support.journeys import ADA, GRACE, connect_atlassian, sign_in
from tests.support.model_answers import Call, Gate, Say, Usage
from tests.support.model_servers import KEY, FakeLocal
from tests.support.stack import Sandbox, Stack, Xerus

_HELD_MS = 20_000
_STARTED = "SELECT n FROM audit_events WHERE event = 'tool:call:started' AND facts->>'tool' = %s"


@pytest.fixture(scope="module")
async def asking(sandbox: Sandbox) -> AsyncIterator[tuple[Stack, FakeLocal]]:
    async with asked(sandbox) as both:
        yield both


@asynccontextmanager
async def asked_by(browser: Browser, stack: Stack, text: str, gate: Gate) -> AsyncIterator[str]:
    """Ask without scripts, which waits for the answer; yield the path of the conversation."""
    await sign_in(browser, stack.url, ADA)
    await browser.open(f"{stack.url}/")
    waiting = asyncio.create_task(browser.click("Send", text=text))
    await reached(gate)
    found = await browser.http.get(f"{stack.url}/")
    path = found.text.split('href="/chat/', 1)[1].split('"', 1)[0]
    try:
        yield f"/chat/{path}"
    finally:
        gate.open()
        with suppress(httpx2.HTTPError):
            await waiting


async def events(
    browser: Browser, base: str, path: str, host: str = ""
) -> AsyncIterator[tuple[str, dict[str, object]]]:
    """Yield name and data of each event of a stream until it ends."""
    headers = {"Host": host} if host else {}
    async with browser.http.stream("GET", f"{base}{path}/stream", headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        name = ""
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield name, json.loads(line.removeprefix("data: "))


@asynccontextmanager
async def another(stack: Stack) -> AsyncIterator[Xerus]:
    """One more process on the same database and under the same public URL."""
    env = {**stack.xerus.env, "XERUS_PUBLIC_URL": stack.url}
    other = Xerus(stack.xerus.folder, env)
    await asyncio.to_thread(other.start)
    try:
        yield other
    finally:
        other.kill()


async def test_an_answer_grows_and_is_stopped_at_another_process(
    asking: tuple[Stack, FakeLocal], browser: Browser
) -> None:
    stack, model = asking
    gate, host = Gate(), f"localhost:{stack.xerus.port}"
    model.will(Say("Seen from **afar**."), gate, Say(" Never said."))
    async with another(stack) as other, asked_by(browser, stack, "Far away", gate) as path:
        shown = ""
        async for name, data in events(browser, other.url, path, host):
            shown += str(data.get("html", ""))
            if name in {"entry", "text"} and "<strong>afar</strong>" in shown:
                await stop(browser, other.url, path, host)
        page = await browser.http.get(f"{stack.url}{path}")
        assert name == "end"
    assert "Stopped." in page.text
    assert "<strong>afar</strong>" in page.text


async def stop(browser: Browser, base: str, path: str, host: str) -> None:
    page = await browser.http.get(f"{base}{path}", headers={"Host": host})
    csrf = page.text.split('name="csrf" value="', 1)[1].split('"', 1)[0]
    answer = await browser.http.post(
        f"{base}{path}/stop",
        data={"csrf": csrf},
        headers={"Host": host, "Origin": f"http://{host}"},
    )
    assert answer.status_code == 303, answer.text


async def test_a_stream_is_for_its_person_alone_and_brings_no_secret(
    asking: tuple[Stack, FakeLocal], browser: Browser, other_browser: Browser
) -> None:
    stack, model = asking
    begun, gate = Gate(), Gate()
    model.will(Call("jira_search", {"project_key": "ENG"}))
    model.will(Say("Found them."), begun, gate, Say(" All of them."))
    await sign_in(other_browser, stack.url, GRACE)
    async with asked_by(browser, stack, "Find them", begun) as path:
        begun.open()
        stranger = await other_browser.http.get(f"{stack.url}{path}/stream")
        async with httpx2.AsyncClient(trust_env=False) as nobody:
            unknown = await nobody.get(f"{stack.url}{path}/stream")
        heard = []
        async for name, data in events(browser, stack.url, path):
            heard.append(json.dumps([name, data]))
            gate.open()
    assert (stranger.status_code, unknown.status_code) == (404, 401)
    said = "\n".join(heard)
    assert "Found them." in said
    assert "Running Search issues" in said or "Done" in said
    cookies = [value for value in browser.http.cookies.values() if value]
    assert cookies
    for secret in (*cookies, KEY, "Bearer", "eyJ", "csrf"):
        assert secret not in said


async def test_a_person_chooses_the_model_of_a_conversation_and_changes_it(
    asking: tuple[Stack, FakeLocal], browser: Browser
) -> None:
    stack, model = asking
    for word in ("One.", "Two.", "Three.", "Four."):
        model.will(Say(word))
    await sign_in(browser, stack.url, ADA)
    await browser.open(f"{stack.url}/")
    await browser.click("Send", text="First", model="compatible:other-model")
    await browser.click("Send", text="Second")
    await browser.click("Retry")
    page = await browser.click("Send", text="Third", model="compatible:some-model")
    asked_of = [asked.body["model"] for asked in model.asked[-4:]]
    assert asked_of == ["other-model"] * 3 + ["some-model"]
    exported = (await browser.open(f"{page.url}/export?form=markdown")).html
    assert exported.count("## other-model") == 3
    assert exported.count("## some-model") == 1

    await browser.open(page.url)
    asked_before = len(model.asked)
    refused = await browser.click("Send", text="Of a stranger", model="openai:some-model")
    assert refused.status == 400
    assert "This model is not configured here" in refused.text
    assert "Of a stranger" in refused.html
    assert "First" in refused.text
    assert len(model.asked) == asked_before


async def test_an_answer_says_what_it_used_and_what_it_cost_where_that_is_known(
    asking: tuple[Stack, FakeLocal], browser: Browser
) -> None:
    stack, model = asking
    model.will(Say("One."), usage=Usage(input=1_000_000, cached=400_000, output=500_000))
    model.will(Say("Two."), usage=Usage(input=1_500, output=30))
    model.will(Say("Three."), usage=None)
    model.will(Say("Four."), usage=Usage(input=10**30, cached=10**31, output=5))
    model.will(Say("Five."), usage=Usage(input=5, output=-(10**30)))
    await sign_in(browser, stack.url, ADA)
    await browser.open(f"{stack.url}/")
    page = await browser.click("Send", text="Dear", model="compatible:some-model")
    assert "1,000,000 tokens in, 400,000 of them cached · 500,000 out" in page.text
    assert "$1.80" in page.text
    assert "This conversation" not in page.text
    page = await browser.click("Send", text="Unpriced", model="compatible:other-model")
    assert "1,500 tokens in · 30 out" in page.text
    assert (
        "This conversation: 1,001,500 tokens in, 400,000 of them cached · 500,030 out" in page.text
    )
    assert page.text.count("$") == 1
    page = await browser.click("Send", text="Silent")
    assert "The model's server told no tokens" in page.text
    page = await browser.click("Send", text="Absurd", model="compatible:some-model")
    assert "Four." in page.text
    assert "1,000,000,000,000 tokens in" in page.text
    page = await browser.click("Send", text="Less than nothing")
    assert "Five." in page.text
    assert page.text.count("The model's server told no tokens") == 2

    exported = await browser.http.get(f"{page.url}/export?form=json")
    used = [one for one in exported.json()["entries"] if one["kind"] == "usage"]
    assert [one["models"] for one in used[:2]] == [
        ["compatible:some-model"],
        ["compatible:other-model"],
    ]
    assert [one["cost"] for one in used[:3]] == ["1.8", None, None]
    assert "words" not in used[0]
    admin = await browser.open(f"{stack.url}/admin/use")
    assert "compatible:other-model" in admin.text
    assert "1 without tokens" in admin.text
    assert "cost not known" in admin.text


async def test_an_approval_that_waits_outlives_a_crash_and_runs_once(
    asking: tuple[Stack, FakeLocal], browser: Browser
) -> None:
    stack, model = asking
    await ready(browser, stack)
    model.will(Call("jira_create_issue", {**ISSUE, "summary": "After the crash"}))
    model.will(Say("It is there."))
    await browser.open(f"{stack.url}/")
    await browser.click("Send", text="Create it")
    mark = await stack.sandbox.atlassian.mark()
    address = browser.page.url

    stack.xerus.restart(with_signal=signal.SIGKILL)

    await browser.open(address)
    waiting = browser.page
    page = await browser.click("Approve")
    assert "It is there." in page.text
    browser.page = waiting
    await browser.click("Approve")
    assert await created(stack, mark) == 1


async def test_a_write_cut_by_a_crash_is_told_as_unknown_and_never_sent_again(
    asking: tuple[Stack, FakeLocal], browser: Browser
) -> None:
    stack, model = asking
    await ready(browser, stack)
    model.will(Call("jira_create_issue", {**ISSUE, "summary": "Amid the crash"}))
    await browser.open(f"{stack.url}/")
    await browser.click("Send", text="Create it")
    waiting, address = browser.page, browser.page.url
    known = len(started(stack, "jira_create_issue"))
    mark = await stack.sandbox.atlassian.mark()
    await stack.sandbox.atlassian.configure(latency_ms=_HELD_MS)
    pressed = asyncio.create_task(browser.click("Approve"))

    async def is_on_its_way() -> bool:
        return len(started(stack, "jira_create_issue")) > known

    await until(is_on_its_way)
    stack.xerus.kill()
    with suppress(httpx2.HTTPError):
        await pressed
    await stack.sandbox.atlassian.configure(latency_ms=0)
    stack.xerus.start()

    page = await browser.open(address)
    assert "Interrupted by a restart." in page.text
    assert "Outcome unknown" in page.text
    assert "may have been made: look before" in page.text
    asked_before = len(model.asked)
    browser.page = waiting
    page = await browser.click("Approve")
    assert "Outcome unknown" in page.text
    assert len(model.asked) == asked_before
    assert await created(stack, mark) <= 1
    model.will(Say("I shall look first."))
    await browser.open(address)
    await browser.click("Go on")
    assert "it is not known whether this was done" in model.asked[-1].text


async def test_an_orderly_stop_tells_the_stream_and_keeps_what_was_written(
    asking: tuple[Stack, FakeLocal], browser: Browser
) -> None:
    stack, model = asking
    gate = Gate()
    model.will(Say("Said before the stop."), gate)
    async with asked_by(browser, stack, "Slowly", gate) as path:
        names: list[str] = []
        async for name, _ in events(browser, stack.url, path):
            if not names:
                stopping = asyncio.create_task(asyncio.to_thread(stack.xerus.stop))
            names.append(name)
        await stopping
        assert names[-1] == "closing"
        gate = Gate()
        stack.xerus.start()
        page = await browser.open(f"{stack.url}{path}")
        assert "Said before the stop." in page.text
        assert "Interrupted by a restart." in page.text
        assert "may have been made" not in page.text


ISSUE = {"project_key": "ENG", "issue_type": "Task"}


async def ready(browser: Browser, stack: Stack) -> None:
    await sign_in(browser, stack.url, ADA)
    await connect_atlassian(browser, stack.url, ADA)


def started(stack: Stack, tool: str) -> list[object]:
    return rows(embedded(stack.xerus.folder / "data").administrator, _STARTED, tool)


async def created(stack: Stack, mark: int) -> int:
    log = await stack.sandbox.atlassian.log(mark)
    return sum(
        entry["method"] == "POST" and entry["path"].endswith("/rest/api/3/issue") for entry in log
    )
