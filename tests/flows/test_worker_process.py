"""What the worker's loops come to in a process of its own, where time has passed."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2

from bench.world import World, world
from tests.stores.connecting import until
from tests.support.browser import Browser
from tests.support.certificates import for_localhost
from tests.support.database import embedded, rows
from tests.support.journeys import GRACE, connect_atlassian, sign_in
from tests.support.plain import NO_TLS
from tests.support.smtp import Mailbox, mailbox

_KEPT_DAYS = 30
_HOUR, _DAY = 3600, 24 * 3600
_OLD_EVENTS = 12
_AUDIT = """
SELECT count(*) FILTER (WHERE event = 'audit:log:removed') AS removals,
       count(*) FILTER (WHERE at < now() - interval '30 days' AND n < last) AS old
  FROM (SELECT *, max(n) OVER (PARTITION BY shard) AS last FROM audit_events) AS chained
"""
"""The end of a chain always stays."""
_KEYS = "SELECT state FROM data_keys ORDER BY state"


async def test_events_past_their_days_and_a_key_out_of_use_go_and_the_rest_is_sound() -> None:
    days = str(_KEPT_DAYS)
    async with world("serve", "--roles", "oauth", start=False, XERUS_AUDIT_DAYS=days) as here:
        await registered_a_month_ago(here)
        dsn = embedded(here.data).administrator
        status, said = await here.command("keys", "rotate")
        assert status == 0, said
        assert [row["state"] for row in rows(dsn, _KEYS)] == ["active", "decrypt_only"]
        # By the clock of the database, which no test moves.
        rows(dsn, "UPDATE data_keys SET retired_at = retired_at - interval '25 hours'")
        here.xerus.stop()
        here.xerus.args = ("serve", "--roles", "worker")

        here.start()  # each loop looks at once

        async def both_are_done() -> bool:
            audit = (await asyncio.to_thread(rows, dsn, _AUDIT))[0]
            keys = await asyncio.to_thread(rows, dsn, _KEYS)
            return audit["removals"] > 0 and audit["old"] == 0 and len(keys) == 1

        await until(both_are_done)
        assert [row["state"] for row in rows(dsn, _KEYS)] == ["active"]
        status, said = await here.command("audit", "verify")
        assert status == 0, said


async def registered_a_month_ago(here: World) -> None:
    """Write events by a clock that is behind, and go back to the present."""
    here.xerus.seconds_ahead = -(_KEPT_DAYS + 1) * _DAY
    here.start()
    client = {"client_name": "Old", "redirect_uris": ["http://127.0.0.1/callback"]}
    async with httpx2.AsyncClient(verify=NO_TLS, trust_env=False) as http:
        for _ in range(_OLD_EVENTS):
            answer = await http.post(f"{here.url}/oauth/register", json=client)
            assert answer.status_code == 201, answer.text
    dsn = embedded(here.data).administrator
    assert rows(dsn, _AUDIT)[0]["old"] > 0
    here.xerus.stop()
    here.xerus.seconds_ahead = 0
    here.start()


_LOGIN = ("xerus", "of the mail server")


async def test_a_grant_that_ended_is_mailed_as_soon_as_the_mail_server_lets_xerus_in(
    tmp_path: Path, browser: Browser
) -> None:
    trusted = tmp_path / "authorities.pem"
    async with mailbox(tls=for_localhost(trusted)) as box:
        box.login = (_LOGIN[0], "changed since")
        settings = {
            "XERUS_SMTP_HOST": "localhost",
            "XERUS_SMTP_PORT": str(box.port),
            "XERUS_SMTP_USERNAME": _LOGIN[0],
            "XERUS_SMTP_PASSWORD": _LOGIN[1],
            "XERUS_MAIL_FROM": "xerus@example.com",
            "SSL_CERT_FILE": str(trusted),
        }
        async with world("serve", start=True, **settings) as here:
            await loses_the_grant(here, browser)
            await restarted(here)  # each loop looks at once: into the outbox
            await until(lambda: outbox(here, state="waiting"))
            await restarted(here)  # out of it, but the login is refused
            await until(lambda: outbox(here, state="waiting", last_error="mail_not_let_in"))
            box.login = _LOGIN
            await restarted(here, seconds_later=_HOUR)
            await until(lambda: outbox(here, state="sent"))
            await says_what_to_do_and_no_secret(here, browser, box)


async def loses_the_grant(here: World, browser: Browser) -> None:
    await sign_in(browser, here.url, GRACE)
    await connect_atlassian(browser, here.url, GRACE)
    await here.sandbox.atlassian.revoke(GRACE)
    await browser.open(f"{here.url}/connections/atlassian")
    await browser.click("Test now")


async def restarted(here: World, *, seconds_later: int = 0) -> None:
    await asyncio.to_thread(here.xerus.stop)
    here.xerus.seconds_ahead += seconds_later
    await asyncio.to_thread(here.start)


async def outbox(here: World, **wanted: object) -> dict[str, Any]:
    """Return the one row of the outbox if it is as wanted."""
    dsn = embedded(here.data).administrator
    found = await asyncio.to_thread(rows, dsn, "SELECT * FROM mail_outbox")
    return next((row for row in found if wanted.items() <= row.items()), {})


async def says_what_to_do_and_no_secret(here: World, browser: Browser, box: Mailbox) -> None:
    ((sender, to, message),) = box.messages
    assert (sender, to) == ("xerus@example.com", GRACE)
    assert message["Subject"] == "Xerus: Atlassian has to be connected again."
    body = message.get_body(("plain",))
    assert body
    assert {f"{here.url}/tools", f"{here.url}/access#mail"} <= set(body.get_content().split())
    secrets = [here.xerus.env["ATLASSIAN_OAUTH_CLIENT_SECRET"], _LOGIN[1]]
    secrets += [value for value in browser.http.cookies.values() if value]
    assert not [secret for secret in secrets if secret in str(message)]
    await browser.open(f"{here.url}/access")
    page = await browser.click("Turn mail off")
    assert "Xerus does not write to you any more." in page.text
