"""The backup that docs/operating.md tells to make, restored on another server, in another folder."""

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.browser import Browser
from tests.support.commands import xerus
from tests.support.database import Server, program, server
from tests.support.folders import reachable
from tests.support.journeys import ADA, GRACE, connect_atlassian, sign_in
from tests.support.mcp_client import Storage, connected, text_of
from tests.support.pages import Page
from tests.support.stack import Sandbox, Xerus, user_mode

NAME, LOGIN = "xerus_production", "xerus_login"
OUT_OF_GRACE = 2 * 3600


def copied(source: Path, *names: str) -> Path:
    """Return a new folder whose data folder holds these files alone."""
    folder = reachable()
    (folder / "data").mkdir(mode=0o700)
    for name in names:
        shutil.copy2(source / "data" / name, folder / "data" / name)
    return folder


def with_roles(server: Server, env: dict[str, str]) -> str:
    """Make a database with the roles that `xerus migrate` asks an administrator for."""
    folder, url = reachable(), server.database(NAME, LOGIN)
    printed = xerus("migrate", folder=folder, env={**env, "XERUS_DATABASE_URL": url})
    (folder / "roles.sql").write_text(printed.stdout)
    program("psql", server.as_administrator(NAME), "-qf", folder / "roles.sql")
    return url


class Caller:
    """An MCP client of one person, which keeps its grant over restarts."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._storage = Storage()

    async def read_issue(self, url: str, browser: Browser) -> tuple[bool, str]:
        """Return whether reading an issue failed, and the answer."""
        async with connected(url, self._storage, browser, self._account) as client:
            answer = await client.call_tool("jira_get_issue", {"issue_key": "ENG-1"})
            return bool(answer.is_error), text_of(answer)


@dataclass
class Restored:
    """What became of everything after the restore."""

    url: str
    env: dict[str, str]
    backup: Path
    newest: Path
    ada: tuple[bool, str]
    grace: tuple[bool, str]
    asked_at_atlassian: list[str]
    ada_tools: Page
    ada_activity: Page
    grace_tools: Page
    reconnected: tuple[bool, str]


@pytest.fixture(scope="module")
async def servers() -> AsyncIterator[tuple[Server, Server]]:
    async with server() as one, server() as other:
        yield one, other


@pytest.fixture(scope="module")
async def restored(servers: tuple[Server, Server], sandbox: Sandbox) -> AsyncIterator[Restored]:
    """Back up a running Xerus, let one refresh token be rotated, restore, and look at all of it."""
    before, after = servers
    await sandbox.atlassian.configure(refresh_grace_seconds=0)
    env = await user_mode(sandbox)
    folder, keep = reachable(), reachable()
    ada, grace = Caller(ADA), Caller(GRACE)
    async with AsyncExitStack() as stack:
        adas, graces, nobody = [await stack.enter_async_context(Browser()) for _ in range(3)]
        old = Xerus(folder, {**env, "XERUS_DATABASE_URL": with_roles(before, env)}).start()
        for account, browser, caller in ((ADA, adas, ada), (GRACE, graces, grace)):
            await sign_in(browser, old.url, account)
            await connect_atlassian(browser, old.url, account)
            failed, text = await caller.read_issue(old.url, browser)
            assert not failed, text
            browser.stops_at = ()
        # A copy of the files beside a server that runs, as the page tells.
        backup = copied(folder, "key")
        program("pg_dump", before.as_administrator(NAME), "-Fc", "-f", keep / "xerus.dump")
        await sandbox.atlassian.advance(OUT_OF_GRACE)
        failed, text = await grace.read_issue(old.url, nobody)
        assert not failed, text
        await sandbox.atlassian.advance(OUT_OF_GRACE)
        old.stop()
        newest = copied(folder, "key", "audit-checkpoints.jsonl")

        moved = {**env, "XERUS_DATABASE_URL": with_roles(after, env)}
        restore = ("--clean", "--if-exists", "--exit-on-error", keep / "xerus.dump")
        program("pg_restore", after.as_administrator(NAME), *restore)
        new = Xerus(newest, moved, port=old.port).start()
        stack.callback(new.stop)
        mark = await sandbox.atlassian.mark()
        adas_answer = await ada.read_issue(new.url, nobody)
        graces_answer = await grace.read_issue(new.url, nobody)
        asked = [entry["path"] for entry in await sandbox.atlassian.log(mark)]
        ada_tools = await adas.open(f"{new.url}/tools")
        ada_activity = await adas.open(f"{new.url}/activity")
        grace_tools = await graces.open(f"{new.url}/tools")
        await graces.click("Reconnect")
        await graces.click("Accept")
        yield Restored(
            url=new.url,
            env=new.env,
            backup=backup,
            newest=newest,
            ada=adas_answer,
            grace=graces_answer,
            asked_at_atlassian=asked,
            ada_tools=ada_tools,
            ada_activity=ada_activity,
            grace_tools=grace_tools,
            reconnected=await grace.read_issue(new.url, nobody),
        )


async def test_a_restored_connection_works_without_reconnecting(restored: Restored) -> None:
    failed, text = restored.ada
    assert not failed, text
    assert "ENG-1" in text
    assert not [path for path in restored.asked_at_atlassian if "authorize" in path]
    assert "Connected" in restored.ada_tools.text
    assert "jira_get_issue" in restored.ada_activity.text, "what was before the backup"


async def test_a_connection_whose_token_was_rotated_since_is_to_be_reconnected(
    restored: Restored,
) -> None:
    failed, text = restored.grace
    assert failed
    assert (
        f"needs a new consent. Nothing was changed. Connect it here: {restored.url}/tools" in text
    )
    assert "Reconnect" in restored.grace_tools.text
    assert GRACE in restored.grace_tools.text
    assert not restored.reconnected[0], restored.reconnected[1]


async def test_the_checkpoints_outside_the_database_show_that_events_are_missing(
    restored: Restored,
) -> None:
    env = restored.env
    without = xerus("audit", "verify", folder=restored.backup, env=env)
    assert without.returncode == 0, without.stdout + without.stderr
    with_newest = xerus("audit", "verify", folder=restored.newest, env=env)
    assert with_newest.returncode == 1
    said = with_newest.stdout + with_newest.stderr
    assert "a signed checkpoint saw" in said


async def test_without_the_key_file_nothing_starts(restored: Restored) -> None:
    folder = reachable()
    refused = xerus("serve", folder=folder, env=restored.env)
    assert refused.returncode == 1
    assert "key file" in refused.stderr
    assert "Put the original key file back" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (folder / "data" / "key").exists(), "a new key would hide the loss"
