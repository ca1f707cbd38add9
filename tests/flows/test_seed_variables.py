"""The variables of "Entra ID OAuth DCR Setup", and no others: the set-up works as it is written."""

import asyncio

import pytest

from tests.support.browser import Browser
from tests.support.commands import xerus
from tests.support.folders import reachable
from tests.support.journeys import GRACE
from tests.support.mcp_client import Storage, connected, text_of
from tests.support.stack import Sandbox, Xerus

ADA = "ada@example.com"


async def variables(sandbox: Sandbox, names: str, port: int) -> dict[str, str]:
    known = await sandbox.credentials()
    entra, site = known["entra"], known["sites"]["acme"]["url"]
    client, redirect = ("ENTRA_ID", "OAUTH_DCR") if names == "named" else ("OAUTH_DCR", "ENTRA_ID")
    return {
        "ENTRA_ID_EXPECTED_ISSUER": entra["issuer"],
        f"{client}_CLIENT_ID": entra["client_id"],
        f"{client}_CLIENT_SECRET": entra["client_secret"],
        f"{redirect}_REDIRECT_URI": f"http://localhost:{port}/oauth/callback",
        f"{redirect}_SCOPE": "openid profile email",
        "JIRA_URL": site,
        "JIRA_USERNAME": ADA,
        "JIRA_PERSONAL_TOKEN": known["api_tokens"][ADA],
        "CONFLUENCE_URL": f"{site}/wiki",
        "CONFLUENCE_USERNAME": ADA,
        "CONFLUENCE_PERSONAL_TOKEN": known["api_tokens"][ADA],
    }


@pytest.mark.parametrize("names", ["named", "alternative"])
async def test_with_the_seeds_variables_alone_a_client_signs_in_and_works(
    sandbox: Sandbox, browser: Browser, names: str
) -> None:
    running = Xerus(reachable(), {})
    running.env = await variables(sandbox, names, running.port)
    running.start()
    try:
        mark = await sandbox.atlassian.mark()
        async with connected(running.url, Storage(), browser, GRACE) as client:
            issue = await client.call_tool("jira_get_issue", {"issue_key": "ENG-1"})
            page = await client.call_tool("confluence_search", {"query": "release", "limit": 1})
        assert "ENG-1" in text_of(issue)
        assert not page.is_error, text_of(page)
        answered = [c for c in await sandbox.atlassian.log(mark) if c["account"]]
        assert {(c["account"], c["credential"]) for c in answered} == {(ADA, "basic")}
    finally:
        running.stop()


@pytest.mark.parametrize(
    ("gone", "says"),
    [
        ("ENTRA_ID_EXPECTED_ISSUER", "ENTRA_ID_EXPECTED_ISSUER"),
        ("ENTRA_ID_CLIENT_ID", "ENTRA_ID_CLIENT_ID"),
        ("ENTRA_ID_CLIENT_SECRET", "ENTRA_ID_CLIENT_SECRET"),
        ("JIRA_URL", "JIRA_URL"),
        ("JIRA_PERSONAL_TOKEN", "JIRA_PERSONAL_TOKEN"),
        ("CONFLUENCE_URL", "CONFLUENCE_URL"),
        ("CONFLUENCE_PERSONAL_TOKEN", "CONFLUENCE_PERSONAL_TOKEN"),
    ],
)
async def test_a_missing_variable_is_named_with_what_to_do(
    sandbox: Sandbox, gone: str, says: str
) -> None:
    given = await variables(sandbox, "named", 8000)
    del given[gone]
    status, said = await checked(given)
    assert says in said
    assert status == 1
    assert not any(value in said for name, value in given.items() if name.endswith("TOKEN"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENTRA_ID_EXPECTED_ISSUER", "login.example"),
        ("OAUTH_DCR_REDIRECT_URI", "http://localhost:8000/elsewhere"),
        ("JIRA_URL", "ftp://acme.example"),
    ],
)
async def test_a_wrong_variable_is_named_with_what_to_do(
    sandbox: Sandbox, name: str, value: str
) -> None:
    given = {**await variables(sandbox, "named", 8000), name: value}
    status, said = await checked(given)
    assert name in said
    assert status == 1


async def checked(env: dict[str, str]) -> tuple[int, str]:
    done = await asyncio.to_thread(xerus, "check", env=env, folder=reachable())
    return done.returncode, done.stdout + done.stderr
