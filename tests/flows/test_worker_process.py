"""What the worker's loops come to in a process of its own, where time has passed."""

import asyncio

import httpx2

from bench.world import World, world
from tests.stores.connecting import until
from tests.support.database import embedded, rows
from tests.support.plain import NO_TLS

_KEPT_DAYS = 30
_DAY = 24 * 3600
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
