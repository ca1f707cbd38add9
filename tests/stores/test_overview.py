"""What administrators are told of everybody's connections is what their people see."""

from datetime import timedelta

import pytest

from tests.stores.connecting import Part, Person
from tests.stores.test_states import TABLE, Cause
from tests.support.stack import Sandbox
from xerus.accounts import store as accounts
from xerus.accounts.users import Identity
from xerus.app.heartbeat import Heartbeat, processes
from xerus.app.roles import Role as ProcessRole
from xerus.connections import overview
from xerus.connections.health import WARN_BEFORE
from xerus.connections.links import Link
from xerus.connections.views import State
from xerus.db.roles import Role
from xerus.ids import UserId
from xerus.vault import store as vault

YEAR = timedelta(days=365)
STORED = [
    (state, cause)
    for state, cause in TABLE
    if state not in {State.NOT_CONNECTED, State.NOT_CONFIGURED}
]


async def known(part: Part, person: Person) -> None:
    """Let Xerus know the person, as after a sign-in."""
    identity = Identity(tenant="t", subject="grace", email="grace@example.com", name="Grace")
    async with part.db.transaction(Role.GATE) as conn:
        person.user_id = UserId(
            str(await accounts.ensure_user(conn, identity, now=part.clock.now()))
        )


@pytest.mark.parametrize(("state", "cause"), STORED, ids=lambda one: getattr(one, "name", ""))
async def test_counts_are_by_the_state_that_the_person_sees(
    part: Part, sandbox: Sandbox, state: State, cause: Cause
) -> None:
    await cause(part, Person("grace@example.com"), sandbox)
    now = part.clock.now()
    async with part.db.transaction(Role.WORKER) as conn:
        counts = await overview.states(conn, now, now + WARN_BEFORE - YEAR)
    assert counts == {(Link.CLOUD, state.value): 1}


async def test_causes_are_counted_with_the_newest_reference_and_whom_they_concern(
    part: Part, sandbox: Sandbox
) -> None:
    first, second = Person("grace@example.com"), Person("grace@example.com")
    await known(part, first)
    refused = {"method": "GET", "path_regex": "^/ex/", "times": 2, "fault": "status"}
    for person in (first, second):
        await person.connect(part)
        await sandbox.atlassian.faults([{**refused, "status": 403}])
        await part.connections.test(person.user_id)
    newest = await part.connections.view(second.user_id)
    oldest = await part.connections.view(first.user_id)

    async with part.db.transaction(Role.WORKER) as conn:
        (cause,) = await overview.causes(conn)
        (whom,) = await overview.concerned(conn, cause.link, cause.code)
        nobody = await overview.concerned(conn, Link.JIRA, cause.code)
        (shared,) = await overview.shared_accounts(conn)
    assert newest.last_error is not None
    assert (cause.count, cause.code) == (2, newest.last_error.code)
    assert cause.correlation_id == newest.last_error.correlation_id
    assert cause.since == oldest.failing_since
    assert (whom.name, whom.email) == ("Grace", "grace@example.com")
    assert nobody == []
    assert (shared.account_email, shared.people) == ("grace@example.com", 2)
    assert await part.connections.has_company(second.user_id)
    await part.connections.disconnect(first.user_id)
    assert not await part.connections.has_company(second.user_id)
    assert (await part.connections.view(second.user_id)).connection_id == newest.connection_id


async def test_each_data_key_tells_what_lies_under_it(part: Part) -> None:
    await Person("grace@example.com").connect(part)
    async with part.db.transaction(Role.WORKER) as conn:
        on_each = await vault.count_sealed(conn)
    async with part.db.transaction(Role.GATE) as conn:
        (key,) = await vault.key_rows(conn, on_each)
    assert (key.state, key.sealed, key.is_finished) == ("active", 1, True)


async def test_a_process_tells_of_itself_until_it_ends(part: Part) -> None:
    beat = Heartbeat(
        db=part.db,
        clock=part.clock,
        roles=frozenset({ProcessRole.WORKER}),
        listener=part.listener,
        links={Link.CLOUD: part.connections},
    )
    await beat.tell()
    await beat.tell()
    (row,) = await processes(part.db, part.clock.now())
    assert (row.roles, row.listens, row.is_silent) == (("worker",), True, False)
    assert row.gates == {"cloud": (0, True)}

    (late,) = await processes(part.db, part.clock.now() + timedelta(minutes=2))
    assert late.is_silent
    await beat.leave()
    assert await processes(part.db, part.clock.now()) == []
