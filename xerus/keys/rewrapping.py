"""Wrapping stored keys anew: with another provider, or with a newer version of its key."""

from collections.abc import Callable

from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.keys import store
from xerus.keys.provider import KeyProvider


async def rewrap(
    database: Database,
    provider: KeyProvider,
    table: store.Table,
    aad_of: Callable[[str], bytes],
    *,
    everything: bool,
) -> int:
    """Wrap the keys of a table anew, one by one; return how many.

    `everything` includes those that the provider's key has wrapped already, with whichever version.
    By compare-and-swap: a run that is cut off leaves each key wrapped in one of the two ways, and a
    key that somebody else wraps meanwhile is theirs.

    Raises:
        WrongKey: the provider does not open a key.
        NotConfigured: the provider's key cannot be used.
        Unavailable: the database or the provider does not answer.
    """
    async with database.transaction(Role.GATE) as conn:
        rows = await store.wrapped_keys(conn, table)
    done = 0
    for row in rows:
        if row.reference == provider.reference and not everything:
            continue
        aad = aad_of(row.id)
        fresh = await provider.wrap(await provider.unwrap(row.wrapped, aad), aad)
        async with database.transaction(Role.GATE) as conn:
            done += await store.replace_wrapped(
                conn, table, row, wrapped=fresh, reference=provider.reference
            )
    return done
