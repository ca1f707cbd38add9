"""A client reads, replaces and deletes its own registration (RFC 7592)."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import psycopg
import pytest

from tests.flows.front_door.door import CALLBACK, Attempt, Door
from tests.support.browser import Browser
from tests.support.journeys import ADA
from xerus.accounts.recheck import Recheck
from xerus.accounts.users import AdminRule
from xerus.db.notify import Listener
from xerus.grants.bearer import InvalidToken
from xerus.grants.families import CHANNEL, Families
from xerus.grants.tokens import AccessTokens

OTHER = "http://127.0.0.1:33999/other"


@dataclass(frozen=True, kw_only=True)
class OtherProcess:
    """The tokens of another process on the same database; `heard` once a grant ended."""

    tokens: AccessTokens
    heard: asyncio.Event


@pytest.fixture
async def other_process(door: Door) -> AsyncIterator[OtherProcess]:
    listener, heard = Listener(direct_dsn=door.owner_dsn), asyncio.Event()
    tokens = AccessTokens(
        db=door.database,
        listener=listener,
        signing_keys=door.signing,
        issuer=door.url,
        resource=f"{door.url}/mcp",
        admins=AdminRule(entries=()),
        admission=door.admission,
        families=Families(db=door.database, audit=door.audit, clock=door.clock),
        recheck=Recheck(
            db=door.database,
            vault=door.vault,
            audit=door.audit,
            provider=None,
            admission=door.admission,
            clock=door.clock,
        ),
        entra=None,
        clock=door.clock,
    )
    listener.subscribe(CHANNEL, lambda _: heard.set())
    await listener.start()
    yield OtherProcess(tokens=tokens, heard=heard)
    await listener.stop()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def ask(
    door: Door, method: str, reply: dict[str, Any], body: dict[str, Any] | None = None
) -> httpx2.Response:
    return await door.http.request(
        method,
        reply["registration_client_uri"],
        headers=bearer(reply["registration_access_token"]),
        json=body,
    )


async def put(door: Door, reply: dict[str, Any], **changes: object) -> httpx2.Response:
    body = {"client_id": reply["client_id"], "redirect_uris": [CALLBACK]}
    return await ask(door, "PUT", reply, body | changes)


async def test_registration_tells_where_and_how_it_is_managed(door: Door) -> None:
    reply = await door.register()
    assert reply["registration_client_uri"] == f"{door.url}/oauth/register/{reply['client_id']}"
    assert len(reply["registration_access_token"]) >= 43


async def test_get_answers_what_was_registered_and_nothing_is_cached(door: Door) -> None:
    reply = await door.register(application_type="native", scope="jira:read")
    response = await ask(door, "GET", reply)
    assert response.status_code == 200
    assert response.json() == reply
    assert response.headers["cache-control"] == "no-store"


async def test_get_of_a_confidential_client_keeps_its_secret_to_itself(door: Door) -> None:
    reply = await door.register(token_endpoint_auth_method="client_secret_post")
    read = (await ask(door, "GET", reply)).json()
    assert read["token_endpoint_auth_method"] == "client_secret_post"
    assert "client_secret" not in read
    assert "client_secret_expires_at" not in read


async def test_put_replaces_all_metadata_and_keeps_the_client_id(door: Door) -> None:
    reply = await door.register(application_type="native", scope="jira:read")
    response = await put(
        door, reply, redirect_uris=[OTHER], token_endpoint_auth_method="none", client_name="New"
    )
    assert response.status_code == 200, response.text
    after = response.json()
    assert after["client_id"] == reply["client_id"]
    assert after["client_id_issued_at"] == reply["client_id_issued_at"]
    assert after["client_name"] == "New"
    assert after["redirect_uris"] == [OTHER]
    assert after["scope"] != "jira:read"
    assert "application_type" not in after
    assert (await ask(door, "GET", reply)).json() == after


async def test_put_to_a_method_with_a_secret_issues_one_that_works_and_back_takes_it_away(
    door: Door, person: Browser
) -> None:
    reply = await door.register()
    changed = (await put(door, reply, token_endpoint_auth_method="client_secret_post")).json()
    attempt = Attempt(door, reply["client_id"])
    code = (await attempt.answer(person, ADA))["code"]
    granted = await attempt.redeem(code, client_secret=changed["client_secret"])
    assert granted.status_code == 200
    kept = await put(
        door,
        reply,
        token_endpoint_auth_method="client_secret_basic",
        client_secret=changed["client_secret"],
    )
    assert kept.status_code == 200
    assert "client_secret" not in kept.json()
    public = (await put(door, reply, token_endpoint_auth_method="none")).json()
    assert public["token_endpoint_auth_method"] == "none"
    renewed = await attempt.renew(granted.json()["refresh_token"])
    assert renewed.status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "another"},
        {"client_secret": "chosen by the client"},
        {"client_secret": 5},
        {"registration_access_token": "x"},
        {"registration_client_uri": "x"},
        {"client_secret_expires_at": 0},
        {"client_id_issued_at": 1},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"redirect_uris": []},
        {"redirect_uris": ["http://evil.example/"]},
    ],
)
async def test_bad_put_is_refused_and_changes_nothing(
    door: Door, changes: dict[str, object]
) -> None:
    reply = await door.register()
    response = await put(door, reply, **changes)
    assert response.status_code == 400
    assert response.json()["error"] in {"invalid_client_metadata", "invalid_redirect_uri"}
    assert response.headers["cache-control"] == "no-store"
    assert (await ask(door, "GET", reply)).json() == reply


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_token_of_another_client_opens_nothing(door: Door, method: str) -> None:
    mine, theirs = await door.register(), await door.register()
    for headers in (
        {},
        bearer("x"),
        bearer(mine["registration_access_token"]),
        {"Authorization": f"Basic {theirs['registration_access_token']}"},
    ):
        response = await door.http.request(
            method, theirs["registration_client_uri"], headers=headers
        )
        assert response.status_code == 401
        assert response.json()["error"] == "invalid_token"
        assert response.headers["www-authenticate"].startswith("Bearer ")
        assert response.headers["cache-control"] == "no-store"
    assert (await ask(door, "GET", theirs)).status_code == 200


async def test_unknown_client_is_answered_as_a_wrong_token_is(door: Door) -> None:
    token = (await door.register())["registration_access_token"]
    for client_id in ("no-such-client", "%00", "%ff", "x" * 3000):
        response = await door.http.get(f"/oauth/register/{client_id}", headers=bearer(token))
        assert response.status_code == 401


async def test_delete_ends_tokens_at_once_in_every_process(
    door: Door, other_process: OtherProcess, person: Browser
) -> None:
    reply = await door.register()
    attempt = Attempt(door, reply["client_id"])
    tokens = await attempt.tokens(person, ADA)
    assert (await door.mcp(tokens["access_token"])).status_code == 200
    bearer_there = await other_process.tokens.verify(tokens["access_token"])
    assert bearer_there.client_name == "Test client"
    response = await ask(door, "DELETE", reply)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["cache-control"] == "no-store"
    assert (await door.mcp(tokens["access_token"])).status_code == 401
    async with asyncio.timeout(10):
        await other_process.heard.wait()
    with pytest.raises(InvalidToken):
        await other_process.tokens.verify(tokens["access_token"])
    refused = await attempt.renew(tokens["refresh_token"])
    assert refused.json()["error"] == "invalid_client"
    assert (await ask(door, "GET", reply)).status_code == 401
    assert "not registered" in (await person.open(attempt.url())).text
    events = await door.events()
    assert "client:registration:removed" in events
    assert "grant:family:revoked" in events


async def test_request_opened_before_a_put_cannot_be_allowed_after_it(
    door: Door, person: Browser
) -> None:
    reply = await door.register()
    await person.open(Attempt(door, reply["client_id"]).url())
    await put(door, reply, token_endpoint_auth_method="none", client_name="Somebody else")
    page = await person.click("Allow")
    assert "has expired" in page.text


async def test_flood_of_puts_counts_as_registrations(door: Door) -> None:
    reply = await door.register()
    door.quota.left = 0
    assert (await put(door, reply)).status_code == 429


async def test_secrets_and_tokens_are_kept_as_hashes_only(door: Door) -> None:
    reply = await door.register(token_endpoint_auth_method="client_secret_basic")
    with psycopg.connect(door.owner_dsn) as conn:
        conn.execute("SET ROLE xerus_gate")
        row = conn.execute("SELECT * FROM clients WHERE id = %s", (reply["client_id"],)).fetchone()
    assert row is not None
    for secret in (reply["client_secret"], reply["registration_access_token"]):
        assert secret not in str(row)
        assert secret.encode() not in row
        assert hashlib.sha256(secret.encode()).digest() in row
