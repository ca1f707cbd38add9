"""Sealed values that somebody who can write to the database moves or changes."""

import random
from collections.abc import Callable
from pathlib import Path

import psycopg

from tests.stores.databases import Fresh
from tests.support.sealed_rows import ISSUER, Value, people
from xerus.db.database import Database
from xerus.keys.file import FileKeyProvider
from xerus.vault.envelope import SealBroken
from xerus.vault.service import Vault

_EVERY = 500


async def tampered(
    fresh: Fresh, key_file: Path, *, swaps: int, flips: int, told: Callable[[str], None]
) -> str:
    """Move values to other rows, columns, links and people, and flip single bits: nothing opens."""
    database = Database(dsn=fresh.login, direct_dsn=fresh.login)
    await database.open()
    try:
        vault = Vault(database=database, provider=FileKeyProvider(key_file))
        await vault.start()
        with psycopg.connect(fresh.owner, autocommit=True) as owner:
            owner.execute("SET synchronous_commit = off")
            values = await people(owner, vault, 20, ISSUER)
            # A fixed start: what fails once fails again.
            chance = random.Random(5)  # noqa: S311 - picks what is attacked
            for number in range(swaps):
                await _swapped(owner, vault, *chance.sample(values, 2))
                if number % _EVERY == 0:
                    told(f"{number} of {swaps} swaps refused")
            for number in range(flips):
                await _flipped(owner, vault, chance.choice(values), chance)
                if number % _EVERY == 0:
                    told(f"{number} of {flips} flips detected")
            for value in values:
                assert await vault.open(value.read(owner), value.binding) == value.plaintext
    finally:
        await database.close()
    return f"{swaps} swapped rows refused, {flips} bit flips detected, {len(values)} values intact"


async def _swapped(owner: psycopg.Connection, vault: Vault, one: Value, other: Value) -> None:
    mine, theirs = one.read(owner), other.read(owner)
    one.write(owner, theirs)
    other.write(owner, mine)
    for victim in (one, other):
        await _refused(owner, vault, victim)
    one.write(owner, mine)
    other.write(owner, theirs)


async def _flipped(
    owner: psycopg.Connection, vault: Vault, value: Value, chance: random.Random
) -> None:
    intact = value.read(owner)
    changed = bytearray(intact)
    bit = chance.randrange(len(intact) * 8)
    changed[bit // 8] ^= 1 << (bit % 8)
    value.write(owner, bytes(changed))
    await _refused(owner, vault, value)
    value.write(owner, intact)


async def _refused(owner: psycopg.Connection, vault: Vault, value: Value) -> None:
    try:
        await vault.open(value.read(owner), value.binding)
    except SealBroken:
        return
    raise AssertionError(f"{value.binding} opened what was not sealed there")
