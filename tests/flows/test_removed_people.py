"""An administrator removes somebody, or turns off their access, who works in another process."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from bench.driver import CallFailed
from bench.world import Person, World, world
from tests.stores.connecting import until
from tests.support.browser import Browser
from tests.support.database import embedded, rows
from tests.support.journeys import ADA, ALAN, GRACE, sign_in
from tests.support.plain import NO_TLS

_HELD_MS = 15_000
_AUDIT = "audit_"

_OF_PEOPLE = """
SELECT c.table_name, c.column_name FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
  AND (c.column_name = 'user_id' OR (c.table_name, c.column_name) IN (
    SELECT k.table_name, k.column_name FROM information_schema.key_column_usage k
    JOIN information_schema.referential_constraints r USING (constraint_schema, constraint_name)
    JOIN information_schema.table_constraints u
      ON u.constraint_schema = r.unique_constraint_schema
     AND u.constraint_name = r.unique_constraint_name
    WHERE u.table_name = 'users') OR (c.table_name, c.column_name) = ('users', 'id'))
"""
_TABLES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
"""


@dataclass
class Place:
    """Two processes on one database; ada, grace and alan administer."""

    here: World
    grace: Person
    other: str

    @property
    def endpoint(self) -> str:
        return f"{self.other}/mcp"

    async def elsewhere(self, browser: Browser, path: str) -> httpx2.Response:
        """Ask the other process for a page with a browser's cookies."""
        headers = {"Host": self.here.url.removeprefix("http://")}
        cookies = dict(browser.http.cookies)
        async with httpx2.AsyncClient(verify=NO_TLS, trust_env=False, cookies=cookies) as http:
            return await http.get(f"{self.other}{path}", headers=headers)

    def rows(self, query: str, *values: object) -> list[Any]:
        return rows(embedded(self.here.data).administrator, query, *values)

    def id_of(self, email: str) -> str:
        return str(self.rows("SELECT id FROM users WHERE email = %s", email)[0]["id"])

    def columns_of_people(self) -> list[tuple[str, str]]:
        found = [(row["table_name"], row["column_name"]) for row in self.rows(_OF_PEOPLE)]
        return [one for one in found if not one[0].startswith(_AUDIT)]

    def places_of(self, *texts: str) -> set[str]:
        """Return the tables in which one of the texts stands in any column of any row."""
        return {
            table["table_name"]
            for table in self.rows(_TABLES)
            if self.rows(
                f"SELECT 1 FROM {table['table_name']} t"  # noqa: S608 - names of the catalogue
                " WHERE lower(t::text) LIKE ANY(%s) LIMIT 1",
                [f"%{text}%" for text in texts],
            )
        }


@pytest.fixture(scope="module")
async def place() -> AsyncIterator[Place]:
    async with world(XERUS_ADMINS=f"{ADA},{GRACE},{ALAN}") as here:
        other = await here.another()
        grace = await here.person(GRACE)
        yield Place(here, grace, f"http://127.0.0.1:{other.port}")


def at_a_server(place: Place, user_id: str) -> None:
    """Give a person a connection to an MCP server, and an attempt to make one."""
    server, connection = uuid4(), uuid4()
    place.rows(
        "INSERT INTO remote_servers (id, slug, name, url, auth, added_at)"
        " VALUES (%s, 'far', 'Far', 'https://far.example/', 'oauth', now()) RETURNING id",
        server,
    )
    place.rows(
        "INSERT INTO remote_connections (id, user_id, server_id, status, consented_at)"
        " VALUES (%s, %s, %s, 'connected', now()) RETURNING id",
        *(connection, user_id, server),
    )
    place.rows(
        "INSERT INTO remote_credentials (connection_id, user_id, server_id, generation,"
        " access_token, issued_at, check_after) VALUES (%s, %s, %s, 1, '', now(), now())"
        " RETURNING generation",
        *(connection, user_id, server),
    )
    place.rows(
        "INSERT INTO remote_flows (id, user_id, server_id, session_id, state_hash, return_to,"
        " status, created_at, expires_at) VALUES (%s, %s, %s, '', '', '', 'pending', now(), now())"
        " RETURNING id",
        *(uuid4(), user_id, server),
    )


async def with_everything(place: Place, browser: Browser) -> str:
    """Give grace a row in every table that has people; return her id."""
    url = place.here.url
    await sign_in(browser, url, GRACE)
    await browser.open(f"{url}/")
    await browser.click("Send", text="create a task in ENG: never approved")
    user_id = place.id_of(GRACE)
    client = place.grace.storage.client
    assert client
    place.rows(
        "INSERT INTO remembered_consents (id, user_id, client_id, redirect_uri, scopes, created_at)"
        " VALUES (%s, %s, %s, 'http://127.0.0.1/', '{}', now()) RETURNING id",
        *(uuid4(), user_id, client.client_id),
    )
    place.rows(
        "INSERT INTO authorization_requests (id, client_id, browser_hash, redirect_uri,"
        " redirect_given, code_challenge, scopes, resource, created_at, expires_at, consented_by)"
        " VALUES (%s, %s, '', '', true, '', '{}', '', now(), now() + interval '1 hour', %s)"
        " RETURNING id",
        *(uuid4(), client.client_id, user_id),
    )
    place.rows(
        "INSERT INTO tool_use (day, user_id, client, tool, client_name, calls, failed, ms)"
        " VALUES (current_date, %s, 'x', 'x', 'x', 1, 0, 1) RETURNING day",
        user_id,
    )
    place.rows(
        "INSERT INTO notice_dismissals (user_id, cause, level, dismissed_at)"
        " VALUES (%s, 'x', 1, now()) RETURNING cause",
        user_id,
    )
    place.rows(
        "INSERT INTO mail_choices (user_id, wanted, changed_at)"
        " VALUES (%s, true, now()) RETURNING user_id",
        user_id,
    )
    place.rows(
        "INSERT INTO mail_outbox (user_id, cause, id, level, since, title, text, page, action, state,"
        " created_at, seen_at, next_at) VALUES (%s, 'x', gen_random_uuid(), 1, now(), '', '', '', '',"
        " 'sent', now(), now(), now()) RETURNING user_id",
        user_id,
    )
    place.rows(
        "INSERT INTO tool_policies (user_id, server, tool, policy, set_at)"
        " VALUES (%s, 'xerus', 'jira_update_issue', 'allow', now()) RETURNING tool",
        user_id,
    )
    place.rows(
        "INSERT INTO conversation_tool_policies (user_id, conversation_id, server, tool, title, set_at)"
        " SELECT user_id, id, 'xerus', 'x', 'x', now() FROM conversations WHERE user_id = %s"
        " RETURNING tool",
        user_id,
    )
    at_a_server(place, user_id)
    for table, column in place.columns_of_people():
        query = f"SELECT 1 FROM {table} WHERE {column} = %s"  # noqa: S608 - names of the catalogue
        assert place.rows(query, user_id), f"{table}.{column} has nothing of her: add it above"
    return user_id


async def test_nothing_is_left_of_a_removed_person_but_the_audit_trail(
    place: Place, browser: Browser, other_browser: Browser
) -> None:
    here, url = place.here, place.here.url
    user_id = await with_everything(place, browser)
    await sign_in(other_browser, url, ADA)
    await other_browser.open(f"{url}/admin/people?q={GRACE}")
    await other_browser.click("Remove Grace Hopper")
    assert "What stays" in other_browser.page.text
    started = "SELECT 1 FROM audit_events WHERE event = 'tool:call:started'"
    async with place.grace.driver(endpoint=place.endpoint) as client:
        await client.call("jira_get_issue", {"issue_key": "ENG-1"})
        known = len(place.rows(started))
        await here.sandbox.atlassian.configure(latency_ms=_HELD_MS)
        mark = await here.sandbox.atlassian.mark()
        held = asyncio.create_task(client.call("jira_get_issue", {"issue_key": "ENG-2"}))

        async def under_way() -> bool:
            return len(await asyncio.to_thread(place.rows, started)) > known

        await until(under_way)

        page = await other_browser.click("Remove")

        with pytest.raises(CallFailed, match="was disconnected while this was running"):
            await held
        answered = [entry["path"] for entry in await here.sandbox.atlassian.log(mark)]
        await here.sandbox.atlassian.configure(latency_ms=0)
        assert not [path for path in answered if "ENG-2" in path]
        assert "The person is removed." in page.text
        assert place.places_of(user_id, GRACE) <= {"audit_events"}
        with pytest.raises(CallFailed) as refused:
            await client.call("jira_get_issue", {"issue_key": "ENG-1"})
        assert refused.value.status == 401
    assert await refreshed(place, place.grace) == 400
    assert "/signin" in (await browser.open(f"{url}/tools")).url
    (event,) = place.rows(
        "SELECT user_id, facts FROM audit_events WHERE event = 'account:person:removed'"
    )
    assert str(event["user_id"]) == place.id_of(ADA)
    assert event["facts"]["person"] == user_id
    status, said = await here.command("audit", "verify")
    assert status == 0, said
    await starts_as_new(place, browser, user_id)


async def starts_as_new(place: Place, browser: Browser, removed: str) -> None:
    """Sign grace in again, who has nothing then."""
    await sign_in(browser, place.here.url, GRACE)
    assert place.id_of(GRACE) != removed
    assert browser.can("Configure Atlassian")
    page = await browser.open(f"{place.here.url}/activity")
    assert "Signed in" in page.text
    assert "ENG-" not in page.text


async def refreshed(place: Place, person: Person) -> int:
    """Spend the refresh token of a person's client; return the status."""
    tokens, client = person.storage.tokens, person.storage.client
    assert tokens
    assert client
    form = {
        "grant_type": "refresh_token",
        "refresh_token": tokens.refresh_token,
        "client_id": client.client_id,
        **({"client_secret": client.client_secret} if client.client_secret else {}),
    }
    async with httpx2.AsyncClient(verify=NO_TLS, trust_env=False) as http:
        return (await http.post(f"{place.here.url}/oauth/token", data=form)).status_code


async def test_an_administrator_cannot_remove_themself(place: Place, browser: Browser) -> None:
    url = place.here.url
    await sign_in(browser, url, ADA)
    ada = place.id_of(ADA)
    page = await browser.open(f"{url}/admin/people/remove?id={ada}")
    assert "This is you." in page.text
    page = await browser.open(f"{url}/admin")
    (form,) = [form for form in page.forms if form.action.endswith("/admin/audit/verify")]

    answer = await browser.http.post(
        f"{url}/admin/people/remove",
        data={**form.fields, "id": ada, "confirm": "yes"},
        headers={"Origin": url},
    )

    assert answer.status_code == 403
    assert "You cannot remove yourself" in answer.text
    assert place.id_of(ADA) == ada


async def test_turning_off_access_ends_it_within_one_request_in_every_process(
    place: Place, browser: Browser, other_browser: Browser
) -> None:
    url, alan = place.here.url, await place.here.person(ALAN)
    await sign_in(browser, url, ALAN)
    await sign_in(other_browser, url, ADA)
    alan_id = place.id_of(ALAN)
    [begun] = place.rows("SELECT now() AS at")
    async with alan.driver(endpoint=place.endpoint) as client:
        await client.call("jira_get_issue", {"issue_key": "ENG-1"})
        assert (await place.elsewhere(browser, "/tools")).status_code == 200
        await other_browser.open(f"{url}/admin/people/one?id={alan_id}")
        await other_browser.click("Turn off access")
        page = await other_browser.click("Turn off access")
        assert "Access is turned off." in page.text
        answer = await place.elsewhere(browser, "/tools")
        assert (answer.status_code, answer.headers["location"][:8]) == (303, "/signin?")
        with pytest.raises(CallFailed) as refused:
            await client.call("jira_get_issue", {"issue_key": "ENG-1"})
        assert refused.value.status == 401
    assert await refreshed(place, alan) == 400
    page = await browser.open(f"{url}/tools")
    assert "An administrator has turned off your access to Xerus." in page.text
    await browser.click("Continue with Microsoft")
    page = await browser.click(ALAN) if browser.can(ALAN) else browser.page
    assert (page.status, "turned off your access" in page.text) == (403, True)
    assert place.rows("SELECT 1 FROM credentials WHERE user_id = %s", alan_id)

    await other_browser.open(f"{url}/admin/people?only=off")
    await other_browser.click("Alan Turing")
    await other_browser.click("Turn on access")
    await other_browser.click("Turn on access")

    await sign_in(browser, url, ALAN)
    assert browser.can("Manage Atlassian")
    assert await refreshed(place, alan) == 400
    told = place.rows(
        "SELECT event FROM audit_events WHERE facts->>'person' = %s AND user_id = %s"
        " AND event LIKE 'account:%%' AND at >= %s ORDER BY at",
        *(alan_id, place.id_of(ADA), begun["at"]),
    )
    assert [row["event"] for row in told] == ["account:person:disabled", "account:person:enabled"]


async def test_turning_off_access_ends_the_answer_that_is_being_written(
    place: Place, browser: Browser, other_browser: Browser
) -> None:
    url, atlassian = place.here.url, place.here.sandbox.atlassian
    await place.here.person(ALAN)
    await sign_in(browser, url, ALAN)
    await sign_in(other_browser, url, ADA)
    alan_id = place.id_of(ALAN)
    await other_browser.open(f"{url}/admin/people/one?id={alan_id}")
    await other_browser.click("Turn off access")
    await browser.open(f"{url}/")
    started = "SELECT 1 FROM audit_events WHERE event = 'tool:call:started' AND user_id = %s"
    known = len(place.rows(started, alan_id))
    await atlassian.configure(latency_ms=_HELD_MS)
    asking = asyncio.create_task(browser.click("Send", text="find open tasks in ENG"))

    async def under_way() -> bool:
        return len(await asyncio.to_thread(place.rows, started, alan_id)) > known

    await until(under_way)
    await other_browser.click("Turn off access")
    await asking
    await atlassian.configure(latency_ms=0)

    assert not place.rows(
        "SELECT 1 FROM conversations WHERE user_id = %s AND run_id IS NOT NULL", alan_id
    )
    await other_browser.click("Turn on access")
    await other_browser.click("Turn on access")
    await sign_in(browser, url, ALAN)
    await browser.open(f"{url}/")
    page = await browser.click("find open tasks in ENG")
    assert "Cancelled before there was a result." in page.text
    assert "Stopped." in page.text


async def test_a_token_of_before_does_not_come_back_to_life_with_the_person(
    place: Place, browser: Browser, other_browser: Browser
) -> None:
    url = place.here.url
    await sign_in(browser, url, ALAN)
    await sign_in(other_browser, url, ADA)
    for turned in ("off", "on"):
        await other_browser.open(f"{url}/admin/people/one?id={place.id_of(ALAN)}")
        await other_browser.click(f"Turn {turned} access")
        await other_browser.click(f"Turn {turned} access")
    assert "/signin" in (await browser.open(f"{url}/tools")).url


async def test_an_administrator_ends_what_acts_for_somebody_and_the_person_sees_who(
    place: Place, browser: Browser, other_browser: Browser
) -> None:
    url, alan = place.here.url, await place.here.person(ALAN)
    await sign_in(browser, url, ALAN)
    await sign_in(other_browser, url, ADA)
    page = f"{url}/admin/people/one?id={place.id_of(ALAN)}"
    await other_browser.open(page)
    await other_browser.click("End all access")
    assert "No MCP client acts for them" in (await other_browser.click("End all access")).text
    assert await refreshed(place, alan) == 400
    assert (await browser.open(f"{url}/tools")).status == 200
    await other_browser.click("Disconnect Atlassian")
    assert "Disconnected." in (await other_browser.click("Disconnect")).text
    await browser.open(f"{url}/tools")
    assert browser.can("Configure Atlassian")
    assert "Atlassian disconnected" in (await browser.open(f"{url}/activity")).text
    await other_browser.click("Sign out everywhere")
    await other_browser.click("Sign out everywhere")
    assert (await place.elsewhere(browser, "/tools")).status_code == 303
    causes = place.rows(
        "SELECT event, facts->>'cause' AS cause FROM audit_events WHERE user_id = %s"
        " AND facts->>'cause' LIKE '%%administrator' ORDER BY at",
        place.id_of(ALAN),
    )
    assert [(row["event"], row["cause"]) for row in causes] == [
        ("grant:family:revoked", "revoked_by_administrator"),
        ("connection:account:disconnected", "ended_by_administrator"),
        ("account:session:ended", "ended_by_administrator"),
    ]


async def test_of_two_administrators_who_turn_each_other_off_at_once_one_is_left(
    place: Place, browser: Browser, other_browser: Browser
) -> None:
    url = place.here.url
    people = ((browser, ADA, ALAN), (other_browser, ALAN, ADA))
    posts = []
    for one, who, whom in people:
        await sign_in(one, url, who)
        page = await one.open(f"{url}/admin/people/disable?id={place.id_of(whom)}")
        (form,) = [form for form in page.forms if form.action.endswith("/disable")]
        posts.append(
            one.http.post(f"{url}/admin/people/disable", data=form.fields, headers={"Origin": url})
        )
    await asyncio.gather(*posts)
    off = place.rows("SELECT email FROM users WHERE disabled_at IS NOT NULL")
    assert len(off) == 1
    place.rows("UPDATE users SET disabled_at = NULL RETURNING id")
