"""Servers that an administrator adds: what Xerus finds out, what authorizes a call, what is handed."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from starlette.responses import Response

from tests.stores.databases import Fresh
from tests.stores.remoting import ADMIN, Far, far_process
from tests.support.remote_server import remote_server
from xerus.db.roles import Role
from xerus.errors import EgressRefused, NotFound, UpstreamRefused, UpstreamUnavailable
from xerus.ids import UserId, new_id
from xerus.remotes.credentials import HANDED_BESIDE, HANDED_SITE
from xerus.remotes.entered import CannotBeAdded, Way
from xerus.remotes.probe import NoServer, Wants
from xerus.remotes.servers import NotConnected

GRACE = UserId(new_id())
URL = "https://mcp.example.com/mcp"


@pytest.fixture
async def far(fresh: Fresh, tmp_path: Path) -> AsyncIterator[Far]:
    async with far_process(fresh, tmp_path / "key") as running:
        yield running


async def test_looking_tells_what_a_server_wants_and_shows_it_nothing(far: Far) -> None:
    async with remote_server() as there:
        seen = await far.servers.look(there.url)
        assert (seen.wants, seen.name) == (Wants.NOTHING, "Docs")
        there.key = ("X-Key", "k")
        assert (await far.servers.look(there.url)).wants is Wants.SOMETHING
        there.key, there.signs_in = None, True
        seen = await far.servers.look(there.url)
        assert seen.wants is Wants.OAUTH
        assert seen.found
        assert (seen.found.issuer, seen.found.scopes) == (there.base, ("docs:read",))
    assert all("authorization" not in headers for headers in there.seen)


async def test_looking_says_in_words_what_is_no_server(far: Far) -> None:
    async with remote_server() as there:
        with pytest.raises(NoServer, match="status 404"):
            await far.servers.look(f"{there.base}/elsewhere")
    with pytest.raises(UpstreamUnavailable):
        await far.servers.look(there.url)
    with pytest.raises(EgressRefused):
        await far.servers.look("http://10.0.0.1/mcp")


async def test_a_server_is_suggested_a_short_name_that_is_free(far: Far) -> None:
    async with remote_server() as there:
        seen = await far.servers.look(there.url)
        assert await far.servers.suggested(seen) == ("Docs", "docs")
        await far.add(there.url, Way.NOTHING)
        assert await far.servers.suggested(seen) == ("Docs", "docs_2")


async def test_a_server_without_a_credential_is_called_with_none(far: Far) -> None:
    server = await far.add(URL, Way.NOTHING)

    assert [one.slug for one in await far.remotes.usable(GRACE)] == ["docs"]
    assert await far.remotes.headers(GRACE, server.id) == {}
    assert await far.remotes.refused(GRACE, server.id, {}) is False


async def test_the_shared_key_is_sent_in_its_header_and_lies_sealed(far: Far, fresh: Fresh) -> None:
    server = await far.add(URL, Way.SHARED_KEY, key="hush-hush", key_header="X-Key")

    assert await far.remotes.headers(GRACE, server.id) == {"X-Key": "hush-hush"}
    with psycopg.connect(fresh.owner) as conn:
        conn.execute("SET ROLE xerus_owner")
        stored = str(conn.execute("SELECT s::text FROM remote_servers s").fetchone())
    assert b"hush-hush".hex() not in stored
    assert "hush-hush" not in stored


async def test_a_replaced_key_makes_a_retry_worth_while_once(far: Far) -> None:
    server = await far.add(URL, Way.SHARED_KEY, key="old")
    used = await far.remotes.headers(GRACE, server.id)
    assert await far.remotes.refused(GRACE, server.id, used) is False
    [line] = await far.servers.all()
    await far.servers.new_key(server.id, SecretStr("new"), by=ADMIN)

    assert await far.remotes.refused(GRACE, server.id, used) is True
    assert await far.remotes.headers(GRACE, server.id) == {"Authorization": "new"}
    assert line.people == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"slug": "Docs!"}, "short name"),
        ({"slug": "jira"}, "Xerus's own"),
        ({"key_header": "Host"}, "used for something else"),
        ({"key_header": "X Key"}, "no header has"),
        ({"key": "two\nlines"}, "no header may have"),
        ({"key": ""}, "missing"),
    ],
)
async def test_what_makes_no_server_is_refused_in_words(
    far: Far, changes: dict[str, str], words: str
) -> None:
    with pytest.raises(CannotBeAdded, match=words):
        await far.add(URL, Way.SHARED_KEY, **{"key": "good", **changes})
    assert await far.servers.all() == []


async def test_a_short_name_is_given_once(far: Far) -> None:
    await far.add(URL, Way.NOTHING)
    with pytest.raises(CannotBeAdded, match="taken"):
        await far.add(URL, Way.NOTHING)


async def test_a_server_that_is_switched_off_or_removed_is_not_usable(far: Far) -> None:
    server = await far.add(URL, Way.NOTHING)
    await far.servers.switch(server.id, enabled=False, by=ADMIN)
    assert await far.remotes.usable(GRACE) == []
    with pytest.raises(NotFound):
        await far.remotes.headers(GRACE, server.id)
    await far.servers.switch(server.id, enabled=True, by=ADMIN)
    assert len(await far.remotes.usable(GRACE)) == 1
    await far.servers.remove(server.id, by=ADMIN)
    with pytest.raises(NotFound):
        await far.remotes.headers(GRACE, server.id)


async def test_a_server_is_believed_which_of_its_tools_only_read_when_it_is_trusted(
    far: Far,
) -> None:
    server = await far.add(URL, Way.NOTHING)
    for believes in (True, False):
        await far.servers.believe(server.id, believes=believes, by=ADMIN)
        [known] = await far.remotes.usable(GRACE)
        assert known.trusts_annotations is believes
    assert (await far.events(ADMIN))[1:] == [
        "server:annotations:trusted",
        "server:annotations:distrusted",
    ]


async def test_no_server_gets_an_atlassian_token_before_an_administrator_typed_its_host(
    far: Far,
) -> None:
    far.atlassian.tokens[GRACE] = "atlassian-of-grace"
    server = await far.add(URL, Way.NOTHING)
    assert await far.remotes.headers(GRACE, server.id) == {}
    for typed in ("", "example.com", "evil.com", URL):
        with pytest.raises(CannotBeAdded):
            await far.servers.hand_tokens(server.id, typed, by=ADMIN)
    assert await far.remotes.headers(GRACE, server.id) == {}

    await far.servers.hand_tokens(server.id, "MCP.example.com ", by=ADMIN)

    assert await far.remotes.headers(GRACE, server.id) == {
        "Authorization": "Bearer atlassian-of-grace",
        HANDED_SITE: "cloud-acme",
    }
    await far.servers.keep_tokens(server.id, by=ADMIN)
    assert await far.remotes.headers(GRACE, server.id) == {}
    assert await far.events(ADMIN) == [
        "server:registration:added",
        "server:atlassian_token:handed",
        "server:atlassian_token:kept",
    ]


async def test_beside_a_key_in_authorization_the_handed_token_has_a_header_of_its_own(
    far: Far,
) -> None:
    far.atlassian.tokens[GRACE] = "t"
    server = await far.add(URL, Way.SHARED_KEY, key="Bearer k")
    await far.servers.hand_tokens(server.id, server.host, by=ADMIN)

    headers = await far.remotes.headers(GRACE, server.id)

    assert headers == {"Authorization": "Bearer k", HANDED_BESIDE: "t", HANDED_SITE: "cloud-acme"}


async def test_who_has_not_connected_atlassian_is_sent_to_do_it_and_nothing_is_handed(
    far: Far,
) -> None:
    server = await far.add(URL, Way.NOTHING)
    await far.servers.hand_tokens(server.id, server.host, by=ADMIN)

    with pytest.raises(NotConnected) as refused:
        await far.remotes.headers(GRACE, server.id)

    assert refused.value.url == "http://localhost:9999/tools#atlassian"
    assert refused.value.server.id == server.id


async def test_token_passthrough_is_to_the_confirmed_server_and_of_the_caller_alone(
    far: Far,
) -> None:
    alan = UserId(new_id())
    far.atlassian.tokens = {GRACE: "of-grace", alan: "of-alan"}
    mine = await far.add(URL, Way.NOTHING, "mine")
    other = await far.add("https://other.example.com/mcp", Way.NOTHING, "other")
    await far.servers.hand_tokens(mine.id, mine.host, by=ADMIN)

    assert (await far.remotes.headers(GRACE, mine.id))["Authorization"] == "Bearer of-grace"
    assert (await far.remotes.headers(alan, mine.id))["Authorization"] == "Bearer of-alan"
    assert await far.remotes.headers(GRACE, other.id) == {}

    await far.servers.remove(mine.id, by=ADMIN)
    anew = await far.add("https://elsewhere.example.com/mcp", Way.NOTHING, "mine")
    assert await far.remotes.headers(GRACE, anew.id) == {}


async def test_the_list_says_how_the_last_call_went(far: Far) -> None:
    server = await far.add(URL, Way.NOTHING)
    await far.remotes.reached(GRACE, server.id, seconds=0.25, tools=3)
    [line] = await far.servers.all()
    assert (line.row.reach_ms, line.row.reach_error, line.row.tools) == (250, None, 3)

    await far.remotes.reached(GRACE, server.id, seconds=9, error=UpstreamUnavailable("Away."))
    [line] = await far.servers.all()
    assert line.row.reach_error
    assert (line.row.reach_error.message, line.row.tools) == ("Away.", 3)


async def test_the_role_of_administrators_reads_no_secret_of_a_server(far: Far) -> None:
    await far.add(URL, Way.SHARED_KEY, key="hush-hush")
    for column in ("shared_key", "client_secret", "registration_token"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with far.db.transaction(Role.GATE) as conn:
                await conn.execute(f"SELECT {column} FROM remote_servers")  # noqa: S608 - from above


async def test_a_server_that_nobody_calls_is_greeted_and_shows_since_when_it_is_away(
    far: Far,
) -> None:
    async with remote_server(key=("X-Key", "k")) as there:
        await far.add(there.url, Way.OWN_KEYS)
        assert (await far.remotes.greet_due(), await far.remotes.greet_due()) == (1, 0)
        assert await away_since(far) is None
        assert "x-key" not in there.seen[0]

        there.answer = Response(status_code=503)
        far.clock.ahead += timedelta(minutes=20)
        began = far.clock.now()
        assert await far.remotes.greet_due() == 1
        assert abs(not_none(await away_since(far)) - began) < timedelta(minutes=1)

        there.answer = None
        far.clock.ahead += timedelta(minutes=3)
        assert await far.remotes.greet_due() == 1
        assert await away_since(far) is None


async def test_a_dead_server_is_greeted_ever_less_often(far: Far) -> None:
    async with remote_server() as there:
        await far.add(there.url, Way.NOTHING)
    greetings = []
    for _ in range(12 * 60):
        greetings.append(await far.remotes.greet_due())
        far.clock.ahead += timedelta(minutes=1)
    assert 14 <= sum(greetings) <= 22
    assert sum(greetings[-120:]) <= 3

    [line] = await far.servers.all()
    await far.servers.switch(line.server.id, enabled=False, by=ADMIN)
    far.clock.ahead += timedelta(days=1)
    assert await far.remotes.greet_due() == 0


async def test_calls_of_people_find_a_server_away_and_back_without_a_greeting(far: Far) -> None:
    async with remote_server() as there:
        server = await far.add(there.url, Way.NOTHING)
        await far.remotes.reached(GRACE, server.id, seconds=9, error=UpstreamUnavailable("Away."))
        assert await away_since(far) is not None
        await far.remotes.reached(GRACE, server.id, seconds=0.1)
        assert await away_since(far) is None
        far.clock.ahead += timedelta(minutes=10)
        assert await far.remotes.greet_due() == 0


async def test_a_no_to_one_person_says_nothing_of_the_server_to_others(far: Far) -> None:
    server = await far.add(URL, Way.OWN_KEYS)
    await far.remotes.reached(GRACE, server.id, seconds=1, error=UpstreamRefused("No."))
    [line] = await far.servers.all()
    assert (line.row.reach_error, line.server.away_since) == (None, None)


async def away_since(far: Far) -> datetime | None:
    [line] = await far.servers.all()
    return line.server.away_since


def not_none(at: datetime | None) -> datetime:
    assert at is not None
    return at
