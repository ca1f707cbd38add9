import pytest

from xerus.settings import loading, readiness

CLOUD = {"ATLASSIAN_OAUTH_CLIENT_ID": "x", "ATLASSIAN_OAUTH_CLIENT_SECRET": "planted-secret"}
SHARED = {"JIRA_URL": "https://jira.example.com", "JIRA_PERSONAL_TOKEN": "planted-secret"}
LINKED = {
    "CONFLUENCE_URL": "https://wiki.example.com",
    "CONFLUENCE_OAUTH_CLIENT_ID": "x",
    "CONFLUENCE_OAUTH_CLIENT_SECRET": "planted-secret",
}


def missing(**env: str) -> dict[str, tuple[str, ...]]:
    settings, _ = loading.examine(env)
    parts = readiness.parts(settings)
    assert "planted-secret" not in repr(parts)
    return {part.subject: part.missing for part in parts if part.missing}


def test_of_nothing_everything_is_missing() -> None:
    assert missing() == {
        "address": ("XERUS_PUBLIC_URL",),
        "sign_in": ("ENTRA_ID_EXPECTED_ISSUER", "ENTRA_ID_CLIENT_ID", "ENTRA_ID_CLIENT_SECRET"),
        "administrators": ("XERUS_ADMINS",),
        "atlassian": ("ATLASSIAN_OAUTH_CLIENT_ID", "ATLASSIAN_OAUTH_CLIENT_SECRET"),
        "model": ("XERUS_MODEL",),
        "mail": ("XERUS_SMTP_HOST", "XERUS_MAIL_FROM"),
        "support": ("XERUS_SUPPORT_CONTACT",),
    }


@pytest.mark.parametrize("way", [CLOUD, SHARED, LINKED])
def test_each_way_to_jira_or_confluence_is_one(way: dict[str, str]) -> None:
    assert "atlassian" not in missing(**way)


def test_an_address_counts_where_others_reach_it() -> None:
    assert "address" in missing(XERUS_PUBLIC_URL="http://localhost:9000")
    assert "address" not in missing(XERUS_PUBLIC_URL="https://xerus.example.com")
