"""People's connections to a server behind OAuth or a key of their own: made, renewed, ended."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr
from starlette.responses import JSONResponse, Response

from tests.stores.databases import Fresh
from tests.stores.remoting import ADMIN, Far, far_process
from tests.support.authorization_server import FIXED
from tests.support.browser import Browser, LeftTheWorld
from tests.support.remote_server import FakeRemote, remote_server
from xerus.connections.provider import ClientRejected
from xerus.connections.views import FlowStatus, Outcome, State
from xerus.db.roles import Role
from xerus.errors import InvalidInput, UpstreamRefused, UpstreamUnavailable
from xerus.ids import SessionId, UserId, new_id
from xerus.remotes import removal
from xerus.remotes.entered import CannotBeAdded, Way
from xerus.remotes.link import ServerLink
from xerus.remotes.servers import NotConnected, RemoteServer

CALLBACK = "http://localhost:9999/connections/servers/docs/callback"
HOUR = timedelta(hours=1)


class Person:
    """Somebody with a session at Xerus."""

    def __init__(self) -> None:
        self.user_id = UserId(new_id())
        self.session_id = SessionId(new_id())

    async def link(self, far: Far) -> ServerLink:
        return await far.remotes.link(self.user_id, "docs")

    async def go(self, far: Far, *, decision: str = "Allow") -> dict[str, str]:
        """Begin at Xerus and decide there; return what comes back."""
        link = await self.link(far)
        started = await link.begin(user_id=self.user_id, session_id=self.session_id)
        async with Browser(stops_at=(CALLBACK,)) as browser:
            await browser.open(started.url)
            try:
                await browser.click(decision)
            except LeftTheWorld as left:
                return dict(parse_qsl(urlsplit(left.url).query))
        raise AssertionError(browser.page.text)

    async def back(self, far: Far, query: Mapping[str, str]) -> Outcome:
        link = await self.link(far)
        return await link.complete(user_id=self.user_id, session_id=self.session_id, query=query)

    async def connect(self, far: Far) -> Outcome:
        return await self.back(far, await self.go(far))

    async def state(self, far: Far) -> State:
        return (await (await self.link(far)).view(self.user_id)).state

    async def token(self, far: Far, docs: RemoteServer) -> str:
        headers = await far.remotes.headers(self.user_id, docs.id)
        return headers["Authorization"].removeprefix("Bearer ")


@pytest.fixture
async def far(fresh: Fresh, tmp_path: Path) -> AsyncIterator[Far]:
    async with far_process(fresh, tmp_path / "key") as running:
        yield running


@pytest.fixture
async def there() -> AsyncIterator[FakeRemote]:
    async with remote_server(signs_in=True) as running:
        yield running


@pytest.fixture
async def docs(far: Far, there: FakeRemote) -> RemoteServer:
    return await far.add(there.url, Way.SIGN_IN)


@pytest.fixture
async def grace(far: Far, docs: RemoteServer) -> Person:
    person = Person()
    outcome = await person.connect(far)
    assert (outcome.status, outcome.error) == (FlowStatus.CONNECTED, None)
    return person


async def test_adding_registers_xerus_with_one_exact_redirect(
    docs: RemoteServer, there: FakeRemote
) -> None:
    [client] = [c for c in there.authorization.clients.values() if c["redirect_uris"]]
    assert client["redirect_uris"] == [CALLBACK]
    assert client["client_name"] == "Xerus"
    assert client["scope"] == "docs:read"


async def test_connecting_sends_pkce_and_resource_and_ends_with_a_real_call(
    far: Far, there: FakeRemote, docs: RemoteServer, grace: Person
) -> None:
    authorize, token = there.authorization.asked
    assert authorize["code_challenge_method"] == "S256"
    assert (authorize["resource"], token["resource"]) == (there.url, there.url)
    assert authorize["scope"] == "docs:read"
    view = await (await grace.link(far)).view(grace.user_id)
    assert (view.state, view.scopes) == (State.CONNECTED, frozenset({"docs:read"}))
    assert view.last_ok_at is not None
    assert there.seen[-1]["authorization"] == f"Bearer {await grace.token(far, docs)}"
    assert await far.events(grace.user_id) == [
        "connection:consent:started",
        "connection:account:connected",
        "connection:health:checked",
    ]


async def test_tokens_and_secrets_lie_sealed(
    far: Far, there: FakeRemote, docs: RemoteServer, grace: Person, fresh: Fresh
) -> None:
    secrets = {*there.authorization.access, *there.authorization.refresh}
    secrets |= {c["secret"] for c in there.authorization.clients.values()}
    secrets |= {c["token"] for c in there.authorization.clients.values() if c["token"]}
    with psycopg.connect(fresh.owner) as conn:
        conn.execute("SET ROLE xerus_owner")
        conn.execute("SET row_security = on")
        dump = ""
        for table in ("remote_servers", "audit_events"):
            dump += str(
                conn.execute(
                    sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table))
                ).fetchall()
            )
    async with far.db.transaction(Role.WORKER) as work:
        found = await work.execute("SELECT t::text AS row FROM remote_credentials t")
        dump += str(await found.fetchall())
    assert len(secrets) >= 4
    for secret in secrets:
        assert secret not in dump
        assert secret.encode().hex() not in dump


async def test_a_client_that_the_operator_registered_is_used_as_it_is(
    far: Far, there: FakeRemote
) -> None:
    await far.add(
        there.url,
        Way.SIGN_IN_AS_CLIENT,
        client_id=FIXED[0],
        client_secret=FIXED[1],
        scopes="docs:read docs:write",
    )
    outcome = await Person().connect(far)
    assert outcome.status is FlowStatus.CONNECTED
    assert there.authorization.asked[0]["scope"] == "docs:read docs:write"
    assert len(there.authorization.clients) == 1


async def test_declining_keeps_nothing(far: Far, docs: RemoteServer) -> None:
    person = Person()
    outcome = await person.back(far, await person.go(far, decision="Deny"))
    assert outcome.status is FlowStatus.DENIED
    assert outcome.error
    assert outcome.error.message == "You declined access at Docs. Nothing was stored."
    assert await person.state(far) is State.NOT_CONNECTED
    with pytest.raises(NotConnected) as refused:
        await far.remotes.headers(person.user_id, docs.id)
    assert refused.value.url == "http://localhost:9999/tools#server-docs"


async def test_another_browser_or_another_person_cannot_finish(
    far: Far, there: FakeRemote, docs: RemoteServer
) -> None:
    ada, eve = Person(), Person()
    query = await ada.go(far)
    spent = len(there.authorization.asked)

    other_browser = Person()
    other_browser.user_id = ada.user_id
    for somebody in (eve, other_browser):
        outcome = await somebody.back(far, query)
        assert (outcome.status, outcome.error and outcome.error.code) == (
            FlowStatus.FAILED,
            "unknown_state",
        )
    assert len(there.authorization.asked) == spent
    assert (await ada.back(far, query)).status is FlowStatus.CONNECTED


async def test_of_twenty_returns_one_redeems_the_code(
    far: Far, there: FakeRemote, docs: RemoteServer
) -> None:
    ada = Person()
    query = await ada.go(far)
    outcomes = await asyncio.gather(*(ada.back(far, query) for _ in range(20)))
    assert {outcome.status for outcome in outcomes} == {FlowStatus.CONNECTED}
    assert sum("code_verifier" in asked for asked in there.authorization.asked) == 1


async def test_mix_up_an_answer_of_another_issuer_is_not_redeemed(
    far: Far, there: FakeRemote, docs: RemoteServer
) -> None:
    ada = Person()
    good = await ada.go(far)
    assert good["iss"] == there.base
    for query in ({**good, "iss": "https://evil.example"}, {k: good[k] for k in ("state", "code")}):
        outcome = await ada.back(far, query)
        assert (outcome.status, outcome.error and outcome.error.code) == (
            FlowStatus.FAILED,
            "wrong_issuer",
        )
        good = await ada.go(far)
    assert not any(
        "code" in asked for asked in there.authorization.asked if "code_verifier" in asked
    )


async def test_mix_up_a_state_of_one_server_is_worth_nothing_at_another(
    far: Far, there: FakeRemote, docs: RemoteServer
) -> None:
    await far.add(there.url, Way.SIGN_IN, slug="other")
    ada = Person()
    query = await ada.go(far)
    other = await far.remotes.link(ada.user_id, "other")
    outcome = await other.complete(user_id=ada.user_id, session_id=ada.session_id, query=query)
    assert outcome.error
    assert outcome.error.code == "unknown_state"


async def test_an_expiry_is_met_by_one_renewal_in_the_whole_fleet(
    far: Far,
    there: FakeRemote,
    docs: RemoteServer,
    grace: Person,
    fresh: Fresh,
    tmp_path: Path,
) -> None:
    before = await grace.token(far, docs)
    async with AsyncExitStack() as stack:
        fleet = [
            await stack.enter_async_context(far_process(fresh, tmp_path / "key")) for _ in "ab"
        ]
        for one in (far, *fleet):
            one.clock.ahead = HOUR
        tokens = await asyncio.gather(
            *(grace.token(one, docs) for one in (far, *fleet) for _ in range(15))
        )
    assert len(set(tokens)) == 1
    assert tokens[0] != before
    assert len(there.authorization.spent) == 1


async def test_the_worker_renews_before_expiry(
    far: Far, there: FakeRemote, docs: RemoteServer, grace: Person
) -> None:
    assert await far.remotes.renew_due() == 0
    far.clock.ahead = timedelta(minutes=50)
    assert await far.remotes.renew_due() == 1
    assert await far.remotes.renew_due() == 0
    assert len(there.authorization.spent) == 1
    assert "connection:credential:refreshed" in await far.events(grace.user_id)


async def test_a_refused_token_is_renewed_once_and_the_call_made_again(
    far: Far, there: FakeRemote, docs: RemoteServer, grace: Person
) -> None:
    used = await far.remotes.headers(grace.user_id, docs.id)
    there.authorization.forget_access()
    assert await far.remotes.refused(grace.user_id, docs.id, used) is True
    assert await grace.token(far, docs) in there.authorization.access
    # An older call that is refused late changes nothing more.
    assert await far.remotes.refused(grace.user_id, docs.id, used) is True
    assert len(there.authorization.spent) == 1


async def test_a_grant_that_ended_there_says_so_and_keeps_its_row(
    far: Far, there: FakeRemote, docs: RemoteServer, grace: Person
) -> None:
    used = await far.remotes.headers(grace.user_id, docs.id)
    there.authorization.forget()
    assert await far.remotes.refused(grace.user_id, docs.id, used) is False
    assert await grace.state(far) is State.NEEDS_RECONNECT
    with pytest.raises(NotConnected):
        await far.remotes.headers(grace.user_id, docs.id)
    assert "connection:credential:expired" in await far.events(grace.user_id)
    assert (await grace.connect(far)).status is FlowStatus.CONNECTED
    assert await grace.token(far, docs) in there.authorization.access


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response("down", 503), UpstreamUnavailable),
        (Response("<html>", 200), UpstreamUnavailable),
        (JSONResponse({"error": "invalid_client"}, 401), ClientRejected),
        (Response("slow down", 429, {"Retry-After": "7"}), UpstreamUnavailable),
    ],
)
async def test_a_failure_to_renew_ends_no_grant(
    far: Far,
    there: FakeRemote,
    docs: RemoteServer,
    grace: Person,
    fresh: Fresh,
    tmp_path: Path,
    answer: Response,
    error: type[Exception],
) -> None:
    there.authorization.faults = [answer] * 5
    far.clock.ahead = HOUR
    with pytest.raises(error):
        await grace.token(far, docs)
    assert await grace.state(far) is State.DEGRADED
    there.authorization.faults = []
    async with far.db.transaction(Role.APP, user_id=grace.user_id) as conn:
        await conn.execute("UPDATE remote_credentials SET retry_at = now()")
    # Another process, whose gate has heard of nothing.
    async with far_process(fresh, tmp_path / "key") as other:
        other.clock.ahead = HOUR
        assert await grace.token(other, docs) in there.authorization.access


async def test_an_access_without_a_successor_runs_out_with_notice(
    far: Far, there: FakeRemote
) -> None:
    there.authorization.gives_refresh_tokens = False
    docs = await far.add(there.url, Way.SIGN_IN)
    ada = Person()
    await ada.connect(far)
    assert await ada.state(far) is State.CONNECTED
    far.clock.ahead = timedelta(minutes=50)
    assert await ada.state(far) is State.EXPIRING_SOON
    far.clock.ahead = HOUR
    assert await ada.state(far) is State.NEEDS_RECONNECT
    with pytest.raises(NotConnected):
        await far.remotes.headers(ada.user_id, docs.id)


async def test_an_access_of_which_no_end_is_told_lasts(far: Far, there: FakeRemote) -> None:
    there.authorization.gives_refresh_tokens = False
    there.authorization.lifetime = None
    docs = await far.add(there.url, Way.SIGN_IN)
    ada = Person()
    await ada.connect(far)
    far.clock.ahead = timedelta(days=400)
    assert await ada.state(far) is State.CONNECTED
    used = await far.remotes.headers(ada.user_id, docs.id)
    there.authorization.forget()
    assert await far.remotes.refused(ada.user_id, docs.id, used) is False
    assert await ada.state(far) is State.NEEDS_RECONNECT


async def test_disconnecting_erases_the_tokens_and_tells_the_authorization_server(
    far: Far, there: FakeRemote, docs: RemoteServer, grace: Person
) -> None:
    [refresh] = there.authorization.refresh
    link = await grace.link(far)
    await link.disconnect(grace.user_id)
    assert there.authorization.revoked == [refresh]
    view = await link.view(grace.user_id)
    assert view.state is State.DISCONNECTED
    assert "was told to end the access" in view.cause
    async with far.db.transaction(Role.APP, user_id=grace.user_id) as conn:
        found = await conn.execute("SELECT FROM remote_credentials")
        assert await found.fetchall() == []
    with pytest.raises(NotConnected):
        await far.remotes.headers(grace.user_id, docs.id)
    assert (await far.events(grace.user_id))[-1] == "connection:account:disconnected"


async def test_disconnecting_works_while_the_other_side_is_away(
    far: Far, there: FakeRemote, docs: RemoteServer, grace: Person
) -> None:
    link = await grace.link(far)
    there.authorization.revoke_fails = True
    await link.disconnect(grace.user_id)
    view = await link.view(grace.user_id)
    assert view.state is State.DISCONNECTED
    assert "could not be told" in view.cause


async def test_removing_the_server_erases_everybodys_tokens_and_the_registration(
    far: Far, there: FakeRemote, docs: RemoteServer, grace: Person
) -> None:
    assert len(there.authorization.clients) == 2
    [line] = await far.servers.all()
    assert line.people == 1
    await far.servers.remove(docs.id, by=ADMIN)
    assert [*there.authorization.clients] == [FIXED[0]]
    async with far.db.transaction(Role.WORKER) as conn:
        for table in ("remote_connections", "remote_credentials", "remote_flows"):
            found = await conn.execute(f"SELECT FROM {table}")
            assert await found.fetchall() == []


async def test_a_removed_person_leaves_nothing(far: Far, docs: RemoteServer, grace: Person) -> None:
    async with far.db.transaction(Role.GATE) as conn:
        await removal.erase(conn, grace.user_id)
    async with far.db.transaction(Role.WORKER) as conn:
        for table in ("remote_connections", "remote_credentials", "remote_flows"):
            found = await conn.execute(f"SELECT FROM {table}")
            assert await found.fetchall() == []


async def test_the_daily_check_finds_what_ended_there(
    far: Far, there: FakeRemote, docs: RemoteServer, grace: Person
) -> None:
    await far.remotes.check_due()
    calls = len(there.seen)
    far.clock.ahead = timedelta(days=2)
    there.authorization.forget()
    await far.remotes.check_due()
    assert len(there.seen) == calls
    assert await grace.state(far) is State.NEEDS_RECONNECT


async def test_a_call_of_a_server_that_is_away_shows_and_ends_nothing(
    far: Far, there: FakeRemote, docs: RemoteServer, grace: Person
) -> None:
    there.answer = Response(status_code=503)
    tried = await (await grace.link(far)).test(grace.user_id)
    assert isinstance(tried.error, UpstreamUnavailable)
    view = await (await grace.link(far)).view(grace.user_id)
    assert view.state is State.CONNECTED
    assert view.last_error
    there.answer = Response(status_code=403)
    tried = await (await grace.link(far)).test(grace.user_id)
    assert isinstance(tried.error, UpstreamRefused)
    assert await grace.state(far) is State.DEGRADED
    there.answer = None
    tried = await (await grace.link(far)).test(grace.user_id)
    assert tried.error is None
    assert await grace.state(far) is State.CONNECTED


async def test_registering_again_at_the_same_issuer_keeps_peoples_way_open(
    far: Far, there: FakeRemote, docs: RemoteServer
) -> None:
    there.authorization.clients = {FIXED[0]: there.authorization.clients[FIXED[0]]}
    await far.servers.register_again(docs.id, by=ADMIN)
    assert len(there.authorization.clients) == 2
    assert (await Person().connect(far)).status is FlowStatus.CONNECTED


async def test_registering_again_at_another_issuer_is_refused(
    far: Far, there: FakeRemote, docs: RemoteServer
) -> None:
    async with remote_server(signs_in=True) as evil:
        there.authorization.documents["resource"] = {
            "resource": there.url,
            "authorization_servers": [evil.base],
        }
        with pytest.raises(CannotBeAdded, match="another authorization server"):
            await far.servers.register_again(docs.id, by=ADMIN)


async def test_a_persons_own_key_is_tried_kept_sealed_and_sent_for_them_alone(far: Far) -> None:
    async with remote_server(key=("x-key", "k-of-ada")) as keyed:
        docs = await far.add(keyed.url, Way.OWN_KEYS, key_header="X-Key")
        ada, grace = Person(), Person()
        link = await ada.link(far)
        with pytest.raises(UpstreamRefused):
            await link.keep_key(ada.user_id, SecretStr("wrong"))
        with pytest.raises(InvalidInput):
            await link.keep_key(ada.user_id, SecretStr("two\nlines"))
        assert await ada.state(far) is State.NOT_CONNECTED
        await link.keep_key(ada.user_id, SecretStr("k-of-ada"))
        assert await ada.state(far) is State.CONNECTED
        assert await far.remotes.headers(ada.user_id, docs.id) == {"X-Key": "k-of-ada"}
        with pytest.raises(NotConnected):
            await far.remotes.headers(grace.user_id, docs.id)
        used = await far.remotes.headers(ada.user_id, docs.id)
        assert await far.remotes.refused(ada.user_id, docs.id, used) is False
        assert await ada.state(far) is State.NEEDS_RECONNECT
        await link.disconnect(ada.user_id)
        assert await ada.state(far) is State.DISCONNECTED


async def test_no_token_of_one_server_or_of_atlassian_reaches_another(
    far: Far, there: FakeRemote, docs: RemoteServer, grace: Person
) -> None:
    far.atlassian.tokens[grace.user_id] = "atlassian-of-grace"
    async with remote_server(name="Other") as other:
        second = await far.add(other.url, Way.NOTHING, slug="other")
        assert await far.remotes.headers(grace.user_id, second.id) == {}
        await (await far.remotes.link(grace.user_id, "other")).test(grace.user_id)
    sent = str(there.seen) + str(other.seen) + str(there.authorization.asked)
    assert "atlassian-of-grace" not in sent
    assert all("authorization" not in headers for headers in other.seen)
