"""What `/metrics` tells of connections, renewals and the whole installation."""

import re
from contextlib import suppress
from datetime import timedelta

import pytest

from tests.stores.connecting import Part, Person
from tests.stores.telling import Told, told
from tests.support.stack import Sandbox
from xerus.accounts.users import User
from xerus.app.figures import Figures
from xerus.atlassian.credentials import NeedsReconnect, NotConnected, Product
from xerus.audit.events import Event
from xerus.db.roles import Role
from xerus.errors import Unavailable, UpstreamError
from xerus.remotes import overview as remotes

HOUR = timedelta(hours=1)


@pytest.fixture
async def part(part: Part) -> Part:
    for read in (
        *(part.db.readings, part.listener.readings, part.audit.readings),
        part.connections.readings,
    ):
        part.metrics.watch(read)
    return part


def value(part: Part, series: str) -> float | None:
    found = re.search(rf"^{re.escape(series)} (\S+)$", part.metrics.render().decode(), re.MULTILINE)
    return float(found[1]) if found else None


async def expired_call(part: Part, person: Person) -> None:
    part.clock.ahead += HOUR
    credentials = part.connections.credentials_for(person.user_id)
    with suppress(UpstreamError, NeedsReconnect, NotConnected):
        await credentials.authorization(await credentials.target(Product.JIRA, None))


async def test_renewals_are_counted_by_how_they_ended(
    part: Part, grace: Person, sandbox: Sandbox
) -> None:
    await expired_call(part, grace)
    broken = {"method": "POST", "path_regex": "/oauth/token", "times": 3, "fault": "status"}
    await sandbox.atlassian.faults([{**broken, "status": 503}])
    await expired_call(part, grace)
    await part.pauses_end(grace.user_id)
    await sandbox.atlassian.revoke("grace@example.com")
    await expired_call(part, grace)

    counted = {
        outcome: value(part, f'xerus_renewals_total{{link="cloud",outcome="{outcome}"}}')
        for outcome in ("renewed", "no_answer", "ended", "client_rejected")
    }
    assert counted == {"renewed": 1, "no_answer": 1, "ended": 1, "client_rejected": None}
    assert value(part, 'xerus_renewal_seconds_count{link="cloud"}') == 3


async def test_a_shut_gate_is_told(part: Part, grace: Person, sandbox: Sandbox) -> None:
    assert value(part, 'xerus_renewal_gate_open{link="cloud"}') == 1
    rejected = {"method": "POST", "path_regex": "/oauth/token", "times": 1, "fault": "status"}
    answer = {"status": 401, "body": '{"error": "access_denied"}'}
    await sandbox.atlassian.faults([{**rejected, **answer}])
    await expired_call(part, grace)
    assert value(part, 'xerus_renewal_gate_open{link="cloud"}') == 0
    assert value(part, 'xerus_renewal_gate_in_flight{link="cloud"}') == 0


async def test_a_process_tells_of_its_pool_its_notifications_and_its_events(
    part: Part, grace: Person
) -> None:
    assert value(part, "xerus_listener_up") == 1
    assert value(part, 'xerus_database_connections{state="most"}') == 10
    assert value(part, 'xerus_database_connections{state="in_use"}') == 0
    assert value(part, "xerus_database_waiting") == 0
    assert value(part, "xerus_audit_waiting_events") == 0
    connected = 'xerus_audit_events_total{event="connection:account:connected"}'
    assert value(part, connected) == 1


async def test_figures_of_the_whole_installation_are_read_and_kept(
    part: Part, grace: Person
) -> None:
    user = User(
        id=grace.user_id, tenant="t", subject="grace", email="", name="Grace", is_admin=False
    )
    await Told(part, grace, user).connects_docs("needs_reconnect")
    figures = Figures(db=part.db, clock=part.clock)
    part.metrics.watch(figures.readings)
    assert value(part, "xerus_sessions") is None

    part.clock.ahead = HOUR
    await figures.refresh()

    expected = {
        'xerus_connections{link="cloud",state="connected"}': 1,
        'xerus_connections{link="cloud",state="needs_reconnect"}': 0,
        'xerus_renewals_due{link="cloud"}': 1,
        'xerus_renewals_due{link="jira"}': 0,
        'xerus_connections{link="mcp_server",state="needs_reconnect"}': 1,
        'xerus_renewals_due{link="mcp_server"}': 0,
        'xerus_mcp_servers{state="there"}': 1,
        'xerus_mcp_servers{state="away"}': 0,
        'xerus_keys{kind="data",state="active"}': 1,
        "xerus_sessions": 0,
        "xerus_grants": 0,
    }
    assert {series: value(part, series) for series in expected} == expected
    async with part.db.transaction(Role.WORKER) as conn:
        seen = await remotes.states(conn, part.clock.now())
    assert seen == [("Docs", "needs_reconnect", 1)]
    assert value(part, "xerus_audit_verified_sound") is None
    overdue = value(part, 'xerus_renewals_overdue_seconds{link="cloud"}')
    assert overdue is not None
    assert 0 < overdue < HOUR.total_seconds()

    for outcome, sound in (("sound", 1), ("tampered", 0)):
        part.clock.ahead += HOUR
        await part.audit.append(Event.LOG_VERIFIED, outcome=outcome)
        await figures.refresh()
        assert value(part, "xerus_audit_verified_sound") == sound

    await part.db.close()
    with pytest.raises(Unavailable):
        await figures.refresh()
    assert value(part, 'xerus_connections{link="cloud",state="connected"}') == 1


async def test_what_rests_because_its_person_is_kept_out_is_not_told_as_due(part: Part) -> None:
    grace = await told(part, "grace")
    await grace.connects_docs("connected")
    await grace.change("UPDATE remote_credentials SET renew_after = %s", part.clock.now())
    figures = Figures(db=part.db, clock=part.clock)
    part.metrics.watch(figures.readings)
    due = [f'xerus_renewals_due{{link="{link}"}}' for link in ("cloud", "mcp_server")]

    part.clock.ahead = HOUR
    await figures.refresh()
    assert [value(part, series) for series in due] == [1, 1]

    async with part.db.transaction(Role.GATE) as conn:
        await conn.execute("UPDATE users SET disabled_at = %s", (part.clock.now(),))
    await figures.refresh()
    assert [value(part, series) for series in due] == [0, 0]
    assert value(part, 'xerus_renewals_overdue_seconds{link="mcp_server"}') == 0
