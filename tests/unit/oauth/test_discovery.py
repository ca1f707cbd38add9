"""Keys of the provider: a new one is found at once, a flood of forged ids asks few times."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from joserfc.jwk import RSAKey

from xerus.egress.client import Egress, Reply
from xerus.oauth.discovery import Discovery

ISSUER = "http://127.0.0.1:1/tenant/v2.0"


class MovedClock:
    def __init__(self) -> None:
        self.instant = datetime(2026, 11, 22, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant


class Provider(Egress):
    """An identity provider that counts who asks for its keys."""

    def __init__(self) -> None:
        super().__init__(allowed_origins=[])
        self.keys = [RSAKey.generate_key(2048, parameters={"kid": "first"})]
        self.asked = 0

    async def request(self, method: str, url: str, **_: Any) -> Reply:
        if url.endswith("/keys"):
            self.asked += 1
            document: Any = {"keys": [key.as_dict(private=False) for key in self.keys]}
        else:
            names = ("authorization_endpoint", "token_endpoint")
            document = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"}
            document |= dict.fromkeys(names, ISSUER)
        return Reply(status=200, headers={}, body=orjson.dumps(document))


async def test_a_key_that_was_just_rolled_over_is_found_at_once() -> None:
    provider = Provider()
    discovery = Discovery(issuer=ISSUER, egress=provider, clock=MovedClock())
    assert await discovery.key("first") is not None
    provider.keys.append(RSAKey.generate_key(2048, parameters={"kid": "second"}))
    assert await discovery.key("second") is not None
    assert provider.asked == 2


async def test_a_flood_of_forged_key_ids_asks_the_provider_five_times_a_minute() -> None:
    provider, clock = Provider(), MovedClock()
    discovery = Discovery(issuer=ISSUER, egress=provider, clock=clock)
    for forged in range(100):
        assert await discovery.key(f"forged-{forged}") is None
    assert provider.asked == 5
    assert await discovery.key("first") is not None
    clock.instant += timedelta(minutes=2)
    assert await discovery.key("forged") is None
    assert provider.asked == 6
