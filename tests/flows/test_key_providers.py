"""A serving Xerus whose keys move to Vault and back, and whose Vault goes away."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.support.browser import Browser
from tests.support.commands import xerus
from tests.support.journeys import ADA, connect_atlassian, sign_in
from tests.support.key_services.vault import FakeVault
from tests.support.mcp_client import Storage, connected, text_of
from tests.support.plain import NO_TLS
from tests.support.stack import Sandbox, Stack, Xerus, user_mode

_FILE = {"XERUS_KEY_PROVIDER": "file"}
_TO_VAULT = {"XERUS_KEY_PROVIDER_BEFORE": "file"}
_TO_FILE = {**_FILE, "XERUS_KEY_PROVIDER_BEFORE": "vault-transit:transit/xerus"}


@pytest.fixture
async def vault(tmp_path: Path) -> AsyncIterator[FakeVault]:
    async with FakeVault(tmp_path) as running:
        yield running


@pytest.fixture
async def mine(sandbox: Sandbox, vault: FakeVault) -> AsyncIterator[Stack]:
    running = Stack(sandbox, Xerus(sandbox.folder, await user_mode(sandbox)).start())
    yield running
    running.xerus.stop()


async def restarted(stack: Stack, settings: dict[str, str]) -> None:
    """Start the process anew, the loop left free for Vault."""
    stack.xerus.stop()
    stack.xerus.env = {**await user_mode(stack.sandbox), **settings}
    await asyncio.to_thread(stack.xerus.start)


async def command(stack: Stack, *args: str) -> tuple[int, str]:
    done = await asyncio.to_thread(xerus, *args, env=stack.xerus.env, folder=stack.xerus.folder)
    return done.returncode, done.stdout + done.stderr


async def killed_half_way(stack: Stack, vault: FakeVault) -> None:
    """Begin a rotation, and kill it as soon as Vault has wrapped two more keys."""
    begun = len(vault.versions_used())
    data = str(stack.xerus.folder / "data")
    job = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "xerus", "keys", "rotate"),
        env={"PATH": os.environ["PATH"], **stack.xerus.env, "XERUS_DATA_DIR": data},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(60):
        while len(vault.versions_used()) < begun + 4:
            assert job.returncode is None
            await asyncio.sleep(0.002)
    job.kill()
    await job.wait()


async def probe(stack: Stack, path: str) -> httpx2.Response:
    async with httpx2.AsyncClient(verify=NO_TLS, trust_env=False, timeout=30) as http:
        return await http.get(f"{stack.url}{path}")


async def test_keys_move_to_vault_and_back_while_xerus_serves(
    mine: Stack, vault: FakeVault, browser: Browser
) -> None:
    await sign_in(browser, mine.url, ADA)
    await connect_atlassian(browser, mine.url, ADA)
    storage = Storage()

    async def works() -> None:
        async with Browser() as nobody, connected(mine.url, storage, nobody, ADA) as client:
            answer = await client.call_tool("jira_get_issue", {"issue_key": "ENG-1"})
            assert not answer.is_error, text_of(answer)
        assert ADA in (await browser.open(f"{mine.url}/tools")).text

    async with connected(mine.url, storage, browser, ADA) as client:
        await client.list_tools()
    await restarted(mine, {**vault.env, **_TO_VAULT})
    await killed_half_way(mine, vault)
    async with Browser() as nobody, connected(mine.url, storage, nobody, ADA) as client:
        rotation = asyncio.create_task(command(mine, "keys", "rotate"))
        while not rotation.done():
            answer = await client.call_tool("jira_get_issue", {"issue_key": "ENG-1"})
            assert not answer.is_error, text_of(answer)
            await asyncio.wait({rotation}, timeout=0.1)
    status, said = await rotation
    assert (status, "unset XERUS_KEY_PROVIDER_BEFORE" in said) == (0, True), said

    key = mine.xerus.folder / "data" / "key"
    key.rename(key.with_name("put-away"))
    await restarted(mine, vault.env)
    await works()
    await vault.go_away()
    await works()
    ready = await probe(mine, "/readyz")
    assert (ready.status_code, ready.json()["keys"]) == (200, True)
    assert "xerus_key_provider_up" in (await probe(mine, "/metrics")).text
    status, said = await command(mine, "keys", "rotate")
    assert (status, "Vault cannot be reached" in said, vault.url in said) == (1, True, True), said
    await vault.come_back()

    await restarted(mine, {**vault.env, **_TO_FILE})
    assert (await command(mine, "keys", "rotate"))[0] == 0
    await vault.go_away()
    await restarted(mine, _FILE)
    await works()
    told = said + mine.xerus.log.read_text()
    assert not [secret for secret in vault.secrets if secret in told]
