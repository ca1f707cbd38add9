"""What an authorization server may answer a registration with."""

from typing import Any

import orjson
import pytest

from xerus.egress.client import Reply
from xerus.egress.servers import ServerEgress
from xerus.remotes.discovery import Found
from xerus.remotes.registration import NewClient, NotRegistered, Registration

URL = "https://mcp.example.com/mcp"
FOUND = Found(
    issuer="https://login.example.com",
    authorization_endpoint="https://login.example.com/authorize",
    token_endpoint="https://login.example.com/token",
    registration_endpoint="https://login.example.com/register",
    revocation_endpoint="",
    scopes=("read",),
    resource=URL,
    names_issuer=True,
    auth_methods=frozenset({"client_secret_post", "none"}),
)


class Answering(ServerEgress):
    def __init__(self, answer: object, status: int = 201) -> None:
        super().__init__()
        self._reply = Reply(status=status, headers={}, body=orjson.dumps(answer))
        self.sent: dict[str, Any] = {}

    async def request(self, method: str, url: str, *, body: bytes | None = None, **_: Any) -> Reply:
        self.sent = orjson.loads(body or b"{}")
        return self._reply


async def registered(egress: ServerEgress) -> NewClient:
    return await Registration(egress=egress).register(
        FOUND, redirect_uri="https://xerus.example.com/c", url=URL
    )


async def test_a_method_is_asked_for_that_the_server_knows() -> None:
    egress = Answering({"client_id": "c", "client_secret": "s"})
    made = await registered(egress)
    assert egress.sent["token_endpoint_auth_method"] == "client_secret_post"
    assert made.client.auth_method == "client_secret_post"
    assert made.secret
    assert made.secret.get_secret_value() == "s"
    assert made.registration_token is None


async def test_a_public_client_needs_no_secret() -> None:
    made = await registered(Answering({"client_id": "c", "token_endpoint_auth_method": "none"}))
    assert (made.client.auth_method, made.secret) == ("none", None)


@pytest.mark.parametrize(
    "address", ["http://10.0.0.1/", "http://127.0.0.1/", "file:///x", "https://a@b.example/", 7]
)
async def test_ssrf_an_address_to_manage_the_registration_at_is_judged(address: object) -> None:
    answer = {"client_id": "c", "client_secret": "s", "registration_access_token": "t"}
    made = await registered(Answering({**answer, "registration_client_uri": address}))
    assert (made.client.registration_uri, made.registration_token) == ("", None)


@pytest.mark.parametrize(
    "answer",
    [
        *([], {}, {"client_id": ""}, {"client_id": "a\nb", "client_secret": "s"}),
        *({"client_id": 7}, {"client_id": "c"}, {"client_id": "c" * 3000, "client_secret": "s"}),
        {"client_id": "c", "client_secret": "s", "token_endpoint_auth_method": "private_key_jwt"},
    ],
)
async def test_what_is_no_registration_is_refused_in_words(answer: object) -> None:
    with pytest.raises(NotRegistered, match="cannot be used"):
        await registered(Answering(answer))


async def test_a_refusal_is_told_with_what_to_do() -> None:
    with pytest.raises(NotRegistered, match="status 403"):
        await registered(Answering({"error": "access_denied"}, 403))
