"""The clients of the operator's file, as they stand in the table of clients."""

from dataclasses import replace

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Connection, Database
from xerus.db.roles import Role
from xerus.grants import client_store
from xerus.grants.client_file import ClientFile, Listed
from xerus.grants.clients import Client, client_of, row_of
from xerus.grants.families import Families
from xerus.grants.removal import remove
from xerus.oauth import redirect_uri
from xerus.settings.problems import SettingsError
from xerus.telemetry.logs import logger

_log = logger(__name__)


class FileClients:
    """Makes the table say what the file says; without a file it touches nothing."""

    def __init__(
        self,
        *,
        file: ClientFile | None,
        db: Database,
        audit: AuditLog,
        families: Families,
        clock: Clock,
    ) -> None:
        self._file = file
        self._db = db
        self._audit = audit
        self._families = families
        self._clock = clock

    async def check(self) -> None:
        """See that no id of the file is somebody else's.

        Raises:
            SettingsError: the ids that are.
        """
        file = self._file
        if file is None:
            return
        async with self._db.transaction(Role.GATE) as conn:
            rows = [(listed, await client_store.find(conn, listed.id)) for listed in file.clients]
        taken = [listed for listed, row in rows if row and row["source"] != "file"]
        if taken:
            raise SettingsError([file.problem(listed, _TAKEN, _CHOOSE) for listed in taken])

    async def synchronize(self) -> None:
        """Add what is new, change what differs, and end what the file no longer lists.

        Each client in a transaction of its own, so that no lock is held while another is waited
        for. Processes that start at the same time may all do it.
        """
        async with self._db.transaction(Role.GATE) as conn:
            known = await client_store.ids_from_file(conn)
        if self._file is None:
            if known:
                _log.warning("clients_without_file", clients=len(known), meaning=_WITHOUT_FILE)
            return
        for listed in self._file.clients:
            await self._keep(listed)
        for client_id in sorted(known - {listed.id for listed in self._file.clients}):
            async with self._families.transaction() as conn:
                await remove(
                    conn,
                    client_id,
                    "removed_from_file",
                    families=self._families,
                    audit=self._audit,
                )

    async def _keep(self, listed: Listed) -> None:
        wanted = self._client(listed)
        async with self._db.transaction(Role.GATE) as conn:
            if await client_store.insert_missing(conn, row_of(wanted)):
                await self._record(conn, Event.REGISTRATION_CREATED, wanted)
                return
            row = await client_store.find(conn, wanted.id)
            if not _differs(row, wanted):
                return
            if row and _asks_otherwise(client_of(row), wanted):
                # Whoever allowed the former one is asked again. Before the lock on the client, as
                # whoever answers a request takes them.
                await client_store.forget_allowed(conn, wanted.id)
            # Another process that starts with the same file may have been faster.
            if _differs(await client_store.lock(conn, wanted.id), wanted):
                await client_store.update(conn, row_of(wanted))
                await self._record(conn, Event.REGISTRATION_CHANGED, wanted)

    def _client(self, listed: Listed) -> Client:
        return Client(
            id=listed.id,
            name=listed.name,
            auth_method=listed.auth_method,
            redirect_uris=listed.redirect_uris,
            scopes=listed.scopes,
            source="file",
            created_at=self._clock.now(),
            secret_hash=listed.secret_hash,
        )

    async def _record(self, conn: Connection, event: Event, client: Client) -> None:
        await self._audit.record(
            conn,
            event,
            client=client.id,
            client_name=client.name,
            kind=client.source,
            redirect_host=redirect_uri.shown_host(client.redirect_uris[0]),
        )


_TAKEN = "is that of a client that was registered in another way"
_CHOOSE = "Choose another id, or let an administrator delete that client under Admin, MCP clients."
_WITHOUT_FILE = (
    "clients of an earlier XERUS_OAUTH_CLIENTS_FILE stay as they were; to end them, set it to a "
    "file that holds []"
)


def _differs(row: client_store.Row | None, wanted: Client) -> bool:
    """Tell whether a client of the file, if it is still there, is another than the one wanted."""
    if row is None or row["source"] != "file":
        return False
    return replace(client_of(row), created_at=wanted.created_at) != wanted


def _asks_otherwise(known: Client, wanted: Client) -> bool:
    """Tell whether the consent page would say something else now."""
    return (known.name, known.redirect_uris, known.scopes) != (
        wanted.name,
        wanted.redirect_uris,
        wanted.scopes,
    )
