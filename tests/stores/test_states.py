"""The ten states, each brought about by what causes it, with its time and its next step."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.stores.connecting import Part, Person, a_process
from tests.stores.databases import Fresh
from tests.support.stack import Sandbox
from xerus.connections.links import Link
from xerus.connections.views import State
from xerus.db.roles import Role
from xerus.web.standing import standing_of

HOUR = timedelta(hours=1)
REFUSED = {"method": "GET", "path_regex": "^/ex/", "times": 2, "fault": "status", "status": 403}


async def nothing(part: Part, person: Person, sandbox: Sandbox) -> None:
    pass


async def begun(part: Part, person: Person, sandbox: Sandbox) -> None:
    await part.connections.begin(
        user_id=person.user_id, session_id=person.session_id, return_to="/tools"
    )


async def several_sites(part: Part, person: Person, sandbox: Sandbox) -> None:
    person.account = "ada@example.com"
    await person.connect(part, site="")


async def connected(part: Part, person: Person, sandbox: Sandbox) -> None:
    await person.connect(part)


async def being_renewed(part: Part, person: Person, sandbox: Sandbox) -> None:
    await person.connect(part)
    part.clock.ahead = HOUR
    async with part.db.transaction(Role.APP, user_id=person.user_id) as conn:
        await conn.execute("UPDATE credentials SET lease_until = now() + interval '30 s'")


async def renewal_fails_early(part: Part, person: Person, sandbox: Sandbox) -> None:
    await person.connect(part)
    part.clock.ahead = timedelta(minutes=55)
    broken = {"method": "POST", "path_regex": "/oauth/token", "times": 9, "fault": "status"}
    await sandbox.atlassian.faults([{**broken, "status": 503}])
    await part.connections.renew_due()


async def refused_by_the_products(part: Part, person: Person, sandbox: Sandbox) -> None:
    await person.connect(part)
    await sandbox.atlassian.faults([REFUSED])
    await part.connections.test(person.user_id)


async def revoked(part: Part, person: Person, sandbox: Sandbox) -> None:
    await person.connect(part)
    await sandbox.atlassian.revoke(person.account)
    part.clock.ahead = HOUR
    await part.connections.renew_due()


async def disconnected(part: Part, person: Person, sandbox: Sandbox) -> None:
    await person.connect(part)
    await part.connections.disconnect(person.user_id)


Cause = Callable[[Part, Person, Sandbox], Awaitable[None]]
TABLE: list[tuple[State, Cause]] = [
    (State.NOT_CONNECTED, nothing),
    (State.CONNECTING, begun),
    (State.CHOOSING_SITE, several_sites),
    (State.CONNECTED, connected),
    (State.REFRESHING, being_renewed),
    (State.EXPIRING_SOON, renewal_fails_early),
    (State.DEGRADED, refused_by_the_products),
    (State.NEEDS_RECONNECT, revoked),
    (State.DISCONNECTED, disconnected),
    (State.NOT_CONFIGURED, nothing),
]


def test_the_table_has_every_state() -> None:
    assert {state for state, _ in TABLE} == set(State)


@pytest.mark.parametrize(("state", "cause"), TABLE, ids=lambda one: getattr(one, "name", ""))
async def test_a_state_comes_from_its_cause_and_tells_it(
    fresh: Fresh, sandbox: Sandbox, tmp_path: Path, state: State, cause: Cause
) -> None:
    await sandbox.atlassian.reset()
    app = {"client_id": ""} if state is State.NOT_CONFIGURED else {}
    async with a_process(fresh, sandbox, tmp_path / "key", **app) as part:
        person = Person("grace@example.com")
        before = part.clock.now()
        await cause(part, person, sandbox)

        view = await part.connections.view(person.user_id)
        assert view.state is state
        standing = standing_of(Link.CLOUD.label, view, now=part.clock.now())
        assert standing.cause
        assert standing.step
        assert (view.since is None) is (state in {State.NOT_CONNECTED, State.NOT_CONFIGURED})
        assert before <= standing.since <= part.clock.now()


async def test_the_account_that_was_replaced_is_named(
    fresh: Fresh, sandbox: Sandbox, tmp_path: Path
) -> None:
    await sandbox.atlassian.reset()
    async with a_process(fresh, sandbox, tmp_path / "key") as part:
        person = Person("grace@example.com")
        await person.connect(part)
        assert (await part.connections.view(person.user_id)).replaced_account == ""
        person.account = "ada@example.com"
        await person.connect(part, site="acme")

        view = await part.connections.view(person.user_id)
        assert (view.account_email, view.replaced_account) == (
            "ada@example.com",
            "grace@example.com",
        )
        events = await part.events(person.user_id)
        assert "connection:account:replaced" in events
