"""Xerus itself under the conformance suite: what needs no fixtures, and the OAuth front."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.conformance.relay import relay
from tests.conformance.suite import server_suite, suite
from tests.support.browser import Browser
from tests.support.journeys import ADA, ALAN, connect_atlassian, sign_in
from tests.support.mcp_client import Storage, connected
from tests.support.plain import NO_TLS
from tests.support.processes import free_port
from tests.support.stack import Sandbox, Xerus, user_mode

AUTHORIZE = re.compile(r"(http://\S+/oauth/authorize\?\S+)")
BOTH = {
    "completion-complete",
    "dns-rebinding-protection",
    "prompts-list",
    "resources-list",
    "tools-list",
}
FIXTURE_FREE = {
    "2025-11-25": BOTH | {"server-initialize", "ping"},
    "2026-07-28": BOTH
    | {
        "caching",
        "http-header-validation",
        "sep-2164-resource-not-found",
        "server-sse-multiple-streams",
        "server-stateless",
        "input-required-result-unsupported-methods",
    },
}


@dataclass
class Public:
    """Xerus at its public URL: a relay that passes everything on and can add a bearer token.

    The suite cannot send a token of its own. Host and Origin reach Xerus as they were sent.
    """

    url: str
    added: dict[str, str]


@pytest.fixture(scope="module")
async def public(sandbox: Sandbox) -> AsyncIterator[Public]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    xerus = Xerus(sandbox.folder, {**await user_mode(sandbox), "XERUS_PUBLIC_URL": url}).start()
    added: dict[str, str] = {}
    async with relay(port, xerus.port, added):
        yield Public(url, added)
    xerus.stop()


@pytest.fixture
async def signed_in(public: Public) -> AsyncIterator[Public]:
    """The relay adds a token of ada's, who has connected Atlassian, to every request."""
    storage = Storage()
    async with Browser() as browser:
        await sign_in(browser, public.url, ADA)
        await connect_atlassian(browser, public.url, ADA)
        async with connected(public.url, storage, browser, ADA):
            assert storage.tokens is not None
    public.added["authorization"] = f"Bearer {storage.tokens.access_token}"
    yield public
    public.added.clear()


@pytest.mark.parametrize("revision", FIXTURE_FREE)
async def test_every_scenario_that_needs_no_fixture_passes_on_the_product(
    signed_in: Public, revision: str, tmp_path: Path
) -> None:
    outcome = await server_suite(f"{signed_in.url}/mcp", revision, tmp_path)
    wanted = FIXTURE_FREE[revision]
    assert wanted <= outcome.checks.keys(), outcome.said
    assert not wanted & outcome.failed, outcome.said
    for scenario in wanted:
        assert outcome.checks[scenario]["SUCCESS"], scenario


async def test_conformance_suite_gets_a_token_from_the_authorization_server(
    public: Public, browser: Browser
) -> None:
    port = free_port()
    metadata = {
        "client_name": "Conformance suite",
        "redirect_uris": [f"http://127.0.0.1:{port}/callback"],
        "token_endpoint_auth_method": "none",
    }
    async with httpx2.AsyncClient(verify=NO_TLS, trust_env=False) as http:
        client = (await http.post(f"{public.url}/oauth/register", json=metadata)).json()
    arguments = ("--url", public.url, "--client-id", client["client_id"], "--port", str(port))
    async with suite("authorization", *arguments, "--resource", f"{public.url}/mcp") as process:
        assert process.stdout
        said = ""
        while line := (await process.stdout.readline()).decode():
            said += line
            if asked := AUTHORIZE.search(line):
                await browser.open(asked[1])
                await browser.click("Allow")
                await browser.click(ALAN)
        await process.wait()
    assert process.returncode == 0, said
    assert "0 failed" in said
