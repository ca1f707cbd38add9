import base64
import io
from pathlib import Path
from typing import Any

import orjson
import pytest

UNAUTHORIZED = {"code": 401, "message": "Unauthorized"}


def basic(email: str, token: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{email}:{token}".encode()).decode()}


async def test_a_call_without_a_good_token_is_unauthorized(browser: Any) -> None:
    for token in (None, "garbage", browser.credentials["pats"]["ada@example.com"]):
        answer = await browser.call(token)
        assert (answer.status, answer.json) == (401, UNAUTHORIZED)


async def test_an_expired_token_is_unauthorized(browser: Any) -> None:
    tokens = await browser.connect()
    await browser.advance(browser.atlassian, 3601)
    answer = await browser.call(tokens["access_token"])
    assert (answer.status, answer.json) == (401, UNAUTHORIZED)


async def test_a_missing_scope_is_told_from_a_bad_token(browser: Any) -> None:
    tokens = await browser.connect(scope="write:jira-work")
    answer = await browser.call(tokens["access_token"])
    assert answer.status == 401
    assert answer.json == {"code": 401, "message": "Unauthorized; scope does not match"}
    assert answer.headers["x-failure-category"] == "FAILURE_CLIENT_SCOPE_CHECK"


async def test_a_site_outside_the_grant_is_not_found(browser: Any) -> None:
    tokens = await browser.connect("grace@example.com")
    assert (await browser.call(tokens["access_token"], site="labs")).status == 404


async def test_unknown_paths_are_404_and_unknown_methods_405(browser: Any) -> None:
    tokens = await browser.connect()
    cloud_id = browser.credentials["sites"]["acme"]["cloud_id"]
    base = f"{browser.atlassian}/ex/jira/{cloud_id}/rest/api/3"
    assert (await browser.get(f"{base}/nothing", bearer=tokens["access_token"])).status == 404
    url = f"{base}/note/seed"
    deleted = await browser.send("DELETE", url, bearer=tokens["access_token"])
    assert (deleted.status, deleted.headers["allow"]) == (405, "GET, PUT, OPTIONS")
    assert (await browser.send("OPTIONS", url, bearer=tokens["access_token"])).status == 200
    head = await browser.send("HEAD", url, bearer=tokens["access_token"])
    assert (head.status, head.body) == (200, b"")
    assert head.headers["atl-traceid"]


async def test_errors_of_an_operation_reach_the_caller(browser: Any) -> None:
    tokens = await browser.connect()
    answer = await browser.call(tokens["access_token"], "missing")
    assert (answer.status, answer.json["errorMessages"]) == (404, ["No such note"])


async def test_bad_json_is_refused_in_the_products_words(browser: Any) -> None:
    tokens = await browser.connect()
    cloud_id = browser.credentials["sites"]["acme"]["cloud_id"]
    url = f"{browser.atlassian}/ex/jira/{cloud_id}/rest/api/3/note/x"
    answer = await browser.send("PUT", url, data=b"{", bearer=tokens["access_token"])
    assert answer.status == 400
    assert answer.json["errorMessages"]


async def test_a_body_over_20_mb_is_refused(browser: Any) -> None:
    tokens = await browser.connect()
    cloud_id = browser.credentials["sites"]["acme"]["cloud_id"]
    url = f"{browser.atlassian}/ex/jira/{cloud_id}/rest/api/3/note/x"
    body = io.BytesIO(b" " * (20 * 1024 * 1024 + 1))
    answer = await browser.send("PUT", url, data=body, bearer=tokens["access_token"])
    assert answer.status == 413


async def test_a_site_takes_an_api_token_and_no_oauth_token(browser: Any) -> None:
    email = "grace@example.com"
    api_token = browser.credentials["api_tokens"][email]
    assert api_token.startswith("ATATT")
    url = browser.credentials["sites"]["acme"]["url"] + "/rest/api/3/note/seed"
    answer = await browser.get(url, headers=basic(email, api_token))
    assert answer.json["by"] == email
    assert (await browser.get(url, headers=basic(email, "wrong"))).status == 401
    assert (await browser.get(url, headers=basic("ada@example.com", api_token))).status == 401
    assert (await browser.get(url, headers={"Authorization": "Basic ?"})).status == 401
    tokens = await browser.connect(email)
    assert (await browser.get(url, bearer=tokens["access_token"])).status == 401
    labs = browser.credentials["sites"]["labs"]["url"] + "/rest/api/3/note/seed"
    assert (await browser.get(labs, headers=basic(email, api_token))).status == 403
    log = (await browser.get(f"{browser.atlassian}/_sandbox/log")).json
    assert {(e["credential"], e["account"]) for e in log if e["status"] == 200} >= {
        ("basic", email)
    }


async def test_an_api_token_with_scopes_works_by_the_gateway_only(browser: Any) -> None:
    email = "grace@example.com"
    known, site = browser.credentials, browser.credentials["sites"]["acme"]
    scoped = basic(email, known["scoped_api_tokens"][email])
    unscoped = basic(email, known["api_tokens"][email])
    gateway = f"{browser.atlassian}/ex/jira/{site['cloud_id']}/rest/api/3/note/seed"
    assert (await browser.get(gateway, headers=scoped)).json["by"] == email
    assert (await browser.get(gateway, headers=unscoped)).status == 401
    at_site = await browser.get(site["url"] + "/rest/api/3/note/seed", headers=scoped)
    assert at_site.status == 401
    labs = gateway.replace(site["cloud_id"], known["sites"]["labs"]["cloud_id"])
    assert (await browser.get(labs, headers=scoped)).status == 404


async def test_data_center_takes_a_pat_only(browser: Any) -> None:
    email = "alan@example.com"
    url = browser.credentials["data_center"]["jira"] + "/rest/api/2/note/seed"
    answer = await browser.get(url, bearer=browser.credentials["pats"][email])
    assert answer.json["by"] == email
    for token in (None, "wrong", (await browser.connect())["access_token"]):
        assert (await browser.get(url, bearer=token)).status == 401
    log = (await browser.get(f"{browser.atlassian}/_sandbox/log")).json
    assert ("pat", email) in {(entry["credential"], entry["account"]) for entry in log}


async def test_the_cloud_id_of_a_site_needs_no_credential(browser: Any) -> None:
    site = browser.credentials["sites"]["labs"]
    answer = await browser.get(site["url"] + "/_edge/tenant_info")
    assert answer.json == {"cloudId": site["cloud_id"]}


@pytest.mark.parametrize("path", ["/", "/ex/jira", "/site/nowhere/rest/x", "/dc/trello/rest/x"])
async def test_addresses_that_are_nothing_are_not_found(browser: Any, path: str) -> None:
    assert (await browser.get(browser.atlassian + path)).status == 404


async def test_answers_are_recorded_when_asked(
    start_sandbox: Any, open_browser: Any, tmp_path: Path
) -> None:
    process = start_sandbox(tmp_path / "data", tmp_path / "answers")
    async with open_browser(process) as browser:
        tokens = await browser.connect()
        await browser.call(tokens["access_token"])
    assert process.stop() == 0
    (file,) = (tmp_path / "answers").glob("answers-*.jsonl")
    (answer,) = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    assert answer == {
        "deployment": "cloud",
        "spec": "notes.openapi.json",
        "method": "GET",
        "path_template": "/rest/api/3/note/{name}",
        "status": 200,
        "request_body": None,
        "response_headers": {"content-type": "application/json;charset=UTF-8"},
        "body": {"name": "seed", "note": "hello", "by": "ada@example.com"},
        "fault": False,
    }
