"""Row 17 of the list of threats: one token of the operator's, used by strangers (CVE-2026-77254).

Every operation of the product is asked for with every kind of credential that is none here, on a
server whose callers share the operator's token; Atlassian must not be asked once. Then a person who
is signed in tries every tool where the operator did not opt in.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.support.journeys import ADA, ALAN, GRACE
from tests.support.routes import Operation, operations
from tests.support.stack import Sandbox, Xerus, user_mode
from tests.support.standing import UNLIMITED, Held, http_of, running, signed_in
from tests.tools.plain_calls import plain_calls
from xerus.tools.catalogue import ALL
from xerus_sandbox.products.world import World

Told = Callable[[str], None]
_OK, _UNAUTHORIZED, _SERVER_ERROR = 200, 401, 500
_LATER_SECONDS = 40 * 24 * 3600
"""Beyond the life of every token and session."""
_READ = ("jira_get_issue", {"issue_key": "ENG-1"})
_FIELDS = {
    "decision": "allow",
    "csrf": "x",
    "request": "x",
    "state": "x",
    "code": "x",
    "tool": "jira_get_issue",
    "text": "Show ENG-1",
    "message": "Show ENG-1",
    "site": "acme",
}
_METHODS = (
    "initialize",
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
)


@dataclass
class Credential:
    """Headers that let nobody in."""

    name: str
    headers: dict[str, str]


async def _settings(sandbox: Sandbox, mode: str) -> dict[str, str]:
    known = await sandbox.credentials()
    site = known["sites"]["acme"]["url"]
    token = {"USERNAME": ALAN, "PERSONAL_TOKEN": known["api_tokens"][ALAN]}
    return {
        **await user_mode(sandbox),
        "JIRA_URL": site,
        "CONFLUENCE_URL": f"{site}/wiki",
        "XERUS_TOOLSETS": "all",
        **{
            f"{name}_{key}": value
            for name in ("JIRA", "CONFLUENCE")
            for key, value in token.items()
        },
        **UNLIMITED,
        **({"XERUS_ATLASSIAN_CREDENTIALS": mode} if mode else {}),
    }


async def _credentials(sandbox: Sandbox, foreign: Held, expired: Held) -> list[Credential]:
    known = await sandbox.credentials()
    pat = known["api_tokens"][ALAN]
    bearers = {
        "garbage": "garbage",
        "three parts": "a.b.c",
        "long": "x" * 9_000,
        "expired": expired.access,
        "expired, to renew with": expired.refresh,
        "foreign": foreign.access,
        "foreign, to renew with": foreign.refresh,
        "unsigned": f"{expired.access.rpartition('.')[0]}.",
        "the operator's own": pat,
    }
    cookies = {
        "expired": expired.cookies,
        "foreign": foreign.cookies,
        "bad": "; ".join(f"{one.partition('=')[0]}=x" for one in expired.cookies.split("; ")),
    }
    others = {
        "empty": "Bearer",
        "Basic": "Basic eDp5",
        "the operator's own, Basic": f"Basic {ALAN}:{pat}",
    }
    return [
        Credential("none", {}),
        *(Credential(name, {"Authorization": f"Bearer {it}"}) for name, it in bearers.items()),
        *(Credential(name, {"Authorization": it}) for name, it in others.items()),
        *(Credential(f"cookie, {name}", {"Cookie": it}) for name, it in cookies.items()),
        Credential(
            "expired, both ways",
            {"Authorization": f"Bearer {expired.access}", "Cookie": expired.cookies},
        ),
    ]


async def turned_away(sandbox: Sandbox, every: int, told: Told) -> str:
    """Ask for everything as a stranger, of every so many tools; return what was counted."""
    env = await _settings(sandbox, "shared")
    async with running(env) as other:
        foreign, port = await signed_in(other.url, ADA), other.port
    async with running(env, port=port) as xerus:
        expired = await signed_in(xerus.url, GRACE)
        mark = await sandbox.atlassian.mark()
        assert (await _call(xerus, expired)).status_code == _OK
        assert await sandbox.atlassian.log(mark), "the operator's token is not used"
        all_ = await operations(xerus)
        xerus.seconds_ahead = _LATER_SECONDS
        await asyncio.to_thread(xerus.restart)
        kinds = await _credentials(sandbox, foreign, expired)
        mark = await sandbox.atlassian.mark()
        asked = await _ask_for_everything(xerus, all_, kinds, every, told)
        calls = await sandbox.atlassian.log(mark)
    assert not calls, f"Atlassian was asked: {[one['path'] for one in calls[:3]]}"
    return (
        f"{len(all_)} operations and {len(ALL[::every])} tools, {len(kinds)} kinds of strangers: "
        f"{asked} requests, 0 calls of Atlassian"
    )


def _called(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"name": tool, "arguments": arguments}


async def _call(
    xerus: Xerus, held: Held, tool: str = _READ[0], arguments: dict[str, Any] = _READ[1]
) -> httpx2.Response:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": _called(tool, arguments)}
    async with http_of(xerus) as http:
        return await http.post("/mcp", json=body, headers=held.bearer)


async def _ask_for_everything(
    xerus: Xerus, all_: list[Operation], kinds: list[Credential], every: int, told: Told
) -> int:
    asked = 0
    tools = [_called(tool.name, {}) for tool in ALL[::every]]
    messages = [
        *({"method": method, "params": {}} for method in _METHODS),
        *({"method": "tools/call", "params": params} for params in (*tools, _called(*_READ))),
    ]
    async with http_of(xerus) as http:
        for kind in kinds:
            for operation in all_:
                answer = await http.request(
                    operation.method,
                    operation.path,
                    headers=kind.headers,
                    params=_FIELDS if operation.method == "GET" else None,
                    data=_FIELDS if operation.method != "GET" else None,
                )
                assert answer.status_code < _SERVER_ERROR, (kind.name, operation, answer.text)
            for message in messages:
                body = {"jsonrpc": "2.0", "id": 1, **message}
                answer = await http.post("/mcp", json=body, headers=kind.headers)
                assert answer.status_code == _UNAUTHORIZED, (kind.name, message, answer.text)
                assert "resource_metadata=" in answer.headers["www-authenticate"]
            asked += len(all_) + len(messages)
            told(f"{kind.name}: {asked} requests")
    return asked


async def not_opted_in(sandbox: Sandbox, every: int, told: Told) -> str:
    """Call every so many tools as a person, where the operator's token is there but not shared."""
    plain = list(plain_calls(World.seed(sandbox.atlassian.base), is_cloud=True).items())[::every]
    async with running(await _settings(sandbox, "")) as xerus:
        person = await signed_in(xerus.url, GRACE)
        mark = await sandbox.atlassian.mark()
        for tool, arguments in plain:
            answer = await _call(xerus, person, tool.partition(",")[0], arguments)
            assert answer.status_code == _OK, (tool, answer.text)
        calls = await sandbox.atlassian.log(mark)
    assert not calls, f"Atlassian was asked: {[one['path'] for one in calls[:3]]}"
    told(f"{len(plain)} calls")
    return f"{len(plain)} calls by a person without a connection, 0 calls of Atlassian"
