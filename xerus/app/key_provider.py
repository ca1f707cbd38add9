"""The key provider of the settings, and whether it answers."""

from collections.abc import Iterator
from dataclasses import dataclass

from xerus.egress.client import Egress
from xerus.errors import NotConfigured, Unavailable, XerusError
from xerus.keys.file import FileKeyProvider
from xerus.keys.kms.calls import Patience
from xerus.keys.kms.envelope import ServiceKeyProvider
from xerus.keys.moving import MovingProvider
from xerus.keys.provider import KeyProvider
from xerus.settings.groups import Settings
from xerus.settings.key_providers import ProviderName
from xerus.telemetry import metric_list
from xerus.telemetry.logs import logger
from xerus.telemetry.metrics import Reading
from xerus.vault.service import Vault
from xerus.worker.loops import Loop

log = logger(__name__)

_LOOK_SECONDS = 300.0


@dataclass(frozen=True, kw_only=True)
class Keyring:
    """The provider, and its own way out, which leads to its service and nowhere else."""

    provider: KeyProvider
    ways: tuple[Egress, ...] = ()

    async def close(self) -> None:
        """Close what is open."""
        for egress in self.ways:
            await egress.close()


def keyring(settings: Settings, patience: Patience | None = None) -> Keyring:
    """Build the provider of `XERUS_KEY_PROVIDER`, and while keys move the one before it.

    Raises:
        NotConfigured: a credential cannot be read.
    """
    now = _one(settings, settings.vault.key_provider, patience or Patience())
    if settings.vault.key_provider_before is None:
        return now
    before = _one(settings, settings.vault.key_provider_before, patience or Patience())
    return Keyring(
        provider=MovingProvider(now=now.provider, before=before.provider),
        ways=(*now.ways, *before.ways),
    )


def _one(settings: Settings, name: ProviderName, patience: Patience) -> Keyring:
    if name.kind == "file":
        return Keyring(provider=FileKeyProvider(settings.server.data_dir / "key"))
    from xerus.app.key_services import connect  # noqa: PLC0415 - few need it, and starts are measured

    service, ways = connect(settings.key_services, name, patience)
    return Keyring(provider=ServiceKeyProvider(service), ways=ways)


class ProviderWatch:
    """Looks now and then whether the provider would still let a process start.

    What runs has its keys in memory and goes on without: this is for operators, and changes nothing.
    """

    def __init__(self, *, vault: Vault) -> None:
        self._vault = vault
        self.answers = True
        self.loop = Loop(name="key-provider", every_seconds=_LOOK_SECONDS, run=self.look)

    async def look(self) -> int:
        """Ask the provider once; return 0, as a loop that need not hurry does."""
        try:
            await self._vault.try_provider()
        except Unavailable as error:
            if error.code == "key_provider_away":  # else it is the database
                self._fails(error)
        except NotConfigured as error:
            self._fails(error)
        else:
            if not self.answers:
                log.warning("key_provider_answers_again")
            self.answers = True
        return 0

    def readings(self) -> Iterator[Reading]:
        """Yield what the last look found."""
        yield metric_list.KEY_PROVIDER_UP, self.answers

    def _fails(self, error: XerusError) -> None:
        log.warning("key_provider_fails", why=error.message, debug=error.debug)
        self.answers = False
