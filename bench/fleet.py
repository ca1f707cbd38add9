"""Services split by role, two of each, on one PostgreSQL behind PgBouncer, under one address."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from bench.world import UNLIMITED, World
from tests.stores.connecting import Person, a_process_at
from tests.stores.databases import Fresh
from tests.support.folders import reachable
from tests.support.front import front
from tests.support.pooler import pooler, url_of
from tests.support.processes import free_port
from tests.support.stack import Sandbox, Xerus, user_mode
from xerus.app.roles import Role
from xerus.db.embedded import EmbeddedPostgres
from xerus.db.migrate import migrate
from xerus.db.place import LOGIN

_EACH = 2
_SERVERS = 10
# What a proxy sends where: docs/operating.md, roles as processes.
_PATHS = (
    ("/mcp", Role.MCP),
    ("/.well-known/oauth-protected-resource", Role.MCP),
    ("/.well-known/", Role.OAUTH),
    ("/oauth/", Role.OAUTH),
    ("/", Role.WEB),
)


@dataclass(kw_only=True)
class Fleet(World):
    """The processes are the `others`; the address of `xerus` is that of the proxy before them."""

    postgres: EmbeddedPostgres
    fresh: Fresh

    def of(self, role: Role) -> list[Xerus]:
        """Return the processes of a role."""
        return [process for process in self.others if process.args[-1] == role]

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Each MCP process, past the proxy."""
        return tuple(f"http://127.0.0.1:{process.port}/mcp" for process in self.of(Role.MCP))

    async def add_grants(self, count: int, account: str) -> None:
        """Connect `account` for so many people who never come to the pages."""
        app = (await self.sandbox.credentials())["atlassian"]
        values = {
            "client_id": app["client_id"],
            "client_secret": SecretStr(app["client_secret"]),
        }
        base, key = self.sandbox.atlassian.base, self.data / "key"
        async with a_process_at(self.fresh, base, key, **values) as part:
            for _ in range(count):
                outcome = await Person(account).connect(part)
                assert outcome.error is None, outcome


@asynccontextmanager
async def fleet() -> AsyncIterator[Fleet]:
    """Yield eight processes; everything ends with the block."""
    folder = reachable()
    postgres = EmbeddedPostgres(folder / "data")
    dsns = await postgres.start()
    await asyncio.to_thread(migrate, dsns.owner, login=LOGIN)
    sandbox = await asyncio.to_thread(Sandbox, folder, None)
    async with pooler(dsns.login, servers=_SERVERS) as bouncer:
        fresh = Fresh(login=bouncer.before(dsns.login), owner=dsns.owner, direct=dsns.login)
        port = free_port()
        env = {
            **await user_mode(sandbox),
            **UNLIMITED,
            "XERUS_LOG_LEVEL": "warning",
            "XERUS_PUBLIC_URL": f"http://localhost:{port}",
            "XERUS_DATABASE_URL": url_of(fresh.login),
            "XERUS_DATABASE_DIRECT_URL": url_of(fresh.direct),
        }
        here = Fleet(folder, sandbox, Xerus(folder, env, port=port), postgres=postgres, fresh=fresh)
        here.others = [
            Xerus(folder, env, args=("serve", "--roles", role))
            for role in Role
            for _ in range(_EACH)
        ]
        try:
            await asyncio.to_thread(_start, here.others)
            ways = [(prefix, one.url) for prefix, role in _PATHS for one in here.of(role)]
            async with front(port, ways):
                yield here
        finally:
            await asyncio.to_thread(here.stop)
            await postgres.stop()
            shutil.rmtree(folder, ignore_errors=True)


def _start(processes: list[Xerus]) -> None:
    with ThreadPoolExecutor(len(processes)) as pool:
        list(pool.map(Xerus.start, processes))
