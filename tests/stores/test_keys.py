import asyncio
import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from tests.flows.front_door.door import MovableClock
from tests.stores.databases import Fresh
from xerus.db.database import Database
from xerus.keys.file import FileKeyProvider
from xerus.keys.provider import WrongKey
from xerus.keys.purpose import PurposeKeys
from xerus.keys.signing import LEAD, LONGEST_LIFE, PUBLISHED_FOR, InvalidToken, SigningKeys

CLAIMS = {"iss": "http://localhost", "sub": "ada"}


async def test_a_purpose_has_one_key_in_all_processes_and_no_other_purposes(
    database: Database, tmp_path: Path
) -> None:
    processes = [
        PurposeKeys(database=database, provider=FileKeyProvider(tmp_path / "key")) for _ in range(8)
    ]

    csrf = await asyncio.gather(*(keys.get("csrf") for keys in processes))

    assert len(set(csrf)) == 1
    assert len(csrf[0]) == 32
    assert await processes[0].get("audit-mac") != csrf[0]


async def test_a_key_moved_to_another_purpose_does_not_unwrap(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    provider = FileKeyProvider(tmp_path / "key")
    await PurposeKeys(database=database, provider=provider).get("csrf")
    with psycopg.connect(fresh.owner) as conn:
        conn.execute("UPDATE purpose_keys SET purpose = 'audit-mac'")

    with pytest.raises(WrongKey):
        await PurposeKeys(database=database, provider=provider).get("audit-mac")


async def test_another_key_file_opens_no_key(database: Database, tmp_path: Path) -> None:
    await PurposeKeys(database=database, provider=FileKeyProvider(tmp_path / "a")).get("csrf")
    other = FileKeyProvider(tmp_path / "b")
    await other.wrap(b"", b"")

    with pytest.raises(WrongKey, match="is not the one this database was sealed with"):
        await PurposeKeys(database=database, provider=other).get("csrf")


def _signing_keys(
    database: Database, folder: Path, clock: MovableClock | None = None
) -> SigningKeys:
    provider = FileKeyProvider(folder / "key")
    return SigningKeys(database=database, provider=provider, clock=clock or MovableClock())


@pytest.fixture
async def signing(database: Database, tmp_path: Path) -> SigningKeys:
    keys = _signing_keys(database, tmp_path)
    await keys.start()
    return keys


async def test_what_one_process_signs_every_other_verifies(
    database: Database, tmp_path: Path
) -> None:
    several = [_signing_keys(database, tmp_path) for _ in range(4)]
    await asyncio.gather(*(keys.start() for keys in several))

    token = await several[0].sign(CLAIMS, typ="at+jwt")

    assert [await keys.verify(token, typ="at+jwt") for keys in several] == [CLAIMS] * 4
    published = [await keys.jwks() for keys in several]
    assert published == [published[0]] * 4
    assert len(published[0]["keys"]) == 1


async def test_the_published_keys_hold_no_private_part_and_verify_a_token(
    signing: SigningKeys,
) -> None:
    [published] = (await signing.jwks())["keys"]

    assert published.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    token = await signing.sign(CLAIMS, typ="at+jwt")
    found = jws.deserialize_compact(token, ECKey.import_key(published), ["ES256"])
    assert json.loads(found.payload) == CLAIMS


async def test_the_private_key_is_not_readable_in_the_database(
    signing: SigningKeys, fresh: Fresh
) -> None:
    with psycopg.connect(fresh.owner) as conn:
        [row] = conn.execute("SELECT public, wrapped FROM signing_keys").fetchall()

    assert "d" not in row[0]
    assert b'"d"' not in bytes(row[1])


def _forge(header: dict[str, Any], key: Any, algorithms: list[str]) -> str:
    return jws.serialize_compact(header, json.dumps(CLAIMS), key, algorithms)


async def test_forged_tokens_are_refused(signing: SigningKeys) -> None:
    [published] = (await signing.jwks())["keys"]
    kid = published["kid"]
    token = await signing.sign(CLAIMS, typ="at+jwt")
    head, body, signature = token.split(".")
    none = base64.urlsafe_b64encode(
        json.dumps({"alg": "none", "typ": "at+jwt", "kid": kid}).encode()
    )
    forged = [
        "",
        "a.b.c",
        token + ".d",
        token.replace(".", "", 1),
        "é" + token,
        f"{none.rstrip(b'=').decode()}.{body}.",
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{head}.{base64.urlsafe_b64encode(b'{}').decode().rstrip('=')}.{signature}",
        _forge(
            {"alg": "ES256", "typ": "at+jwt", "kid": kid}, ECKey.generate_key("P-256"), ["ES256"]
        ),
        _forge(
            {"alg": "ES256", "typ": "at+jwt", "kid": "no"}, ECKey.generate_key("P-256"), ["ES256"]
        ),
        _forge(
            {"alg": "HS256", "typ": "at+jwt", "kid": kid},
            OctKey.import_key(json.dumps(published).encode()),
            ["HS256"],
        ),
        await signing.sign(CLAIMS, typ="JWT"),
    ]

    for wrong in forged:
        with pytest.raises(InvalidToken):
            await signing.verify(wrong, typ="at+jwt")


async def test_a_new_key_is_published_before_it_signs_and_the_old_one_outlives_its_tokens(
    database: Database, tmp_path: Path
) -> None:
    clock = MovableClock()
    one, other = (_signing_keys(database, tmp_path, clock) for _ in range(2))
    await one.start()
    await other.start()
    old = await one.sign(CLAIMS, typ="at+jwt")

    assert (await one.rotate()).begun

    clock.ahead += timedelta(minutes=1)  # `other` hears nothing here: it looks again by itself
    assert len((await other.jwks())["keys"]) == 2
    assert _kid(await other.sign(CLAIMS, typ="at+jwt")) == _kid(old)
    assert LEAD > PUBLISHED_FOR
    clock.ahead += LEAD - timedelta(minutes=1, seconds=1)
    last = await other.sign(CLAIMS, typ="at+jwt")
    assert _kid(last) == _kid(old)
    clock.ahead += timedelta(seconds=1)
    new = await other.sign(CLAIMS, typ="at+jwt")
    assert _kid(new) != _kid(old)
    assert await one.verify(new, typ="at+jwt") == CLAIMS
    clock.ahead += LONGEST_LIFE
    assert await one.verify(last, typ="at+jwt") == CLAIMS
    clock.ahead += timedelta(minutes=6)
    assert [key["kid"] for key in (await one.jwks())["keys"]] == [_kid(new)]
    with pytest.raises(InvalidToken, match="not signed by a key of this server"):
        await one.verify(last, typ="at+jwt")


async def test_a_token_of_a_key_that_was_not_heard_of_yet_is_verified(
    database: Database, tmp_path: Path
) -> None:
    clock, behind = MovableClock(), MovableClock()
    one, other = (_signing_keys(database, tmp_path, at) for at in (clock, behind))
    await one.start()
    await other.start()
    await one.rotate()
    clock.ahead += LEAD
    behind.ahead += timedelta(seconds=2)

    token = await one.sign(CLAIMS, typ="at+jwt")

    assert await other.verify(token, typ="at+jwt") == CLAIMS


async def test_rotations_at_the_same_time_make_one_new_key(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    clock = MovableClock()
    several = [_signing_keys(database, tmp_path, clock) for _ in range(4)]
    for keys in several:
        await keys.start()

    done = await asyncio.gather(*(keys.rotate() for keys in several))

    assert sum(rotation.begun for rotation in done) == 1
    assert len({rotation.signs_from for rotation in done}) == 1
    with psycopg.connect(fresh.owner) as conn:
        assert conn.execute("SELECT count(*) FROM signing_keys").fetchone() == (2,)


async def test_the_private_key_of_a_retired_key_is_deleted(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    clock = MovableClock()
    keys = _signing_keys(database, tmp_path, clock)
    await keys.start()
    await keys.rotate()
    await keys.sweep()
    clock.ahead += LEAD + LONGEST_LIFE + timedelta(minutes=6)
    with psycopg.connect(fresh.owner, autocommit=True) as conn:
        assert conn.execute("SELECT count(*) FROM signing_keys").fetchone() == (2,)
        await keys.sweep()
        assert conn.execute("SELECT count(*) FROM signing_keys").fetchone() == (1,)
    token = await keys.sign(CLAIMS, typ="at+jwt")
    assert await keys.verify(token, typ="at+jwt") == CLAIMS


def _kid(token: str) -> str:
    head = token.partition(".")[0]
    kid: str = json.loads(base64.urlsafe_b64decode(head + "=="))["kid"]
    return kid
