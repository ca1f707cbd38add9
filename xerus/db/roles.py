"""The database roles, and the SQL that makes them.

The login of the running server owns nothing and inherits nothing: each transaction takes exactly
one of the roles below with SET LOCAL ROLE, so a statement can reach what its role was granted and
nothing else. The tables belong to `xerus_owner`, which only migrations become.
"""

from enum import StrEnum

from psycopg import sql

OWNER = "xerus_owner"


class Role(StrEnum):
    """What a transaction may reach.

    APP: the rows of one user, by row-level security. GATE: who is who (sessions, flows, clients,
    codes, token families), never a credential or a conversation. WORKER: the credentials of
    everybody, for renewal.
    """

    APP = "xerus_app"
    GATE = "xerus_gate"
    WORKER = "xerus_worker"


def create_roles() -> list[sql.Composed]:
    """Return the statements that make the roles; running them again changes nothing."""
    return [_create(name) for name in (OWNER, *Role)]


def grant_login(login: str) -> sql.Composed:
    """Return the statement that lets `login` take the roles, without inheriting any of them."""
    return sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(
        sql.SQL(", ").join(sql.Identifier(role) for role in Role), sql.Identifier(login)
    )


def grant_migrator(migrator: str) -> list[sql.Composed]:
    """Return the statements that let `migrator` become the owner, and the owner make tables."""
    owner = sql.Identifier(OWNER)
    return [
        sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(
            owner, sql.Identifier(migrator)
        ),
        sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(owner),
    ]


def _create(name: str) -> sql.Composed:
    body = sql.SQL(
        "BEGIN CREATE ROLE {} NOLOGIN NOINHERIT NOBYPASSRLS;"
        " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END"
    ).format(sql.Identifier(name))
    return sql.SQL("DO {}").format(sql.Literal(body.as_string()))
