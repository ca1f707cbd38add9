"""The real call that each connection makes once a day, and what it never does."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.stores.connecting import Part, Person, a_process, token_requests
from tests.stores.databases import Fresh
from tests.support.stack import Sandbox
from xerus.atlassian.credentials import Product
from xerus.atlassian.ledger import POINTS_PER_HOUR, Payer
from xerus.audit.log import AuditRow
from xerus.connections.views import ConnectionView, State

DAY = timedelta(days=1, hours=6)
PRODUCTS = {"method": "GET", "path_regex": "^/ex/"}


async def real_calls(sandbox: Sandbox, after: int) -> int:
    return sum(entry["path"].startswith("/ex/") for entry in await sandbox.atlassian.log(after))


async def shown(part: Part, person: Person) -> ConnectionView:
    return await part.connections.view(person.user_id)


async def last_check(part: Part, person: Person) -> AuditRow:
    soon = part.clock.now() + timedelta(minutes=1)
    rows = await part.audit.recent(person.user_id, before=soon)
    return next(row for row in rows if row.event == "connection:health:checked")


async def a_day_later(part: Part, sandbox: Sandbox, *faults: dict[str, Any]) -> int:
    """Let the check be due, with fresh tokens and then these faults; return a place in the log."""
    part.clock.ahead += DAY
    await part.connections.renew_due()
    await sandbox.atlassian.faults(list(faults))
    return await sandbox.atlassian.mark()


async def test_each_connection_is_called_once_a_day_by_whichever_process(
    part: Part, fresh: Fresh, sandbox: Sandbox, tmp_path: Path
) -> None:
    people = [Person("grace@example.com") for _ in range(3)]
    for person in people:
        await person.connect(part)
    async with a_process(fresh, sandbox, tmp_path / "key") as other:
        await other.connections.check_due()
        mark = await a_day_later(part, sandbox)
        other.clock.ahead = part.clock.ahead
        await asyncio.gather(*(each.connections.check_due() for each in (part, other) * 3))

    assert await real_calls(sandbox, mark) == len(people) * len(Product)
    for person in people:
        view = await shown(part, person)
        assert view.state is State.CONNECTED
        assert view.checked_at == view.last_ok_at
        assert view.checked_at is not None
        assert part.clock.now() - view.checked_at < timedelta(minutes=5)
        assert view.check_seconds is not None
        assert view.check_seconds > 0
    assert (await last_check(part, people[0])).facts["outcome"] == "ok"
    count = 'xerus_connection_checks_total{link="cloud",outcome="ok"}'
    assert count in part.metrics.render().decode()


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "status", "status": 503},
        {"fault": "status", "status": 429},
        {"fault": "status", "status": 200, "body": "<html>Sorry</html>"},
        {"fault": "reset"},
    ],
)
async def test_an_outage_changes_what_is_shown_last_and_nothing_else(
    part: Part, grace: Person, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    before = await shown(part, grace)
    mark = await a_day_later(part, sandbox, {**PRODUCTS, "times": 6, **fault})
    await part.connections.check_due()

    view = await shown(part, grace)
    assert view.state is State.CONNECTED
    assert view.last_ok_at == before.last_ok_at
    assert view.last_error is not None
    event = await last_check(part, grace)
    assert event.facts["outcome"] == "no_answer"
    assert event.facts["correlation_id"] == view.last_error.correlation_id
    assert await token_requests(sandbox, mark) == 0

    calls = await real_calls(sandbox, mark)
    part.clock.ahead += DAY
    await part.connections.check_due()
    assert await real_calls(sandbox, mark) == calls, "it rests while Atlassian is away"


async def test_a_refusal_is_shown_with_a_next_step_until_a_call_succeeds(
    part: Part, grace: Person, sandbox: Sandbox
) -> None:
    mark = await a_day_later(
        part, sandbox, {**PRODUCTS, "times": 2, "fault": "status", "status": 403}
    )
    await part.connections.check_due()

    view = await shown(part, grace)
    assert view.state is State.DEGRADED
    assert "403" in view.cause
    assert view.hint
    assert view.failing_since == view.checked_at
    assert await token_requests(sandbox, mark) == 0

    await a_day_later(part, sandbox)
    assert (await shown(part, grace)).state is State.DEGRADED, "a renewal proves no product"
    await part.connections.check_due()
    view = await shown(part, grace)
    assert (view.state, view.last_error, view.failing_since) == (State.CONNECTED, None, None)


async def test_a_missing_permission_neither_renews_nor_ends_the_grant(
    part: Part, grace: Person, sandbox: Sandbox
) -> None:
    missing = {"code": 401, "message": "Unauthorized; scope does not match"}
    body = str(missing).replace("'", '"')
    mark = await a_day_later(
        part,
        sandbox,
        {**PRODUCTS, "times": 2, "fault": "status", "status": 401, "body": body},
    )
    await part.connections.check_due()

    assert await token_requests(sandbox, mark) == 0
    view = await shown(part, grace)
    assert view.state is State.DEGRADED
    assert "accept all permissions" in view.hint


async def test_a_product_that_answers_is_enough(
    part: Part, grace: Person, sandbox: Sandbox
) -> None:
    confluence = {"method": "GET", "path_regex": "^/ex/confluence/", "times": 1}
    await a_day_later(part, sandbox, {**confluence, "fault": "status", "status": 403})
    await part.connections.check_due()

    view = await shown(part, grace)
    assert view.state is State.CONNECTED
    assert view.last_error is not None
    assert view.last_ok_at == view.checked_at
    assert (await last_check(part, grace)).facts["outcome"] == "partial"


async def test_nobody_is_checked_while_the_token_endpoint_is_left_in_peace(
    part: Part, grace: Person, sandbox: Sandbox
) -> None:
    part.clock.ahead += DAY
    rejected = {"method": "POST", "path_regex": "/oauth/token", "times": 1, "fault": "status"}
    answer = {"status": 401, "body": '{"error": "access_denied"}'}
    await sandbox.atlassian.faults([{**rejected, **answer}])
    await part.connections.renew_due()
    mark = await sandbox.atlassian.mark()

    await part.connections.check_due()
    assert await real_calls(sandbox, mark) == 0
    assert await token_requests(sandbox, mark) == 0


async def test_nobody_is_checked_while_the_quota_is_used_up(
    part: Part, grace: Person, sandbox: Sandbox
) -> None:
    mark = await a_day_later(part, sandbox)
    target = await part.connections.credentials_for(grace.user_id).target(Product.JIRA, None)
    part.limits.hold(target, "jira-quota-global-based", 600)

    await part.connections.check_due()
    assert await real_calls(sandbox, mark) == 0
    assert (await shown(part, grace)).last_error is None


async def test_checks_leave_half_of_the_hourly_points_to_people_and_are_counted_themselves(
    part: Part, grace: Person, sandbox: Sandbox
) -> None:
    mark = await a_day_later(part, sandbox)
    jira = Payer(product=Product.JIRA, site="another site")
    part.limits.points.spend(jira, POINTS_PER_HOUR // 2, {})

    await part.connections.check_due()
    assert await real_calls(sandbox, mark) == 0

    part.clock.ahead += timedelta(hours=2)
    assert part.limits.points.usage() == []
    await part.connections.renew_due()
    await part.connections.check_due()
    calls = await real_calls(sandbox, mark)
    assert calls > 0
    assert sum(use.points for use in part.limits.points.usage()) == 3 * calls


async def test_a_connection_that_was_never_proven_is_by_the_next_check(
    part: Part, sandbox: Sandbox
) -> None:
    grace = Person("grace@example.com")
    await sandbox.atlassian.faults([{**PRODUCTS, "times": 2, "fault": "status", "status": 503}])
    await grace.connect(part)
    assert (await shown(part, grace)).state is State.DEGRADED

    part.clock.ahead += timedelta(hours=2)
    await part.connections.renew_due()
    await part.connections.check_due()
    assert (await shown(part, grace)).state is State.CONNECTED


async def test_a_revoked_grant_is_found_and_only_the_token_endpoint_ends_it(
    part: Part, grace: Person, sandbox: Sandbox
) -> None:
    await a_day_later(part, sandbox)
    await sandbox.atlassian.revoke("grace@example.com")
    await part.connections.check_due()

    view = await shown(part, grace)
    assert view.state is State.NEEDS_RECONNECT
    assert view.last_error is not None


async def test_a_site_that_refuses_to_be_chosen_says_nothing_of_the_one_in_use(
    part: Part, sandbox: Sandbox
) -> None:
    ada = Person("ada@example.com")
    outcome = await ada.connect(part, site="")
    acme, labs = sorted(outcome.view.sites, key=lambda site: site.name)
    await part.connections.choose_site(ada.user_id, acme.cloud_id)
    refused = {"method": "GET", "path_regex": f"/{labs.cloud_id}/", "times": 1}
    await sandbox.atlassian.faults([{**refused, "fault": "status", "status": 403}])
    with pytest.raises(Exception, match="403"):
        await part.connections.choose_site(ada.user_id, labs.cloud_id)

    view = await shown(part, ada)
    assert (view.state, view.last_error) == (State.CONNECTED, None)
    assert view.chosen_site is not None
    assert view.chosen_site.name == "acme"


async def test_four_are_checked_at_once_and_one_alone_after_an_outage(
    part: Part, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xerus.connections.daily._FIRST_REST_SECONDS", 0.0)
    for _ in range(7):
        await Person("grace@example.com").connect(part)
    down = {**PRODUCTS, "times": 8, "fault": "status", "status": 503}
    mark = await a_day_later(part, sandbox, down)

    tried = []
    for _ in range(3):
        before = await real_calls(sandbox, mark)
        await part.connections.check_due()
        tried.append((await real_calls(sandbox, mark) - before) // len(Product))
    assert tried == [4, 1, 2]
