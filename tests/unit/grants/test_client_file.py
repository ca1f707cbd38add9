"""The file of clients: what may stand in it, and how every mistake is said."""

import json
from pathlib import Path
from typing import Any

import pytest

from xerus.app.checking import report
from xerus.grants import client_file
from xerus.grants.client_file import ClientFile
from xerus.ids import secret_hash
from xerus.oauth import scopes
from xerus.oauth.redirect_uri import RedirectPolicy
from xerus.settings.problems import Problem, SettingsError

SECRET = "canary-" + "s" * 32
PUBLIC: dict[str, Any] = {
    "client_id": "desk",
    "client_name": "Desk",
    "redirect_uris": ["http://127.0.0.1/callback", "https://desk.example.com/callback"],
    "token_endpoint_auth_method": "none",
}
CONFIDENTIAL: dict[str, Any] = {
    "client_id": "reports",
    "client_name": "Reports",
    "redirect_uris": ["https://reports.example.com/callback"],
    "client_secret": SECRET,
}


def examined(folder: Path, content: object) -> tuple[ClientFile, list[Problem]]:
    path = folder / "clients.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return client_file.examine(path, RedirectPolicy())


def test_what_is_left_out_has_the_default_of_a_registration(tmp_path: Path) -> None:
    found, problems = examined(tmp_path, [PUBLIC, CONFIDENTIAL])
    assert problems == []
    public, confidential = found.clients
    assert public.scopes == scopes.ALL
    assert public.secret_hash is None
    assert confidential.auth_method == "client_secret_basic"
    assert confidential.secret_hash == secret_hash(SECRET)
    assert SECRET not in repr(found)
    assert repr(secret_hash(SECRET)) not in repr(found)


def test_a_secret_may_lie_in_a_file_beside_the_list_or_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    without = {k: v for k, v in CONFIDENTIAL.items() if k != "client_secret"}
    for place in ("secret", str(tmp_path / "secret")):
        found, problems = examined(tmp_path, [{**without, "client_secret_file": place}])
        assert problems == []
        assert found.clients[0].secret_hash == secret_hash(SECRET)


def test_an_empty_list_is_a_list_and_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    for content in ("[]", "\N{ZERO WIDTH NO-BREAK SPACE}[]\n"):
        assert examined(tmp_path, content)[1] == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is not valid JSON at line 1, column 1"),
        ('[\n{"client_id": }]', "is not valid JSON at line 2"),
        ({"clients": []}, "is not a list of objects"),
        (["desk"], "is not a list of objects"),
        (" " * (1024 * 1024 + 1), "is larger than 1 MiB"),
    ],
)
def test_a_file_that_is_no_list_of_clients_is_refused(
    tmp_path: Path, content: object, says: str
) -> None:
    ((problem),) = examined(tmp_path, content)[1]
    assert says in problem.message
    assert str(tmp_path / "clients.json") in problem.message
    assert problem.remedy


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        client_file.read(tmp_path / "none.json", RedirectPolicy())


@pytest.mark.parametrize(
    ("changes", "member", "says"),
    [
        ({"client_id": None}, "client_id", "is missing"),
        ({"client_id": "two words"}, "client_id", "every client can send"),
        ({"client_id": "a:b"}, "client_id", "every client can send"),
        ({"client_id": "https://desk.example.com/client"}, "client_id", "every client can send"),
        ({"client_id": "desk\n"}, "client_id", "every client can send"),
        ({"client_id": "xerus-chat"}, "client_id", "built-in chat"),
        ({"client_name": None}, "client_name", "is missing"),
        ({"client_name": " "}, "client_name", "consent page"),
        ({"client_name": "Desk\u202egnp"}, "client_name", "consent page"),
        ({"client_name": "x" * 101}, "client_name", "consent page"),
        ({"redirect_uris": None}, "redirect_uris", "is missing"),
        ({"redirect_uris": []}, "redirect_uris", "not a list of addresses"),
        ({"redirect_uris": "https://a.example.com/"}, "redirect_uris", "not a list of addresses"),
        ({"redirect_uris": ["http://a.example.com/"]}, "redirect_uris", "plain http"),
        ({"redirect_uris": ["other://app/back"]}, "redirect_uris", "private scheme"),
        ({"redirect_uris": ["https://a.example.com/#x"]}, "redirect_uris", "fragment"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "token_endpoint_auth_method", "knows"),
        ({"token_endpoint_auth_method": None}, "token_endpoint_auth_method", "knows"),
        ({"token_endpoint_auth_method": "none"}, "client_secret", "has no secret"),
        ({"client_secret_hash": "0" * 64}, "client_secret_hash", "beside client_secret"),
        ({"client_secret": "short"}, "client_secret", "at least 32"),
        ({"client_secret": "a space " * 8}, "client_secret", "at least 32"),
        ({"client_secret": 7}, "client_secret", "at least 32"),
        ({"scopes": []}, "scopes", "known scopes"),
        ({"scopes": ["jira:admin"]}, "scopes", "known scopes"),
        ({"scopes": "jira:read"}, "scopes", "known scopes"),
        ({"redirect_uri": "x"}, "redirect_uri", "Did you mean redirect_uris?"),
    ],
)
def test_a_mistake_is_named_by_entry_and_member_with_what_to_do(
    tmp_path: Path, changes: dict[str, Any], member: str, says: str
) -> None:
    entry = {k: v for k, v in {**CONFIDENTIAL, **changes}.items() if v is not None}
    if changes.get("token_endpoint_auth_method", "") is None:
        entry["token_endpoint_auth_method"] = None
    ((problem),) = examined(tmp_path, [PUBLIC, entry])[1]
    assert problem.variable == "XERUS_OAUTH_CLIENTS_FILE"
    assert f"clients.json, entry 2{'' if 'client_id' not in entry else ' ('}" in problem.message
    assert f": {member} " in problem.message
    assert says in f"{problem.message} {problem.remedy}"
    assert "canary" not in f"{problem.message} {problem.remedy}"
    assert problem.remedy


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "client_secret is missing"),
        ({"client_secret_hash": "abc"}, "64 hexadecimal digits"),
        ({"client_secret_file": "nowhere"}, "cannot be read"),
        ({"client_secret_file": "."}, "cannot be read"),
        ({"client_secret_file": "clients.json"}, "at least 32"),
    ],
)
def test_a_confidential_client_needs_one_secret_that_can_be_used(
    tmp_path: Path, given: dict[str, str], says: str
) -> None:
    without = {k: v for k, v in CONFIDENTIAL.items() if k != "client_secret"}
    ((problem),) = examined(tmp_path, [{**without, **given}])[1]
    assert says in problem.message


def test_two_entries_with_one_id_are_both_named(tmp_path: Path) -> None:
    ((problem),) = examined(tmp_path, [PUBLIC, CONFIDENTIAL, {**PUBLIC, "client_name": "Again"}])[1]
    assert 'entry 3 ("desk"): client_id is that of entry 1 too' in problem.message


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    problems = examined(tmp_path, [{}, {**PUBLIC, "client_name": "", "scopes": [1]}])[1]
    members = [problem.message.partition(": ")[2].split()[0] for problem in problems]
    assert members == [
        *("client_secret", "client_id", "client_name", "redirect_uris"),
        *("client_name", "scopes"),
    ]


def test_check_reports_the_file_and_shows_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "clients.json"
    env = {"XERUS_DATA_DIR": str(tmp_path), "XERUS_OAUTH_CLIENTS_FILE": str(path)}
    path.write_text(json.dumps([PUBLIC, CONFIDENTIAL]))
    assert report(env) == 0
    assert "found    XERUS_OAUTH_CLIENTS_FILE" in capsys.readouterr().out
    path.write_text(json.dumps([PUBLIC, {**CONFIDENTIAL, "scopes": ["all"]}]))
    assert report(env) == 1
    told = capsys.readouterr().out
    assert "wrong    XERUS_OAUTH_CLIENTS_FILE names" in told
    assert 'entry 2 ("reports"): scopes is not a list of known scopes' in told
    assert "canary" not in told


def test_private_addresses_of_the_settings_may_be_listed(tmp_path: Path) -> None:
    path = tmp_path / "clients.json"
    path.write_text(json.dumps([{**PUBLIC, "redirect_uris": ["ide://xerus/callback"]}]))
    env = {"XERUS_DATA_DIR": str(tmp_path), "XERUS_OAUTH_CLIENTS_FILE": str(path)}
    assert report(env) == 1
    assert report({**env, "XERUS_OAUTH_PRIVATE_REDIRECTS": "ide://xerus/callback"}) == 0
