from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.stores.databases import Fresh
from xerus.db.embedded import EmbeddedDsns
from xerus.db.migrate import migrate, pending, roles_sql
from xerus.db.place import LOGIN
from xerus.errors import NotConfigured, Unavailable
from xerus.ids import new_id


@pytest.fixture
def empty(server: EmbeddedDsns) -> Iterator[Fresh]:
    name = f"e_{new_id().replace('-', '')}"
    with psycopg.connect(server.owner, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield Fresh(
        login=make_conninfo(server.login, dbname=name),
        owner=make_conninfo(server.owner, dbname=name),
    )
    with psycopg.connect(server.owner, autocommit=True) as conn:
        conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_an_empty_database_gets_every_migration_once(empty: Fresh) -> None:
    waiting = pending(empty.login)

    assert waiting[:3] == ["0001", "0002", "0003"]
    assert migrate(empty.owner, login=LOGIN) == waiting
    assert pending(empty.login) == []
    assert migrate(empty.owner, login=LOGIN) == []


def test_parallel_migrations_wait_for_each_other(empty: Fresh) -> None:
    with ThreadPoolExecutor(3) as pool:
        applied = list(pool.map(lambda _: migrate(empty.owner, login=LOGIN), range(3)))

    assert sorted(map(bool, applied)) == [False, False, True]
    assert pending(empty.login) == []


def test_a_login_that_may_not_make_roles_gets_the_sql_for_an_administrator(
    new_database: Callable[[], Fresh],
) -> None:
    fresh = new_database()
    name = f"plain_{new_id()[:8]}"
    with psycopg.connect(fresh.owner, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'plain'").format(sql.Identifier(name)))
    plain = make_conninfo(fresh.owner, user=name, password="plain")

    with pytest.raises(NotConfigured) as caught:
        migrate(plain)

    assert f'TO "{name}"' in caught.value.hint
    with psycopg.connect(fresh.owner, autocommit=True) as conn:
        conn.execute(caught.value.hint.split("\n", 1)[1].encode())
    assert migrate(plain) == []


def test_the_printed_sql_names_the_login_and_every_role() -> None:
    printed = roles_sql("web")

    for role in ("xerus_owner", "xerus_app", "xerus_gate", "xerus_worker"):
        assert role in printed
    assert 'TO "web" WITH INHERIT FALSE' in printed


def test_a_database_that_is_away_is_named() -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        pending("host=/nonexistent dbname=xerus")
