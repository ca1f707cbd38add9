import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

ME = "/me"


async def order(browser: Any, **fault: Any) -> None:
    answer = await browser.post(f"{browser.atlassian}/_sandbox/faults", json=[fault])
    assert answer.status == 200, answer.text


async def test_config_lists_settings_and_credentials_on_both_ports_alike(browser: Any) -> None:
    shown = [(await browser.get(f"{base}/_sandbox/config")).json for base in both(browser)]
    assert shown[0]["credentials"] == shown[1]["credentials"]
    for config in shown:
        assert config["access_token_seconds"] == 3600
        assert config["latency_ms"] == 0
        assert config["granted_scopes"] is None
        assert config["coop_header"] is None
        assert config["verify_pkce"] is True
    assert shown[0]["refresh_grace_seconds"] == 600
    assert shown[1]["token_version"] == 2
    assert set(shown[0]["credentials"]) >= {"entra", "atlassian", "sites", "api_tokens", "pats"}


def both(browser: Any) -> tuple[str, str]:
    return browser.atlassian, browser.entra


@pytest.mark.parametrize(
    "change",
    [
        {"nonsense": 1},
        {"access_token_seconds": "soon"},
        {"access_token_seconds": -1},
        {"latency_ms": True},
        {"verify_pkce": None},
        {"granted_scopes": "read:me"},
    ],
)
async def test_a_wrong_setting_is_refused_and_nothing_is_changed(
    browser: Any, change: dict[str, Any]
) -> None:
    answer = await browser.config(browser.atlassian, code_seconds=5, **change)
    assert answer.status == 400
    assert next(iter(change)) in answer.json["error"]
    assert "access_token_seconds" in answer.json["known"]
    shown = await browser.get(f"{browser.atlassian}/_sandbox/config")
    assert shown.json["code_seconds"] == 600


async def test_the_clock_moves_one_port_only(browser: Any) -> None:
    url = "{}/_sandbox/clock"
    before = [(await browser.get(url.format(base))).json["now"] for base in both(browser)]
    moved = await browser.post(url.format(browser.atlassian), json={"advance_seconds": 1000})
    assert moved.json["now"] - before[0] >= 1000
    after = (await browser.get(url.format(browser.entra))).json["now"]
    assert after - before[1] < 500


async def test_the_log_shows_each_request_once_and_no_controls(browser: Any) -> None:
    tokens = await browser.connect()
    log = (await browser.get(f"{browser.atlassian}/_sandbox/log?after=0")).json
    assert [(e["method"], e["path"], e["status"]) for e in log] == [
        ("GET", "/authorize", 200),
        ("POST", "/signin", 303),
        ("GET", "/authorize", 200),
        ("POST", "/consent", 302),
        ("POST", "/oauth/token", 200),
    ]
    assert [entry["account"] for entry in log] == [None, *["ada@example.com"] * 4]
    assert {entry["credential"] for entry in log} == {"none"}
    assert set(log[0]) == {"n", "time", "method", "path", "account", "credential", "status"}
    await browser.call(tokens["access_token"])
    newer = (await browser.get(f"{browser.atlassian}/_sandbox/log?after={log[-1]['n']}")).json
    assert [(e["credential"], e["account"]) for e in newer] == [("oauth", "ada@example.com")]
    assert newer[0]["n"] > log[-1]["n"]


async def test_reset_forgets_grants_settings_faults_clock_and_log(browser: Any) -> None:
    tokens = await browser.connect()
    await browser.config(browser.atlassian, code_seconds=5)
    await browser.advance(browser.atlassian, 10_000)
    await order(browser, fault="reset", path_regex="never")
    assert (await browser.post(f"{browser.atlassian}/_sandbox/reset")).status == 200
    assert (await browser.get(f"{browser.atlassian}/_sandbox/faults")).json == []
    assert (await browser.get(f"{browser.atlassian}/_sandbox/log?after=0")).json == []
    config = (await browser.get(f"{browser.atlassian}/_sandbox/config")).json
    assert config["code_seconds"] == 600
    assert (await browser.refresh(tokens["refresh_token"])).status == 403


async def test_a_status_fault_answers_as_often_as_asked(browser: Any) -> None:
    headers = {"Retry-After": "7", "RateLimit-Reason": "jira-burst-based"}
    await order(
        browser,
        method="GET",
        path_regex="^/me$",
        times=2,
        fault="status",
        status=429,
        headers=headers,
        body={"message": "slow down"},
    )
    tokens = await browser.connect()
    for _ in range(2):
        answer = await browser.get(browser.atlassian + ME, bearer=tokens["access_token"])
        assert (answer.status, answer.json) == (429, {"message": "slow down"})
        assert answer.headers["retry-after"] == "7"
    answer = await browser.get(browser.atlassian + ME, bearer=tokens["access_token"])
    assert answer.status == 200
    log = (await browser.get(f"{browser.atlassian}/_sandbox/log?after=0")).json
    assert [entry["status"] for entry in log if entry["path"] == ME] == [429, 429, 200]
    assert {entry["account"] for entry in log if entry["path"] == ME} == {"ada@example.com"}


async def test_a_reset_fault_aborts_the_connection(browser: Any) -> None:
    await order(browser, fault="reset", path_regex=ME)
    with pytest.raises(aiohttp.ClientOSError, match="reset by peer"):
        await browser.post(browser.atlassian + ME)
    log = (await browser.get(f"{browser.atlassian}/_sandbox/log?after=0")).json
    assert [entry["status"] for entry in log] == [0]


async def test_a_truncated_answer_is_shorter_than_it_says(browser: Any) -> None:
    await order(browser, fault="truncate", path_regex=ME)
    with pytest.raises(aiohttp.ClientPayloadError):
        await browser.get(browser.atlassian + ME)
    assert (await browser.get(browser.atlassian + ME)).status == 401


async def test_a_trickled_answer_arrives_byte_by_byte(browser: Any) -> None:
    await order(browser, fault="trickle", path_regex="^/dc/")
    host, port = browser.atlassian.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /dc/jira/rest/api/2/x HTTP/1.1\r\nhost: x\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"401" in head
    assert len(await reader.read(100)) == 1
    assert len(await reader.read(100)) == 1
    writer.close()
    await writer.wait_closed()


async def test_a_lost_response_was_processed(browser: Any) -> None:
    first = await browser.connect()
    await order(browser, fault="lost_response", path_regex="^/oauth/token$", method="POST")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await browser.refresh(first["refresh_token"])
    await browser.advance(browser.atlassian, 601)
    late = await browser.refresh(first["refresh_token"])
    assert late.json["error"] == "unauthorized_client"


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "explode"},
        {"fault": "status", "times": 0},
        {"fault": "status", "status": 99},
        {"fault": "status", "path_regex": "("},
        {"fault": "status", "colour": "red"},
        "status",
    ],
)
async def test_a_fault_that_makes_no_sense_is_refused(browser: Any, fault: Any) -> None:
    url = f"{browser.atlassian}/_sandbox/faults"
    answer = await browser.post(url, json=[{"fault": "reset"}, fault])
    assert answer.status == 400
    assert answer.json["error"]
    assert (await browser.get(url)).json == []


async def test_a_single_fault_needs_no_list(browser: Any) -> None:
    url = f"{browser.entra}/_sandbox/faults"
    await browser.post(url, json={"fault": "status", "status": 502, "body": "<html>bad</html>"})
    answer = await browser.get(f"{browser.entra}/anything")
    assert (answer.status, answer.text) == (502, "<html>bad</html>")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("clock", "[]"),
        ("clock", '{"advance_seconds": "a day"}'),
        ("clock", "{"),
        ("grants/revoke", '{"account": "eve@example.com"}'),
    ],
)
async def test_a_wrong_control_gets_a_clear_error(browser: Any, path: str, body: str) -> None:
    answer = await browser.post(f"{browser.entra}/_sandbox/{path}", data=body)
    assert answer.status == 400
    assert answer.json["error"]


async def test_the_coop_header_is_sent_when_set(browser: Any) -> None:
    assert "cross-origin-opener-policy" not in (await browser.atlassian_request()).headers
    await browser.config(browser.atlassian, coop_header="same-origin")
    shown = await browser.atlassian_request()
    assert shown.headers["cross-origin-opener-policy"] == "same-origin"


async def test_a_killed_sandbox_comes_back_with_everything(
    start_sandbox: Any, open_browser: Any, tmp_path: Path
) -> None:
    first = start_sandbox(tmp_path)
    async with open_browser(first) as browser:
        tokens = await browser.connect()
        code = (await browser.consent("alan@example.com")).location["code"]
        back = await browser.entra_sign_in()
        kids = (await browser.get(f"{browser.tenant}/discovery/v2.0/keys")).json
        await browser.config(browser.atlassian, code_seconds=900)
        await browser.advance(browser.atlassian, 100)
        await order(browser, fault="status", path_regex="never")
        cloud_id = browser.credentials["sites"]["acme"]["cloud_id"]
        note = f"/ex/jira/{cloud_id}/rest/api/3/note/a%20b"
        written = await browser.send(
            "PUT", browser.atlassian + note, json={"x": 1}, bearer=tokens["access_token"]
        )
        assert written.status == 204
        kept = (await browser.get(browser.atlassian + note, bearer=tokens["access_token"])).json
        last = (await browser.get(f"{browser.atlassian}/_sandbox/log?after=0")).json[-1]
    first.kill()
    second = start_sandbox(tmp_path)
    async with open_browser(second) as browser:
        log = (await browser.get(f"{browser.atlassian}/_sandbox/log?after=0")).json
        assert log[-1] == last
        read = await browser.get(browser.atlassian + note, bearer=tokens["access_token"])
        assert read.json == kept
        assert (await browser.redeem(code)).status == 200
        assert (await browser.refresh(tokens["refresh_token"])).status == 200
        assert (await browser.entra_redeem(back)).status == 200
        again = (await browser.get(f"{browser.tenant}/discovery/v2.0/keys")).json
        assert [key["kid"] for key in again["keys"]] == [key["kid"] for key in kids["keys"]]
        config = (await browser.get(f"{browser.atlassian}/_sandbox/config")).json
        assert config["code_seconds"] == 900
        assert len((await browser.get(f"{browser.atlassian}/_sandbox/faults")).json) == 1
    assert second.stop() == 0


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "xerus_sandbox", *arguments]


def test_a_taken_port_is_said_plainly(sandbox: Any, tmp_path: Path) -> None:
    taken = sandbox.atlassian.rsplit(":", 1)[1]
    done = subprocess.run(
        program("--data-dir", str(tmp_path), "--atlassian-port", taken, "--entra-port", "0"),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert f"port {taken} on 127.0.0.1 cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_spoilt_state_file_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "entra.json").write_text("{")
    done = subprocess.run(
        program("--data-dir", str(tmp_path), "--atlassian-port", "0", "--entra-port", "0"),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert "entra.json is not a sandbox state file" in done.stderr


def test_the_program_announces_itself_and_ends_with_its_parents_pipe(tmp_path: Path) -> None:
    ports = ("--atlassian-port", "0", "--entra-port", "0")
    with subprocess.Popen(
        program("--data-dir", str(tmp_path), *ports, "--stop-with-stdin"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        line = process.stdout.readline()
        assert line.startswith("Sandbox is ready: atlassian http://127.0.0.1:")
        process.stdin.close()
        assert process.wait(timeout=20) == 0


def test_a_write_cut_off_by_a_kill_is_forgotten(start_sandbox: Any, tmp_path: Path) -> None:
    assert start_sandbox(tmp_path).stop() == 0
    for name in ("world-journal.jsonl", "atlassian-log.jsonl"):
        with (tmp_path / name).open("a") as file:
            file.write('{"sequence": 1, "produ')
    assert start_sandbox(tmp_path).stop() == 0
    assert (tmp_path / "world-journal.jsonl").read_bytes() == b""
