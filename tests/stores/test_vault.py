import asyncio
from pathlib import Path

import psycopg
import pytest

from tests.stores.databases import Fresh
from xerus.db.database import Database
from xerus.errors import NotConfigured
from xerus.ids import new_id
from xerus.keys.file import FileKeyProvider
from xerus.keys.provider import WrongKey
from xerus.vault.envelope import Binding, SealBroken
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
