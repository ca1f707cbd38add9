"""Our own signing keys change under live traffic and nobody notices."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.jwk import KeySet

from tests.flows.front_door.conftest import MakeDoor
from tests.flows.front_door.door import Attempt, Door, Entra
from tests.support.browser import Browser
from tests.support.journeys import ADA
from xerus.keys.file import FileKeyProvider
from xerus.keys.signing import CHANNEL, SigningKeys


class Verifier:
    """A gateway in front of a server: keeps the key set for as long as it may, and asks no sooner."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._keys: KeySet | None = None
        self._until: datetime = door.clock.now()
        self.fetched = 0

    async def accepts(self, token: str) -> bool:
        if self._keys is None or self._door.clock.now() >= self._until:
            response = await self._door.http.get("/oauth/jwks")
            self._keys = KeySet.import_key_set(response.json())
            lasting = int(response.headers["cache-control"].rpartition("max-age=")[2])
            self._until = self._door.clock.now() + timedelta(seconds=lasting)
            self.fetched += 1
        compact = jws.extract_compact(token.encode())
        kid = compact.headers()["kid"]
        key = next((key for key in self._keys if key.kid == kid), None)
        return key is not None and jws.validate_compact(compact, key, ["ES256"])


class Client:
    """An MCP client at work: renews when its token is about to run out, and calls all the time."""

    def __init__(
        self, door: Door, attempt: Attempt, tokens: dict[str, Any], gateway: Verifier
    ) -> None:
        self._door = door
        self._attempt = attempt
        self._tokens = tokens
        self._gateway = gateway
        self._renewed_at = door.clock.now()
        self.kids: set[str] = set()
        self.calls = 0

    async def call(self) -> None:
        door = self._door
        if door.clock.now() - self._renewed_at >= timedelta(minutes=9):
            response = await self._attempt.renew(self._tokens["refresh_token"])
            assert response.status_code == 200, response.text
            self._tokens, self._renewed_at = response.json(), door.clock.now()
        token = self._tokens["access_token"]
        self.kids.add(jws.extract_compact(token.encode()).headers()["kid"])
        assert await self._gateway.accepts(token)
        response = await door.mcp(token)
        assert response.status_code == 200, response.text
        self.calls += 1


async def test_signing_key_rotates_during_live_traffic_without_one_failure(
    entra: Entra, make_door: MakeDoor
) -> None:
    door = await make_door(entra)
    clients = [await _client(door) for _ in range(3)]
    operator = await _another_process(door)

    for minute in range(45):
        if minute == 5:
            assert (await operator.rotate()).begun
        await asyncio.gather(*(client.call() for client in clients for _ in range(3)))
        door.clock.ahead += timedelta(minutes=1)

    assert [client.calls for client in clients] == [135] * 3
    assert all(len(client.kids) == 2 for client in clients)
    assert len((await door.http.get("/oauth/jwks")).json()["keys"]) == 1


async def test_every_process_publishes_a_new_key_as_soon_as_it_is_made(
    entra: Entra, make_door: MakeDoor
) -> None:
    door = await make_door(entra)
    heard = asyncio.Event()
    operator = await _another_process(door)
    # Handlers of a channel run in their order: after this one the door's own has run.
    door.listener.subscribe(CHANNEL, lambda _: heard.set())
    assert len((await door.http.get("/oauth/jwks")).json()["keys"]) == 1
    await operator.rotate()
    async with asyncio.timeout(10):
        await heard.wait()
    assert len((await door.http.get("/oauth/jwks")).json()["keys"]) == 2


async def _client(door: Door) -> Client:
    attempt = Attempt(door, (await door.register())["client_id"])
    async with Browser(stops_at=(attempt.redirect_uri,)) as browser:
        tokens = await attempt.tokens(browser, ADA)
    return Client(door, attempt, tokens, Verifier(door))


async def _another_process(door: Door) -> SigningKeys:
    keys = SigningKeys(
        database=door.database, provider=FileKeyProvider(door.folder / "key"), clock=door.clock
    )
    await keys.start()
    return keys
