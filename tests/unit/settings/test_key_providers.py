import pytest

from xerus.settings.loading import load
from xerus.settings.problems import SettingsError

VAULT = {"VAULT_ADDR": "https://vault.example", "VAULT_TOKEN": "hvs.canary"}
ARN = "arn:aws-us-gov:kms:us-gov-west-1:111122223333:alias/xerus"
AWS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "canary"}
AZURE = {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "canary"}
RING = "projects/example.com:acme/locations/global/keyRings/r/cryptoKeys"
GOOGLE = {"GOOGLE_APPLICATION_CREDENTIALS": "/run/account.json"}


def problems(**env: str) -> dict[str, str]:
    try:
        load(env)
    except SettingsError as error:
        return {one.variable: f"{one.message} {one.remedy}" for one in error.problems}
    return {}


@pytest.mark.parametrize(
    ("name", "env", "parts"),
    [
        ("file", {}, {}),
        ("vault-transit:transit/xerus", VAULT, {"mount": "transit", "key": "xerus"}),
        (f"aws-kms:{ARN}", AWS, {"partition": "aws-us-gov", "region": "us-gov-west-1"}),
        (
            "azure-key-vault:https://acme.vault.azure.net/keys/xerus",
            AZURE,
            {"vault": "https://acme.vault.azure.net", "name": "xerus", "version": ""},
        ),
        (
            "azure-key-vault:https://acme.vault.azure.net/keys/xerus/0a1b",
            AZURE,
            {"vault": "https://acme.vault.azure.net", "name": "xerus", "version": "0a1b"},
        ),
        (f"google-kms:{RING}/xerus", GOOGLE, {}),
        ("vault-transit:team/kms/xerus.1", VAULT, {"mount": "team/kms", "key": "xerus.1"}),
    ],
)
def test_a_key_provider_is_read_by_its_parts(
    name: str, env: dict[str, str], parts: dict[str, str]
) -> None:
    found = load({**env, "XERUS_KEY_PROVIDER": name}).vault.key_provider

    assert (str(found), found.parts) == (name, parts)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nothing://", "must be `file` or a key in a key management service"),
        ("File", "must be `file`"),
        ("file:/somewhere", "must be `file`"),
        ("vault-transit", "must have the form `vault-transit:MOUNT/KEY`"),
        ("vault-transit:xerus", "`vault-transit:MOUNT/KEY`"),
        ("aws-kms:alias/xerus", "`aws-kms:ARN`"),
        (f"aws-kms:{ARN.replace(':kms:', ':s3:')}", "`aws-kms:ARN`"),
        ("aws-kms:arn:aws:kms:eu.evil/:111122223333:key/x", "`aws-kms:ARN`"),
        ("azure-key-vault:acme/xerus", "`azure-key-vault:https://VAULT"),
        ("azure-key-vault:http://acme.vault.azure.net/keys/x", "`azure-key-vault:https://VAULT"),
        (
            "azure-key-vault:https://acme.vault.azure.net/secrets/x",
            "`azure-key-vault:https://VAULT",
        ),
        ("azure-key-vault:https://a@b.example/keys/x", "`azure-key-vault:https://VAULT"),
        (f"google-kms:{RING}/x/cryptoKeyVersions/1", "`google-kms:projects/P/"),
        ("google-kms:xerus", "`google-kms:projects/P/"),
        ("vault-transit:a/../../sys/x y", "`vault-transit:MOUNT/KEY`"),
        ("vault-transit:a/../sys/b", "`vault-transit:MOUNT/KEY`"),
        ("vault-transit:a//b", "`vault-transit:MOUNT/KEY`"),
        ("vault-transit:a/b?c", "`vault-transit:MOUNT/KEY`"),
    ],
)
def test_a_malformed_key_provider_is_told_with_the_form_it_should_have(
    name: str, told: str
) -> None:
    for variable in ("XERUS_KEY_PROVIDER", "XERUS_KEY_PROVIDER_BEFORE"):
        assert told in problems(**VAULT, **{variable: name})[variable]


@pytest.mark.parametrize(
    ("env", "variable"),
    [
        ({"XERUS_KEY_PROVIDER": "vault-transit:t/k", "VAULT_TOKEN": "x"}, "VAULT_ADDR"),
        ({**VAULT, "XERUS_KEY_PROVIDER": "vault-transit:t/k", "VAULT_TOKEN": ""}, "VAULT_TOKEN"),
        ({"XERUS_KEY_PROVIDER_BEFORE": "vault-transit:t/k", "VAULT_TOKEN": "x"}, "VAULT_ADDR"),
        (
            {**VAULT, "XERUS_KEY_PROVIDER": "vault-transit:t/k", "VAULT_ADDR": "http://vault:8200"},
            "VAULT_ADDR",
        ),
        ({"XERUS_KEY_PROVIDER_BEFORE": "file"}, "XERUS_KEY_PROVIDER_BEFORE"),
        ({"XERUS_KEY_PROVIDER": f"aws-kms:{ARN}"}, "AWS_ACCESS_KEY_ID"),
        (
            {"XERUS_KEY_PROVIDER": f"aws-kms:{ARN}", "AWS_ACCESS_KEY_ID": "x"},
            "AWS_SECRET_ACCESS_KEY",
        ),
        (
            {
                **AWS,
                "XERUS_KEY_PROVIDER": f"aws-kms:{ARN}",
                "AWS_ENDPOINT_URL_KMS": "http://kms.example",
            },
            "AWS_ENDPOINT_URL_KMS",
        ),
        (
            {
                **AZURE,
                "XERUS_KEY_PROVIDER": "azure-key-vault:https://a.vault.azure.net/keys/k",
                "AZURE_CLIENT_SECRET": "",
            },
            "AZURE_CLIENT_SECRET",
        ),
        ({"XERUS_KEY_PROVIDER": f"google-kms:{RING}/k"}, "GOOGLE_APPLICATION_CREDENTIALS"),
    ],
)
def test_what_a_key_provider_lacks_is_named(env: dict[str, str], variable: str) -> None:
    assert problems(**env)[variable].strip()


def test_settings_of_a_service_that_is_not_used_are_nobodys_business() -> None:
    assert problems(VAULT_ADDR="http://vault:8200", VAULT_TOKEN="x") == {}
