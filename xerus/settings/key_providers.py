"""The names that `XERUS_KEY_PROVIDER` takes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from xerus.settings.problems import Problem

Kind = Literal["file", "vault-transit", "aws-kms", "azure-key-vault", "google-kms"]

_FORMS: Mapping[Kind, tuple[str, re.Pattern[str]]] = {
    "vault-transit": (
        "vault-transit:MOUNT/KEY",
        re.compile(r"(?!(?:.*/)?\.\.?/)(?P<mount>[\w.-]+(?:/[\w.-]+)*)/(?P<key>[\w.-]+)", re.ASCII),
    ),
    "aws-kms": (
        "aws-kms:ARN",
        re.compile(
            r"arn:(?P<partition>aws(?:-[a-z-]+)?):kms:(?P<region>[a-z0-9-]+):[0-9]{12}"
            r":(?:key|alias)/[\w/-]+",
            re.ASCII,
        ),
    ),
    "azure-key-vault": (
        "azure-key-vault:https://VAULT.vault.azure.net/keys/NAME",
        re.compile(
            r"(?P<vault>https://[a-z0-9.-]+(?::[0-9]+)?|http://(?:localhost|127\.0\.0\.1)(?::[0-9]+)?)"
            r"/keys/(?P<name>[0-9A-Za-z-]{1,127})(?:/(?P<version>[0-9a-zA-Z]{1,64}))?"
        ),
    ),
    "google-kms": (
        "google-kms:projects/P/locations/L/keyRings/R/cryptoKeys/K",
        re.compile(
            r"projects/[\w.:-]+/locations/[\w-]+/keyRings/[\w-]+/cryptoKeys/[\w-]+", re.ASCII
        ),
    ),
}


@dataclass(frozen=True)
class ProviderName:
    """A key provider and its key; `parts` are the pieces of the name.

    It is no secret, and reads as it was given.
    """

    kind: Kind = "file"
    key: str = ""
    parts: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}" if self.key else self.kind


def named(value: object) -> object:
    """Read the name of a key provider.

    Raises:
        ValueError: it names none; says which forms there are.
    """
    if not isinstance(value, str):
        return value
    if value == "file":
        return ProviderName()
    kind, _, key = value.partition(":")
    if kind not in _FORMS:
        forms = ", ".join(f"`{form}`" for form, _ in _FORMS.values())
        raise ValueError(f"must be `file` or a key in a key management service: {forms}")
    [known] = [one for one in get_args(Kind) if one == kind]
    form, pattern = _FORMS[known]
    found = pattern.fullmatch(key)
    if not found:
        raise ValueError(f"must have the form `{form}`")
    parts = {name: part or "" for name, part in found.groupdict().items()}
    return ProviderName(kind=known, key=key, parts=parts)


def needed(kind: Kind) -> tuple[tuple[str, ...], ...]:
    """Return the settings that a provider needs; one name of each tuple is enough."""
    return _NEEDED[kind]


def lacking(kind: Kind, given: Mapping[str, object]) -> list[Problem]:
    """Return what a provider needs and `given` lacks, by the names of the settings."""
    problems = []
    for names in needed(kind):
        if not any(given.get(name) for name in names):
            told = " or ".join(names)
            problems.append(
                Problem(
                    variable=names[0],
                    message=f"is missing, but the key provider `{kind}` needs it",
                    remedy=f"Set {told}, or use another key provider.",
                )
            )
    return problems


_NEEDED: Mapping[Kind, tuple[tuple[str, ...], ...]] = {
    "file": (),
    "vault-transit": (("VAULT_ADDR",), ("VAULT_TOKEN",)),
    "aws-kms": (
        ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        ("AWS_SECRET_ACCESS_KEY", "AWS_ROLE_ARN"),
    ),
    "azure-key-vault": (
        ("AZURE_TENANT_ID",),
        ("AZURE_CLIENT_ID",),
        ("AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE"),
    ),
    "google-kms": (("GOOGLE_APPLICATION_CREDENTIALS",),),
}

ADDRESSES: Mapping[Kind, tuple[str, ...]] = {
    "file": (),
    "vault-transit": ("VAULT_ADDR",),
    "aws-kms": ("AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL_STS"),
    "azure-key-vault": ("AZURE_AUTHORITY_HOST",),
    "google-kms": ("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS",),
}
"""The settings of a provider that are addresses."""
