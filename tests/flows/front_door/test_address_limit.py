"""Nobody keeps the OAuth front busy from one address: 429, and when to go on."""

from tests.flows.front_door.conftest import MakeDoor
from tests.flows.front_door.door import Entra

FEW = 5


async def test_an_address_that_asks_too_often_is_told_when_to_go_on(
    make_door: MakeDoor, entra: Entra
) -> None:
    door = await make_door(entra, requests_per_minute=FEW)
    form = {"grant_type": "refresh_token", "refresh_token": "none", "client_id": "none"}
    answers = [await door.http.post("/oauth/token", data=form) for _ in range(FEW + 1)]

    assert {answer.status_code for answer in answers[:FEW]} == {401}
    for path in ("/oauth/token", "/oauth/revoke", "/token"):
        refused = await door.http.post(path, data=form)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 60 / FEW + 1
        assert refused.json()["error"] == "temporarily_unavailable"
        assert "one address" in refused.json()["error_description"]

    for path in ("/.well-known/oauth-authorization-server", "/oauth/jwks"):
        assert (await door.http.get(path)).status_code == 200
