"""Clients that the operator lists in a file: the whole way, changed, removed and refused."""

import hashlib
import json
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mcp.shared.auth import OAuthClientInformationFull
from pydantic import AnyUrl

from tests.flows.front_door.door import Attempt
from tests.support.browser import Browser
from tests.support.commands import xerus
from tests.support.folders import reachable
from tests.support.journeys import ADA
from tests.support.mcp_client import CALLBACK, Storage, connected
from tests.support.served import Served
from tests.support.stack import Sandbox, Xerus, user_mode

SECRET, OTHER_SECRET = "canary-of-a-secret-" + "s" * 20, "canary-of-another-" + "o" * 20
DESK: dict[str, Any] = {
    "client_id": "desk",
    "client_name": "Desk <b>client</b>",
    "redirect_uris": [CALLBACK],
    "token_endpoint_auth_method": "none",
}
REPORTS: dict[str, Any] = {
    "client_id": "reports.example",
    "client_name": "Reports",
    "redirect_uris": [CALLBACK, "https://reports.example.com/callback"],
    "token_endpoint_auth_method": "client_secret_post",
    "client_secret": SECRET,
    "scopes": ["jira:read"],
}
CHANGED = "client:registration:changed"


@dataclass(kw_only=True)
class Listing(Served):
    """A whole Xerus and the file of its clients."""

    file: Path

    @property
    def env(self) -> dict[str, str]:
        return {**self.xerus.env, "XERUS_PORT": str(self.xerus.port)}

    def restart_with(self, *clients: dict[str, Any]) -> None:
        """Write the file and start again with it, as after a crash."""
        self.file.write_text(json.dumps(clients))
        self.xerus.restart(with_signal=signal.SIGKILL)


@pytest.fixture(scope="module")
async def running(sandbox: Sandbox) -> AsyncIterator[Listing]:
    folder = reachable()
    file = folder / "clients.json"
    file.write_text(json.dumps([DESK, REPORTS]))
    env = {**await user_mode(sandbox), "XERUS_OAUTH_CLIENTS_FILE": str(file)}
    async with Listing(xerus=Xerus(folder, env).start(), file=file) as listing:
        yield listing
        listing.xerus.stop()


@pytest.fixture
async def served(running: Listing) -> Listing:
    """Xerus with both clients in the file."""
    if json.loads(running.file.read_text()) != [DESK, REPORTS]:
        running.restart_with(DESK, REPORTS)
    return running


@pytest.fixture
async def person() -> AsyncIterator[Browser]:
    async with Browser(stops_at=(CALLBACK,)) as browser:
        yield browser


def attempt(served: Listing, client: dict[str, Any]) -> Attempt:
    return Attempt(served, client["client_id"], redirect_uri=CALLBACK)


async def tokens(served: Listing, person: Browser, client: dict[str, Any]) -> dict[str, Any]:
    trying = attempt(served, client)
    answer = await trying.answer(person, ADA)
    secret = {"client_secret": SECRET} if client is REPORTS else {}
    reply = await trying.redeem(answer["code"], **secret)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


@pytest.mark.parametrize("client", [DESK, REPORTS], ids=["public", "confidential"])
async def test_a_client_that_knows_only_its_id_and_secret_goes_the_whole_way(
    served: Listing, browser: Browser, client: dict[str, Any]
) -> None:
    storage = Storage(
        client=OAuthClientInformationFull(
            client_id=client["client_id"],
            client_secret=client.get("client_secret"),
            redirect_uris=[AnyUrl(CALLBACK)],
            token_endpoint_auth_method=client["token_endpoint_auth_method"],
        )
    )
    async with connected(served.url, storage, browser, ADA) as mcp:
        assert (await mcp.list_tools()).tools
    assert storage.client
    assert storage.client.client_id == client["client_id"]  # it did not register itself


async def test_a_client_gets_the_scopes_of_the_file_where_it_asks_for_none(
    served: Listing, person: Browser
) -> None:
    assert (await tokens(served, person, REPORTS))["scope"] == "jira:read"


async def test_only_the_secret_of_the_file_and_only_its_addresses_are_taken(
    served: Listing, person: Browser
) -> None:
    trying = attempt(served, REPORTS)
    code = (await trying.answer(person, ADA))["code"]
    for wrong in ({}, {"client_secret": ""}, {"client_secret": OTHER_SECRET}):
        refused = await trying.redeem(code, **wrong)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert (await trying.redeem(code, client_secret=SECRET)).status_code == 200
    page = await person.open(trying.url(redirect_uri="https://elsewhere.example.com/callback"))
    assert page.status == 400


async def test_a_name_with_markup_is_text_on_the_consent_page(
    served: Listing, person: Browser
) -> None:
    page = await person.open(attempt(served, DESK).url())
    assert "Desk <b>client</b>" in page.text
    assert "<b>client</b>" not in page.html


async def test_of_a_secret_only_the_hash_is_kept_and_a_hash_in_the_file_serves_as_well(
    served: Listing, person: Browser
) -> None:
    (row,) = served.stored("reports.example")
    digest = hashlib.sha256(SECRET.encode())
    assert row["secret_hash"] == digest.digest()
    assert SECRET not in str(row)
    held = await tokens(served, person, REPORTS)
    changed = {k: v for k, v in REPORTS.items() if k != "client_secret"}
    served.restart_with(DESK, {**changed, "client_secret_hash": digest.hexdigest()})
    renewed = await attempt(served, REPORTS).renew(held["refresh_token"], client_secret=SECRET)
    assert renewed.status_code == 200


async def test_a_client_that_left_the_file_has_lost_its_grants_at_the_next_start(
    served: Listing, person: Browser
) -> None:
    kept, lost = [await tokens(served, person, client) for client in (DESK, REPORTS)]
    served.restart_with(DESK)
    trying = attempt(served, REPORTS)
    refused = await trying.renew(lost["refresh_token"], client_secret=SECRET)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert (await served.call(lost["access_token"])).status_code == 401
    assert "not registered" in (await person.open(trying.url())).text
    assert (await attempt(served, DESK).renew(kept["refresh_token"])).status_code == 200
    event, facts = served.events("reports.example")[-1]
    assert event == "client:registration:removed"
    assert (facts["cause"], facts["client_name"]) == ("removed_from_file", "Reports")
    served.restart_with(DESK, REPORTS)
    again = await trying.renew(lost["refresh_token"], client_secret=SECRET)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


async def test_an_entry_that_changed_is_changed_and_nothing_else_is_written(
    served: Listing, person: Browser
) -> None:
    held = await tokens(served, person, REPORTS)
    before = served.events("desk")
    served.restart_with(DESK, {**REPORTS, "client_name": "Figures", "client_secret": OTHER_SECRET})
    trying = attempt(served, REPORTS)
    old = await trying.renew(held["refresh_token"], client_secret=SECRET)
    assert (old.status_code, old.json()["error"]) == (401, "invalid_client")
    new = await trying.renew(held["refresh_token"], client_secret=OTHER_SECRET)
    assert new.status_code == 200
    assert "Figures" in (await person.open(trying.url())).text
    written = [f for e, f in served.events("reports.example") if e == CHANGED]
    assert [(f["client_name"], f["kind"]) for f in written][-1:] == [("Figures", "file")]
    assert served.events("desk") == before


@pytest.mark.parametrize("workers", [(), ("--workers", "2")], ids=["one process", "several"])
async def test_a_broken_file_stops_the_start_and_removes_nothing(
    served: Listing, person: Browser, workers: tuple[str, ...]
) -> None:
    held = await tokens(served, person, DESK)
    served.xerus.stop()
    served.file.write_text(json.dumps([{**DESK, "redirect_uris": ["http://example.com/"]}]))
    refused = xerus("serve", *workers, folder=served.xerus.folder, env=served.env)
    assert refused.returncode == 1
    assert refused.stderr.count("XERUS_OAUTH_CLIENTS_FILE names") == 1
    assert f'names {served.file}, entry 1 ("desk"): redirect_uris holds' in refused.stderr
    assert "Traceback" not in refused.stderr
    served.file.write_text(json.dumps([DESK, REPORTS]))
    served.xerus.start()
    assert (await attempt(served, DESK).renew(held["refresh_token"])).status_code == 200


async def test_without_the_setting_the_clients_stay_and_the_log_says_so(
    served: Listing, person: Browser
) -> None:
    held = await tokens(served, person, DESK)
    served.xerus.stop()
    unset = {k: v for k, v in served.xerus.env.items() if k != "XERUS_OAUTH_CLIENTS_FILE"}
    without = Xerus(served.xerus.folder, unset, port=served.xerus.port).start()
    assert (await attempt(served, DESK).renew(held["refresh_token"])).status_code == 200
    without.stop()
    assert "clients_without_file" in without.log.read_text()
    served.xerus.start()
    served.restart_with()
    assert served.stored("desk") == served.stored("reports.example") == []


async def test_the_id_of_a_client_that_registered_itself_is_not_taken_over(
    served: Listing,
) -> None:
    reply = await served.http.post(
        f"{served.url}/oauth/register",
        json={"client_id": "desk", "redirect_uris": [CALLBACK], "client_name": "Itself"},
    )
    itself = reply.json()
    assert itself["client_id"] != "desk"  # a client never chooses its id
    served.xerus.stop()
    served.file.write_text(json.dumps([{**DESK, "client_id": itself["client_id"]}]))
    refused = xerus("serve", folder=served.xerus.folder, env=served.env)
    assert refused.returncode == 1
    assert "client_id is that of a client that was registered in another way" in refused.stderr
    assert "Choose another id" in refused.stderr
    served.file.write_text(json.dumps([DESK, REPORTS]))
    served.xerus.start()
    assert served.stored(itself["client_id"])[0]["source"] == "dynamic"
    assert served.stored("desk")[0]["source"] == "file"


async def test_no_token_manages_a_client_of_the_file(served: Listing) -> None:
    url = f"{served.url}/oauth/register/reports.example"
    for token in (SECRET, "x" * 43):
        for method in ("GET", "PUT", "DELETE"):
            answer = await served.http.request(
                method,
                url,
                headers={"Authorization": f"Bearer {token}"},
                json={"client_id": "reports.example", "redirect_uris": [CALLBACK]},
            )
            assert answer.status_code == 401
    assert served.stored("reports.example")[0]["name"] == "Reports"
