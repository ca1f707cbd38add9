import re
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
import pytest

from tests.support.folders import reachable
from xerus_sandbox.opaque import challenge_of

PROGRAM = Path(__file__).with_name("fake_sandbox.py")
ATLASSIAN_CALLBACK = "http://localhost:8000/connections/atlassian/callback"
ENTRA_CALLBACK = "http://localhost:8000/oauth/callback"
ALL_SCOPES = "read:jira-work write:jira-work read:me offline_access"


class SandboxProcess:
    """The sandbox as a process; `atlassian` and `entra` are its base URLs."""

    def __init__(self, folder: Path, record: Path | None = None) -> None:
        arguments = [sys.executable, str(PROGRAM), str(folder)]
        self.process = subprocess.Popen(
            [*arguments, *([str(record)] if record else [])], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        words = line.split()
        assert words[:3] == ["Sandbox", "is", "ready:"], line
        self.atlassian, self.entra = words[4], words[6]

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def stop(self) -> int:
        self.process.terminate()
        self.process.communicate(timeout=20)
        return self.process.returncode


@dataclass(kw_only=True)
class Reply:
    status: int
    headers: Any
    body: bytes
    json: Any

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def location(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.headers["location"]).query))


class Browser:
    """An HTTP client with a cookie jar that follows nothing by itself."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.atlassian, self.entra = sandbox.atlassian, sandbox.entra
        jar = aiohttp.CookieJar(unsafe=True)
        self._session = aiohttp.ClientSession(
            cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=20)
        )
        self.credentials: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        self.credentials = (await self.get(f"{self.atlassian}/_sandbox/config")).json["credentials"]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def send(self, method: str, url: str, **options: Any) -> Reply:
        token = options.pop("bearer", None)
        if token:
            options["headers"] = {"Authorization": f"Bearer {token}"}
        async with self._session.request(method, url, allow_redirects=False, **options) as response:
            body = await response.read()
            is_json = "json" in response.headers.get("content-type", "") and body
            return Reply(
                status=response.status,
                headers=response.headers,
                body=body,
                json=await response.json() if is_json else None,
            )

    async def get(self, url: str, **options: Any) -> Reply:
        return await self.send("GET", url, **options)

    async def post(self, url: str, **options: Any) -> Reply:
        return await self.send("POST", url, **options)

    async def config(self, base: str, **changes: Any) -> Reply:
        return await self.send("PATCH", f"{base}/_sandbox/config", json=changes)

    async def advance(self, base: str, seconds: float) -> None:
        await self.post(f"{base}/_sandbox/clock", json={"advance_seconds": seconds})

    async def press(self, base: str, shown: Reply, name: str, value: str) -> Reply:
        action = re.search(r'action="([^"]*)"', shown.text)
        assert action, shown.text
        sent = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', shown.text))
        fields = {key: unescape(text) for key, text in sent.items()}
        assert f'name="{name}" value="{value}"' in shown.text
        return await self.post(base + unescape(action[1]), data={**fields, name: value})

    async def atlassian_request(self, **changes: str | None) -> Reply:
        wanted = {
            "audience": "api.atlassian.com",
            "client_id": self.credentials["atlassian"]["client_id"],
            "scope": ALL_SCOPES,
            "redirect_uri": ATLASSIAN_CALLBACK,
            "state": "s t&a=te",
            "response_type": "code",
            "prompt": "consent",
            **changes,
        }
        query = urlencode({k: v for k, v in wanted.items() if v is not None})
        return await self.get(f"{self.atlassian}/authorize?{query}")

    async def consent(self, email: str, decision: str = "accept", **changes: str | None) -> Reply:
        shown = await self.atlassian_request(**changes)
        if "Use another account" in shown.text:
            shown = await self.press(self.atlassian, shown, "decision", "switch")
        signed_in = await self.press(self.atlassian, shown, "account", email)
        assert signed_in.status == 303
        page = await self.get(self.atlassian + signed_in.headers["location"])
        return await self.press(self.atlassian, page, "decision", decision)

    async def atlassian_token(self, **fields: str) -> Reply:
        known = self.credentials["atlassian"]
        client = {"client_id": known["client_id"], "client_secret": known["client_secret"]}
        return await self.post(f"{self.atlassian}/oauth/token", json={**client, **fields})

    async def redeem(self, code: str, **fields: str) -> Reply:
        return await self.atlassian_token(
            **{
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": ATLASSIAN_CALLBACK,
                **fields,
            }
        )

    async def refresh(self, refresh_token: str) -> Reply:
        return await self.atlassian_token(grant_type="refresh_token", refresh_token=refresh_token)

    async def connect(self, email: str = "ada@example.com", **changes: str) -> dict[str, Any]:
        sent_back = await self.consent(email, **changes)
        answer = await self.redeem(sent_back.location["code"])
        assert answer.status == 200, answer.text
        tokens: dict[str, Any] = answer.json
        return tokens

    async def call(self, token: str, name: str = "seed", site: str = "acme") -> Reply:
        cloud_id = self.credentials["sites"][site]["cloud_id"]
        url = f"{self.atlassian}/ex/jira/{cloud_id}/rest/api/3/note/{name}"
        return await self.get(url, bearer=token)

    @property
    def tenant(self) -> str:
        return f"{self.entra}/{self.credentials['entra']['tenant_id']}"

    async def entra_request(self, **changes: str | None) -> Reply:
        wanted = {
            "client_id": self.credentials["entra"]["client_id"],
            "scope": "openid profile email offline_access",
            "redirect_uri": ENTRA_CALLBACK,
            "state": "the state",
            "nonce": "the nonce",
            "response_type": "code",
            **changes,
        }
        query = urlencode({k: v for k, v in wanted.items() if v is not None})
        return await self.get(f"{self.tenant}/oauth2/v2.0/authorize?{query}")

    async def entra_sign_in(self, email: str = "ada@example.com", **changes: str) -> dict[str, str]:
        verifier = secrets.token_urlsafe(48)
        shown = await self.entra_request(
            code_challenge=challenge_of(verifier), code_challenge_method="S256", **changes
        )
        back = await self.press(self.entra, shown, "account", email)
        assert back.status == 302, back.text
        return {**back.location, "code_verifier": verifier}

    async def entra_token(self, **fields: str) -> Reply:
        known = self.credentials["entra"]
        client = {"client_id": known["client_id"], "client_secret": known["client_secret"]}
        return await self.post(f"{self.tenant}/oauth2/v2.0/token", data={**client, **fields})

    async def entra_redeem(self, back: dict[str, str], **fields: str) -> Reply:
        return await self.entra_token(
            **{
                "grant_type": "authorization_code",
                "code": back["code"],
                "code_verifier": back["code_verifier"],
                "redirect_uri": ENTRA_CALLBACK,
                **fields,
            }
        )


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxProcess]:
    process = SandboxProcess(reachable())
    yield process
    assert process.stop() == 0


@pytest.fixture(scope="session")
def start_sandbox() -> type[SandboxProcess]:
    return SandboxProcess


@pytest.fixture(scope="session")
def open_browser() -> type[Browser]:
    return Browser


@pytest.fixture
async def browser(sandbox: SandboxProcess) -> AsyncIterator[Browser]:
    """A fresh browser on a sandbox that is back at its seed."""
    async with Browser(sandbox) as fresh:
        for base in (fresh.atlassian, fresh.entra):
            await fresh.post(f"{base}/_sandbox/reset")
        yield fresh
