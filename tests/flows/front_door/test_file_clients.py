"""Several processes that start at the same moment, each with the operator's list of clients."""

import asyncio
from dataclasses import replace
from pathlib import Path

from tests.flows.front_door.door import CALLBACK, Attempt, Door
from tests.support.browser import Browser
from tests.support.journeys import ADA
from xerus.grants.client_file import ClientFile, Listed
from xerus.grants.file_clients import FileClients
from xerus.ids import ClientId
from xerus.oauth import scopes

DESK = Listed(
    id=ClientId("desk"),
    place=1,
    name="Desk",
    auth_method="none",
    redirect_uris=(CALLBACK,),
    scopes=scopes.ALL,
    secret_hash=None,
)


async def start_with(door: Door, *clients: Listed) -> None:
    """Let eight processes do at once what each does when it starts."""
    starting = [
        FileClients(
            file=ClientFile(path=Path("clients.json"), clients=clients),
            db=door.database,
            audit=door.audit,
            families=door.families,
            clock=door.clock,
        ).synchronize()
        for _ in range(8)
    ]
    await asyncio.gather(*starting)


async def test_processes_that_start_together_add_change_and_remove_once(
    own_door: Door, person: Browser
) -> None:
    others = [replace(DESK, id=ClientId(f"desk-{n}"), place=n) for n in range(2, 6)]
    await start_with(own_door, DESK, *others)
    held = await Attempt(own_door, "desk").tokens(person, ADA)
    await start_with(own_door, *(replace(one, name="Tool") for one in (DESK, *others)))
    assert (await own_door.mcp(held["access_token"])).json()["client"] == "Tool"
    await start_with(own_door)
    assert (await own_door.mcp(held["access_token"])).status_code == 401
    written = [event for event in await own_door.events() if event.startswith("client:reg")]
    for what in ("created", "changed", "removed"):
        assert written.count(f"client:registration:{what}") == 5
    assert (await own_door.events()).count("grant:family:revoked") == 1
