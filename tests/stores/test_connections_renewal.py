"""Renewal: one token request per expiry, and no outage or race costs a person the grant."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.stores.connecting import Part, Person, a_process, token_requests, until
from tests.stores.databases import Fresh
from tests.support.database import rows
from tests.support.folders import reachable
from tests.support.stack import Sandbox
from xerus.atlassian.credentials import NeedsReconnect, Product
from xerus.connections import lease as leases
from xerus.connections.links import Link
from xerus.connections.provider import ClientRejected
from xerus.connections.store import SealedTokens
from xerus.connections.tables import tables_of
from xerus.connections.views import State
from xerus.db.embedded import EmbeddedPostgres
from xerus.db.migrate import migrate
from xerus.db.place import LOGIN
from xerus.db.roles import Role
from xerus.errors import UpstreamUnavailable
from xerus.ids import ConnectionId

HOUR = timedelta(hours=1)
CLOUD = tables_of(Link.CLOUD)


async def header(part: Part, person: Person) -> SecretStr:
    credentials = part.connections.credentials_for(person.user_id)
    return await credentials.authorization(await credentials.target(Product.JIRA, None))


async def renewed(part: Part, person: Person, rejected: SecretStr) -> SecretStr | None:
    credentials = part.connections.credentials_for(person.user_id)
    return await credentials.renew(await credentials.target(Product.JIRA, None), rejected)


async def renewing(part: Part, person: Person) -> bool:
    return (await part.connections.view(person.user_id)).state is State.REFRESHING


async def test_fifty_calls_after_expiry_in_three_processes_cause_one_token_request(
    part: Part, grace: Person, fresh: Fresh, sandbox: Sandbox, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    async with a_process(fresh, sandbox, key) as two, a_process(fresh, sandbox, key) as three:
        fleet = (part, two, three)
        old = {(await header(each, grace)).get_secret_value() for each in fleet}
        for each in fleet:
            each.clock.ahead = HOUR
        mark = await sandbox.atlassian.mark()

        headers = await asyncio.gather(*(header(fleet[n % 3], grace) for n in range(50)))

    new = {each.get_secret_value() for each in headers}
    assert len(new) == 1
    assert not new & old
    assert await token_requests(sandbox, mark) == 1
    assert "connection:credential:refreshed" in await part.events(grace.user_id)


async def test_fifty_calls_refused_at_once_cause_one_token_request(
    part: Part, grace: Person, fresh: Fresh, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with a_process(fresh, sandbox, tmp_path / "key") as other:
        rejected = await header(part, grace)
        mark = await sandbox.atlassian.mark()

        answers = await asyncio.gather(
            *(renewed((part, other)[n % 2], grace, rejected) for n in range(50))
        )

    assert {a.get_secret_value() if a else None for a in answers} != {None}
    assert len({a.get_secret_value() if a else None for a in answers}) == 1
    assert rejected not in answers
    assert await token_requests(sandbox, mark) == 1


async def test_token_refused_again_and_again_is_renewed_twenty_times_and_no_more(
    part: Part, grace: Person, sandbox: Sandbox
) -> None:
    mark = await sandbox.atlassian.mark()

    for _ in range(20):
        assert await renewed(part, grace, await header(part, grace)) is not None

    assert await renewed(part, grace, await header(part, grace)) is None
    assert await token_requests(sandbox, mark) == 20


async def test_answer_that_got_lost_is_asked_for_again_with_the_same_token(
    part: Part, grace: Person, sandbox: Sandbox
) -> None:
    old = await header(part, grace)
    part.clock.ahead = HOUR
    lost = {"method": "POST", "path_regex": "/oauth/token", "times": 1, "fault": "lost_response"}
    await sandbox.atlassian.faults([lost])

    assert await header(part, grace) != old
    assert (await part.connections.view(grace.user_id)).state is State.CONNECTED


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "status", "status": 503, "body": "<h1>Bad gateway</h1>"},
        {"fault": "status", "status": 429, "headers": {"Retry-After": "30"}},
        {"fault": "status", "status": 403, "body": "<h1>Blocked by a proxy</h1>"},
        {"fault": "status", "status": 200, "body": "not json"},
        {"fault": "reset"},
        {"fault": "truncate"},
    ],
    ids=lambda fault: f"{fault['fault']}-{fault.get('status', '')}",
)
async def test_outage_of_the_provider_keeps_the_grant(
    part: Part, grace: Person, sandbox: Sandbox, fault: dict[str, object]
) -> None:
    part.clock.ahead = HOUR
    always = {"method": "POST", "path_regex": "/oauth/token", "times": 3, **fault}
    await sandbox.atlassian.faults([always])

    with pytest.raises(UpstreamUnavailable):
        await header(part, grace)

    view = await part.connections.view(grace.user_id)
    assert view.state is State.DEGRADED
    assert view.retry_at is not None
    with pytest.raises(UpstreamUnavailable) as too_early:
        await header(part, grace)
    assert too_early.value.retry_after
    await sandbox.atlassian.faults([])
    for _ in range(4):
        await part.pauses_end(grace.user_id)
        with suppress(UpstreamUnavailable):
            await header(part, grace)
    assert (await part.connections.view(grace.user_id)).state is State.CONNECTED


async def test_token_that_still_lives_serves_while_renewal_fails(
    part: Part, grace: Person, sandbox: Sandbox
) -> None:
    old = await header(part, grace)
    part.clock.ahead = timedelta(seconds=3570)
    down = {"method": "POST", "path_regex": "/oauth/token", "times": 3, "fault": "reset"}
    await sandbox.atlassian.faults([down])

    assert await header(part, grace) == old
    assert (await part.connections.view(grace.user_id)).state is State.EXPIRING_SOON


async def test_revoked_grant_needs_consent_and_keeps_its_row(
    part: Part, grace: Person, sandbox: Sandbox
) -> None:
    await sandbox.atlassian.revoke(grace.account)
    part.clock.ahead = HOUR

    with pytest.raises(NeedsReconnect):
        await header(part, grace)

    mark = await sandbox.atlassian.mark()
    with pytest.raises(NeedsReconnect):
        await header(part, grace)
    assert await part.connections.renew_due() == 0
    assert await token_requests(sandbox, mark) == 0
    assert (await part.connections.view(grace.user_id)).state is State.NEEDS_RECONNECT
    assert "connection:credential:expired" in await part.events(grace.user_id)
    async with part.db.transaction(Role.APP, user_id=grace.user_id) as conn:
        rows = await (await conn.execute("SELECT 1 FROM credentials")).fetchall()
    assert len(rows) == 1
    await grace.connect(part)
    assert (await part.connections.view(grace.user_id)).state is State.CONNECTED


async def test_wrong_app_secret_blames_the_operator_and_no_person(
    part: Part, grace: Person, fresh: Fresh, sandbox: Sandbox, tmp_path: Path
) -> None:
    wrong = SecretStr("not the secret")
    async with a_process(fresh, sandbox, tmp_path / "key", client_secret=wrong) as broken:
        broken.clock.ahead = HOUR
        with pytest.raises(ClientRejected) as refused:
            await header(broken, grace)
        await broken.audit.settle()
    assert "ATLASSIAN_OAUTH_CLIENT_SECRET" in refused.value.hint
    (paused,) = rows(
        fresh.owner, "SELECT facts FROM audit_events WHERE event = 'connection:renewals:paused'"
    )
    assert paused["facts"] == {"link": "cloud", "cause": "client_rejected"}
    part.clock.ahead = HOUR
    await part.pauses_end(grace.user_id)
    await header(part, grace)
    assert (await part.connections.view(grace.user_id)).state is State.CONNECTED


async def test_worker_renews_ahead_of_time_and_each_credential_once(
    part: Part, fresh: Fresh, sandbox: Sandbox, tmp_path: Path
) -> None:
    people = [Person(f"{name}@example.com") for name in ("ada", "grace", "alan")]
    for person in people:
        await person.connect(part)
    assert await part.connections.renew_due() == 0
    async with a_process(fresh, sandbox, tmp_path / "key") as other:
        part.clock.ahead = other.clock.ahead = timedelta(minutes=50)
        mark = await sandbox.atlassian.mark()

        tried = await asyncio.gather(part.connections.renew_due(), other.connections.renew_due())

    assert sum(tried) == 3
    assert await token_requests(sandbox, mark) == 3
    view = await part.connections.view(people[0].user_id)
    assert view.access_expires_at is not None
    assert view.access_expires_at > part.clock.now() + timedelta(minutes=55)


async def test_connections_of_a_disabled_person_rest_until_they_are_let_in_again(
    part: Part, grace: Person, sandbox: Sandbox
) -> None:
    async with part.db.transaction(Role.GATE) as conn:
        await conn.execute(
            "INSERT INTO users (id, tenant, subject, email, name, created_at, signed_in_at,"
            " checked_at, disabled_at) VALUES (%s, 't', 's', '', '', now(), now(), now(), now())",
            (grace.user_id,),
        )
    part.clock.ahead = timedelta(days=2)
    mark = await sandbox.atlassian.mark()
    assert await part.connections.renew_due() == 0
    await part.connections.check_due()
    assert await sandbox.atlassian.log(mark) == []
    async with part.db.transaction(Role.GATE) as conn:
        await conn.execute("UPDATE users SET disabled_at = NULL")
    assert await part.connections.renew_due() == 1


async def test_lease_that_a_crashed_process_left_is_taken_over(
    part: Part, grace: Person, sandbox: Sandbox
) -> None:
    part.clock.ahead = HOUR
    async with part.db.transaction(Role.APP, user_id=grace.user_id) as conn:
        await conn.execute(
            "UPDATE credentials SET lease_owner = gen_random_uuid(),"
            " lease_until = now() + interval '1 second'"
        )
    mark = await sandbox.atlassian.mark()

    await header(part, grace)

    assert await token_requests(sandbox, mark) == 1


async def test_disconnecting_during_a_renewal_leaves_no_token(
    part: Part, grace: Person, sandbox: Sandbox
) -> None:
    part.clock.ahead = HOUR
    await sandbox.atlassian.configure(latency_ms=400)
    calling = asyncio.create_task(header(part, grace))
    await until(lambda: renewing(part, grace))

    await part.connections.disconnect(grace.user_id)

    with pytest.raises(Exception, match="not connected"):
        await calling
    assert (await part.connections.view(grace.user_id)).state is State.DISCONNECTED
    async with part.db.transaction(Role.APP, user_id=grace.user_id) as conn:
        assert not await (await conn.execute("SELECT 1 FROM credentials")).fetchall()


async def test_renewal_of_an_erased_pair_does_not_overwrite_that_of_the_next_consent(
    part: Part, grace: Person
) -> None:
    async with part.db.transaction(Role.APP, user_id=grace.user_id) as conn:
        (old,) = await (await conn.execute("SELECT * FROM credentials")).fetchall()
        lease = await leases.take(
            conn, CLOUD, grace.user_id, ConnectionId(str(old["connection_id"])), 1
        )
    assert isinstance(lease, leases.Lease)
    await part.connections.disconnect(grace.user_id)
    await grace.connect(part)

    kept = SealedTokens(**{field.name: old[field.name] for field in fields(SealedTokens)})
    async with part.db.transaction(Role.APP, user_id=grace.user_id) as conn:
        assert not await leases.finish(conn, CLOUD, lease, kept)


@pytest.fixture
def own_folder() -> Iterator[Path]:
    folder = reachable()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


async def test_database_that_goes_away_during_the_renewal_loses_nothing(
    sandbox: Sandbox, tmp_path: Path, own_folder: Path
) -> None:
    await sandbox.atlassian.reset()
    await sandbox.atlassian.configure(refresh_grace_seconds=0)
    postgres = EmbeddedPostgres(own_folder / "data")
    dsns = await postgres.start()
    await asyncio.to_thread(migrate, dsns.owner, login=LOGIN)
    fresh = Fresh(login=dsns.login, owner=dsns.owner)
    async with a_process(fresh, sandbox, tmp_path / "key") as part:
        grace = Person("grace@example.com")
        await grace.connect(part)
        old = await header(part, grace)
        await sandbox.atlassian.configure(latency_ms=1500)
        part.clock.ahead = HOUR
        mark = await sandbox.atlassian.mark()
        calling = asyncio.create_task(header(part, grace))
        await until(lambda: renewing(part, grace))
        await postgres.stop()
        await until(lambda: token_requests(sandbox, mark))
        await postgres.start()

        assert await calling != old
        assert await token_requests(sandbox, mark) == 1
    await postgres.stop()


async def test_fewer_than_nine_ask_at_once_though_more_credentials_are_due(
    part: Part, sandbox: Sandbox
) -> None:
    people = [Person("grace@example.com") for _ in range(10)]
    for person in people:
        await person.connect(part)
    part.clock.ahead = HOUR
    await sandbox.atlassian.configure(latency_ms=500)
    calling = [asyncio.create_task(header(part, person)) for person in people]
    await until(lambda: renewing(part, people[7]))

    leased = [await renewing(part, person) for person in people]

    assert sum(leased) <= 8
    assert await part.connections.renew_due() == 0
    assert len(set(await asyncio.gather(*calling))) == 10


async def test_process_with_a_wrong_clock_keeps_nobody_else_from_trying_again(
    part: Part, grace: Person, fresh: Fresh, sandbox: Sandbox, tmp_path: Path
) -> None:
    part.clock.ahead = HOUR
    down = {"method": "POST", "path_regex": "/oauth/token", "times": 3, "fault": "reset"}
    await sandbox.atlassian.faults([down])
    async with a_process(fresh, sandbox, tmp_path / "key") as ahead:
        ahead.clock.ahead = HOUR + timedelta(minutes=5)
        with pytest.raises(UpstreamUnavailable):
            await header(ahead, grace)

    with pytest.raises(UpstreamUnavailable) as too_early:
        await header(part, grace)

    assert too_early.value.retry_after is not None
    assert too_early.value.retry_after <= 60


async def test_missing_permission_is_no_reason_to_renew(
    part: Part, grace: Person, sandbox: Sandbox
) -> None:
    scope_miss = {
        "fault": "status",
        "status": 401,
        "headers": {"X-Failure-Category": "FAILURE_CLIENT_SCOPE_CHECK"},
        "body": '{"code": 401, "message": "Unauthorized; scope does not match"}',
    }
    await sandbox.atlassian.faults(
        [{"method": "GET", "path_regex": "/ex/.*", "times": 5, **scope_miss}]
    )
    mark = await sandbox.atlassian.mark()

    check = await part.connections.test(grace.user_id)

    assert check.error is not None
    assert check.error.code == "scope_missing"
    assert await token_requests(sandbox, mark) == 0


async def test_last_fortnight_of_the_year_is_announced(part: Part, grace: Person) -> None:
    connected = await part.connections.view(grace.user_id)
    part.clock.ahead = timedelta(days=350)
    async with part.db.transaction(Role.APP, user_id=grace.user_id) as conn:
        await conn.execute("UPDATE credentials SET access_expires_at = now() + interval '400 days'")
    assert (await part.connections.view(grace.user_id)).state is State.CONNECTED

    part.clock.ahead = timedelta(days=351, minutes=1)

    view = await part.connections.view(grace.user_id)
    assert view.state is State.EXPIRING_SOON
    assert view.reconnect_by == connected.reconnect_by
    assert "Reconnect" in view.hint
