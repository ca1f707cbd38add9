"""The key provider of the settings, and whether it answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from pydantic import SecretStr

from xerus.egress.client import Egress
from xerus.errors import NotConfigured, Unavailable, XerusError
from xerus.keys.file import FileKeyProvider
from xerus.keys.kms.calls import Calls, Patience
from xerus.keys.kms.envelope import KeyService, ServiceKeyProvider
from xerus.keys.kms.vault_transit import VaultTransit
from xerus.keys.moving import MovingProvider
from xerus.keys.provider import KeyProvider
from xerus.settings.groups import KeyServiceSettings, Settings
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
    match name.kind:
        case "file":
            return Keyring(provider=FileKeyProvider(settings.server.data_dir / "key"))
        case "vault-transit":
            return _vault_transit(settings.key_services, name, patience)
    assert_never(name.kind)


def _vault_transit(services: KeyServiceSettings, name: ProviderName, patience: Patience) -> Keyring:
    address = services.vault_addr or ""
    egress = Egress(allowed_origins=[address])
    return _over(
        egress,
        VaultTransit(
            Calls(egress, title="Vault", patience=patience),
            address=address,
            mount=name.parts["mount"],
            key=name.parts["key"],
            token=lambda: _secret(services.vault_token, services.vault_token_file),
            namespace=services.vault_namespace or "",
        ),
    )


def _over(egress: Egress, service: KeyService) -> Keyring:
    return Keyring(provider=ServiceKeyProvider(service), ways=(egress,))


def _secret(given: SecretStr | None, path: Path | None) -> SecretStr:
    """Return what a file holds now, and what was given where there is none."""
    if path is not None:
        try:
            return SecretStr(path.read_text().strip())
        except (OSError, UnicodeDecodeError):
            log.warning("credential_file_not_read", file=str(path))
    return given or SecretStr("")


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
