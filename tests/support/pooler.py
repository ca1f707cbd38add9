"""PgBouncer in transaction mode, set up as `docs/operating.md` says."""

import asyncio
import configparser
import io
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.support.folders import reachable
from tests.support.processes import free_port
from xerus.db import programs
from xerus.db.programs import RunAs

_OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"
_HOST = "127.0.0.1"
_READY_SECONDS = 20.0
_STOP_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Pooler:
    """A running PgBouncer; `port` is where it listens."""

    port: int
    log: Path
    process: subprocess.Popen[bytes]

    def before(self, dsn: str) -> str:
        """Return how the login of `dsn` reaches the same database through the pooler."""
        return make_conninfo(dsn, host=_HOST, port=self.port)

    def signal(self, sign: signal.Signals) -> None:
        self.process.send_signal(sign)


@asynccontextmanager
async def pooler(login: str, *, servers: int) -> AsyncIterator[Pooler]:
    """Run PgBouncer before the server of the DSN `login`, whose databases share `servers` connections."""
    folder = reachable()
    user = programs.run_as()
    port = free_port()
    _write(folder / "userlist.txt", _users(login), user)
    _write(folder / "pgbouncer.ini", _configuration(login, folder, port, servers), user)
    user.own(folder)
    process = _started(folder / "pgbouncer.ini", user)
    here = Pooler(port=port, log=folder / "log", process=process)
    try:
        await _answers(here.before(login), process)
        yield here
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, _STOP_SECONDS)
        await asyncio.to_thread(shutil.rmtree, folder)


def _started(configuration: Path, user: RunAs) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [_executable(), "--quiet", str(configuration)],
        user=user.uid,
        group=user.gid,
        extra_groups=None if user.uid is None else [],
        stdin=subprocess.DEVNULL,
    )


def _executable() -> str:
    # Debian keeps it where only root's PATH looks.
    found = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    assert found, "no PgBouncer: run make test, which installs it where it may"
    return found


def _users(login: str) -> str:
    given = conninfo_to_dict(login)
    return f'"{given["user"]}" "{given["password"]}"\n'


def _configuration(login: str, folder: Path, port: int, servers: int) -> str:
    given = conninfo_to_dict(login)
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(documented())
    changed = {
        "databases": {"*": f"host={given['host']} port={given['port']}"},
        "pgbouncer": {
            "listen_addr": _HOST,
            "listen_port": str(port),
            "unix_socket_dir": "",
            "auth_file": str(folder / "userlist.txt"),
            "default_pool_size": str(servers),
            "logfile": str(folder / "log"),
        },
    }
    parser.remove_section("databases")
    parser.read_dict(changed)
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def url_of(dsn: str) -> str:
    """Return a DSN in the form that an operator sets."""
    given = {name: quote(str(value), safe="") for name, value in conninfo_to_dict(dsn).items()}
    return (
        f"postgresql://{given['user']}:{given['password']}@/{given['dbname']}"
        f"?host={given['host']}&port={given['port']}"
    )


def documented() -> str:
    """Return the configuration that operators are told to use."""
    found = re.search(
        r"^ {4}\[databases\]\n(?:(?: {4}.*)?\n)+", _OPERATING.read_text(), re.MULTILINE
    )
    assert found, "docs/operating.md shows no pgbouncer.ini"
    return dedent(found[0])


def _write(file: Path, text: str, user: RunAs) -> None:
    file.touch(mode=0o600)
    file.write_text(text)
    user.own(file)


async def _answers(dsn: str, process: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(_READY_SECONDS):
        while True:
            assert process.poll() is None, "PgBouncer ended"
            try:
                conn = await psycopg.AsyncConnection.connect(dsn)
            except psycopg.OperationalError:
                await asyncio.sleep(0.05)
            else:
                await conn.close()
                return
