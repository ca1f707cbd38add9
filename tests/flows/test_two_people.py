"""Two people side by side never see each other's data."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import psycopg
import pytest

from tests.support.browser import Browser
from tests.support.database import Reach, embedded, rows
from tests.support.journeys import ADA, GRACE, connect_atlassian, sign_in
from tests.support.mcp_client import Storage, connected, text_of
from tests.support.stack import Stack

SECRETS = {ADA: "page of Ada's own", GRACE: "page of Grace's own"}


@dataclass
class Person:
    account: str
    browser: Browser
    storage: Storage
    chat: str = ""

    @property
    def word(self) -> str:
        return SECRETS[self.account]


@pytest.fixture(scope="module")
async def people(stack: Stack) -> AsyncIterator[tuple[Person, Person]]:
    """Ada and Grace, signed in, connected, with an MCP client and a conversation each."""
    async with Browser() as one, Browser() as two:
        pair = Person(ADA, one, Storage()), Person(GRACE, two, Storage())
        for person in pair:
            await sign_in(person.browser, stack.url, person.account)
            await connect_atlassian(person.browser, stack.url, person.account)
            await person.browser.open(f"{stack.url}/")
            page = await person.browser.click("Send", text=f"show page {person.word}")
            person.chat = page.url
            async with connected(
                stack.url, person.storage, person.browser, person.account
            ) as client:
                await client.call_tool("jira_search", {"jql": "project = ENG", "limit": 1})
        yield pair


@pytest.fixture
def reach(stack: Stack) -> Reach:
    return embedded(stack.xerus.folder / "data")


def user_id(reach: Reach, account: str) -> str:
    found = rows(reach.administrator, "SELECT id FROM users WHERE email = %s", account)
    return str(found[0]["id"])


async def test_every_page_shows_the_own_account_and_nothing_of_the_other(
    stack: Stack, people: tuple[Person, Person]
) -> None:
    for mine, other in (people, people[::-1]):
        for path in ("/", "/tools", "/connections/atlassian", "/activity", mine.chat):
            url = path if path.startswith("http") else f"{stack.url}{path}"
            page = await mine.browser.open(url)
            assert page.status == 200
            assert mine.account in page.html, path
            assert other.account not in page.html, path
            assert other.word not in page.html, path


async def test_a_guessed_conversation_is_not_there_for_anybody_else(
    people: tuple[Person, Person],
) -> None:
    mine, other = people
    assert mine.word in (await mine.browser.open(mine.chat)).text
    for address in (mine.chat, f"{mine.chat}/transcript"):
        page = await other.browser.open(address)
        assert page.status == 404
        assert mine.word not in page.html


async def test_nobody_writes_into_or_decides_in_a_conversation_of_another(
    stack: Stack, people: tuple[Person, Person]
) -> None:
    mine, other = people
    await mine.browser.open(f"{stack.url}/")
    page = await mine.browser.click("Send", text="create a task in ENG: Only Ada decides")
    form = next(form for form in page.forms if form.action.endswith("/decide"))
    mark = await stack.sandbox.atlassian.mark()
    await other.browser.open(f"{stack.url}/")
    csrf = next(form.fields["csrf"] for form in other.browser.page.forms if "csrf" in form.fields)
    attempts = (
        (form.action, {**form.fields, "csrf": csrf, "decision": "approve"}),
        (f"{stack.url}/chat", {"csrf": csrf, "conversation_id": page.url[-36:], "text": "hello"}),
    )
    for address, data in attempts:
        answer = await other.browser.http.post(address, data=data, headers={"Origin": stack.url})
        assert answer.status_code == 404, address
    assert await stack.sandbox.atlassian.log(mark) == []
    again = await mine.browser.open(page.url)
    assert "hello" not in again.text
    assert mine.browser.can("Approve")


async def test_each_client_acts_as_its_own_person(
    stack: Stack, people: tuple[Person, Person]
) -> None:
    for person in people:
        mark = await stack.sandbox.atlassian.mark()
        async with (
            Browser() as nobody,
            connected(stack.url, person.storage, nobody, person.account) as client,
        ):
            status = await client.call_tool("connection_status", {})
            found = await client.call_tool("jira_search", {"jql": "project = HR", "limit": 2})
        assert person.account in text_of(status)
        assert ("HR-" in text_of(found)) == (person.account == ADA)
        assert {c["account"] for c in await stack.sandbox.atlassian.log(mark)} == {person.account}


async def test_the_app_role_without_a_person_sees_no_row_and_with_one_only_theirs(
    reach: Reach, people: tuple[Person, Person]
) -> None:
    mine = user_id(reach, ADA)
    tables = rows(
        reach.administrator,
        "SELECT table_name AS name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name = 'user_id'",
    )
    seen = set()
    for table in (row["name"] for row in tables):
        count = f"SELECT user_id::text AS id FROM {table}"  # noqa: S608 - names from the catalogue
        try:
            assert rows(reach.login, count, role="xerus_app") == [], table
        except psycopg.errors.InsufficientPrivilege:
            continue
        found = {row["id"] for row in rows(reach.login, count, role="xerus_app", user_id=mine)}
        assert found <= {mine}, table
        seen |= {table} if found else set()
    wanted = {"connections", "credentials", "connect_flows", "audit_events", "sessions"}
    assert wanted | {"conversations", "grant_families"} <= seen


async def test_the_login_itself_reaches_no_table(
    reach: Reach, people: tuple[Person, Person]
) -> None:
    for table in ("users", "credentials", "sessions", "conversations", "audit_events"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            rows(reach.login, f"SELECT 1 FROM {table}")  # noqa: S608 - names from above


async def test_the_app_role_writes_no_row_of_another_person(
    reach: Reach, people: tuple[Person, Person]
) -> None:
    mine, other = user_id(reach, ADA), user_id(reach, GRACE)
    for statement in (
        "UPDATE connections SET status = 'disconnected' WHERE user_id = %s RETURNING id",
        "UPDATE credentials SET failures = 9 WHERE user_id = %s RETURNING generation",
        "DELETE FROM conversations WHERE user_id = %s RETURNING id",
    ):
        assert rows(reach.login, statement, other, role="xerus_app", user_id=mine) == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rows(
            reach.login,
            "INSERT INTO conversations (user_id, id, title, created_at, updated_at)"
            " VALUES (%s, gen_random_uuid(), '', now(), now())",
            other,
            role="xerus_app",
            user_id=mine,
        )


async def test_the_gate_role_reaches_no_credential_and_no_conversation(
    reach: Reach, people: tuple[Person, Person]
) -> None:
    # Of connections and conversations it may know the ids alone, to delete them with their person.
    for column, table in (
        ("1", "credentials"),
        ("account_email", "connections"),
        ("title", "conversations"),
        ("1", "conversation_turns"),
        ("1", "identities"),
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            rows(reach.login, f"SELECT {column} FROM {table}", role="xerus_gate")  # noqa: S608 - as above


async def test_a_credential_copied_into_the_row_of_another_person_does_not_open(
    stack: Stack, reach: Reach, people: tuple[Person, Person]
) -> None:
    mine, other = user_id(reach, ADA), user_id(reach, GRACE)
    saved = "SELECT access_token, refresh_token FROM credentials WHERE user_id = %s"
    ours, theirs = (rows(reach.administrator, saved, user)[0] for user in (mine, other))
    put = "UPDATE credentials SET access_token = %s, refresh_token = %s WHERE user_id = %s"
    rows(reach.administrator, put, ours["access_token"], ours["refresh_token"], other)
    stack.xerus.restart()
    mark = await stack.sandbox.atlassian.mark()
    storage = people[1].storage
    async with Browser() as nobody, connected(stack.url, storage, nobody, GRACE) as client:
        refused = await client.call_tool("jira_search", {"jql": "project = HR", "limit": 2})
        assert refused.is_error
        assert "HR-" not in text_of(refused)
        assert ADA not in text_of(refused)
        assert await stack.sandbox.atlassian.log(mark) == []
        rows(reach.administrator, put, theirs["access_token"], theirs["refresh_token"], other)
        stack.xerus.restart()
        found = await client.call_tool("jira_search", {"jql": "project = ENG", "limit": 1})
        assert "ENG-" in text_of(found)
