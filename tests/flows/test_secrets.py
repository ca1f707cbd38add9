"""Every secret that occurs on the whole way, searched for wherever Xerus keeps or shows something."""

import base64
import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote_plus, urlsplit

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.support.browser import Browser
from tests.support.commands import xerus
from tests.support.database import dump, embedded
from tests.support.folders import reachable
from tests.support.journeys import ADA, ALAN, connect_atlassian, sign_in
from tests.support.mcp_client import Storage, provider
from tests.support.routes import operations
from tests.support.stack import Sandbox, Stack, Xerus, user_mode

WIRETAP = Path(__file__).parents[1] / "support" / "wiretap.py"
KINDS = ("access_token", "refresh_token", "id_token", "code", "code_verifier", "client_secret")
IN_JSON = re.compile(r'"(\w+)"\s*:\s*"([^"\s]{16,})"')
IN_FORM = re.compile(r"[?&\s](\w+)=([^&\s\"'<>]{16,})")
IN_HEADER = re.compile(r"(?i)\n(authorization): (?:Bearer|Basic) (\S+)")
FILES = ("dump", "log", "checkpoints", "export", "check")
PAGES_AT_LEAST = 30


@dataclass
class Found:
    """Secrets by kind, and everything that was shown: `pages` by their path, `files` by name."""

    secrets: dict[str, set[str]] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, *values: str | None) -> None:
        self.secrets.setdefault(kind, set()).update(value for value in values if value)

    def read(self, traffic: str, where: str) -> None:
        """Take over every secret from HTTP messages."""
        for pattern in (IN_JSON, IN_FORM, IN_HEADER):
            for kind, value in pattern.findall(traffic):
                if kind.lower() in {*KINDS, "state", "nonce", "authorization"}:
                    self.add(f"{where} {kind.lower()}", unquote_plus(value))


def forms_of(secret: str) -> Iterator[str]:
    """Yield the ways in which a text can stand in a dump, a log or a page."""
    raw = secret.encode()
    yield from (secret, raw.hex(), json.dumps(secret)[1:-1])
    yield base64.b64encode(raw).decode().rstrip("=")
    yield base64.urlsafe_b64encode(raw).decode().rstrip("=")


def hits(found: Found, text: str) -> list[str]:
    """Name the kinds of secrets that occur in a text."""
    return [
        kind
        for kind, secrets in found.secrets.items()
        if any(form in text for secret in secrets for form in forms_of(secret))
    ]


def listen(http: httpx2.AsyncClient, found: Found, where: str) -> None:
    """Collect the secrets that one HTTP client sends and receives."""

    async def sent(request: httpx2.Request) -> None:
        body = (await request.aread()).decode()
        found.read(f" {request.url}\n {body}", where)

    async def received(response: httpx2.Response) -> None:
        body = (await response.aread()).decode() if "/oauth/" in str(response.url) else ""
        found.read(f" {response.headers.get('location', '')}\n{body}", where)

    http.event_hooks = {"request": [sent], "response": [received]}


async def use_a_client(stack: Stack, browser: Browser, found: Found) -> Storage:
    """Register, authorize, call, and renew our own token, as an MCP client does."""
    storage = Storage()
    auth = provider(stack.url, storage, browser, ADA)
    async with httpx2.AsyncClient(auth=auth, timeout=60, trust_env=False) as http:
        listen(http, found, "client's")
        transport = streamable_http_client(f"{stack.url}/mcp", http_client=http)
        async with Client(transport) as client:
            await client.call_tool("jira_get_issue", {"issue_key": "ENG-1"})
            await stack.sandbox.atlassian.advance(2 * 3600)
            await client.call_tool("jira_get_issue", {"issue_key": "ENG-2"})
            fault = {"path_regex": "/oauth/token", "fault": "status", "status": 500, "times": 9}
            await stack.sandbox.atlassian.faults([fault])
            await stack.sandbox.atlassian.advance(2 * 3600)
            await client.call_tool("jira_get_issue", {"issue_key": "ENG-3"})
    assert storage.tokens
    assert storage.client
    async with httpx2.AsyncClient(trust_env=False) as http:
        listen(http, found, "client's")
        for token in (storage.tokens.refresh_token, "x" * 43):
            form = {"grant_type": "refresh_token", "refresh_token": token or ""}
            form["client_id"] = storage.client.client_id or ""
            form["client_secret"] = storage.client.client_secret or ""
            await http.post(f"{stack.url}/oauth/token", data=form)
    found.add("our client secret", storage.client.client_secret)
    return storage


async def look_around(stack: Stack, browser: Browser, found: Found) -> None:
    """Ask for whatever the product answers a GET with, in a conversation that there is."""
    await browser.open(f"{stack.url}/")
    await browser.click("Send", text="create a task in ENG: Planted")
    found.pages["approved"] = (await browser.click("Approve")).html
    chat = urlsplit(browser.page.url).path
    for one in await operations(stack.xerus):
        # `events` waits for an attempt to connect; `status` says the same at once.
        if one.method == "GET" and not one.path.endswith("/events"):
            path = re.sub("^/chat/x", chat, one.path)
            answer = await browser.http.get(f"{stack.url}{path}")
            if answer.status_code == HTTPStatus.OK:
                found.pages[path] = answer.text


def settle(stack: Stack, found: Found, tape: Path) -> None:
    """Collect what lies on disk."""
    folder = stack.xerus.folder
    data = folder / "data"
    found.read(tape.read_bytes().decode("latin-1"), "upstream")
    key = (data / "key").read_bytes()
    found.add("key file", key.decode("latin-1").strip(), key.hex())
    place = json.loads((data / "postgres.json").read_text())
    found.add("database password", place["admin_password"], place["login_password"])
    found.files["dump"] = dump(embedded(data).administrator)
    found.files["log"] = stack.xerus.log.read_text()
    found.files["checkpoints"] = (data / "audit-checkpoints.jsonl").read_text()
    env = stack.xerus.env
    found.files["export"] = xerus("audit", "export", folder=folder, env=env).stdout
    found.files["check"] = xerus("check", folder=folder, env=env).stdout


@pytest.fixture(scope="module")
async def journey(record: str | None) -> AsyncIterator[Found]:
    """Go the whole way with everything that can be configured, and collect."""
    folder = reachable()
    tape, found = folder / "tape", Found()

    class Tapped(Sandbox):
        program = (str(WIRETAP), str(tape))

    sandbox = Tapped(folder, record)
    known = await sandbox.credentials()
    env = {
        **await user_mode(sandbox),
        "XERUS_ATLASSIAN_CREDENTIALS": "user-then-shared",
        "XERUS_LOG_LEVEL": "debug",
        "XERUS_METRICS_TOKEN": "canary-of-the-metrics-token",
        "CONFLUENCE_URL": known["data_center"]["confluence"],
        "CONFLUENCE_PERSONAL_TOKEN": known["pats"][ALAN],
    }
    for name, value in env.items():
        if "SECRET" in name or "TOKEN" in name:
            found.add(name, value)
    stack = Stack(sandbox, Xerus(folder, env).start())
    async with Browser() as browser:
        listen(browser.http, found, "browser's")
        await sign_in(browser, stack.url, ADA)
        await connect_atlassian(browser, stack.url, ADA)
        await use_a_client(stack, browser, found)
        found.add("cookie", *(cookie.value for cookie in browser.http.cookies.jar))
        await look_around(stack, browser, found)
    stack.xerus.restart()
    settle(stack, found, tape)
    yield found
    stack.stop()


async def test_every_kind_of_secret_was_seen(journey: Found) -> None:
    kinds = set(journey.secrets)
    assert {f"upstream {kind}" for kind in KINDS} <= kinds
    assert {f"client's {kind}" for kind in KINDS if kind != "id_token"} <= kinds
    assert {"browser's code", "browser's state", "cookie", "key file"} <= kinds
    assert len(journey.secrets["upstream access_token"]) >= 3
    assert len(journey.secrets["client's refresh_token"]) >= 2
    assert sum(map(len, journey.secrets.values())) >= 25


async def test_the_search_finds_a_secret_in_each_encoding(journey: Found) -> None:
    secret = next(iter(journey.secrets["upstream refresh_token"]))
    for form in forms_of(secret):
        assert hits(journey, f"before {form} after") == ["upstream refresh_token"]


@pytest.mark.parametrize("file", FILES)
async def test_no_secret_lies_in_the_clear(journey: Found, file: str) -> None:
    assert journey.files[file]
    assert hits(journey, journey.files[file]) == []


async def test_no_page_shows_a_secret(journey: Found) -> None:
    assert len(journey.pages) >= PAGES_AT_LEAST
    shown = {path: hits(journey, text) for path, text in journey.pages.items()}
    assert {path: kinds for path, kinds in shown.items() if kinds} == {}
