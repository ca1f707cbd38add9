"""All simulated key management services, by the names that settings use."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.support.key_services.aws import FakeAws
from tests.support.key_services.azure import FakeAzure
from tests.support.key_services.google import FakeGoogle
from tests.support.key_services.service import FakeService
from tests.support.key_services.vault import FakeVault

EVERY: Mapping[str, Callable[[Path], FakeService]] = {
    "vault-transit": FakeVault,
    "aws-kms": FakeAws,
    "azure-key-vault": FakeAzure,
    "google-kms": FakeGoogle,
}
