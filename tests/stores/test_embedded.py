import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import psycopg
import pytest

from tests.support.folders import reachable
from xerus.db import postmaster, programs
from xerus.db.database import Database
from xerus.db.embedded import EmbeddedDsns, EmbeddedPostgres
from xerus.db.migrate import migrate
from xerus.db.roles import Role

_OTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from xerus.db.embedded import EmbeddedPostgres
async def main():
    await EmbeddedPostgres(Path(sys.argv[1])).start()
    print("started", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.fixture
async def data_dir() -> AsyncIterator[Path]:
    folder = reachable()
    yield folder / "data"
    if (folder / "data" / "postgres.json").exists():
        postmaster.stop(home(folder / "data") / "data")
        shutil.rmtree(home(folder / "data"))
    shutil.rmtree(folder)


def home(data_dir: Path) -> Path:
    return Path(orjson.loads((data_dir / "postgres.json").read_bytes())["home"])


def running(data_dir: Path) -> postmaster.Postmaster | None:
    return postmaster.find(home(data_dir) / "data")


def remember(dsns: EmbeddedDsns, text: str | None = None) -> list[str]:
    """Keep a text in the database, if one is given, and return all that are kept."""
    with psycopg.connect(dsns.owner) as conn:
        conn.execute("CREATE TABLE IF NOT EXISTS kept (text text)")
        if text:
            conn.execute("INSERT INTO kept VALUES (%s)", (text,))
        return [row[0] for row in conn.execute("SELECT text FROM kept ORDER BY text")]


def other_process(data_dir: Path) -> subprocess.Popen[bytes]:
    """Start another process that uses the server of `data_dir`, and wait until it does."""
    process = subprocess.Popen(
        [sys.executable, "-c", _OTHER_PROCESS, str(data_dir)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"started\n"
    process.stdout.close()
    return process


def copied(data_dir: Path) -> Path:
    """Copy a data folder as docs/operating.md tells, owners and modes included."""
    copy = reachable() / "data"
    subprocess.run(["cp", "-a", data_dir, copy], check=True)
    return copy


def bystander(uid: int) -> subprocess.Popen[bytes]:
    """Start a program that has nothing to do with PostgreSQL."""
    return subprocess.Popen(["sleep", "600"], user=uid)


async def test_a_restart_keeps_what_was_written(data_dir: Path) -> None:
    first = EmbeddedPostgres(data_dir)
    remember(await first.start(), "a")
    await first.stop()
    assert running(data_dir) is None

    second = EmbeddedPostgres(data_dir)
    assert remember(await second.start()) == ["a"]
    await second.stop()


async def test_a_copy_of_a_stopped_data_folder_is_a_server_of_its_own(data_dir: Path) -> None:
    first = EmbeddedPostgres(data_dir)
    remember(await first.start(), "before the copy")
    await first.stop()
    copy = copied(data_dir)
    restored = EmbeddedPostgres(copy)
    try:
        dsns = await restored.start()
        assert remember(dsns, "in the copy") == ["before the copy", "in the copy"]
        assert remember(await first.start()) == ["before the copy"]
    finally:
        await restored.stop()
        await first.stop()
    shutil.rmtree(data_dir)
    assert remember(await restored.start()) == ["before the copy", "in the copy"]
    await restored.stop()


async def test_the_server_has_no_network_port_no_trust_and_private_files(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)
    dsns = await postgres.start()
    place = home(data_dir)
    server = running(data_dir)

    with psycopg.connect(dsns.owner) as conn:
        assert conn.execute("SHOW listen_addresses").fetchone() == ("",)
        assert conn.execute("SHOW fsync").fetchone() == ("on",)
        rules = conn.execute("SELECT type, auth_method FROM pg_hba_file_rules").fetchall()
    assert rules == [("local", "scram-sha-256")]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(dsns.login, password="wrong")
    assert server is not None
    for path in (place, place / "data", server.socket_dir):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for name in ("postgres.json", "postgres.lock", "postgres.users"):
        assert stat.S_IMODE((data_dir / name).stat().st_mode) == 0o600
    assert "password" not in repr(dsns)
    await postgres.stop()


async def test_the_login_cannot_see_the_superusers_database_or_files(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)
    dsns = await postgres.start()

    with psycopg.connect(dsns.login, autocommit=True) as conn:
        for statement in ("SELECT pg_read_file('PG_VERSION')", "CREATE ROLE evil SUPERUSER"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(statement)
    await postgres.stop()


async def test_no_folder_that_was_there_gets_a_wider_mode(data_dir: Path) -> None:
    private = data_dir.parent / "private"
    private.mkdir(mode=0o700)
    postgres = EmbeddedPostgres(private / "data")
    remember(await postgres.start(), "a")
    await postgres.stop()

    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    place = home(private / "data")
    inside = place.is_relative_to(private)
    assert inside == (os.geteuid() != 0)
    if not inside:
        shutil.rmtree(place)


async def test_processes_share_one_server_and_the_last_stops_it(data_dir: Path) -> None:
    ours = EmbeddedPostgres(data_dir)
    dsns = await ours.start()
    other = await asyncio.to_thread(other_process, data_dir)
    before = running(data_dir)

    await ours.stop()

    assert before is not None
    assert running(data_dir) == before
    remember(dsns, "still there")
    other.kill()
    other.wait()
    last = EmbeddedPostgres(data_dir)
    assert remember(await last.start()) == ["still there"]
    assert running(data_dir) == before
    await last.stop()
    assert running(data_dir) is None


async def test_parallel_first_starts_make_one_server(data_dir: Path) -> None:
    several = [EmbeddedPostgres(data_dir) for _ in range(4)]

    dsns = await asyncio.gather(*(one.start() for one in several))

    assert len({one.login for one in dsns}) == 1
    for one in several:
        await one.stop()
    assert running(data_dir) is None


async def test_a_killed_server_is_started_again(data_dir: Path) -> None:
    first = EmbeddedPostgres(data_dir)
    remember(await first.start(), "a")
    server = running(data_dir)
    assert server is not None
    os.kill(server.pid, signal.SIGKILL)

    second = EmbeddedPostgres(data_dir)
    assert remember(await second.start()) == ["a"]
    await first.stop()
    await second.stop()


async def test_a_stale_lock_file_with_the_number_of_another_program_is_no_obstacle(
    data_dir: Path,
) -> None:
    first = EmbeddedPostgres(data_dir)
    remember(await first.start(), "a")
    lock = home(data_dir) / "data" / "postmaster.pid"
    lines = lock.read_text().splitlines()
    await first.stop()
    stranger = bystander(lock.parent.stat().st_uid)
    lock.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")

    second = EmbeddedPostgres(data_dir)
    assert remember(await second.start()) == ["a"]
    await second.stop()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


async def test_a_server_whose_socket_folder_vanished_is_replaced(data_dir: Path) -> None:
    first = EmbeddedPostgres(data_dir)
    remember(await first.start(), "a")
    server = running(data_dir)
    assert server is not None
    shutil.rmtree(server.socket_dir)

    second = EmbeddedPostgres(data_dir)
    assert remember(await second.start()) == ["a"]
    await first.stop()
    await second.stop()


async def test_a_long_path_gets_a_short_private_socket_folder(data_dir: Path) -> None:
    deep = data_dir / ("deep" * 20) / ("er" * 30)
    deep.parent.mkdir(parents=True)
    postgres = EmbeddedPostgres(deep)
    remember(await postgres.start(), "a")
    server = running(deep)
    assert server is not None
    assert len(str(server.socket)) <= 107
    assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700

    await postgres.stop()
    again = EmbeddedPostgres(deep)
    assert remember(await again.start()) == ["a"]
    moved = running(deep)
    assert moved is not None
    assert moved.socket_dir == server.socket_dir
    await again.stop()
    shutil.rmtree(server.socket_dir)


async def test_a_pool_heals_after_an_immediate_restart_of_the_server(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)
    dsns = await postgres.start()
    await asyncio.to_thread(migrate, dsns.owner, login="xerus")
    database = Database(dsn=dsns.login, direct_dsn=dsns.login, min_size=3)
    await database.open()
    server = running(data_dir)
    assert server is not None
    os.kill(server.pid, signal.SIGQUIT)
    again = EmbeddedPostgres(data_dir)
    await again.start()

    async with database.transaction(Role.APP) as conn:
        found = await (await conn.execute("SELECT 1 AS one")).fetchone()

    assert found == {"one": 1}
    await database.close()
    await postgres.stop()
    await again.stop()


async def test_programs_in_a_private_folder_are_copied_to_where_the_server_can_run_them(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = data_dir.parent / "private"
    private.mkdir(mode=0o700)
    package = programs.installed().parent
    for folder in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(folder, private / folder.name, symlinks=True)
    installed = private / package.name / programs.installed().name
    monkeypatch.setattr(programs, "installed", lambda: installed)
    postgres = EmbeddedPostgres(data_dir)

    assert remember(await postgres.start(), "a") == ["a"]

    copies = list(home(data_dir).glob("programs-*"))
    assert len(copies) == (1 if os.geteuid() == 0 else 0)
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    await postgres.stop()
