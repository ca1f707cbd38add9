"""The database roles, and the SQL that makes them.

The login of the running server owns nothing and inherits nothing: each transaction takes exactly
one of the roles below with SET LOCAL ROLE, so a statement can reach what its role was granted and
nothing else. The tables belong to `xerus_owner`, which only migrations become.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import LiteralString

from psycopg import sql

OWNER = "xerus_owner"

# Before PostgreSQL 16 only the login itself, not one grant, can say that nothing is inherited.
OPTIONS_PER_GRANT = 160_000


class Role(StrEnum):
    """What a transaction may reach.

    APP: the rows of one user, by row-level security. GATE: who is who (sessions, flows, clients,
    codes, token families); it reads no credential and no conversation. WORKER: the credentials of
    everybody, for renewal.
    """

    APP = "xerus_app"
    GATE = "xerus_gate"
    WORKER = "xerus_worker"


def create_roles() -> list[sql.Composed]:
    """Return the statements that make the roles; running them again changes nothing."""
    return [_create(name) for name in (OWNER, *Role)]


def grant_login(login: str, *, version: int) -> list[sql.Composed]:
    """Return the statements that let `login` take the roles, without inheriting any of them."""
    return _grant(Role, login, version)


def grant_migrator(migrator: str, *, version: int) -> list[sql.Composed]:
    """Return the statements that let `migrator` become the owner, and the owner make tables."""
    owner = sql.Identifier(OWNER)
    # First: the owner of a database passes this right on only while it inherits.
    schema = sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(owner)
    return [schema, *_grant([OWNER], migrator, version)]


def may_become(version: int) -> LiteralString:
    """Return what `pg_has_role` is asked on a server of this version number (150018 is 15.18)."""
    return "SET" if version >= OPTIONS_PER_GRANT else "MEMBER"


def _grant(roles: Iterable[str], login: str, version: int) -> list[sql.Composed]:
    grant = sql.SQL("GRANT {} TO {}").format(
        sql.SQL(", ").join(map(sql.Identifier, roles)), sql.Identifier(login)
    )
    if version >= OPTIONS_PER_GRANT:
        return [grant + sql.SQL(" WITH INHERIT FALSE, SET TRUE")]
    return [grant, sql.SQL("ALTER ROLE {} NOINHERIT").format(sql.Identifier(login))]


def _create(name: str) -> sql.Composed:
    body = sql.SQL(
        "BEGIN CREATE ROLE {} NOLOGIN NOINHERIT NOBYPASSRLS;"
        " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END"
    ).format(sql.Identifier(name))
    return sql.SQL("DO {}").format(sql.Literal(body.as_string()))
