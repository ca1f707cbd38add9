"""What is read from the environment, and what is said of a wrong one."""

from decimal import Decimal
from pathlib import Path

import pytest

from xerus.settings.groups import known
from xerus.settings.loading import examine, load
from xerus.settings.model_prices import ModelPrice
from xerus.settings.models import windows
from xerus.settings.problems import SettingsError

ENTRA = {
    "ENTRA_ID_EXPECTED_ISSUER": "https://login.microsoftonline.com/0000/v2.0",
    "ENTRA_ID_CLIENT_ID": "app",
    "ENTRA_ID_CLIENT_SECRET": "s3cret-value",
}


def problems(**env: str) -> dict[str, str]:
    return {p.variable: f"{p.message} {p.remedy}" for p in examine(env)[1]}


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    settings = load({})
    assert settings.public_url == "http://localhost:8000"
    assert settings.identity.scope == "openid profile email"
    assert settings.credential_mode == "user"
    assert not settings.identity.configured


def test_the_public_url_follows_the_port_and_redirects_follow_the_public_url() -> None:
    settings = load({"XERUS_PORT": "9000"})
    assert settings.public_url == "http://localhost:9000"
    assert settings.identity_redirect_uri == "http://localhost:9000/oauth/callback"
    assert settings.atlassian_redirect_uri.endswith("/connections/atlassian/callback")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ENTRA_ID_CLIENT_ID", "OAUTH_DCR_CLIENT_ID"),
        ("ENTRA_ID_CLIENT_SECRET", "OAUTH_DCR_CLIENT_SECRET"),
        ("OAUTH_DCR_REDIRECT_URI", "ENTRA_ID_REDIRECT_URI"),
        ("OAUTH_DCR_SCOPE", "ENTRA_ID_SCOPE"),
        ("JIRA_PERSONAL_TOKEN", "JIRA_API_TOKEN"),
        ("CONFLUENCE_PERSONAL_TOKEN", "CONFLUENCE_API_TOKEN"),
    ],
)
def test_two_names_of_one_setting_work_and_start_up_says_when_they_differ(
    one: str, other: str
) -> None:
    assert f"{one} and {other}" in problems(**{one: "a", other: "b"})
    assert f"{one} and {other}" not in problems(**{one: "a", other: "a"})


def test_every_name_of_the_contract_is_known() -> None:
    names = {name for setting in known() for name in setting.names}
    assert {
        *("XERUS_PUBLIC_URL", "XERUS_TRUSTED_PROXIES", "XERUS_PORT", "XERUS_HOST"),
        *("XERUS_DATABASE_URL", "XERUS_DATABASE_DIRECT_URL", "XERUS_DATA_DIR"),
        *("XERUS_KEY_PROVIDER", "XERUS_MODEL", "XERUS_ADMINS", "XERUS_ATLASSIAN_CREDENTIALS"),
        *("ENTRA_ID_EXPECTED_ISSUER", "ENTRA_ID_CLIENT_ID", "ENTRA_ID_CLIENT_SECRET"),
        *("OAUTH_DCR_CLIENT_ID", "OAUTH_DCR_CLIENT_SECRET", "OAUTH_DCR_REDIRECT_URI"),
        *("ENTRA_ID_REDIRECT_URI", "OAUTH_DCR_SCOPE", "ENTRA_ID_SCOPE"),
        *("ATLASSIAN_OAUTH_CLIENT_ID", "ATLASSIAN_OAUTH_CLIENT_SECRET"),
        *("ATLASSIAN_OAUTH_REDIRECT_URI", "ATLASSIAN_OAUTH_SCOPE"),
        *("ATLASSIAN_AUTH_URL", "ATLASSIAN_API_URL"),
        *("JIRA_URL", "JIRA_USERNAME", "JIRA_PERSONAL_TOKEN", "JIRA_API_TOKEN"),
        *("CONFLUENCE_URL", "CONFLUENCE_USERNAME", "CONFLUENCE_PERSONAL_TOKEN"),
        *("CONFLUENCE_API_TOKEN", "XERUS_SANDBOX_ATLASSIAN_PORT", "XERUS_SANDBOX_ENTRA_PORT"),
    } <= names


def test_a_secret_is_read_from_its_file_twin(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from-file\n")
    env = {**ENTRA, "ENTRA_ID_CLIENT_SECRET_FILE": str(secret)}
    del env["ENTRA_ID_CLIENT_SECRET"]
    found = load(env).identity.client_secret
    assert found is not None
    assert found.get_secret_value() == "from-file"


def test_an_unreadable_file_twin_is_named() -> None:
    assert "ENTRA_ID_CLIENT_SECRET_FILE" in problems(ENTRA_ID_CLIENT_SECRET_FILE="/nowhere/at/all")


def test_an_unknown_name_is_an_error_that_names_the_nearest() -> None:
    assert "XERUS_PORT" in problems(XERUS_PROT="1")["XERUS_PROT"]


def test_all_problems_come_together_and_never_show_a_value() -> None:
    with pytest.raises(SettingsError) as caught:
        load(
            {
                "XERUS_PORT": "eight-thousand",
                "JIRA_PERSONAL_TOKEN": "s3cret-value",
                "XERUS_PUBLIC_URL": "http://s3cret-value.example.com",
                "ENTRA_ID_CLIENT_SECRET": "s3cret-value",
            }
        )
    named = {problem.variable for problem in caught.value.problems}
    assert {"XERUS_PORT", "JIRA_URL", "XERUS_PUBLIC_URL", "ENTRA_ID_EXPECTED_ISSUER"} <= named
    told = str(caught.value) + "".join(p.message + p.remedy for p in caught.value.problems)
    assert "s3cret-value" not in told
    assert "eight-thousand" not in told


def test_plain_http_is_refused_unless_the_host_is_loopback() -> None:
    assert "XERUS_PUBLIC_URL" in problems(XERUS_PUBLIC_URL="http://xerus.example.com")
    assert problems(XERUS_PUBLIC_URL="http://127.0.0.1:8000") == {}


@pytest.mark.parametrize(
    ("env", "variable"),
    [
        ({**ENTRA, "ENTRA_ID_CLIENT_SECRET": ""}, "ENTRA_ID_CLIENT_SECRET"),
        (
            {**ENTRA, "ENTRA_ID_EXPECTED_ISSUER": "https://login.example/{tenant-id}/v2.0"},
            "ENTRA_ID_EXPECTED_ISSUER",
        ),
        ({"OAUTH_DCR_REDIRECT_URI": "http://localhost:1/oauth/callback"}, "OAUTH_DCR_REDIRECT_URI"),
        ({"ATLASSIAN_OAUTH_CLIENT_ID": "x"}, "ATLASSIAN_OAUTH_CLIENT_SECRET"),
        ({"JIRA_URL": "https://acme.example"}, "JIRA_PERSONAL_TOKEN"),
        (
            {"JIRA_URL": "https://acme.example", "JIRA_OAUTH_CLIENT_ID": "x"},
            "JIRA_OAUTH_CLIENT_SECRET",
        ),
        (
            {"CONFLUENCE_OAUTH_CLIENT_ID": "x", "CONFLUENCE_OAUTH_CLIENT_SECRET": "y"},
            "CONFLUENCE_URL",
        ),
        (
            {
                "JIRA_URL": "https://acme.atlassian.net",
                "JIRA_OAUTH_CLIENT_ID": "x",
                "JIRA_OAUTH_CLIENT_SECRET": "y",
            },
            "JIRA_OAUTH_CLIENT_ID",
        ),
        ({"XERUS_ATLASSIAN_CREDENTIALS": "shared"}, "XERUS_ATLASSIAN_CREDENTIALS"),
        ({"XERUS_DATABASE_DIRECT_URL": "postgresql://h/d"}, "XERUS_DATABASE_DIRECT_URL"),
        ({"XERUS_KEY_PROVIDER": "nothing://"}, "XERUS_KEY_PROVIDER"),
        ({"XERUS_MODEL": "anthropic:some-model"}, "ANTHROPIC_API_KEY"),
        ({"XERUS_MODEL": "nonsense"}, "XERUS_MODEL"),
        ({"XERUS_MODEL": "compatible:some-model"}, "XERUS_MODEL_URL"),
        ({"XERUS_MODELS": "openai:some-model"}, "OPENAI_API_KEY"),
        ({"XERUS_MODELS": "nonsense"}, "XERUS_MODELS"),
        ({"XERUS_MODEL_WINDOWS": "openai:some-model"}, "XERUS_MODEL_WINDOWS"),
        ({"XERUS_MODEL_WINDOWS": "openai:some-model=64"}, "XERUS_MODEL_WINDOWS"),
        ({"XERUS_MODEL_WINDOWS": "some-model=64000"}, "XERUS_MODEL_WINDOWS"),
        ({"XERUS_MODEL_PRICES": "openai:some-model=1/2"}, "XERUS_MODEL_PRICES"),
        ({"XERUS_CHAT_TOKENS_PER_DAY": "0"}, "XERUS_CHAT_TOKENS_PER_DAY"),
        ({"XERUS_MODEL_URL": "http://models.example.com/v1"}, "XERUS_MODEL_URL"),
        ({"XERUS_OPENAI_URL": "http://gateway.example.com/v1"}, "XERUS_OPENAI_URL"),
        ({"XERUS_ANTHROPIC_URL": "ftp://gateway.example.com"}, "XERUS_ANTHROPIC_URL"),
    ],
)
def test_each_contradiction_is_named_with_a_remedy(env: dict[str, str], variable: str) -> None:
    assert problems(**env)[variable].strip()


def test_each_model_of_the_list_is_told_what_it_lacks() -> None:
    told = problems(XERUS_MODELS="anthropic:one, openai:two, compatible:three")
    assert set(told) == {"ANTHROPIC_API_KEY", "OPENAI_API_KEY", "XERUS_MODEL_URL"}
    assert "anthropic:one" in told["ANTHROPIC_API_KEY"]


def test_the_windows_of_models_are_read() -> None:
    env = {"XERUS_MODEL_WINDOWS": "compatible:qwen3:8b=32768, openai:some-model=400000"}
    assert windows(load(env).assistant.windows) == {
        "compatible:qwen3:8b": 32_768,
        "openai:some-model": 400_000,
    }


def test_prices_are_read_to_the_last_digit_whatever_signs_a_models_name_has() -> None:
    names = "compatible:hf.co/some/model:Q4", "openai:a=b"
    prices = f"{names[0]}=0/0, {names[1]}=1.25/10/0.125"
    env = {
        "XERUS_MODELS": ",".join(names),
        "XERUS_MODEL_URL": "http://localhost:1/v1",
        "OPENAI_API_KEY": "k",
    }
    free, other = load({**env, "XERUS_MODEL_PRICES": prices}).assistant.prices
    assert free == ModelPrice(model=names[0], tokens_in=Decimal(0), tokens_out=Decimal(0))
    assert other == ModelPrice(
        model=names[1],
        tokens_in=Decimal("1.25"),
        tokens_out=Decimal(10),
        cached=Decimal("0.125"),
    )


@pytest.mark.parametrize(
    "wrong",
    [
        *("-1/2", "1/-2", "1", "1/2/3/4", "nan/1", "inf/1", "1e9/1", "1/2/-0", "/", "", "1,2/3"),
        *("9999999/1", "0x1/1", "\u0661/1", "1/2/", "1//2", "$1/$2"),
    ],
)
def test_a_price_that_is_none_is_refused_with_the_form_it_has(wrong: str) -> None:
    env = {"XERUS_MODEL": "openai:some-model", "OPENAI_API_KEY": "k"}
    told = problems(**env, XERUS_MODEL_PRICES=f"openai:some-model={wrong}")
    assert "MODEL=IN/OUT" in told["XERUS_MODEL_PRICES"]
    twice = problems(**env, XERUS_MODEL_PRICES="openai:some-model=1/2,openai:some-model=1/3")
    assert "once" in twice["XERUS_MODEL_PRICES"]


def test_a_model_on_another_machine_needs_https_or_a_switch_that_says_so() -> None:
    url = {"XERUS_MODEL": "compatible:x", "XERUS_MODEL_URL": "http://10.0.0.5:8000/v1"}
    assert "XERUS_MODEL_PLAIN_HTTP" in problems(**url)["XERUS_MODEL_URL"]
    assert problems(**url, XERUS_MODEL_PLAIN_HTTP="true") == {}
    assert problems(**{**url, "XERUS_MODEL_URL": "http://localhost:11434/v1"}) == {}


def test_a_token_without_an_atlassian_app_means_shared() -> None:
    env = {"JIRA_URL": "https://acme.example", "JIRA_API_TOKEN": "t"}
    assert load(env).credential_mode == "shared"
    app = {"ATLASSIAN_OAUTH_CLIENT_ID": "x", "ATLASSIAN_OAUTH_CLIENT_SECRET": "y"}
    assert load({**env, **app}).credential_mode == "user"


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("XERUS_PUBLIC_URL", "https://xerus.example.com/base", "must not carry a path"),
        ("XERUS_TRUSTED_PROXIES", "proxy.example.com", "addresses or networks"),
        ("XERUS_DATABASE_URL", "mysql://xerus:canary@db/xerus", "must be a URL of PostgreSQL"),
        ("JIRA_URL", "http://jira.example.com", "must use https"),
        (
            "ENTRA_ID_EXPECTED_ISSUER",
            "https://login.microsoftonline.com/common/v2.0",
            "names no tenant",
        ),
        (
            "ENTRA_ID_EXPECTED_ISSUER",
            "https://sts.windows.net/11111111-2222-3333-4444-555555555555/",
            "the issuer of version 1 tokens",
        ),
        (
            "ENTRA_ID_EXPECTED_ISSUER",
            "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555",
            "the issuer of version 1 tokens",
        ),
        ("ENTRA_ID_ALLOWED_TENANTS", "11111111-2222-3333-4444-555555555555", "names one tenant"),
        ("ENTRA_ID_CLIENT_CERTIFICATE", "a certificate", "beside ENTRA_ID_CLIENT_SECRET"),
    ],
)
def test_a_value_that_could_not_work_is_named_once_and_not_shown(
    variable: str, value: str, told: str
) -> None:
    complete = {
        "ENTRA_ID_EXPECTED_ISSUER": "https://login.example.com/tenant/v2.0",
        "ENTRA_ID_CLIENT_ID": "id",
        "ENTRA_ID_CLIENT_SECRET": "secret",
        "JIRA_URL": "https://jira.example.com",
        "JIRA_PERSONAL_TOKEN": "token",
    }

    _, problems = examine({**complete, variable: value})

    assert [problem.variable for problem in problems] == [variable]
    assert told in problems[0].message
    assert value not in problems[0].message + problems[0].remedy


ORGANIZATIONS = {
    "ENTRA_ID_EXPECTED_ISSUER": "https://login.microsoftonline.com/organizations/v2.0",
    "ENTRA_ID_CLIENT_ID": "id",
    "ENTRA_ID_CLIENT_SECRET": "secret",
}


def test_a_shared_issuer_needs_tenant_ids() -> None:
    tenants = "11111111-2222-3333-4444-555555555555, 66666666-7777-8888-9999-aaaaaaaaaaaa"
    assert examine({**ORGANIZATIONS, "ENTRA_ID_ALLOWED_TENANTS": tenants})[1] == []
    _, problems = examine({**ORGANIZATIONS, "ENTRA_ID_ALLOWED_TENANTS": "example.com"})
    assert [problem.variable for problem in problems] == ["ENTRA_ID_ALLOWED_TENANTS"]


def test_a_machine_role_needs_a_shared_credential() -> None:
    complete = {
        **ORGANIZATIONS,
        "ENTRA_ID_EXPECTED_ISSUER": "https://login.example.com/tenant/v2.0",
        "XERUS_MACHINE_ROLE": "Xerus.Machine",
    }
    _, problems = examine(complete)
    assert [problem.variable for problem in problems] == ["XERUS_MACHINE_ROLE"]
    shared = {"JIRA_URL": "https://jira.example.com", "JIRA_PERSONAL_TOKEN": "token"}
    assert examine(complete | shared)[1] == []


def test_an_empty_secret_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("\n")

    _, problems = examine({"ENTRA_ID_CLIENT_SECRET_FILE": str(tmp_path / "secret")})

    assert problems[0].variable == "ENTRA_ID_CLIENT_SECRET_FILE"
    assert problems[0].message == "the file it names is empty"
