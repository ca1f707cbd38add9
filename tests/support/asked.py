"""A Xerus whose model the test plays, and the chat of it in a browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Locator, Page, expect

from tests.stores.connecting import until
from tests.support.browser import Browser as TextBrowser
from tests.support.database import embedded, rows
from tests.support.journeys import ADA, connect_atlassian
from tests.support.journeys import sign_in as sign_in_by_http
from tests.support.model_answers import Gate
from tests.support.model_servers import FakeLocal, ModelServer
from tests.support.stack import Sandbox, Stack, Xerus, user_mode


@asynccontextmanager
async def asked(sandbox: Sandbox) -> AsyncIterator[tuple[Stack, FakeLocal]]:
    """Xerus on the sandbox, Ada connected, with a model that says what the test wants, and a second."""
    more = {
        "XERUS_MODELS": "compatible:other-model",
        "XERUS_MODEL_PRICES": "compatible:some-model=1/2/0.5",
    }
    async with (
        FakeLocal(("some-model", "other-model")) as model,
        stack_of(model, sandbox, **more) as stack,
    ):
        yield stack, model


@asynccontextmanager
async def stack_of(model: ModelServer, sandbox: Sandbox, **more: str) -> AsyncIterator[Stack]:
    """Xerus on the sandbox, with the model of this provider and Ada connected."""
    env = {**await user_mode(sandbox), **model.env, **more}
    stack = Stack(sandbox, Xerus(sandbox.folder, env).start())
    try:
        async with TextBrowser() as browser:
            await sign_in_by_http(browser, stack.url, ADA)
            await connect_atlassian(browser, stack.url, ADA)
        yield stack
    finally:
        stack.xerus.stop()


async def ask(page: Page, text: str) -> None:
    await page.get_by_role("textbox").fill(text)
    await page.get_by_role("textbox").press("Enter")


def answer(page: Page) -> Locator:
    return page.get_by_role("article", name="Xerus").last


async def reached(gate: Gate) -> None:
    await gate.reached.wait()


async def stored(stack: Stack, url: str, size: int) -> None:
    """Wait until the last turn of a conversation takes more than `size` bytes in the database."""
    place = embedded(stack.xerus.folder / "data").administrator

    async def is_there() -> object:
        return rows(
            place,
            "SELECT n FROM conversation_turns WHERE conversation_id = %s"
            " AND octet_length(content) > %s",
            url.rsplit("/", 1)[1],
            size,
        )

    await until(is_there)


async def is_over(page: Page) -> None:
    """Wait until no answer is being written, as the page shows it."""
    await expect(page.get_by_role("button", name="Stop")).to_have_count(0)


HEARD = """
window.heard = [];
const status = document.getElementById("status");
new MutationObserver(() => window.heard.push(status.textContent))
  .observe(status, { childList: true, characterData: true, subtree: true });
"""
"""Keeps what a screen reader is told, in `window.heard`."""
