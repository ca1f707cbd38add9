"""What a visitor can put into addresses and forms of the pages, and what comes of it."""

import asyncio
import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx2

from tests.support.browser import Browser
from tests.support.pages import Page
from tests.support.routes import Operation
from tests.support.stack import Xerus

_AT_ONCE = 8
_SERVER_ERROR = 500
_TOO_LONG = "x" * 5_000
_HOSTILE = (
    *("", "\0", "9" * 400, "[", "//evil.example", "\u202e%s{x}\r\nSet-Cookie: a=b", _TOO_LONG),
    "0001-01-01T00:00:00+14:00,1,1",
)
_IN_PATHS = ("x", "\0", "\u202e", "..", _TOO_LONG)
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
_ENDS_THE_VISIT = ("/signout", "/static/")


@dataclass(frozen=True)
class Ask:
    """A request that a page leads to: a link, or a form as it stands there."""

    method: str
    path: str
    fields: tuple[tuple[str, str], ...]

    @property
    def kind(self) -> tuple[str, str, frozenset[str]]:
        """What is alike in links that differ in values alone."""
        return self.method, _ID.sub("*", self.path), frozenset(name for name, _ in self.fields)


def spoilt(asks: Iterable[Ask]) -> Iterator[Ask]:
    """Yield every field of every form and link hostile, given twice, and left out."""
    done = set()
    for ask in asks:
        for at, (name, value) in enumerate(ask.fields):
            if (where := (*ask.kind[:2], name)) in done:
                continue
            done.add(where)
            before, after = ask.fields[:at], ask.fields[at + 1 :]
            for instead in (
                *([(name, odd)] for odd in _HOSTILE),
                [(name, value), (name, "\0")],
                [],
            ):
                yield Ask(ask.method, ask.path, (*before, *instead, *after))


async def crawl(xerus: Xerus, browser: Browser, operations: Iterable[Operation]) -> list[Ask]:
    """Return every kind of request that the pages lead to, beginning at all that have no name."""
    begin = [
        one.path for one in operations if one.method == "GET" and "x" not in one.path.split("/")
    ]
    found = {Ask("GET", path, ()).kind: Ask("GET", path, ()) for path in begin}
    new = list(found.values())
    while new:
        pages = await asyncio.gather(*(_page(xerus, browser, ask) for ask in new))
        new = []
        for ask in (ask for page in pages if page for ask in _asks(xerus, page)):
            if ask.kind not in found:
                found[ask.kind] = ask
                new += [ask] if ask.method == "GET" else []
    return list(found.values())


async def _page(xerus: Xerus, browser: Browser, ask: Ask) -> Page | None:
    async with _sent(xerus, browser, ask) as answer:
        if not answer.headers.get("content-type", "").startswith("text/html"):
            return None
        html = (await answer.aread()).decode()
    return Page(url=str(answer.url), status=answer.status_code, headers={}, html=html)


def _asks(xerus: Xerus, page: Page) -> Iterator[Ask]:
    for link in page.links:
        if link.href.startswith(f"{xerus.url}/"):
            yield _ask("GET", link.href, {})
    for form in page.forms:
        for name, value in [(one.name, one.value) for one in form.buttons] or [("", "")]:
            fields = {**form.fields, **({name: value} if name else {})}
            if form.action.startswith(f"{xerus.url}/"):
                yield _ask(form.method.upper(), form.action, fields)


def _ask(method: str, address: str, fields: dict[str, str]) -> Ask:
    parts = urlsplit(address)
    return Ask(method, parts.path, (*parse_qsl(parts.query), *fields.items()))


def in_paths(operations: Iterable[Operation]) -> Iterator[Ask]:
    """Yield every operation with a name in its path, with hostile ones there."""
    for one in operations:
        if "x" in one.path.split("/"):
            for odd in _IN_PATHS:
                path = "/".join(quote(odd) if part == "x" else part for part in one.path.split("/"))
                yield Ask(one.method, path, ())


async def try_all(xerus: Xerus, browser: Browser, asks: Iterable[Ask]) -> list[str]:
    """Send all; return those to which the server had no answer."""
    turn, failed = asyncio.Semaphore(_AT_ONCE), list[str]()

    async def send(ask: Ask) -> None:
        async with turn, _sent(xerus, browser, ask) as answer:
            if answer.status_code >= _SERVER_ERROR:
                failed.append(f"{answer.status_code} {ask}"[:500])

    await asyncio.gather(*(send(ask) for ask in asks if not ask.path.startswith(_ENDS_THE_VISIT)))
    return failed


def _sent(xerus: Xerus, browser: Browser, ask: Ask) -> AbstractAsyncContextManager[httpx2.Response]:
    if ask.method == "GET":
        return browser.http.stream("GET", f"{xerus.url}{ask.path}?{urlencode(ask.fields)}")
    return browser.http.stream(
        ask.method,
        f"{xerus.url}{ask.path}",
        content=urlencode(ask.fields),
        headers={"Origin": xerus.url, "Content-Type": "application/x-www-form-urlencoded"},
    )
