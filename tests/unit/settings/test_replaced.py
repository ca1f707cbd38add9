"""The variables of mcp-atlassian, as `xerus mcp` takes them."""

import pytest

from xerus.settings.loading import examine
from xerus.settings.replaced import adapted

CLOUD = {
    "JIRA_URL": "https://acme.atlassian.net",
    "JIRA_USERNAME": "ada@example.com",
    "JIRA_API_TOKEN": "s3cret-value",
}


def notes(**env: str) -> str:
    return "\n".join(adapted(env).notes)


def test_a_usual_configuration_is_taken_as_it_is() -> None:
    known = adapted({**CLOUD, "TOOLSETS": "default", "READ_ONLY_MODE": "false", "PATH": "/bin"})
    settings, problems = examine(known.env)
    assert problems == []
    assert known.notes == ()
    assert settings.jira.url == "https://acme.atlassian.net"


@pytest.mark.parametrize(
    "name",
    [
        *("JIRA_SSL_VERIFY", "CONFLUENCE_SSL_VERIFY", "JIRA_CUSTOM_HEADERS", "JIRA_HTTPS_PROXY"),
        *("CONFLUENCE_CLIENT_CERT", "JIRA_TIMEOUT", "MCP_LOGGING_STDOUT", "TRANSPORT"),
        *("ATLASSIAN_OAUTH_CLOUD_ID", "ATLASSIAN_RETRY_TOTAL", "JIRA_SLA_METRICS", "STATELESS"),
        *("ATLASSIAN_MAX_CONCURRENT_REQUESTS", "ALLOW_GLOBAL_CRED_FALLBACK", "JIRA_NO_PROXY"),
        *("ATLASSIAN_OAUTH_CLIENT_ID", "ATLASSIAN_OAUTH_REDIRECT_URI", "JIRA_OAUTH_ACCESS_TOKEN"),
        *("MCP_ATLASSIAN_USE_SYSTEM_TRUSTSTORE", "DISABLE_JIRA_MARKUP_TRANSLATION"),
    ],
)
def test_what_means_nothing_here_is_named_without_its_value_and_stops_nothing(name: str) -> None:
    known = adapted({**CLOUD, name: "s3cret-value"})
    assert name in "\n".join(known.notes)
    assert "s3cret-value" not in "\n".join(known.notes)
    assert examine(known.env)[1] == []


def test_what_asks_for_what_happens_anyway_is_not_worth_a_word() -> None:
    assert notes(**CLOUD, JIRA_SSL_VERIFY="true") == ""


@pytest.mark.parametrize(
    ("env", "level"),
    [({}, "warning"), ({"MCP_VERBOSE": "true"}, "info"), ({"MCP_VERY_VERBOSE": "1"}, "debug")],
)
def test_verbosity_becomes_the_log_level(env: dict[str, str], level: str) -> None:
    assert examine(adapted({**CLOUD, **env}).env)[0].server.log_level == level


@pytest.mark.parametrize(
    ("url", "unused"),
    [
        ("https://acme.atlassian.net", "JIRA_PERSONAL_TOKEN"),
        ("https://jira.example.com", "JIRA_API_TOKEN"),
    ],
)
def test_of_two_different_tokens_the_one_for_the_server_is_used(url: str, unused: str) -> None:
    both = {"JIRA_URL": url, "JIRA_API_TOKEN": "a", "JIRA_PERSONAL_TOKEN": "b"}
    known = adapted(both)
    assert unused not in known.env
    assert f"{unused} has no effect" in known.notes[0]
    assert examine(known.env)[1] == []


def test_half_a_product_is_left_out_and_the_other_serves() -> None:
    known = adapted({**CLOUD, "CONFLUENCE_URL": "https://acme.atlassian.net/wiki"})
    assert examine(known.env)[1] == []
    assert "CONFLUENCE_URL has no effect" in known.notes[0]
    assert "CONFLUENCE_API_TOKEN has no effect" in notes(**CLOUD, CONFLUENCE_API_TOKEN="x")


def test_unknown_toolsets_choose_nothing_and_never_everything() -> None:
    some = examine(adapted({**CLOUD, "TOOLSETS": "jira_agile,no_such"}).env)
    assert some[1] == []
    assert {choice.toolset.value for choice in some[0].tools.toolsets} == {"agile"}
    none, problems = examine(adapted({**CLOUD, "TOOLSETS": "no_such"}).env)
    assert problems == []
    assert none.tools.toolsets == frozenset()


def test_filters_are_read_under_both_names_and_nothing_is_not_everything() -> None:
    settings, problems = examine(
        {"JIRA_PROJECTS_FILTER": "ENG, OPS", "XERUS_CONFLUENCE_SPACES": "D"}
    )
    assert problems == []
    assert settings.tools.jira_projects == ("ENG", "OPS")
    assert settings.tools.confluence_spaces == ("D",)
    for value in (",", 'ENG") OR (project = "HR', "a b;c"):
        assert "XERUS_JIRA_PROJECTS" in {
            problem.variable for problem in examine({"XERUS_JIRA_PROJECTS": value})[1]
        }
