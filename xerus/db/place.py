"""Where the embedded server's files and its socket are, remembered in `postgres.json`."""

import os
import secrets
import stat
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson
import structlog
from psycopg.conninfo import make_conninfo

from xerus.db.programs import RunAs

log = structlog.get_logger(__name__)

LOGIN = "xerus"
ADMIN = "xerus_admin"
PORT = 5432
_SYSTEM_HOMES = Path("/var/lib/xerus")
# sun_path has 108 bytes, the last of them zero.
_SOCKET_PATH_BYTES = 107


@dataclass(frozen=True, kw_only=True)
class Place:
    """The remembered half of the server: kept in `postgres.json`."""

    home: Path
    socket_dir: Path
    admin_password: str = field(repr=False)
    login_password: str = field(repr=False)

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.home / "data"

    def dsn(self, user: str, database: str) -> str:
        """How `user`, one of LOGIN and ADMIN, reaches `database`."""
        password = self.admin_password if user == ADMIN else self.login_password
        return make_conninfo(
            host=str(self.socket_dir), port=PORT, user=user, password=password, dbname=database
        )


def remembered(folder: Path) -> Place | None:
    """Return the place of the data folder's server, or None before there is one."""
    try:
        kept = orjson.loads((folder / "postgres.json").read_bytes())
    except FileNotFoundError:
        return None
    inside = folder / "postgres"
    return Place(
        # A copy of the folder uses its own files, never those of the folder it was copied from.
        home=inside if (inside / "data").is_dir() else Path(kept["home"]),
        socket_dir=Path(kept["socket_dir"]),
        admin_password=kept["admin_password"],
        login_password=kept["login_password"],
    )


def choose(folder: Path, user: RunAs) -> Place:
    """Decide where the server's files go, and remember it before anything is made there."""
    home = folder / "postgres"
    if not user.reaches(folder):
        home = _SYSTEM_HOMES / secrets.token_hex(8)
        log.warning(
            "embedded_database_elsewhere",
            asked_for=str(folder),
            used=str(home),
            reason="PostgreSQL does not run as root, and its user cannot enter that folder",
        )
    place = Place(
        home=home,
        socket_dir=home / "run",
        admin_password=secrets.token_urlsafe(32),
        login_password=secrets.token_urlsafe(32),
    )
    _remember(folder, place)
    return place


def _remember(folder: Path, place: Place) -> None:
    document = {
        "home": str(place.home),
        "socket_dir": str(place.socket_dir),
        "admin_password": place.admin_password,
        "login_password": place.login_password,
    }
    partial = folder / "postgres.json.partial"
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(orjson.dumps(document))
        file.flush()
        os.fsync(file.fileno())
    partial.rename(folder / "postgres.json")


def with_socket_dir(folder: Path, place: Place, user: RunAs) -> Place:
    """Make the server's folders; return the place with a socket folder that is ours."""
    place.home.parent.mkdir(parents=True, exist_ok=True)
    _server_folder(place.home, user)
    wanted = place.home / "run"
    if len(os.fsencode(wanted / f".s.PGSQL.{PORT}")) <= _SOCKET_PATH_BYTES:
        _server_folder(wanted, user)
        socket_dir = wanted
    elif place.socket_dir != wanted and _is_private(place.socket_dir, user):
        socket_dir = place.socket_dir
    else:
        # A name nobody can guess or have made before us.
        socket_dir = Path(tempfile.mkdtemp(prefix="xerus-", dir="/tmp"))
        user.own(socket_dir)
    if socket_dir == place.socket_dir:
        return place
    moved = replace(place, socket_dir=socket_dir)
    _remember(folder, moved)
    return moved


def _is_private(folder: Path, user: RunAs) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    owner = os.geteuid() if user.uid is None else user.uid
    return stat.S_ISDIR(found.st_mode) and found.st_uid == owner and not found.st_mode & 0o077


def _server_folder(folder: Path, user: RunAs) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700)
        user.own(folder)
