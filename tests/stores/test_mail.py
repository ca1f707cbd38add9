"""Who is written to, how often, and what a crash or a broken server leaves."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.stores.connecting import Part
from tests.stores.telling import Told, known, told
from tests.support.smtp import Mailbox, mailbox
from xerus.accounts.users import AdminRule, User
from xerus.connections.links import Link
from xerus.db.roles import Role
from xerus.egress.smtp import Smtp
from xerus.errors import UpstreamRefused, UpstreamUnavailable
from xerus.notices import outbox, store
from xerus.notices.mailing import Mailing
from xerus.notices.store import Trouble

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Post:
    """A worker with a mail server."""

    told: Told
    box: Mailbox
    mailing: Mailing

    async def rounds(self) -> list[str]:
        """Fill and empty the outbox; return whom a message came to meanwhile."""
        before = len(self.box.messages)
        await self.mailing.fill()
        while await self.mailing.send():
            pass
        return [to for _, to, _ in self.box.messages[before:]]

    async def trouble(self, cause: str, level: int = 1) -> None:
        trouble = Trouble(
            cause=cause,
            level=level,
            since=self.told.part.clock.now(),
            facts={"count": 7, "product": "Jira"},
        )
        async with self.told.part.db.transaction(Role.WORKER) as conn:
            await store.keep_troubles(conn, [trouble])


def mailing(part: Part, box: Mailbox, **changes: Any) -> Mailing:
    values: dict[str, Any] = {
        "smtp": Smtp(box.server(), name="localhost", deadline=2.0),
        "sender": "xerus@example.com",
        "public_url": "http://localhost:9999",
        "days": 7,
        "links": [Link.CLOUD],
        "admins": AdminRule(entries=("operators",)),
        **changes,
    }
    return Mailing(db=part.db, clock=part.clock, **values)


@pytest.fixture
async def post(part: Part) -> AsyncIterator[Post]:
    grace = await told(part, "grace")
    async with mailbox() as box:
        yield Post(grace, box, mailing(grace.part, box))


async def administers(part: Part, name: str) -> User:
    user = await known(part, name)
    async with part.db.transaction(Role.GATE) as conn:
        await conn.execute("UPDATE users SET admin_by = 'operators' WHERE id = %s", (user.id,))
    return user


async def test_a_sound_connection_is_nothing_to_write_about(post: Post) -> None:
    assert await post.rounds() == []


async def test_a_grant_that_ended_is_written_about_once(post: Post) -> None:
    await post.told.ends(post.told.part.clock.now())
    assert await post.rounds() == ["grace@example.com"]
    ((_, _, message),) = post.box.messages
    assert message["Subject"] == "Xerus: Atlassian has to be connected again."
    await post.told.later(30 * DAY)
    assert await post.rounds() == [], "it is the same beginning"


async def test_another_server_that_has_to_be_connected_again_is_written_about_once(
    post: Post,
) -> None:
    await post.told.connects_docs("needs_reconnect")
    assert await post.rounds() == ["grace@example.com"]
    ((_, _, message),) = post.box.messages
    assert message["Subject"] == "Xerus: Docs has to be connected again."
    await post.told.later(30 * DAY)
    assert await post.rounds() == []


async def test_no_two_come_within_the_days_between(post: Post) -> None:
    await post.told.ends(post.told.part.clock.now())
    assert len(await post.rounds()) == 1
    await post.told.later(3 * DAY)
    await post.told.ends(post.told.part.clock.now())
    assert await post.rounds() == []
    await post.told.later(5 * DAY)
    assert len(await post.rounds()) == 1, "it began anew, and a week is over"


async def test_the_end_of_the_year_is_written_about_again_when_it_is_near(post: Post) -> None:
    await post.told.later(352 * DAY)
    assert len(await post.rounds()) == 1
    await post.told.later(11 * DAY)
    assert len(await post.rounds()) == 1
    await post.told.later(DAY)
    assert await post.rounds() == []


@pytest.mark.parametrize(("hours", "letters"), [(30, 0), (80, 1)])
async def test_trouble_is_written_about_when_it_lasts_for_days(
    post: Post, hours: int, letters: int
) -> None:
    since = post.told.part.clock.now() - hours * HOUR
    await post.told.change("UPDATE credentials SET failing_since = %s", since)
    assert len(await post.rounds()) == letters


async def test_what_every_page_says_is_no_letter_for_permissions(post: Post) -> None:
    post.told.lost = {"write:jira-work"}
    assert await post.rounds() == []


async def test_who_turned_mail_off_gets_none_not_even_one_that_waited(post: Post) -> None:
    await post.told.ends(post.told.part.clock.now())
    await post.mailing.fill()
    await post.mailing.choose(post.told.user.id, wants=False)
    assert not await post.mailing.wanted(post.told.user.id)
    assert await post.rounds() == []
    await post.mailing.choose(post.told.user.id, wants=True)
    assert await post.rounds() == ["grace@example.com"]


async def test_what_is_over_before_it_was_sent_is_not_sent(post: Post) -> None:
    await post.told.ends(post.told.part.clock.now())
    await post.mailing.fill()
    await post.told.change("UPDATE connections SET status = 'connected'")
    assert await post.rounds() == []


async def test_administrators_are_written_to_about_the_installation(post: Post) -> None:
    await administers(post.told.part, "ada")
    await post.trouble("token:jira")
    assert await post.rounds() == ["ada@example.com"]
    await post.told.later(8 * DAY)
    await post.trouble("token:jira")
    assert await post.rounds() == [], "it goes on since then"
    await post.trouble("token:jira", level=2)
    assert await post.rounds() == ["ada@example.com"]


async def test_who_does_not_administer_any_more_is_not_written_to(post: Post) -> None:
    await administers(post.told.part, "ada")
    await post.trouble("audit")
    post.mailing = mailing(post.told.part, post.box, admins=AdminRule(entries=()))
    assert await post.rounds() == []


async def test_who_is_kept_out_is_not_written_to(post: Post) -> None:
    part = post.told.part
    await administers(part, "ada")
    async with part.db.transaction(Role.GATE) as conn:
        await conn.execute("UPDATE users SET disabled_at = now()")
    await post.told.ends(part.clock.now())
    await post.trouble("token:jira")
    assert await post.rounds() == []


async def test_a_server_that_is_away_is_tried_again_and_one_that_refuses_is_not(
    post: Post,
) -> None:
    await post.told.ends(post.told.part.clock.now())
    post.box.answers["MAIL"] = "451 later"
    assert await post.rounds() == []
    counts = await post.mailing.counts()
    assert (counts.waiting, counts.last_error) == (1, "mail_later")
    del post.box.answers["MAIL"]
    assert await post.rounds() == [], "not before its pause is over"
    await post.told.later(timedelta(minutes=2))
    assert await post.rounds() == ["grace@example.com"]
    await post.told.later(8 * DAY)
    await post.told.ends(post.told.part.clock.now())
    post.box.answers["RCPT"] = "550 nobody"
    assert await post.rounds() == []
    counts = await post.mailing.counts()
    assert (counts.waiting, counts.sent, counts.failed) == (0, 0, 1)


async def test_a_message_is_given_up_after_a_day_of_tries(post: Post) -> None:
    await post.told.ends(post.told.part.clock.now())
    post.box.answers["MAIL"] = "451 later"
    for _ in range(10):
        await post.rounds()
        await post.told.later(6 * HOUR)
    counts = await post.mailing.counts()
    assert (counts.waiting, counts.failed) == (0, 1)
    assert post.box.commands.count("MAIL") == 10


async def test_without_an_answer_a_message_is_sent_twice_at_most(post: Post) -> None:
    await post.told.ends(post.told.part.clock.now())
    post.box.closes_after = "."
    for _ in range(5):
        await post.rounds()
        await post.told.later(HOUR)
    first, second = post.box.messages
    assert first[2]["Message-ID"] == second[2]["Message-ID"]
    counts = await post.mailing.counts()
    assert (counts.waiting, counts.failed, counts.last_error) == (0, 1, "mail_unsure")


async def test_a_crash_amid_sending_neither_loses_nor_doubles_beyond_twice(post: Post) -> None:
    part = post.told.part
    await post.told.ends(part.clock.now())
    await post.mailing.fill()
    for _ in range(2):  # each takes it and dies before it could note anything
        async with part.db.transaction(Role.WORKER) as conn:
            assert await outbox.take(conn, part.clock.now(), lease=timedelta(minutes=2))
        assert await post.rounds() == [], "another one has it"
        await post.told.later(timedelta(minutes=3))
        if post.box.messages:
            break
    await post.rounds()
    assert (await post.mailing.counts()).last_error == "mail_unsure"
    assert post.box.messages == []


async def test_one_crash_is_made_good_by_the_next_worker(post: Post) -> None:
    part = post.told.part
    await post.told.ends(part.clock.now())
    await post.mailing.fill()
    async with part.db.transaction(Role.WORKER) as conn:
        assert await outbox.take(conn, part.clock.now(), lease=timedelta(minutes=2))
    await post.told.later(timedelta(minutes=3))
    assert await post.rounds() == ["grace@example.com"]
    assert (await post.mailing.counts()).sent == 1


async def test_two_workers_send_it_once(post: Post) -> None:
    await post.told.ends(post.told.part.clock.now())
    other = mailing(post.told.part, post.box)
    await post.mailing.fill()
    await other.fill()
    await post.mailing.send()
    await other.send()
    assert len(post.box.messages) == 1


async def test_an_address_that_would_write_headers_is_given_up(post: Post) -> None:
    await post.told.ends(post.told.part.clock.now())
    async with post.told.part.db.transaction(Role.GATE) as conn:
        await conn.execute(
            "UPDATE users SET email = E'grace@example.com\\r\\nBcc: all@example.com'"
        )
    assert await post.rounds() == []
    assert post.box.commands == []
    assert (await post.mailing.counts()).last_error == "mail_address"


async def test_a_test_message_goes_out_at_once_or_says_why_not(post: Post) -> None:
    ada = await administers(post.told.part, "ada")
    await post.mailing.test(ada)
    assert [to for _, to, _ in post.box.messages] == ["ada@example.com"]
    post.box.answers["hello"] = "421 busy"
    with pytest.raises(UpstreamUnavailable, match="status 421"):
        await post.mailing.test(ada)
    with pytest.raises(UpstreamRefused, match="no server"):
        await mailing(post.told.part, post.box, smtp=None).test(ada)


async def test_without_a_server_nothing_is_kept_to_be_sent(post: Post) -> None:
    await post.told.ends(post.told.part.clock.now())
    off = mailing(post.told.part, post.box, smtp=None)
    assert not off.configured
    assert (await off.fill(), await off.send()) == (0, 0)
    assert (await off.counts()).waiting == 0
