import pytest

from xerus.settings.loading import load
from xerus.settings.problems import SettingsError

VAULT = {"VAULT_ADDR": "https://vault.example", "VAULT_TOKEN": "hvs.canary"}


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
    ],
)
def test_what_a_key_provider_lacks_is_named(env: dict[str, str], variable: str) -> None:
    assert problems(**env)[variable].strip()


def test_settings_of_a_service_that_is_not_used_are_nobodys_business() -> None:
    assert problems(VAULT_ADDR="http://vault:8200", VAULT_TOKEN="x") == {}
