"""The database below a Xerus under test, as an administrator and as its login see it."""

import os
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from tests.support.folders import place
from xerus.db import programs
from xerus.db.embedded import EmbeddedPostgres
from xerus.db.place import ADMIN, LOGIN, remembered


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How to reach one database: as the login of Xerus, and as the server's administrator."""

    login: str
    administrator: str


def embedded(data_dir: Path) -> Reach:
    """Return how to reach the running embedded database of a data folder."""
    place = remembered(data_dir)
    assert place is not None
    return Reach(login=place.dsn(LOGIN, "xerus"), administrator=place.dsn(ADMIN, "xerus"))


def rows(dsn: str, query: str, *values: object, role: str = "", user_id: str = "") -> list[Any]:
    """Run one statement, after SET ROLE and with app.uid where given; return its rows."""
    with psycopg.connect(dsn, row_factory=dict_row) as conn:
        if role:
            conn.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        if user_id:
            conn.execute("SELECT set_config('app.uid', %s, true)", (user_id,))
        cursor = conn.execute(query.encode(), values)
        return cursor.fetchall() if cursor.description else []


def program(name: str, dsn: str, *args: str | Path) -> str:
    """Run one of PostgreSQL's programs on a database; return what it prints."""
    given = conninfo_to_dict(dsn)
    password = str(given.pop("password"))
    done = subprocess.run(
        [programs.installed() / "bin" / name, f"--dbname={make_conninfo('', **given)}", *args],
        env={**os.environ, "PGPASSWORD": password},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def dump(dsn: str) -> str:
    """Return everything in the database, as a backup would hold it."""
    return program("pg_dump", dsn)


@dataclass(frozen=True, kw_only=True)
class Server:
    """A PostgreSQL server that an operator runs, and we do not."""

    administrator: str

    def database(self, name: str, login: str) -> str:
        """Make a database and a login that may do nothing but enter it; return its URL."""
        with psycopg.connect(self.administrator, autocommit=True) as conn:
            conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            conn.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'secret'").format(sql.Identifier(login))
            )
        given = conninfo_to_dict(self.administrator)
        host = quote(str(given["host"]), safe="")
        return f"postgresql://{login}:secret@/{name}?host={host}&port={given['port']}"

    def as_administrator(self, name: str) -> str:
        return make_conninfo(self.administrator, dbname=name)


@asynccontextmanager
async def server() -> AsyncIterator[Server]:
    """Yield a server of one's own, in a folder with a short path."""
    with tempfile.TemporaryDirectory(prefix="xs-", dir=place()) as folder:
        os.chmod(folder, 0o755)  # noqa: PTH101, S103 - the server has a user of its own
        postgres = EmbeddedPostgres(Path(folder) / "data")
        yield Server(administrator=(await postgres.start()).owner)
        await postgres.stop()
