"""What the fixtures of this folder hand out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from xerus.db.embedded import EmbeddedDsns
from xerus.ids import new_id

TEMPLATE = "template_xerus"


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """A database of its own: as Xerus logs in, and as the owner of everything.

    `direct` is how Xerus logs in past a pooler; '' where `login` goes past it.
    """

    login: str
    owner: str
    direct: str = ""


@contextmanager
def migrated(server: EmbeddedDsns) -> Iterator[Fresh]:
    """Yield a migrated database that nothing else uses."""
    name = f"t_{new_id().replace('-', '')}"
    with psycopg.connect(server.owner, autocommit=True) as conn:
        conn.execute(
            # By WAL, as the default is, it takes twice as long.
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(TEMPLATE)
            )
        )
    try:
        yield Fresh(
            login=make_conninfo(server.login, dbname=name),
            owner=make_conninfo(server.owner, dbname=name),
        )
    finally:
        with psycopg.connect(server.owner, autocommit=True) as conn:
            conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
