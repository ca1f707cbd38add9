"""An operator's own PostgreSQL: migrations without rights, roles as processes, several workers."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psycopg
import pytest

from tests.support.browser import Browser
from tests.support.commands import xerus
from tests.support.database import Server, rows, server
from tests.support.folders import reachable
from tests.support.front import front
from tests.support.journeys import ADA, connect_atlassian, sign_in
from tests.support.mcp_client import Storage, connected, text_of
from tests.support.processes import free_port
from tests.support.stack import Port, Sandbox, Xerus, user_mode

ROLES = ("web", "oauth", "mcp", "worker")


@pytest.fixture(scope="module")
async def postgres() -> AsyncIterator[Server]:
    async with server() as running:
        yield running


@dataclass
class Prepared:
    """A migrated database and what a Xerus on it is given."""

    administrator: str
    env: dict[str, str]
    migrations: list[subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
async def prepared(postgres: Server, sandbox: Sandbox) -> Prepared:
    """Migrate with a login that may not make roles; an administrator runs what is printed."""
    folder = reachable()
    url = postgres.database("company", "company_login")
    administrator = postgres.as_administrator("company")
    env = {**await user_mode(sandbox), "XERUS_DATABASE_URL": url}
    done = [xerus("migrate", folder=folder, env=env)]
    with psycopg.connect(administrator, autocommit=True) as conn:
        conn.execute(done[0].stdout.encode())
    done += [xerus("migrate", folder=folder, env=env) for _ in range(2)]
    return Prepared(administrator, {**env, "XERUS_DATA_DIR": str(folder / "data")}, done)


def test_migrate_prints_the_sql_that_an_administrator_runs_and_then_works_without_rights(
    prepared: Prepared,
) -> None:
    refused, applied, again = prepared.migrations
    assert refused.returncode == 1
    assert 'TO "company_login"' in refused.stdout
    assert "administrator" in refused.stderr
    assert applied.returncode == 0, applied.stderr
    assert "0001" in applied.stdout
    assert "up to date" in again.stdout
    owners = rows(
        prepared.administrator,
        "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'",
    )
    assert [row["tableowner"] for row in owners] == ["xerus_owner"]


def test_a_database_that_is_away_is_said_plainly(tmp_path: Path) -> None:
    env = {"XERUS_DATABASE_URL": f"postgresql://x:canary@127.0.0.1:{free_port()}/x"}
    for command in ("migrate", "serve"):
        refused = xerus(command, folder=tmp_path, env=env)
        assert refused.returncode == 1
        assert "XERUS_DATABASE_URL" in refused.stderr
        assert "canary" not in refused.stderr + refused.stdout
        assert "Traceback" not in refused.stderr


async def journey(url: str, storage: Storage) -> None:
    """Sign in, connect, and work from an MCP client and from the chat."""
    async with Browser() as browser:
        await sign_in(browser, url, ADA)
        await connect_atlassian(browser, url, ADA)
        async with connected(url, storage, browser, ADA) as client:
            answers = await asyncio.gather(
                *(
                    client.call_tool("jira_get_issue", {"issue_key": f"ENG-{n}"})
                    for n in range(1, 9)
                )
            )
            assert [text_of(answer) for answer in answers if answer.is_error] == []
        await browser.open(f"{url}/")
        page = await browser.click("Send", text="find open bugs in ENG")
        assert "ENG-" in page.text


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def test_two_workers_serve_the_journey_and_a_killed_one_comes_back(
    prepared: Prepared, tmp_path: Path
) -> None:
    running = Xerus(tmp_path, prepared.env, args=("serve", "--workers", "2")).start()
    storage = Storage()
    try:
        assert running.process
        await journey(running.url, storage)
        before = children(running.process.pid)
        assert len(before) == 2
        os.kill(before[0], signal.SIGKILL)
        async with asyncio.timeout(30):
            while len(set(children(running.process.pid)) - {before[0]}) < 2:  # noqa: ASYNC110 - /proc
                await asyncio.sleep(0.1)
        async with Browser() as nobody, connected(running.url, storage, nobody, ADA) as client:
            answer = await client.call_tool("jira_get_issue", {"issue_key": "ENG-1"})
            assert not answer.is_error, text_of(answer)
    finally:
        running.stop()


@dataclass
class Fleet:
    """One process per role behind one address."""

    url: str
    processes: dict[str, Xerus]


@pytest.fixture(scope="module")
async def fleet(prepared: Prepared) -> AsyncIterator[Fleet]:
    port = free_port()
    env = {**prepared.env, "XERUS_PUBLIC_URL": f"http://localhost:{port}"}
    made = {role: Xerus(reachable(), env, args=("serve", "--roles", role)) for role in ROLES}
    with ThreadPoolExecutor(len(made)) as pool:
        list(pool.map(Xerus.start, made.values()))
    ways = [
        ("/mcp", made["mcp"].url),
        ("/.well-known/oauth-protected-resource", made["mcp"].url),
        ("/.well-known/", made["oauth"].url),
        ("/oauth/", made["oauth"].url),
        ("/", made["web"].url),
    ]
    async with front(port, ways):
        yield Fleet(env["XERUS_PUBLIC_URL"], made)
    for process in made.values():
        process.stop()


async def test_each_role_as_a_process_of_its_own_serves_the_journey_together(
    fleet: Fleet,
) -> None:
    await journey(fleet.url, Storage())


async def test_a_role_alone_answers_its_own_paths_and_no_others(fleet: Fleet) -> None:
    paths = {
        "web": "/signin",
        "oauth": "/.well-known/oauth-authorization-server",
        "mcp": "/.well-known/oauth-protected-resource/mcp",
        "worker": "/nothing",
    }
    async with httpx2.AsyncClient(trust_env=False) as http:
        for role, process in fleet.processes.items():
            assert (await http.get(f"{process.url}/healthz")).status_code == 200
            assert (await http.get(f"{process.url}/readyz")).status_code == 200
            for other, path in paths.items():
                host = {"Host": fleet.url.removeprefix("http://")}
                answer = await http.get(f"{process.url}{path}", headers=host)
                wanted = 200 if other == role and role != "worker" else 404
                assert answer.status_code == wanted, (role, path)


async def renewals(port: Port, mark: int) -> int:
    return sum(entry["path"] == "/oauth/token" for entry in await port.log(mark))


async def test_the_worker_alone_renews_what_is_due(fleet: Fleet, sandbox: Sandbox) -> None:
    worker, port = fleet.processes["worker"], sandbox.atlassian
    worker.stop()
    await port.configure(access_token_seconds=2)
    async with Browser() as browser:
        await sign_in(browser, fleet.url, ADA)
        await browser.open(f"{fleet.url}/connections/atlassian/start")
        await browser.click(ADA)
        await browser.click("Accept")
    mark = await port.mark()
    await port.configure(access_token_seconds=3600)
    async with asyncio.timeout(60):
        worker.start()
        while not await renewals(port, mark):  # noqa: ASYNC110 - the sandbox tells nobody
            await asyncio.sleep(0.2)
