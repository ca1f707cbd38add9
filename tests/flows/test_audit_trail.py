"""Each step of the way leaves its event: the right person, client and credential kind."""

from typing import Any

import pytest

from tests.support.browser import Browser
from tests.support.database import embedded, rows
from tests.support.journeys import ADA, GRACE, connect_atlassian, sign_in
from tests.support.mcp_client import Storage, connected
from tests.support.stack import Stack

Events = list[dict[str, Any]]
EVENTS = (
    "SELECT event, facts, email FROM audit_events LEFT JOIN users u ON u.id = user_id"
    " ORDER BY at, shard, n"
)


@pytest.fixture(scope="module")
async def trail(stack: Stack) -> tuple[Events, Storage]:
    """The audit log after Ada went the whole way and Grace declined twice."""
    storage = Storage()
    async with Browser() as browser, Browser() as other:
        await sign_in(browser, stack.url, ADA)
        await connect_atlassian(browser, stack.url, ADA)
        async with connected(stack.url, storage, browser, ADA) as client:
            await client.call_tool("jira_get_issue", {"issue_key": "ENG-1"})
            await stack.sandbox.atlassian.advance(2 * 3600)
            await client.call_tool(
                "jira_add_comment", {"issue_key": "ENG-1", "comment": "canary of a comment"}
            )
            await client.call_tool("jira_get_issue", {"issue_key": "NONE-1"})
        await sign_in(other, stack.url, GRACE)
        await other.open(f"{stack.url}/connections/atlassian/start")
        await other.click(GRACE)
        await other.click("Decline")
        async with connected(stack.url, Storage(), other, GRACE) as client:
            await client.call_tool("jira_get_issue", {"issue_key": "ENG-1"})
        await other.open(f"{stack.url}/")
        await other.click("Sign out")
        await browser.open(f"{stack.url}/connections/atlassian/disconnect")
        await browser.click("Disconnect")
    stack.xerus.restart()  # what was still being written is written now
    return rows(embedded(stack.xerus.folder / "data").administrator, EVENTS), storage


def of(trail: tuple[Events, Storage], event: str, email: str | None) -> Events:
    return [row["facts"] for row in trail[0] if (row["event"], row["email"]) == (event, email)]


async def test_signing_in_and_out_is_recorded_for_the_person(
    trail: tuple[Events, Storage],
) -> None:
    (signed_in,) = of(trail, "account:session:created", ADA)
    assert signed_in["user_agent_family"]
    assert of(trail, "account:session:ended", GRACE)[0]["cause"] == "signed_out"
    assert of(trail, "account:session:ended", ADA) == []


async def test_registration_consent_and_tokens_name_the_client(
    trail: tuple[Events, Storage],
) -> None:
    storage = trail[1]
    assert storage.client
    client_id = storage.client.client_id
    assert client_id in {f["client"] for f in of(trail, "client:registration:created", None)}
    everybody = [row["facts"] for row in trail[0] if row["event"] == "client:consent:approved"]
    assert client_id in {facts["client"] for facts in everybody}
    assert {facts["redirect_host"] for facts in everybody} == {"127.0.0.1"}
    for event in ("grant:code:issued", "grant:token:issued"):
        assert [facts["client"] for facts in of(trail, event, ADA)] == [client_id]


async def test_connecting_choosing_renewing_and_disconnecting_are_recorded(
    trail: tuple[Events, Storage],
) -> None:
    assert of(trail, "connection:consent:started", ADA)
    (made,) = of(trail, "connection:account:connected", ADA)
    assert made["account"] == ADA
    assert of(trail, "connection:site:chosen", ADA)[0]["site"] == "acme"
    (renewed,) = of(trail, "connection:credential:refreshed", ADA)
    assert renewed["generation"] == 2
    assert of(trail, "connection:account:disconnected", ADA)[0]["account"] == ADA
    assert of(trail, "connection:consent:denied", GRACE)
    assert of(trail, "connection:account:connected", GRACE) == []


async def test_each_tool_call_names_person_client_account_credential_and_outcome(
    trail: tuple[Events, Storage],
) -> None:
    storage = trail[1]
    assert storage.client
    started = of(trail, "tool:call:started", ADA)
    finished = of(trail, "tool:call:finished", ADA)
    assert [f["tool"] for f in started] == ["jira_get_issue", "jira_add_comment", "jira_get_issue"]
    assert [f["outcome"] for f in finished][:2] == ["ok", "ok"]
    assert finished[2]["outcome"] != "ok"
    assert finished[2]["status"] == 404
    for facts in (*started, *finished):
        assert facts["client"] == storage.client.client_id
        assert facts["client_name"] == "Journey test client"
        assert (facts["credential"], facts["account"], facts["site"]) == ("user", ADA, "acme")
    assert {f["correlation_id"] for f in started} == {f["correlation_id"] for f in finished}


async def test_a_refused_call_is_recorded_with_its_cause(trail: tuple[Events, Storage]) -> None:
    (refused,) = of(trail, "tool:call:refused", GRACE)
    assert refused["cause"] == "not_connected"
    assert of(trail, "tool:call:started", GRACE) == []


async def test_no_event_holds_what_a_person_wrote(trail: tuple[Events, Storage]) -> None:
    assert "canary of a comment" not in str(trail[0])


async def test_a_person_reads_their_own_events_on_the_activity_page(
    stack: Stack, trail: tuple[Events, Storage], browser: Browser
) -> None:
    await sign_in(browser, stack.url, ADA)
    page = await browser.open(f"{stack.url}/activity")
    for words in ("Atlassian connected", "Access to Atlassian renewed", "jira_add_comment"):
        assert words in page.text
    assert GRACE not in page.text
