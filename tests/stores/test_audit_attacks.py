"""The attacks of `make soak` on the audit log, a few of each."""

from pathlib import Path

from tests.stores.audit_attacks import killed_writers, tampered
from tests.stores.databases import Fresh
from xerus.db.database import Database


async def test_random_changes_and_cut_tails_are_found_and_named(
    fresh: Fresh, database: Database, tmp_path: Path
) -> None:
    assert await tampered(fresh, database, tmp_path, changes=60, cuts=10, told=print)


async def test_killed_writers_leave_no_gap_and_lose_nothing_that_was_confirmed(
    fresh: Fresh, database: Database, tmp_path: Path
) -> None:
    assert await killed_writers(fresh, database, tmp_path, writers=2, kills=3, told=print)
