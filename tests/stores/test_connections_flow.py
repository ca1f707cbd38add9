"""Connecting an account: what comes of each return from Atlassian."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from tests.stores.connecting import Part, Person, a_process, token_requests, until
from tests.stores.databases import Fresh
from tests.support.stack import Sandbox
from xerus.connections.views import FlowStatus, State
from xerus.db.roles import Role
from xerus.errors import InvalidInput, NotConfigured
from xerus.ids import SessionId


async def test_single_site_is_chosen_by_itself_and_connected_after_a_real_call(
    part: Part, sandbox: Sandbox
) -> None:
    ada = Person("ada@example.com")

    outcome = await ada.connect(part, site="labs")

    assert (outcome.status, outcome.error) == (FlowStatus.CONNECTED, None)
    view = await part.connections.view(ada.user_id)
    assert (view.state, view.account_email) == (State.CONNECTED, "ada@example.com")
    assert [(s.name, set(s.products), s.chosen) for s in view.sites] == [("labs", {"jira"}, True)]
    assert view.last_ok_at is not None
    assert view.missing_scopes == frozenset()
    calls = [entry["path"] for entry in await sandbox.atlassian.log() if entry["status"] == 200]
    assert any("/ex/jira/" in path for path in calls)
    assert await part.events(ada.user_id) == [
        "connection:consent:started",
        "connection:account:connected",
        "connection:health:checked",
    ]


async def test_several_sites_wait_for_a_choice(part: Part) -> None:
    ada = Person("ada@example.com")

    outcome = await ada.connect(part, site="")

    assert outcome.status is FlowStatus.CHOOSING_SITE
    assert outcome.view.state is State.CHOOSING_SITE
    sites = {site.name: site for site in outcome.view.sites}
    assert sites.keys() == {"acme", "labs"}
    assert not any(site.chosen for site in sites.values())
    await part.connections.choose_site(ada.user_id, sites["acme"].cloud_id)
    view = await part.connections.view(ada.user_id)
    assert (view.state, view.chosen_site and view.chosen_site.name) == (State.CONNECTED, "acme")
    flow = await part.connections.flow(ada.user_id)
    assert flow is not None
    assert flow.status is FlowStatus.CONNECTED


async def test_reconnecting_the_same_account_keeps_the_chosen_site(part: Part) -> None:
    ada = Person("ada@example.com")
    first = await ada.connect(part, site="")
    labs = next(site for site in first.view.sites if site.name == "labs")
    await part.connections.choose_site(ada.user_id, labs.cloud_id)

    again = await ada.connect(part, site="")

    assert again.status is FlowStatus.CONNECTED
    assert again.view.chosen_site is not None
    assert again.view.chosen_site.name == "labs"
    assert again.view.connection_id == first.view.connection_id


async def test_entries_of_one_site_per_product_become_one_site(
    part: Part, sandbox: Sandbox
) -> None:
    await sandbox.atlassian.configure(duplicate_resources=True)
    outcome = await Person("grace@example.com").connect(part)

    assert outcome.status is FlowStatus.CONNECTED
    assert [(s.name, set(s.products)) for s in outcome.view.sites] == [
        ("acme", {"jira", "confluence"})
    ]


async def test_parallel_duplicates_of_a_return_cause_one_exchange(
    part: Part, sandbox: Sandbox
) -> None:
    grace = Person("grace@example.com")
    query = await grace.go(part)
    mark = await sandbox.atlassian.mark()

    outcomes = await asyncio.gather(*(grace.back(part, query) for _ in range(20)))

    assert {outcome.status for outcome in outcomes} == {FlowStatus.CONNECTED}
    assert await token_requests(sandbox, mark) == 1
    assert (await grace.back(part, query)).status is FlowStatus.CONNECTED


async def test_return_in_another_session_changes_nothing(part: Part, sandbox: Sandbox) -> None:
    ada, mallory = Person("ada@example.com"), Person("grace@example.com")
    query = await ada.go(part)
    mark = await sandbox.atlassian.mark()

    foreign = await mallory.back(part, query)
    other_session = await part.connections.complete(
        user_id=ada.user_id, session_id=SessionId("other"), query=query
    )

    for outcome in (foreign, other_session):
        assert outcome.status is FlowStatus.FAILED
        assert outcome.error is not None
        assert outcome.error.code == "unknown_state"
    assert await token_requests(sandbox, mark) == 0
    assert (await ada.back(part, query)).status is not FlowStatus.FAILED


async def test_declining_stores_nothing_and_says_so(part: Part) -> None:
    ada = Person("ada@example.com")

    outcome = await ada.back(part, await ada.go(part, decision="Decline"))

    assert outcome.status is FlowStatus.DENIED
    assert outcome.error is not None
    assert "Nothing was stored" in outcome.error.message
    assert outcome.view.state is State.NOT_CONNECTED
    assert "connection:consent:denied" in await part.events(ada.user_id)


async def test_account_without_a_site_is_told_so(part: Part, sandbox: Sandbox) -> None:
    await sandbox.atlassian.configure(sites_granted=[])
    outcome = await Person("grace@example.com").connect(part)

    assert outcome.status is FlowStatus.FAILED
    assert outcome.error is not None
    assert outcome.error.code == "no_site"
    assert outcome.view.state is State.NOT_CONNECTED


async def test_newer_attempt_supersedes_the_older(part: Part, sandbox: Sandbox) -> None:
    grace = Person("grace@example.com")
    older = await grace.go(part)
    newer = await grace.go(part)
    mark = await sandbox.atlassian.mark()

    late = await grace.back(part, older)

    assert late.status is FlowStatus.FAILED
    assert late.error is not None
    assert late.error.code == "superseded"
    assert await token_requests(sandbox, mark) == 0
    assert (await grace.back(part, newer)).status is FlowStatus.CONNECTED


async def test_attempt_expires_after_ten_minutes(part: Part) -> None:
    ada = Person("ada@example.com")
    query = await ada.go(part)
    part.clock.ahead = timedelta(minutes=10, seconds=1)

    outcome = await ada.back(part, query)

    assert outcome.status is FlowStatus.FAILED
    assert outcome.error is not None
    assert outcome.error.code == "expired"


async def test_cancelled_attempt_changes_nothing_when_it_returns(part: Part) -> None:
    ada = Person("ada@example.com")
    query = await ada.go(part)
    await part.connections.cancel(ada.user_id)

    outcome = await ada.back(part, query)

    assert outcome.error is not None
    assert outcome.error.code == "cancelled"
    assert outcome.view.state is State.NOT_CONNECTED


async def test_another_account_replaces_the_connection_and_its_tokens(part: Part) -> None:
    person = Person("ada@example.com")
    await person.connect(part)
    person.account = "grace@example.com"

    outcome = await person.connect(part)

    assert outcome.view.account_email == "grace@example.com"
    assert "connection:account:replaced" in await part.events(person.user_id)
    async with part.db.transaction(Role.APP, user_id=person.user_id) as conn:
        rows = await (await conn.execute("SELECT connection_id FROM credentials")).fetchall()
    assert [str(row["connection_id"]) for row in rows] == [outcome.view.connection_id]


async def test_scopes_that_atlassian_left_out_are_named(part: Part, sandbox: Sandbox) -> None:
    granted = ["read:jira-work", "read:jira-user", "read:me", "offline_access"]
    await sandbox.atlassian.configure(granted_scopes=granted)

    outcome = await Person("grace@example.com").connect(part)

    assert outcome.status is FlowStatus.CONNECTED
    assert "write:jira-work" in outcome.view.missing_scopes
    assert "read:jira-work" not in outcome.view.missing_scopes


async def test_lost_answer_to_the_exchange_fails_with_a_next_step(
    part: Part, sandbox: Sandbox
) -> None:
    grace = Person("grace@example.com")
    query = await grace.go(part)
    lost = {"method": "POST", "path_regex": "/oauth/token", "times": 1, "fault": "lost_response"}
    await sandbox.atlassian.faults([lost])

    outcome = await grace.back(part, query)

    assert outcome.status is FlowStatus.FAILED
    assert outcome.error is not None
    assert outcome.error.hint
    assert len(outcome.error.correlation_id) == 12
    assert (await grace.connect(part)).status is FlowStatus.CONNECTED


async def test_site_that_does_not_answer_leaves_a_kept_but_unproven_connection(
    part: Part, sandbox: Sandbox
) -> None:
    grace = Person("grace@example.com")
    query = await grace.go(part)
    broken = {"method": "GET", "path_regex": "^/ex/", "times": 2, "fault": "status", "status": 503}
    await sandbox.atlassian.faults([broken])

    outcome = await grace.back(part, query)

    assert outcome.status is FlowStatus.FAILED
    assert outcome.view.state is State.DEGRADED
    check = await part.connections.test(grace.user_id)
    assert check.ok
    assert (await part.connections.view(grace.user_id)).state is State.CONNECTED


async def test_begin_refuses_to_return_elsewhere(part: Part) -> None:
    ada = Person("ada@example.com")
    for path in ("https://evil.example", "//evil.example", "/\\evil.example"):
        with pytest.raises(InvalidInput):
            await part.connections.begin(
                user_id=ada.user_id, session_id=ada.session_id, return_to=path
            )


async def test_without_an_app_the_state_says_what_is_missing(
    fresh: Fresh, sandbox: Sandbox, tmp_path: Path
) -> None:
    ada = Person("ada@example.com")
    async with a_process(fresh, sandbox, tmp_path / "key", client_id="") as part:
        assert (await part.connections.view(ada.user_id)).state is State.NOT_CONFIGURED
        with pytest.raises(NotConfigured) as refused:
            await part.connections.begin(user_id=ada.user_id, session_id=ada.session_id)
    assert "ATLASSIAN_OAUTH_CLIENT_ID" in refused.value.hint


async def test_waiting_for_a_flow_ends_when_another_process_finishes_it(
    part: Part, fresh: Fresh, sandbox: Sandbox, tmp_path: Path
) -> None:
    grace = Person("grace@example.com")
    query = await grace.go(part)
    async with a_process(fresh, sandbox, tmp_path / "key") as other:
        waiting = asyncio.create_task(until(lambda: connected(other, grace)))
        await grace.back(part, query)
        await waiting


async def connected(part: Part, person: Person) -> bool:
    flow = await part.connections.flow(person.user_id)
    assert flow is not None
    if flow.open:
        await part.connections.wait_for_change(flow.flow_id, 30)
    return flow.status is FlowStatus.CONNECTED
