"""Brings the schema up to date, and says what an administrator has to run where we may not.

Migrations run as a login of their own (for the embedded server its superuser), which becomes
`xerus_owner`; the login of the running server is only granted its three roles.
"""

from pathlib import Path

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

from xerus.db.roles import (
    OPTIONS_PER_GRANT,
    OWNER,
    Role,
    create_roles,
    grant_login,
    grant_migrator,
    may_become,
)
from xerus.errors import NotConfigured, Unavailable

MIGRATIONS = Path(__file__).parent / "migrations"
# Any fixed number: keeps two processes that start together from migrating together.
_LOCK = 0x78657275
_CONNECT_SECONDS = 10
POOLED = "leads to a connection pooler, through which no notification arrives"
"""What is wrong with XERUS_DATABASE_URL where it is the only way and `pooled`."""
PAST_THE_POOLER = "Set XERUS_DATABASE_DIRECT_URL too: the same database past the pooler."


def migrate(dsn_owner: str, *, login: str = "") -> list[str]:
    """Make the roles and apply every outstanding migration; return the ids that were applied.

    Each migration is one transaction. `login`, where given and another than the login of
    `dsn_owner`, is granted the three working roles. Several callers at once wait for each other.

    Raises:
        NotConfigured: the login of `dsn_owner` may not make the roles; the hint has the SQL.
        Unavailable: the database does not answer.
    """
    with _connect(dsn_owner) as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        _ensure_roles(conn, login)
        before = set(_applied(conn))
        _upgrade(dsn_owner)
        return [revision for revision in _known() if revision not in before]


def pending(dsn: str) -> list[str]:
    """Return the ids of the migrations that the database behind `dsn` still lacks.

    Raises:
        Unavailable: the database does not answer.
    """
    with _connect(dsn) as conn:
        applied = set(_applied(conn))
    return [revision for revision in _known() if revision not in applied]


def answers(dsn: str) -> bool:
    """Tell whether a connection to the database can be made."""
    try:
        _connect(dsn).close()
    except Unavailable:
        return False
    return True


def pooled(dsn: str) -> bool:
    """Tell whether a pooler answers at `dsn`: the process id that it names is not the server's.

    Raises:
        Unavailable: nothing answers.
    """
    with _connect(dsn) as conn:
        return conn.execute("SELECT pg_backend_pid()").fetchone() != (conn.info.backend_pid,)


def roles_sql(login: str = "xerus", *, migrator: str = "", version: int = OPTIONS_PER_GRANT) -> str:
    """Return the SQL that an administrator runs once where we may not create roles.

    `migrator` is the login that runs `xerus migrate`, by default `login` itself; `version` is the
    number of the server's version.
    """
    statements = _role_statements(login, migrator or login, version)
    return "".join(f"{statement.as_string()};\n" for statement in statements)


def _role_statements(login: str, migrator: str, version: int) -> list[sql.Composed]:
    return [
        *create_roles(),
        *grant_migrator(migrator, version=version),
        *grant_login(login, version=version),
    ]


def _connect(dsn: str) -> Connection[TupleRow]:
    try:
        return psycopg.connect(dsn, autocommit=True, connect_timeout=_CONNECT_SECONDS)
    except psycopg.OperationalError as error:
        raise Unavailable(
            "The database does not answer.",
            hint="Check XERUS_DATABASE_URL and that PostgreSQL is running.",
            debug=str(error),
        ) from error


def _ensure_roles(conn: Connection[TupleRow], login: str) -> None:
    me, version = conn.info.user, conn.info.server_version
    login = login or me
    if _prepared(conn, login):
        return
    debug = "a grant had no effect"
    try:
        for statement in _role_statements(login, me, version):
            conn.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        debug = str(error)
    # A grant that we may not give on the schema is a warning of PostgreSQL, not an error.
    if not _prepared(conn, login):
        raise NotConfigured(
            f"The database login {me!r} may not create the roles of Xerus.",
            hint="Let an administrator of the database run:\n"
            + roles_sql(login, migrator=me, version=version),
            debug=debug,
        )


def _prepared(conn: Connection[TupleRow], login: str) -> bool:
    """Whether the roles and grants stand already, so that no right to make them is needed."""
    wanted = [OWNER, *Role]
    found = conn.execute(
        "SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s)", (wanted,)
    ).fetchone()
    if found is None or found[0] != len(wanted):
        return False
    row = conn.execute(
        "SELECT pg_has_role(current_user, %(owner)s, %(become)s)"
        " AND has_schema_privilege(%(owner)s, 'public', 'CREATE')"
        " AND coalesce((SELECT bool_and(pg_has_role(%(login)s, role, %(become)s))"
        "               FROM unnest(%(roles)s::text[]) AS role), false)",
        {
            "owner": OWNER,
            "login": login,
            "roles": list(Role),
            "become": may_become(conn.info.server_version),
        },
    ).fetchone()
    return row is not None and bool(row[0])


def _applied(conn: Connection[TupleRow]) -> list[str]:
    if conn.execute("SELECT to_regclass('public.alembic_version')").fetchone() == (None,):
        return []
    with conn.transaction():
        # The login that migrates may be none of the working roles, the serving one never the owner.
        become = may_become(conn.info.server_version)
        owns = conn.execute("SELECT pg_has_role(current_user, %s, %s)", (OWNER, become)).fetchone()
        role = OWNER if owns == (True,) else Role.APP
        conn.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        row = conn.execute("SELECT version_num FROM public.alembic_version").fetchone()
    return _up_to(str(row[0])) if row else []


def _upgrade(dsn: str) -> None:
    # Here, because Alembic and SQLAlchemy would stay in every process that has nothing to migrate:
    # 20 MiB and a fifth of a second of each start.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy import create_engine  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: _connect_as_owner(dsn), poolclass=NullPool
    )
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _connect_as_owner(dsn: str) -> Connection[TupleRow]:
    """Connect with the owner as the session's own role, so that a RESET ROLE comes back to it."""
    given = conninfo_to_dict(dsn).get("options", "")
    return psycopg.connect(
        dsn, connect_timeout=_CONNECT_SECONDS, options=f"{given or ''} -c role={OWNER}".strip()
    )


def _known() -> list[str]:
    """Every revision id, oldest first: a migration's file name begins with it."""
    files = (MIGRATIONS / "versions").glob("*.py")
    return sorted(file.name.partition("_")[0] for file in files)


def _up_to(revision: str) -> list[str]:
    known = _known()
    return known[: known.index(revision) + 1] if revision in known else known
