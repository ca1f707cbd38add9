"""A person at a browser without JavaScript: cookies, redirects, links, forms."""

import re
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx2

from tests.support.pages import Page
from tests.support.plain import NO_TLS

_REFRESH = re.compile(r"^\s*0\s*;\s*url=(?P<url>.+)$", re.IGNORECASE)
_HOPS = 20


class LeftTheWorld(Exception):
    """A redirect led to an address that no server of the test serves: a client's callback."""

    def __init__(self, url: str) -> None:
        super().__init__(urlsplit(url)._replace(query="").geturl())
        self.url = url


class Browser:
    """One browser profile. `stops_at` are URL prefixes that it does not follow but reports."""

    def __init__(self, *, stops_at: tuple[str, ...] = ()) -> None:
        self.http = httpx2.AsyncClient(
            follow_redirects=False,
            timeout=60,
            trust_env=False,
            verify=NO_TLS,
            headers={"Accept": "text/html,application/xhtml+xml", "User-Agent": "Mozilla/5.0"},
        )
        self.stops_at = stops_at
        self.page = Page(url="about:blank", status=0, headers={}, html="")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def open(self, url: str, **headers: str) -> Page:
        return await self._go("GET", url, headers=headers)

    async def click(self, text: str, /, **values: str) -> Page:
        """Press the button, or follow the link, that is called `text`; fill `values` in first."""
        for form in self.page.forms:
            for button in form.buttons:
                if button.is_called(text):
                    data = {**form.fields, **values}
                    if button.name:
                        data[button.name] = button.value
                    action = urljoin(self.page.url, button.action) if button.action else form.action
                    if form.method == "post":
                        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.page.url))
                        return await self._go("POST", action, data=data, headers={"Origin": origin})
                    return await self._go("GET", action, params=data)
        for link in self.page.links:
            if link.is_called(text):
                return await self._go("GET", link.href)
        raise AssertionError(f"no {text!r} on {self.page.url}: {self.page.text[:2000]}")

    def can(self, text: str) -> bool:
        """Whether a button or link is called `text`."""
        buttons = [button for form in self.page.forms for button in form.buttons]
        by_link = any(link.is_called(text) for link in self.page.links)
        return by_link or any(button.is_called(text) for button in buttons)

    async def _go(self, method: str, url: str, **request: Any) -> Page:
        for _ in range(_HOPS):
            if self.stops_at and url.startswith(self.stops_at):
                raise LeftTheWorld(url)
            response = await self.http.request(method, url, **request)
            following = self._next(response)
            if following is None:
                self.page = Page(
                    url=str(response.url),
                    status=response.status_code,
                    headers=dict(response.headers),
                    html=response.text,
                )
                return self.page
            method, url, request = "GET", urljoin(url, following), {}
        raise AssertionError(f"more than {_HOPS} redirects, last to {url}")

    @staticmethod
    def _next(response: httpx2.Response) -> str | None:
        if response.is_redirect:
            return str(response.headers["location"])
        refresh = _REFRESH.match(response.headers.get("refresh", ""))
        return refresh["url"].strip("'\" ") if refresh else None
