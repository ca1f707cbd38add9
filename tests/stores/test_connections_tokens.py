"""Whose token a call gets, and how fast a token stops being used."""

import asyncio
from pathlib import Path

import psycopg
import pytest

from tests.stores.connecting import SCOPES, Part, Person, a_process, until
from tests.stores.databases import Fresh
from tests.support.stack import Sandbox
from xerus.atlassian.credentials import NotConnected, Product, ProductUnavailable, SiteUnknown
from xerus.connections.views import State
from xerus.db.roles import Role
from xerus.vault.envelope import SealBroken


async def test_target_names_the_site_the_account_and_what_was_granted(
    part: Part, sandbox: Sandbox
) -> None:
    grace = Person("grace@example.com")
    await grace.connect(part)

    target = await part.connections.credentials_for(grace.user_id).target(Product.CONFLUENCE, None)

    assert target.api_base == f"{sandbox.atlassian.base}/ex/confluence/{target.cloud_id}"
    assert target.browse_base == f"{sandbox.atlassian.base}/site/acme"
    assert (target.site_name, target.account_email) == ("acme", "grace@example.com")
    assert target.credential == "user"
    assert target.scopes == SCOPES | {"read:me", "offline_access"}


async def test_site_is_found_by_name_url_and_cloud_id_and_never_guessed(part: Part) -> None:
    ada = Person("ada@example.com")
    outcome = await ada.connect(part, site="")
    credentials = part.connections.credentials_for(ada.user_id)
    labs = next(site for site in outcome.view.sites if site.name == "labs")

    for asked in ("labs", "LABS", labs.url, labs.url + "/", labs.cloud_id):
        assert (await credentials.target(Product.JIRA, asked)).cloud_id == labs.cloud_id
    with pytest.raises(SiteUnknown, match="acme, labs"):
        await credentials.target(Product.JIRA, None)
    with pytest.raises(SiteUnknown, match="'127"):
        await credentials.target(Product.JIRA, labs.url.split("/")[2])
    with pytest.raises(ProductUnavailable) as missing:
        await credentials.target(Product.CONFLUENCE, "labs")
    assert "acme" in missing.value.hint


async def test_person_without_a_connection_gets_the_tools_address(part: Part) -> None:
    with pytest.raises(NotConnected) as refused:
        await part.connections.credentials_for(Person("x").user_id).target(Product.JIRA, None)
    assert "http://localhost:9999/tools" in refused.value.hint


async def test_disconnecting_erases_the_tokens_in_every_process_at_once(
    part: Part, fresh: Fresh, sandbox: Sandbox, tmp_path: Path
) -> None:
    grace = Person("grace@example.com")
    await grace.connect(part)
    async with a_process(fresh, sandbox, tmp_path / "key") as other:
        credentials = other.connections.credentials_for(grace.user_id)
        await credentials.authorization(await credentials.target(Product.JIRA, None))

        await part.connections.disconnect(grace.user_id)

        async with asyncio.timeout(1):
            await until(lambda: refused(other, grace))
    assert (await part.connections.view(grace.user_id)).state is State.DISCONNECTED
    assert "connection:account:disconnected" in await part.events(grace.user_id)
    await grace.connect(part)
    assert (await part.connections.view(grace.user_id)).state is State.CONNECTED


async def refused(part: Part, person: Person) -> bool:
    try:
        await part.connections.credentials_for(person.user_id).target(Product.JIRA, None)
    except NotConnected:
        return True
    return False


async def test_memory_is_not_trusted_while_notifications_do_not_arrive(
    part: Part, fresh: Fresh, sandbox: Sandbox, tmp_path: Path
) -> None:
    grace = Person("grace@example.com")
    await grace.connect(part)
    async with a_process(fresh, sandbox, tmp_path / "key") as deaf:
        await deaf.connections.credentials_for(grace.user_id).target(Product.JIRA, None)
        await deaf.listener.stop()

        await part.connections.disconnect(grace.user_id)

        assert await refused(deaf, grace)


async def test_disconnecting_during_the_exchange_stores_nothing(
    part: Part, sandbox: Sandbox
) -> None:
    grace = Person("grace@example.com")
    query = await grace.go(part)
    await sandbox.atlassian.configure(latency_ms=300)
    returning = asyncio.create_task(grace.back(part, query))
    await until(lambda: exchanging(part, grace))

    await part.connections.disconnect(grace.user_id)

    outcome = await returning
    assert outcome.error is not None
    assert outcome.error.code == "cancelled"
    assert outcome.view.state is State.NOT_CONNECTED


async def exchanging(part: Part, person: Person) -> bool:
    flow = await part.connections.flow(person.user_id)
    return flow is not None and flow.status == "exchanging"


async def test_two_people_never_see_each_others_rows(part: Part) -> None:
    ada, grace = Person("ada@example.com"), Person("grace@example.com")
    await ada.connect(part)
    await grace.connect(part)

    secrets = (("connections", "account_id"), ("credentials", "access_token"))
    for table, column in (*secrets, ("connect_flows", "code_verifier")):
        async with part.db.transaction(Role.APP, user_id=ada.user_id) as conn:
            rows = await (await conn.execute(f"SELECT user_id FROM {table}")).fetchall()  # noqa: S608
        assert {str(row["user_id"]) for row in rows} == {ada.user_id}
        async with part.db.transaction(Role.APP) as conn:
            assert not await (await conn.execute(f"SELECT 1 FROM {table}")).fetchall()  # noqa: S608
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with part.db.transaction(Role.GATE) as conn:
                await conn.execute(f"SELECT {column} FROM {table}")  # noqa: S608 - names above


async def test_token_copied_to_another_person_does_not_open(part: Part, fresh: Fresh) -> None:
    ada, grace = Person("ada@example.com"), Person("grace@example.com")
    await ada.connect(part)
    await grace.connect(part)
    with psycopg.connect(fresh.owner) as conn:
        conn.execute(
            "UPDATE credentials SET access_token = (SELECT access_token FROM credentials"
            " WHERE user_id = %s) WHERE user_id = %s",
            (ada.user_id, grace.user_id),
        )
        conn.execute("SELECT pg_notify('xerus_credential', id::text) FROM connections")

    credentials = part.connections.credentials_for(grace.user_id)
    with pytest.raises(SealBroken):
        await credentials.renew_stored()


async def test_same_atlassian_account_of_two_people_is_two_connections(part: Part) -> None:
    one, two = Person("grace@example.com"), Person("grace@example.com")
    await one.connect(part)
    await two.connect(part)

    await part.connections.disconnect(one.user_id)

    assert (await part.connections.view(two.user_id)).state is State.CONNECTED
    assert await part.connections.count_by_status() == {"connected": 1, "disconnected": 1}


async def test_no_token_code_or_verifier_lies_open_in_the_database(
    part: Part, fresh: Fresh
) -> None:
    grace = Person("grace@example.com")
    query = await grace.go(part)
    await grace.back(part, query)
    credentials = part.connections.credentials_for(grace.user_id)
    target = await credentials.target(Product.JIRA, None)
    header = (await credentials.authorization(target)).get_secret_value()

    with psycopg.connect(fresh.owner) as conn:
        dump = "".join(
            str(row)
            for table in ("connections", "credentials", "connect_flows", "audit_events")
            for row in conn.execute(f"SELECT t::text FROM {table} t").fetchall()  # noqa: S608
        )
    for secret in (header.removeprefix("Bearer "), query["code"], query["state"]):
        assert secret not in dump
        assert secret.encode().hex() not in dump
