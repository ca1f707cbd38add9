from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic.script import ScriptDirectory
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.stores.databases import Fresh
from xerus.db.embedded import EmbeddedDsns
from xerus.db.migrate import MIGRATIONS, answers, migrate, pending, roles_sql
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


def test_every_migration_that_alembic_knows_is_found_in_its_order(empty: Fresh) -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))

    known = [script.revision for script in scripts.walk_revisions()]

    assert pending(empty.login) == known[::-1]


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


def test_before_postgresql_16_the_login_itself_is_told_to_inherit_nothing() -> None:
    printed = roles_sql("web", version=150_018)

    assert "INHERIT FALSE" not in printed
    assert 'ALTER ROLE "web" NOINHERIT' in printed
    # The owner of the database could not pass on the schema any more.
    assert printed.index("ON SCHEMA public") < printed.index("ALTER ROLE")


def test_a_login_whose_grants_have_no_effect_gets_the_sql_too(empty: Fresh) -> None:
    name = f"maker_{new_id()[:8]}"
    with psycopg.connect(empty.owner, autocommit=True) as conn:
        conn.execute(
            sql.SQL("CREATE ROLE {} LOGIN CREATEROLE PASSWORD 'maker'").format(sql.Identifier(name))
        )

    with pytest.raises(NotConfigured, match="may not create the roles"):
        migrate(make_conninfo(empty.owner, user=name, password="maker"))


def test_a_database_is_tried_with_its_login(fresh: Fresh) -> None:
    assert answers(fresh.login)
    assert not answers(make_conninfo(fresh.login, password="another"))


def test_a_database_that_is_away_is_named() -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        pending("host=/nonexistent dbname=xerus")
