import asyncio
from pathlib import Path

import psycopg
import pytest

from tests.stores.databases import Fresh
from tests.stores.tampering import tampered
from tests.support.quiet import quiet
from tests.support.sealed_rows import ISSUER, people
from xerus.app.resealing import lasting
from xerus.db.database import Database
from xerus.errors import NotConfigured
from xerus.ids import new_id
from xerus.keys.file import FileKeyProvider
from xerus.keys.provider import WrongKey
from xerus.vault.envelope import Binding, SealBroken, key_id_of
from xerus.vault.resealing import reseal
from xerus.vault.service import Vault


def binding(user: str, row: str) -> Binding:
    return Binding(
        table="credentials",
        column="access_token",
        row_id=row,
        user_id=user,
        provider="atlassian",
    )


async def vault_with(database: Database, key_file: Path) -> Vault:
    vault = Vault(database=database, provider=FileKeyProvider(key_file))
    await vault.start()
    return vault


async def test_all_processes_open_what_one_sealed(database: Database, tmp_path: Path) -> None:
    several = await asyncio.gather(*(vault_with(database, tmp_path / "key") for _ in range(6)))
    here = binding(new_id(), new_id())

    sealed = await several[0].seal(b"secret", here)

    assert [await vault.open(sealed, here) for vault in several] == [b"secret"] * 6


async def test_a_row_copied_to_another_user_does_not_open(
    database: Database, tmp_path: Path
) -> None:
    vault = await vault_with(database, tmp_path / "key")
    ada, grace = binding(new_id(), new_id()), binding(new_id(), new_id())
    sealed = await vault.seal(b"secret of ada", ada)

    with pytest.raises(SealBroken):
        await vault.open(sealed, grace)


async def test_a_wrong_key_file_refuses_to_start_and_says_what_to_do(
    database: Database, tmp_path: Path
) -> None:
    await vault_with(database, tmp_path / "ours")
    other = FileKeyProvider(tmp_path / "other")
    await other.wrap(b"", b"")

    with pytest.raises(WrongKey) as caught:
        await vault_with(database, tmp_path / "other")

    assert str(tmp_path / "other") in caught.value.message
    assert "original key file" in caught.value.hint


async def test_a_missing_key_file_refuses_to_start_and_makes_none(
    database: Database, tmp_path: Path
) -> None:
    await vault_with(database, tmp_path / "key")
    (tmp_path / "key").unlink()

    with pytest.raises(NotConfigured, match="missing"):
        await vault_with(database, tmp_path / "key")

    assert not (tmp_path / "key").exists()


async def test_a_canary_of_another_database_refuses_to_start(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    await vault_with(database, tmp_path / "key")
    with psycopg.connect(fresh.owner) as conn:
        conn.execute(
            "UPDATE vault_canary SET sealed = set_byte(sealed, 40, 255 - get_byte(sealed, 40))"
        )

    with pytest.raises(WrongKey, match="do not open what was sealed"):
        await vault_with(database, tmp_path / "key")


async def test_a_key_that_another_process_began_is_found(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    early = await vault_with(database, tmp_path / "key")
    with psycopg.connect(fresh.owner) as conn:
        conn.execute("UPDATE data_keys SET state = 'decrypt_only'")
    late = await vault_with(database, tmp_path / "key")
    here = binding(new_id(), new_id())

    sealed = await late.seal(b"secret", here)

    assert await early.open(sealed, here) == b"secret"


async def test_no_key_stands_in_the_clear_in_the_database(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    vault = await vault_with(database, tmp_path / "key")
    [key] = vault._keys.values()

    with psycopg.connect(fresh.owner) as conn:
        [row] = conn.execute("SELECT wrapped, reference FROM data_keys").fetchall()

    assert key not in bytes(row[0])
    assert row[1].startswith("file:")
    assert len(row[1]) > len("file:")


async def test_swapped_rows_and_flipped_bits_open_nowhere(fresh: Fresh, tmp_path: Path) -> None:
    outcome = await tampered(fresh, tmp_path / "key", swaps=100, flips=400, told=quiet)

    assert "100 swapped rows refused, 400 bit flips detected" in outcome


async def test_a_rotation_that_is_not_finished_is_gone_on_with(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    vault = await vault_with(database, tmp_path / "key")
    assert await vault.rotate()
    assert not await vault.rotate()

    await vault.finish_rotation()

    assert await vault.rotate()
    with psycopg.connect(fresh.owner) as conn:
        assert conn.execute("SELECT count(*) FROM data_keys").fetchone() == (3,)


async def test_rotations_at_the_same_time_begin_one_key(database: Database, tmp_path: Path) -> None:
    several = [await vault_with(database, tmp_path / "key") for _ in range(4)]

    begun = await asyncio.gather(*(vault.rotate() for vault in several))

    assert sum(begun) == 1


async def test_a_process_that_heard_nothing_seals_with_the_new_key_after_a_minute(
    database: Database, tmp_path: Path
) -> None:
    minutes = 0.0
    provider = FileKeyProvider(tmp_path / "key")
    deaf = Vault(database=database, provider=provider, monotonic=lambda: minutes * 60)
    await deaf.start()
    here = binding(new_id(), new_id())
    before = key_id_of(await deaf.seal(b"secret", here))
    await (await vault_with(database, tmp_path / "key")).rotate()

    assert key_id_of(await deaf.seal(b"secret", here)) == before
    minutes = 1.1
    assert key_id_of(await deaf.seal(b"secret", here)) != before


async def test_a_key_is_destroyed_a_day_after_its_use_and_the_canary_outlives_it(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    vault = await vault_with(database, tmp_path / "key")
    here = binding(new_id(), new_id())
    sealed = await vault.seal(b"secret", here)
    await vault.rotate()
    await vault.finish_rotation()
    assert await vault.retired() == []
    with psycopg.connect(fresh.owner) as conn:
        conn.execute("UPDATE data_keys SET retired_at = retired_at - interval '1 day'")

    await vault.destroy(await vault.retired())

    with pytest.raises(SealBroken):
        await vault.open(sealed, here)
    await vault.check()
    await vault_with(database, tmp_path / "key")


async def test_a_spoilt_row_does_not_keep_the_others_on_the_old_key(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    vault = await vault_with(database, tmp_path / "key")
    column = next(column for column in lasting(ISSUER) if column.table == "identities")
    with psycopg.connect(fresh.owner) as owner:
        made = await people(owner, vault, 3, ISSUER)
        mine = [value for value in made if value.column == column]
        mine[0].write(owner, bytes([*mine[0].read(owner)[:-1], 0]) + b"x")
    await vault.rotate()

    found = await reseal(database, vault, column, ())

    assert (found.anew, found.broken) == (2, 1)
    assert (await reseal(database, vault, column, ())).clean
    with psycopg.connect(fresh.owner) as owner:
        for value in mine[1:]:
            assert await vault.open(value.read(owner), value.binding) == value.plaintext
