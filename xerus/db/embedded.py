"""The PostgreSQL server that Xerus starts itself, where no database is configured.

What stands where:
    DATA_DIR/postgres.json   passwords and the place of the rest; 0600
    DATA_DIR/postgres.lock   held while a process starts or stops the server
    DATA_DIR/postgres.users  a shared lock of each process that uses the server: the last one
                             stops it, and a crashed one is no user any more
    HOME/data, HOME/log      the server's own; HOME is DATA_DIR/postgres, or /var/lib/xerus/ID
                             where the server's user cannot reach DATA_DIR
    HOME/run                 the socket, 0700; a short folder under /tmp where the path is too long
"""

import asyncio
import fcntl
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from xerus.db import postmaster, programs
from xerus.db.place import ADMIN, LOGIN, PORT, Place, choose, remembered, with_socket_dir
from xerus.errors import NotConfigured, Unavailable

_DATABASE = "xerus"
_START_SECONDS = 60.0
# The children of a killed server hold its shared memory for a moment longer.
_RETRY_FOR_SECONDS = 5.0
_RETRY_SECONDS = 0.02

_CONFIGURATION = """\
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
max_connections = 200
shared_buffers = '64MB'
dynamic_shared_memory_type = posix
idle_in_transaction_session_timeout = '60s'
timezone = 'UTC'
log_timezone = 'UTC'
log_min_error_statement = panic
log_line_prefix = '%m [%p] '
cluster_name = 'xerus'
"""


@dataclass(frozen=True, kw_only=True)
class EmbeddedDsns:
    """How to reach the server: as the login of the running Xerus, and as who migrates."""

    login: str = field(repr=False)
    owner: str = field(repr=False)


class EmbeddedPostgres:
    """One server per data folder, shared by every Xerus process that uses the folder."""

    def __init__(self, data_dir: Path) -> None:
        self._dir = data_dir
        self._user: int | None = None

    async def start(self) -> EmbeddedDsns:
        """Find the server of the data folder running, or start it; make it first if need be.

        Raises:
            NotConfigured: the data folder cannot be used, or root has nobody to run it as.
            Unavailable: PostgreSQL did not come up; the message names its log.
        """
        return await asyncio.to_thread(self._start)

    async def stop(self) -> None:
        """Stop using the server, and stop it where nobody else uses it."""
        await asyncio.to_thread(self._stop)

    def _start(self) -> EmbeddedDsns:
        _data_folder(self._dir)
        with self._exclusive():
            place = remembered(self._dir)
            user = programs.run_as(place.home if place else None)
            place = place or choose(self._dir, user)
            if self._user is None:
                self._user = _locked(self._dir / "postgres.users", fcntl.LOCK_SH)
            try:
                return _bring_up(self._dir, place, user)
            except BaseException:
                self._release()
                raise

    def _stop(self) -> None:
        if self._user is None:
            return
        with self._exclusive():
            self._release()
            place = remembered(self._dir)
            if place is not None and self._unused():
                postmaster.stop(place.data)

    def _release(self) -> None:
        if self._user is not None:
            os.close(self._user)
            self._user = None

    def _unused(self) -> bool:
        try:
            os.close(_locked(self._dir / "postgres.users", fcntl.LOCK_EX | fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        lock = _locked(self._dir / "postgres.lock", fcntl.LOCK_EX)
        try:
            yield
        finally:
            os.close(lock)


def _bring_up(folder: Path, place: Place, user: programs.RunAs) -> EmbeddedDsns:
    place = with_socket_dir(folder, place, user)
    deadline = time.monotonic() + _RETRY_FOR_SECONDS
    while True:
        _ensure_running(place, user)
        try:
            _prepare(place)
            break
        except psycopg.OperationalError as error:
            # It may have been found alive in its last moment.
            if time.monotonic() > deadline:
                raise Unavailable(
                    "The embedded PostgreSQL does not let Xerus in.",
                    hint=f"Its log says why: {place.home / 'log'}",
                    debug=str(error),
                ) from error
            time.sleep(_RETRY_SECONDS)
    return EmbeddedDsns(login=place.dsn(LOGIN, _DATABASE), owner=place.dsn(ADMIN, _DATABASE))


def _ensure_running(place: Place, user: programs.RunAs) -> None:
    running = postmaster.await_settled(place.data, _START_SECONDS)
    if running is not None and not _ours(running, place):
        # Its socket was deleted (a cleaner of /tmp): nobody can reach it any more.
        postmaster.stop(place.data)
        running = None
    if running is None:
        _launch(place, user)


def _ours(running: postmaster.Postmaster, place: Place) -> bool:
    return running.socket_dir == place.socket_dir and running.socket.exists()


def _launch(place: Place, user: programs.RunAs) -> None:
    folder = programs.reachable(user, place.home)
    if not place.data.is_dir():
        _initialise(place, user, folder)
    _configure(place)
    log_file = place.home / "log"
    deadline = time.monotonic() + _RETRY_FOR_SECONDS
    while True:
        postmaster.clear_stale_lock(place.data)
        # pg_ctl gives the server a session of its own: Ctrl-C in the terminal is not for it.
        done = user.run(
            *(folder / "bin" / "pg_ctl", "start", "--wait", f"--timeout={_START_SECONDS:.0f}"),
            *("-D", place.data, "-l", log_file),
        )
        if done.returncode == 0:
            return
        if time.monotonic() > deadline:
            raise Unavailable(
                "The embedded PostgreSQL did not start.",
                hint=f"Its log says why: {log_file}",
                debug=done.stderr or done.stdout,
            )
        time.sleep(_RETRY_SECONDS)


def _initialise(place: Place, user: programs.RunAs, folder: Path) -> None:
    """Make the cluster beside its final place, so that a crash leaves nothing half made."""
    fresh = place.home / f"data-{secrets.token_hex(4)}"
    with tempfile.NamedTemporaryFile("w", dir=place.home, prefix="password-") as password:
        password.write(place.admin_password)
        password.flush()
        user.own(Path(password.name))
        done = user.run(
            folder / "bin" / "initdb",
            *("-D", fresh, "-U", ADMIN, f"--pwfile={password.name}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        )
    if done.returncode != 0:
        raise Unavailable(
            f"The embedded PostgreSQL could not be created: {_last_line(done.stderr)}",
            hint=f"Make room and let Xerus write to {place.home}, as a user that the machine knows.",
            debug=done.stderr,
        )
    _write(fresh / "pg_hba.conf", "local all all scram-sha-256\n")
    fresh.rename(place.data)


def _last_line(text: str) -> str:
    said = [line for line in text.splitlines() if ": error: " in line] or text.splitlines()
    return said[-1] if said else "initdb said nothing"


def _configure(place: Place) -> None:
    quoted = str(place.socket_dir).replace("'", "''")
    _write(place.data / "postgresql.conf", _CONFIGURATION.format(port=PORT, socket_dir=quoted))


def _write(path: Path, text: str) -> None:
    """Rewrite a file that initdb made, keeping its owner and mode."""
    with path.open("r+") as file:
        file.truncate()
        file.write(text)


def _prepare(place: Place) -> None:
    """Make the login and the database where they are missing."""
    with psycopg.connect(place.dsn(ADMIN, "postgres"), autocommit=True) as conn:
        conn.execute(_login_sql(place))
        found = conn.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", (_DATABASE,)
        ).fetchone()
        if found is None:
            conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_DATABASE)))


def _login_sql(place: Place) -> sql.Composed:
    role, password = sql.Identifier(LOGIN), sql.Literal(place.login_password)
    body = sql.SQL(
        "BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) THEN"
        " CREATE ROLE {role} LOGIN NOINHERIT PASSWORD {password}; END IF; END"
    ).format(name=sql.Literal(LOGIN), role=role, password=password)
    return sql.SQL("DO {}").format(sql.Literal(body.as_string()))


def _data_folder(folder: Path) -> None:
    # As root the folder may be entered by the server's user, whose own folder lies in it.
    mode = 0o711 if os.geteuid() == 0 else 0o700
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=mode)
    except OSError as error:
        raise NotConfigured(
            f"The data folder {folder} cannot be made: {error.strerror}.",
            hint="Set XERUS_DATA_DIR to a folder that Xerus may write to.",
        ) from error


def _locked(path: Path, how: int) -> int:
    """Open `path` and lock it; the lock ends with the descriptor, also when we are killed."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, how)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
