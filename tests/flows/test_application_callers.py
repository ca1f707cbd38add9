"""An application of the tenant at /mcp: by an app role, with the operator's token, and audited."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.support.database import embedded, rows
from tests.support.folders import reachable
from tests.support.plain import NO_TLS
from tests.support.stack import Sandbox, Stack, Xerus, identity_env

ROLE = "Xerus.Machine"
HEADERS = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}


@pytest.fixture(scope="module")
async def stack(sandbox: Sandbox) -> AsyncIterator[Stack]:
    known = await sandbox.credentials()
    env = {
        **await identity_env(sandbox),
        "JIRA_URL": known["sites"]["acme"]["url"],
        "JIRA_USERNAME": "ada@example.com",
        "JIRA_PERSONAL_TOKEN": known["api_tokens"]["ada@example.com"],
        "XERUS_MACHINE_ROLE": ROLE,
    }
    running = Stack(sandbox, Xerus(reachable(), env).start())
    yield running
    running.xerus.stop()


async def call(stack: Stack, name: str, arguments: dict[str, Any]) -> httpx2.Response:
    known = (await stack.sandbox.credentials())["entra"]
    form = {
        "grant_type": "client_credentials",
        "client_id": known["machine"]["client_id"],
        "client_secret": known["machine"]["client_secret"],
        "scope": f"api://{known['client_id']}/.default",
    }
    async with httpx2.AsyncClient(verify=NO_TLS, trust_env=False, timeout=60) as http:
        url = f"{known['issuer'].removesuffix('/v2.0')}/oauth2/v2.0/token"
        token = (await http.post(url, data=form)).json()["access_token"]
        params = {"name": name, "arguments": arguments}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        headers = {**HEADERS, "Authorization": f"Bearer {token}"}
        return await http.post(f"{stack.url}/mcp", json=body, headers=headers)


async def test_an_application_acts_with_the_shared_token_and_is_audited_as_itself(
    stack: Stack,
) -> None:
    await stack.sandbox.entra.configure(machine_roles=[ROLE])
    mark = await stack.sandbox.atlassian.mark()
    answer = await call(stack, "jira_get_issue", {"issue_key": "ENG-1"})
    assert answer.status_code == 200, answer.text
    assert "ENG-1" in answer.text
    calls = [c for c in await stack.sandbox.atlassian.log(mark) if "/issue/" in c["path"]]
    assert {(c["account"], c["credential"]) for c in calls} == {("ada@example.com", "basic")}
    stack.xerus.restart()  # what was still being written is written now
    known = (await stack.sandbox.credentials())["entra"]
    found = rows(
        embedded(stack.xerus.folder / "data").administrator,
        "SELECT facts, subject FROM audit_events JOIN users u ON u.id = user_id"
        " WHERE event LIKE 'tool:call:%%'",
    )
    assert found
    for row in found:
        assert row["subject"] == known["machine"]["object_id"]
        assert known["machine"]["client_id"] in row["facts"]["client_name"]
        assert row["facts"].get("credential", "shared") == "shared"


async def test_an_application_without_the_role_reaches_nothing(stack: Stack) -> None:
    await stack.sandbox.entra.configure(machine_roles=[])
    mark = await stack.sandbox.atlassian.mark()
    answer = await call(stack, "jira_get_issue", {"issue_key": "ENG-1"})
    assert answer.status_code == 401
    assert await stack.sandbox.atlassian.log(mark) == []
