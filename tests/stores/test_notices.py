"""What a person, and what an administrator, is told above each page, and when it comes back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.stores.connecting import Part, Person
from tests.stores.telling import Told, known, told
from xerus.atlassian.credentials import Product
from xerus.atlassian.ledger import Use
from xerus.audit.events import Event
from xerus.connections.links import Link
from xerus.connections.store import problem_json
from xerus.connections.views import Problem
from xerus.db.roles import Role
from xerus.errors import NotConfigured, UpstreamUnavailable
from xerus.ids import UserId, new_id
from xerus.notices import store
from xerus.notices.operator import OperatorWatch
from xerus.notices.store import Trouble
from xerus.web.banner import lines

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def grace(part: Part) -> Told:
    return await told(part, "grace")


def quota(part: Part, *, points: int, site: str = "") -> Use:
    hour = part.clock.now().replace(minute=0, second=0, microsecond=0)
    return Use(
        product=Product.JIRA,
        site=site,
        points=points,
        quota=1_000,
        told_left=None,
        resets_at=hour + HOUR,
    )


async def test_a_sound_connection_is_no_news(grace: Told) -> None:
    assert await grace.causes() == []


async def test_a_grant_that_ended_is_said_with_its_beginning(grace: Told) -> None:
    at = grace.part.clock.now() - HOUR
    await grace.ends(at)
    notice = await grace.one()
    assert (notice.cause, notice.kind, notice.since) == ("cloud:reconnect", "bad", at)
    assert (notice.link, notice.action) == (Link.CLOUD, "Reconnect")


async def test_another_server_that_has_to_be_connected_again_is_said_like_atlassian(
    grace: Told,
) -> None:
    await grace.connects_docs("needs_reconnect")
    notice = await grace.one()
    assert (notice.cause, notice.kind) == ("server-docs:reconnect", "bad")
    [line] = lines([notice], "/activity")
    assert line.href == "/connections/servers/docs/start?return_to=%2Factivity"
    assert lines([notice], "/tools") == []
    await grace.put_away("server-docs:reconnect")
    assert await grace.causes() == []


@pytest.mark.parametrize(("hours", "level"), [(5, None), (7, 1), (80, 2)])
async def test_trouble_at_another_server_is_said_when_it_lasts(
    grace: Told, hours: int, level: int | None
) -> None:
    await grace.connects_docs("connected", grace.part.clock.now() - hours * HOUR)
    found = [one.level for one in await grace.notices().of(grace.user)]
    assert found == ([level] if level else [])


@pytest.mark.parametrize(("days", "level"), [(350, None), (352, 1), (363, 2)])
async def test_the_end_of_the_year_is_said_a_fortnight_before(
    grace: Told, days: int, level: int | None
) -> None:
    await grace.later(days * DAY)
    found = await grace.notices().of(grace.user)
    assert [one.level for one in found if one.cause == "cloud:year"] == ([level] if level else [])


@pytest.mark.parametrize(("hours", "level"), [(5, None), (7, 1), (80, 2)])
async def test_trouble_is_said_when_it_lasts(grace: Told, hours: int, level: int | None) -> None:
    since = grace.part.clock.now() - hours * HOUR
    await grace.change("UPDATE credentials SET failing_since = %s", since)
    found = await grace.notices().of(grace.user)
    assert [one.level for one in found] == ([level] if level else [])


async def test_a_permission_that_was_not_granted_is_said(grace: Told) -> None:
    grace.lost = {"write:jira-work", "write:page:confluence"}
    notice = await grace.one()
    assert (notice.cause, notice.level) == ("cloud:permissions", 2)


async def test_only_the_quota_that_ones_own_calls_are_counted_on_is_said(grace: Told) -> None:
    view = await grace.part.connections.view(grace.user.id)
    grace.usage = [quota(grace.part, points=790), quota(grace.part, points=900, site="another")]
    assert await grace.causes() == []
    grace.usage = [quota(grace.part, points=900, site=view.sites[0].cloud_id)]
    assert (await grace.one()).level == 1
    grace.usage = [quota(grace.part, points=1_000)]
    assert (await grace.one()).level == 2


async def test_nobody_is_told_of_somebody_elses_connection(grace: Told) -> None:
    await grace.ends(grace.part.clock.now())
    alan = await known(grace.part, "alan")
    assert await grace.notices().of(alan) == []


async def test_a_link_that_nobody_works_through_is_no_news(grace: Told) -> None:
    await grace.ends(grace.part.clock.now())
    assert await grace.notices(links=()).of(grace.user) == []


async def test_what_is_put_away_stays_away_for_a_week(grace: Told) -> None:
    await grace.ends(grace.part.clock.now())
    await grace.put_away("cloud:reconnect")
    assert await grace.causes() == []
    await grace.later(6 * DAY)
    assert await grace.causes() == []
    await grace.later(2 * DAY)
    assert await grace.causes() == ["cloud:reconnect"]


async def test_it_comes_back_when_it_gets_worse(grace: Told) -> None:
    grace.lost = {"write:jira-work"}
    await grace.put_away("cloud:permissions")
    assert await grace.causes() == []
    grace.lost.add("read:jira-user")
    assert await grace.causes() == ["cloud:permissions"]


async def test_it_comes_back_when_it_begins_anew(grace: Told) -> None:
    await grace.ends(grace.part.clock.now())
    await grace.put_away("cloud:reconnect")
    await grace.later(HOUR)
    await grace.ends(grace.part.clock.now())
    assert await grace.causes() == ["cloud:reconnect"]


async def test_one_person_puts_away_for_themself_and_only_what_there_is(grace: Told) -> None:
    grace.lost = {"write:jira-work"}
    alan = await known(grace.part, "alan")
    await grace.notices().put_away(alan, "cloud:permissions")
    await grace.put_away("no-such-cause")
    assert await grace.causes() == ["cloud:permissions"]
    async with grace.part.db.transaction(Role.APP, user_id=grace.user.id) as conn:
        found = await conn.execute("SELECT count(*) AS n FROM notice_dismissals")
        row = await found.fetchone()
    assert row == {"n": 0}


async def test_what_was_put_away_long_ago_is_forgotten(grace: Told) -> None:
    await grace.ends(grace.part.clock.now())
    await grace.put_away("cloud:reconnect")
    await grace.later(9 * DAY)
    await grace.notices().forget_old()
    async with grace.part.db.transaction(Role.WORKER) as conn:
        assert await store.forget_old(conn, grace.part.clock.now()) == 0


async def test_trouble_of_the_installation_is_for_administrators(grace: Told) -> None:
    now = grace.part.clock.now()
    trouble = Trouble(cause="failing", level=1, since=now - HOUR, facts={"count": 7})
    async with grace.part.db.transaction(Role.WORKER) as conn:
        await store.keep_troubles(conn, [trouble])
    ada = await known(grace.part, "ada", is_admin=True)
    (notice,) = await grace.notices().of(ada)
    assert (notice.title, notice.since) == ("7 connections fail.", now - HOUR)
    assert await grace.causes() == []


@dataclass
class Looked:
    """What the worker keeps after each look."""

    part: Part
    refuses: Callable[[Product], Exception | None] = lambda _: None
    watch: OperatorWatch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = self.watching()

    def watching(self, **changes: Any) -> OperatorWatch:
        async def prove(product: Product) -> None:
            if error := self.refuses(product):
                raise error

        values: dict[str, Any] = {"shared_products": tuple(Product), "prove": prove, **changes}
        return OperatorWatch(db=self.part.db, clock=self.part.clock, **values)

    async def look(self) -> dict[str, Trouble]:
        await self.watch.look()
        async with self.part.db.transaction(Role.WORKER) as conn:
            return {one.cause: one for one in await store.troubles(conn)}


async def test_the_operators_token_is_tried_and_what_was_learnt_is_kept(part: Part) -> None:
    looked = Looked(part)
    part.clock.ahead += HOUR
    assert await looked.look() == {}
    looked.refuses = lambda p: NotConfigured("refused") if p is Product.JIRA else None
    assert await looked.look() == {}, "it is tried once an hour"
    part.clock.ahead += HOUR
    (trouble,) = (await looked.look()).values()
    assert (trouble.cause, trouble.facts) == ("token:jira", {"product": "Jira"})
    looked.refuses = lambda _: UpstreamUnavailable("away")
    part.clock.ahead += HOUR
    assert set(await looked.look()) == {"token:jira"}, "an outage is no verdict"
    assert (await looked.look())["token:jira"].since == trouble.since
    looked.refuses = lambda _: None
    part.clock.ahead += HOUR
    assert await looked.look() == {}


@pytest.mark.parametrize(("days", "level"), [(364, None), (366, 1), (401, 2)])
async def test_a_key_that_is_a_year_old_is_due(part: Part, days: int, level: int | None) -> None:
    part.clock.ahead += days * DAY
    found = await Looked(part).look()
    assert {one.level for one in found.values() if one.cause.startswith("key:")} == (
        {level} if level else set()
    )


@pytest.mark.parametrize(("days", "level"), [(31, None), (29, 1), (6, 2)])
async def test_a_certificate_is_told_of_before_it_ends(
    part: Part, days: int, level: int | None
) -> None:
    looked = Looked(part)
    looked.watch = looked.watching(certificate_ends_at=part.clock.now() + days * DAY)
    found = await looked.look()
    assert [one.level for one in found.values()] == ([level] if level else [])


async def test_a_log_that_did_not_stand_its_check_is_told_until_it_does(part: Part) -> None:
    looked = Looked(part)
    await part.audit.append(Event.LOG_VERIFIED, user_id=None, outcome="tampered", events=1)
    assert set(await looked.look()) == {"audit"}
    await part.audit.append(Event.LOG_VERIFIED, user_id=None, outcome="sound", events=1)
    assert await looked.look() == {}


async def failing(part: Part, people: int, code: str, since: datetime) -> None:
    for _ in range(people):
        person = Person("grace@example.com")
        person.user_id = UserId(new_id())
        await person.connect(part)
        problem = Problem(code=code, message="", hint="", correlation_id="", at=since)
        async with part.db.transaction(Role.APP, user_id=person.user_id) as conn:
            await conn.execute(
                "UPDATE credentials SET last_error = %s, failing_since = %s",
                (problem_json(problem), since),
            )


async def test_an_app_that_atlassian_rejects_is_said_at_once(part: Part) -> None:
    await failing(part, 1, "client_rejected", part.clock.now())
    (trouble,) = (await Looked(part).look()).values()
    assert (trouble.cause, trouble.facts) == ("app:cloud", {"link": "Atlassian", "count": 1})


async def test_many_connections_that_fail_for_long_are_the_operators_matter(part: Part) -> None:
    since = part.clock.now() - 2 * HOUR
    await failing(part, 3, "upstream_unavailable", since)
    assert await Looked(part).look() == {}
    await failing(part, 1, "upstream_unavailable", since)
    (trouble,) = (await Looked(part).look()).values()
    assert (trouble.cause, trouble.since, trouble.facts) == ("failing", since, {"count": 4})
