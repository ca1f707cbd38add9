"""Every command of the contract (design: section 2), run as a person types it."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path

import httpx2
import psycopg
import pytest
from typer.testing import CliRunner

from tests.support.browser import Browser
from tests.support.commands import xerus
from tests.support.database import embedded, rows
from tests.support.folders import reachable
from tests.support.journeys import ADA, connect_atlassian, sign_in
from tests.support.mcp_client import Storage, connected, text_of
from tests.support.processes import Process, free_port
from tests.support.stack import Sandbox, Stack, Xerus, user_mode
from xerus import cli

ROOT = Path(__file__).parents[2]
COMMANDS = [
    *(["serve"], ["demo"], ["mcp"], ["check"], ["migrate"], ["sandbox"]),
    *(["keys", "rotate"], ["audit", "verify"], ["audit", "export"]),
]
NAMES = [
    *("XERUS_PUBLIC_URL", "XERUS_TRUSTED_PROXIES", "XERUS_PORT", "XERUS_HOST"),
    *("XERUS_DATABASE_URL", "XERUS_DATABASE_DIRECT_URL", "XERUS_DATA_DIR"),
    *("XERUS_KEY_PROVIDER", "XERUS_MODEL", "XERUS_ADMINS", "ENTRA_ID_EXPECTED_ISSUER"),
    *("ENTRA_ID_CLIENT_ID", "ENTRA_ID_CLIENT_SECRET", "OAUTH_DCR_CLIENT_ID"),
    *("OAUTH_DCR_CLIENT_SECRET", "OAUTH_DCR_REDIRECT_URI", "ENTRA_ID_REDIRECT_URI"),
    *("OAUTH_DCR_SCOPE", "ENTRA_ID_SCOPE", "ATLASSIAN_OAUTH_CLIENT_ID"),
    *("ATLASSIAN_OAUTH_CLIENT_SECRET", "ATLASSIAN_OAUTH_REDIRECT_URI"),
    *("ATLASSIAN_OAUTH_SCOPE", "ATLASSIAN_AUTH_URL", "ATLASSIAN_API_URL", "JIRA_URL"),
    *("JIRA_USERNAME", "JIRA_PERSONAL_TOKEN", "JIRA_API_TOKEN", "CONFLUENCE_URL"),
    *("CONFLUENCE_USERNAME", "CONFLUENCE_PERSONAL_TOKEN", "CONFLUENCE_API_TOKEN"),
    *("XERUS_ATLASSIAN_CREDENTIALS", "XERUS_SANDBOX_ATLASSIAN_PORT"),
    *("XERUS_SANDBOX_ENTRA_PORT",),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_helps_with_an_example(command: list[str]) -> None:
    shown = CliRunner().invoke(cli.app, [*command, "--help"])
    assert shown.exit_code == 0, shown.output
    _, _, examples = shown.output.partition("Example")
    assert f"xerus {' '.join(command)}" in " ".join(examples.split())


def test_the_installed_program_and_the_module_are_the_same(tmp_path: Path) -> None:
    program = str(Path(sys.executable).parent / "xerus")
    installed = xerus("--version", folder=tmp_path, program=program)
    assert installed.stdout == xerus("--version", folder=tmp_path).stdout != ""


@pytest.mark.parametrize(
    "target", ["demo", "test", "check", "fix", "bench", "soak STAGE=x", "contract SPECS_DIR=/x"]
)
def test_every_make_target_is_there(target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", *target.split()], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_check_names_every_setting_of_the_contract(tmp_path: Path) -> None:
    shown = xerus("check", folder=tmp_path)
    assert shown.returncode == 0, shown.stdout
    lines = [line.split(":")[0] for line in shown.stdout.splitlines()]
    assert [name for name in NAMES if not any(name in line.split() for line in lines)] == []


def test_check_says_what_is_found_missing_and_wrong_with_the_remedy_and_no_value(
    tmp_path: Path,
) -> None:
    shown = xerus(
        "check",
        folder=tmp_path,
        env={
            "ENTRA_ID_CLIENT_ID": "from-portal",
            "ENTRA_ID_CLIENT_SECRET": "canary-of-a-secret",
            "XERUS_PUBLIC_URL": "http://xerus.example.com",
            "XERUS_PORT": "eighty",
            "XERUS_DATABSE_URL": "postgresql://ada:canary-of-a-secret@db/xerus",
        },
    )
    assert shown.returncode == 1
    told = " ".join(shown.stdout.split())
    assert "found ENTRA_ID_CLIENT_ID" in told
    assert "wrong ENTRA_ID_EXPECTED_ISSUER" in told
    assert "Set ENTRA_ID_EXPECTED_ISSUER" in told
    assert "wrong XERUS_PUBLIC_URL must use https" in told
    assert "wrong XERUS_PORT" in told
    assert "Did you mean XERUS_DATABASE_URL?" in told
    assert "missing JIRA_URL" in told
    assert "canary-of-a-secret" not in shown.stdout + shown.stderr


def test_a_secret_comes_from_a_file_and_an_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from a file\n")
    good = {"JIRA_URL": "https://acme.atlassian.net", "JIRA_API_TOKEN_FILE": "token"}
    assert xerus("check", folder=tmp_path, env=good).returncode == 0
    bad = xerus("check", folder=tmp_path, env={**good, "JIRA_API_TOKEN_FILE": "elsewhere"})
    assert bad.returncode == 1
    assert "JIRA_API_TOKEN_FILE" in bad.stdout


def test_settings_come_from_a_dotenv_file_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("XERUS_PORT=eighty\n")
    assert xerus("check", folder=tmp_path).returncode == 1
    assert xerus("check", folder=tmp_path, env={"XERUS_PORT": "8080"}).returncode == 0


def test_two_names_of_one_setting_that_differ_are_reported_at_the_start(tmp_path: Path) -> None:
    env = {"ENTRA_ID_CLIENT_ID": "one", "OAUTH_DCR_CLIENT_ID": "other"}
    refused = xerus("serve", folder=tmp_path, env=env)
    assert refused.returncode == 1
    assert "ENTRA_ID_CLIENT_ID and OAUTH_DCR_CLIENT_ID" in refused.stderr


@pytest.mark.parametrize("command", [["serve"], ["mcp"]])
def test_http_for_a_host_that_is_not_loopback_stops_every_start(
    command: list[str], tmp_path: Path
) -> None:
    env = {"XERUS_PUBLIC_URL": "http://xerus.example.com"}
    refused = xerus(*command, folder=tmp_path, env=env)
    assert refused.returncode == 1
    assert "XERUS_PUBLIC_URL must use https" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_an_unknown_role_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    refused = xerus("serve", "--roles", "web,nonsense", folder=tmp_path)
    assert refused.returncode == 2
    assert all(role in refused.stderr for role in ("web", "oauth", "mcp", "worker", "nonsense"))


@pytest.mark.parametrize(
    ("option", "value", "remedy"),
    [("--port", "70000", "1 to 65535"), ("--host", "999.1.1.1", "XERUS_HOST")],
)
def test_a_place_that_cannot_be_listened_on_is_refused_with_the_remedy(
    tmp_path: Path, option: str, value: str, remedy: str
) -> None:
    refused = xerus("serve", option, value, folder=tmp_path)
    assert refused.returncode == 1
    assert value in refused.stderr
    assert remedy in refused.stderr
    assert "Traceback" not in refused.stderr


def test_mcp_without_a_credential_says_what_to_set(tmp_path: Path) -> None:
    refused = xerus("mcp", folder=tmp_path)
    assert refused.returncode == 1
    assert "JIRA_API_TOKEN" in refused.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("ended", [Process.stop, Process.kill])
async def test_the_sandbox_command_serves_both_ports_until_it_is_ended(
    tmp_path: Path, ended: Callable[[Process], None]
) -> None:
    here, there = free_port(), free_port()
    running = Process(
        *("-m", "xerus", "sandbox"),
        env={
            "XERUS_DATA_DIR": str(tmp_path / "data"),
            "XERUS_SANDBOX_ATLASSIAN_PORT": str(here),
            "XERUS_SANDBOX_ENTRA_PORT": str(there),
        },
        log=tmp_path / "log",
        ready="Sandbox is ready",
    )
    async with httpx2.AsyncClient(trust_env=False) as http:
        for port in (here, there):
            answer = await http.get(f"http://127.0.0.1:{port}/_sandbox/config")
            assert answer.json()["credentials"]["entra"]["tenant_id"]
        ended(running)
        with pytest.raises(httpx2.ConnectError):
            await http.get(f"http://127.0.0.1:{here}/_sandbox/config")


async def test_the_demo_takes_the_callers_variables_and_ends_as_a_whole(tmp_path: Path) -> None:
    here, there = free_port(), free_port()
    demo = Xerus(
        tmp_path,
        {
            "XERUS_SANDBOX_ATLASSIAN_PORT": str(here),
            "XERUS_SANDBOX_ENTRA_PORT": str(there),
            "XERUS_ADMINS": "grace@example.com",
        },
        args=("demo",),
    ).start()
    with ExitStack() as ends:
        ends.callback(demo.stop)
        async with Browser() as browser, Browser() as other:
            await sign_in(browser, demo.url, ADA)
            assert (await browser.open(f"{demo.url}/admin")).status == 403
            await connect_atlassian(browser, demo.url, ADA)
            await sign_in(other, demo.url, "grace@example.com")
            assert (await other.open(f"{demo.url}/admin")).status == 200
        demo.stop()
        async with httpx2.AsyncClient(trust_env=False) as http:
            for port in (demo.port, here, there):
                with pytest.raises(httpx2.ConnectError):
                    await http.get(f"http://127.0.0.1:{port}/")


@pytest.fixture(scope="module")
async def used(sandbox: Sandbox) -> AsyncIterator[tuple[Stack, Storage]]:
    """A running Xerus with a person, a connection and an MCP client."""
    folder = reachable()
    stack = Stack(sandbox, Xerus(folder, await user_mode(sandbox)).start())
    storage = Storage()
    async with Browser() as browser:
        await sign_in(browser, stack.url, ADA)
        await connect_atlassian(browser, stack.url, ADA)
        async with connected(stack.url, storage, browser, ADA) as client:
            await client.call_tool("jira_get_issue", {"issue_key": "ENG-1"})
    yield stack, storage
    stack.xerus.stop()


async def _call(stack: Stack, storage: Storage) -> str:
    async with Browser() as nobody, connected(stack.url, storage, nobody, ADA) as client:
        answer = await client.call_tool("jira_get_issue", {"issue_key": "ENG-2"})
        assert not answer.is_error, text_of(answer)
        return text_of(answer)


async def test_keys_rotate_seals_everything_anew_and_everything_still_opens(
    used: tuple[Stack, Storage], browser: Browser
) -> None:
    stack, storage = used
    await sign_in(browser, stack.url, ADA)
    await browser.open(f"{stack.url}/")
    page = await browser.click("Send", text="find open bugs in ENG")
    reach = embedded(stack.xerus.folder / "data")
    sealed = "SELECT access_token, refresh_token FROM credentials"
    before = rows(reach.administrator, sealed)[0]
    done = xerus("keys", "rotate", folder=stack.xerus.folder, env=stack.xerus.env)
    assert done.returncode == 0, done.stderr
    assert "signing key: published, signs from" in done.stdout
    published = await browser.http.get(f"{stack.url}/oauth/jwks")
    assert len(published.json()["keys"]) == 2
    after = rows(reach.administrator, sealed)[0]
    assert {name for name in before if before[name] == after[name]} == set()
    keys = rows(reach.administrator, "SELECT id, state FROM data_keys ORDER BY created_at")
    assert [key["state"] for key in keys] == ["decrypt_only", "active"]
    assert "ENG-2" in await _call(stack, storage)
    stack.xerus.restart()
    assert "ENG-2" in await _call(stack, storage)
    await stack.sandbox.atlassian.advance(2 * 3600)
    assert "ENG-2" in await _call(stack, storage)
    assert "Traceback" not in stack.xerus.log.read_text()
    again = await browser.open(page.url)
    assert "find open bugs in ENG" in again.text


def test_audit_export_writes_every_event_as_json_lines(
    used: tuple[Stack, Storage], tmp_path: Path
) -> None:
    stack, _ = used
    out = tmp_path / "audit.jsonl"
    env, folder = stack.xerus.env, stack.xerus.folder
    done = xerus("audit", "export", "--out", str(out), folder=folder, env=env)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in out.read_text().splitlines()]
    assert {"tool:call:finished", "connection:account:connected"} <= {e["event"] for e in events}
    shown = xerus("audit", "export", folder=folder, env=env)
    assert "audit:log:exported" in {json.loads(line)["event"] for line in shown.stdout.splitlines()}
    told = xerus("audit", "export", "--format", "ocsf", folder=folder, env=env)
    assert told.returncode == 0, told.stderr
    siem = [json.loads(line) for line in told.stdout.splitlines()]
    assert {3002, 3004, 6003} <= {one["class_uid"] for one in siem}
    assert {one["metadata"]["version"] for one in siem} == {"1.4.0"}


def test_audit_verify_is_content_until_an_event_is_changed_and_then_names_it(
    used: tuple[Stack, Storage],
) -> None:
    stack, _ = used
    env, folder = stack.xerus.env, stack.xerus.folder
    sound = xerus("audit", "verify", folder=folder, env=env)
    assert sound.returncode == 0, sound.stderr
    administrator = embedded(folder / "data").administrator
    with psycopg.connect(administrator) as conn:
        victim = conn.execute(
            "SELECT shard, n, facts FROM audit_events WHERE event = 'tool:call:started' LIMIT 1"
        ).fetchone()
        assert victim is not None
        conn.execute("SET session_replication_role = replica")
        conn.execute(
            'UPDATE audit_events SET facts = \'{"tool": "forged"}\' WHERE shard = %s AND n = %s',
            victim[:2],
        )
    caught = xerus("audit", "verify", folder=folder, env=env)
    assert caught.returncode == 1
    assert f"event {victim[1]} of chain {victim[0]}" in caught.stderr


def test_the_audit_log_refuses_changes_even_from_an_administrator(
    used: tuple[Stack, Storage],
) -> None:
    stack, _ = used
    administrator = embedded(stack.xerus.folder / "data").administrator
    for change in ("UPDATE audit_events SET n = n", "DELETE FROM audit_events"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only grows"):
            rows(administrator, change)


def test_a_key_file_that_others_may_read_is_refused(used: tuple[Stack, Storage]) -> None:
    stack, _ = used
    key = stack.xerus.folder / "data" / "key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o640)
    refused = xerus("keys", "rotate", folder=stack.xerus.folder, env=stack.xerus.env)
    key.chmod(0o600)
    assert refused.returncode == 1
    assert str(key) in refused.stderr
    assert "chmod 600" in refused.stderr
