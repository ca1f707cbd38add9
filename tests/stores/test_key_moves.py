"""Keys that move from one provider to another, and a service that is away."""

from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
from starlette.applications import Starlette

from tests.flows.front_door.door import MovableClock
from tests.stores.databases import Fresh
from tests.support.key_services.every import EVERY
from tests.support.key_services.service import FakeService, status
from tests.support.key_services.vault import FakeVault
from xerus.app.foundation import DatabaseUrls, lay
from xerus.app.key_provider import Keyring, ProviderWatch, keyring
from xerus.app.probes import probe_routes
from xerus.db.database import Database
from xerus.errors import Unavailable
from xerus.ids import new_id
from xerus.keys.kms.calls import Patience
from xerus.keys.provider import KeyProvider, WrongKey
from xerus.keys.purpose import PurposeKeys
from xerus.keys.signing import LEAD, SigningKeys
from xerus.settings.loading import load
from xerus.telemetry.metrics import Metrics
from xerus.vault.envelope import Binding
from xerus.vault.service import Vault

_PURPOSES = ("csrf", "audit-mac")
_QUICK = Patience(attempt_seconds=20, pauses=(), rest_seconds=0)


@dataclass
class Keys:
    """The keys of one process."""

    provider: KeyProvider
    purposes: PurposeKeys
    signing: SigningKeys
    vault: Vault

    async def rewrap(self, *, everything: bool = False) -> int:
        kinds = (self.purposes, self.signing, self.vault)
        return sum([await kind.rewrap(everything=everything) for kind in kinds])


class Processes:
    """Starts processes with the settings given, on one database."""

    def __init__(self, database: Database, folder: Path, service: FakeService) -> None:
        self.database = database
        self._folder = folder
        self._service = service
        self.clock = MovableClock()
        self._rings: list[Keyring] = []

    async def aclose(self) -> None:
        for ring in self._rings:
            await ring.close()

    async def start(self, provider: str, before: str = "") -> Keys:
        env = {**self._service.env, "XERUS_KEY_PROVIDER": provider}
        env |= {"XERUS_DATA_DIR": str(self._folder), "XERUS_KEY_PROVIDER_BEFORE": before}
        self._rings.append(keyring(load(env), _QUICK))
        one = self._rings[-1].provider
        keys = Keys(
            provider=one,
            purposes=PurposeKeys(database=self.database, provider=one),
            signing=SigningKeys(database=self.database, provider=one, clock=self.clock),
            vault=Vault(database=self.database, provider=one),
        )
        await keys.vault.start()
        await keys.purposes.start()
        for purpose in _PURPOSES:
            await keys.purposes.get(purpose)
        await keys.signing.start()
        return keys


_VAULT = "vault-transit:transit/xerus"
_HERE = Binding(table="credentials", column="access_token", row_id=new_id(), user_id=new_id())


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[FakeVault]:
    async with FakeVault(tmp_path) as running:
        yield running


@pytest.fixture
async def processes(
    database: Database, tmp_path: Path, service: FakeVault
) -> AsyncIterator[Processes]:
    made = Processes(database, tmp_path, service)
    yield made
    await made.aclose()


async def ready(processes: Processes, process: Keys, watch: ProviderWatch) -> dict[str, Any]:
    routes = probe_routes(
        db=processes.database,
        vault=process.vault,
        provider=watch,
        metrics=Metrics(),
        metrics_token=None,
    )
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(Starlette(routes=routes)), base_url="http://localhost"
    ) as http:
        answer: dict[str, Any] = (await http.get("/readyz")).json()
        return answer


def references(fresh: Fresh) -> set[str]:
    with psycopg.connect(fresh.owner) as conn:
        found = conn.execute(
            "SELECT reference FROM data_keys UNION SELECT reference FROM purpose_keys"
            " UNION SELECT reference FROM signing_keys"
        )
        return {row[0].partition(":")[0] for row in found}


@pytest.mark.parametrize("kind", EVERY)
async def test_keys_move_to_a_service_and_back_and_nothing_stops_opening(
    kind: str, database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    async with (
        EVERY[kind](tmp_path) as service,
        aclosing(Processes(database, tmp_path, service)) as processes,
    ):
        there = service.env["XERUS_KEY_PROVIDER"]
        first = await processes.start("file")
        sealed = await first.vault.seal(b"secret", _HERE)
        token = await first.signing.sign({"sub": "ada"}, typ="at+jwt")
        csrf = await first.purposes.get("csrf")

        await (await processes.start(there, before="file")).rewrap()
        (tmp_path / "key").rename(tmp_path / "put-away")
        assert references(fresh) == {kind}
        second = await processes.start(there)
        assert await second.vault.open(sealed, _HERE) == b"secret"
        assert await second.signing.verify(token, typ="at+jwt") == {"sub": "ada"}
        assert await second.purposes.get("csrf") == csrf
        assert await first.vault.open(sealed, _HERE) == b"secret"

        await (await processes.start("file", before=there)).rewrap()
        await service.go_away()
        assert references(fresh) == {"file"}
        third = await processes.start("file")
        assert await third.vault.open(sealed, _HERE) == b"secret"
        assert await third.signing.verify(token, typ="at+jwt") == {"sub": "ada"}
        with pytest.raises(WrongKey, match="wrapped by `file`"):
            await processes.start(there)


async def test_a_move_that_is_cut_off_anywhere_is_gone_on_with(
    processes: Processes, fresh: Fresh, service: FakeVault
) -> None:
    sealed = await (await processes.start("file")).vault.seal(b"secret", _HERE)
    cut_off = 0
    while "file" in references(fresh):
        moving = await processes.start(_VAULT, before="file")
        service.answer_only(len(service.seen) + 3)  # one key is wrapped with two requests
        with suppress(Unavailable):
            await moving.rewrap()
        cut_off += 1
        service.answer_only(None)
        again = await processes.start(_VAULT, before="file")
        assert await again.vault.open(sealed, _HERE) == b"secret"
        assert cut_off < 20
    assert cut_off == len(_PURPOSES) + 2

    last = await processes.start(_VAULT)
    assert await last.vault.open(sealed, _HERE) == b"secret"


async def test_a_process_asks_the_service_once_for_each_key_and_then_never(
    processes: Processes, service: FakeVault
) -> None:
    await processes.start(_VAULT)
    service.seen.clear()

    process = await processes.start(_VAULT)

    assert len(service.seen) == len(_PURPOSES) + 2
    for _ in range(50):
        sealed = await process.vault.seal(b"secret", _HERE)
        assert await process.vault.open(sealed, _HERE) == b"secret"
        await process.signing.sign({}, typ="at+jwt")
        await process.purposes.get("csrf")
    assert len(service.seen) == len(_PURPOSES) + 2


async def test_what_runs_goes_on_while_the_service_is_away_and_says_so(
    processes: Processes, service: FakeVault
) -> None:
    process = await processes.start(_VAULT)
    metrics = Metrics()
    watch = ProviderWatch(vault=process.vault)
    metrics.watch(watch.readings)
    await watch.look()
    assert b"xerus_key_provider_up 1.0" in metrics.render()
    await service.go_away()
    assert await ready(processes, process, watch) == {"ready": True, "database": True, "keys": True}

    await watch.look()

    told = await ready(processes, process, watch)
    assert (told["ready"], told["key_provider"]) == (True, False)
    assert b"xerus_key_provider_up 0.0" in metrics.render()
    sealed = await process.vault.seal(b"secret", _HERE)
    assert await process.vault.open(sealed, _HERE) == b"secret"
    assert await process.signing.verify(await process.signing.sign({}, typ="a"), typ="a") == {}
    await process.vault.check()
    with pytest.raises(Unavailable):
        await processes.start(_VAULT)
    await service.come_back()
    await watch.look()
    assert b"xerus_key_provider_up 1.0" in metrics.render()


async def test_all_keys_are_wrapped_with_the_newest_version_of_the_services_key(
    processes: Processes, service: FakeVault
) -> None:
    process = await processes.start(_VAULT)
    service.rotate()

    assert await process.rewrap() == 0
    assert await process.rewrap(everything=True) == len(_PURPOSES) + 2

    service.least_version = 2
    await processes.start(_VAULT)


@pytest.mark.parametrize("refusal", [status(403, '{"errors": []}'), status(503, "{}")])
async def test_a_process_that_cannot_open_the_new_keys_goes_on_with_the_old(
    processes: Processes, service: FakeVault, refusal: object
) -> None:
    process, rotating = await processes.start(_VAULT), await processes.start(_VAULT)
    await rotating.vault.rotate()
    await rotating.signing.rotate()
    processes.clock.ahead += LEAD
    service.faults = [refusal] * 10  # type: ignore[list-item]
    process.vault._look_again()
    process.signing._look_again()

    sealed = await process.vault.seal(b"secret", _HERE)
    assert await process.vault.open(sealed, _HERE) == b"secret"
    assert await rotating.vault.open(sealed, _HERE) == b"secret"
    token = await process.signing.sign({}, typ="a")
    assert await rotating.signing.verify(token, typ="a") == {}
    assert len(service.faults) < 10


async def test_keys_that_a_process_with_other_settings_wraps_are_counted(
    processes: Processes, fresh: Fresh, service: FakeVault, tmp_path: Path
) -> None:
    late = await processes.start("file")
    env = {**service.env, "XERUS_KEY_PROVIDER_BEFORE": "file", "XERUS_DATA_DIR": str(tmp_path)}
    urls = DatabaseUrls(login=fresh.login, direct=fresh.login, owner=fresh.owner)
    base = await lay(load(env), urls)
    try:
        assert await base.wrapped_elsewhere() == len(_PURPOSES) + 2
        await base.rewrap()
        assert await base.wrapped_elsewhere() == 0

        await late.purposes.get("correlation")

        assert await base.wrapped_elsewhere() == 1
        assert await base.rewrap() == 1
        assert await base.wrapped_elsewhere() == 0
    finally:
        await base.close()
