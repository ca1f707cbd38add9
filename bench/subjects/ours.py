"""Xerus: sign-in checked, credential out of the vault, audit on."""

import asyncio
from collections.abc import Sequence

from bench.driver import HANDSHAKE, Driver
from bench.subjects.subject import PEOPLE, Subject
from bench.world import Person, World


class Xerus(Subject):
    """The process of a world, with settings of its own."""

    def __init__(
        self,
        key: str,
        title: str,
        *,
        here: World,
        people: Sequence[Person],
        env: dict[str, str],
        credentials: int = PEOPLE,
        module: str = "xerus",
    ) -> None:
        self.key, self.title, self.credentials = key, title, credentials
        self._program = ("-m", module)
        self._here, self._people, self._env = here, people, env

    def start(self) -> None:
        self._here.xerus.env, self._here.xerus.program = self._env, self._program
        self._here.start()

    def stop(self) -> None:
        self._here.xerus.stop()

    def client(self, caller: int) -> Driver:
        return self._people[caller % PEOPLE].driver(revision=HANDSHAKE)

    async def prepare(self) -> None:
        """Renew everybody's access token: it lasts ten minutes, a whole run may last longer."""
        await asyncio.gather(*(somebody.refresh() for somebody in self._people))

    @property
    def pid(self) -> int:
        return self._here.pid

    @property
    def database_pid(self) -> int:
        return self._here.database_pid


def with_shared_token(env: dict[str, str], upstream: str) -> dict[str, str]:
    """Return the settings with the operator's token in place of each person's connection."""
    kept = {
        name: value
        for name, value in env.items()
        if not name.startswith(("ATLASSIAN_", "JIRA_", "CONFLUENCE_"))
    }
    return kept | {
        "JIRA_URL": upstream,
        "JIRA_PERSONAL_TOKEN": "operator",
        "CONFLUENCE_URL": upstream,
        "CONFLUENCE_PERSONAL_TOKEN": "operator",
    }
