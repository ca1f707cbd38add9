"""Dynamic client registration."""

from typing import Any

import pytest

from tests.flows.front_door.door import ALL_SCOPES, CALLBACK, Door

CURSOR = [
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "https://www.cursor.com/agents/mcp/oauth/callback",
    "http://localhost:8787/callback",
]
VS_CODE = [
    "https://insiders.vscode.dev/redirect",
    "https://vscode.dev/redirect",
    "http://127.0.0.1/",
    "http://127.0.0.1:33418/",
]
CLAUDE = ["https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"]
COPILOT_STUDIO = ["https://global.consent.azure-apim.net/redirect/cr5a1-xerus-5f2d"]


@pytest.mark.parametrize(
    "uris",
    [CURSOR, VS_CODE, CLAUDE, COPILOT_STUDIO],
    ids=["cursor", "vs code", "claude", "copilot studio"],
)
async def test_client_registers_all_its_addresses_at_once(door: Door, uris: list[str]) -> None:
    reply = await door.register(redirect_uris=uris)
    assert reply["redirect_uris"] == uris
    assert reply["scope"] == ALL_SCOPES


async def test_public_client_gets_no_secret(door: Door) -> None:
    reply = await door.register(token_endpoint_auth_method="none")
    assert reply["token_endpoint_auth_method"] == "none"
    assert "client_secret" not in reply
    assert "client_secret_expires_at" not in reply


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic", None])
async def test_confidential_client_gets_a_secret_and_the_same_method(
    door: Door, method: str | None
) -> None:
    reply = await door.register(token_endpoint_auth_method=method)
    assert reply["token_endpoint_auth_method"] == (method or "client_secret_basic")
    assert len(reply["client_secret"]) >= 43
    assert reply["client_secret_expires_at"] == 0


async def test_unsupported_grant_type_is_left_out_of_the_reply(door: Door) -> None:
    device = "urn:ietf:params:oauth:grant-type:device_code"
    reply = await door.register(grant_types=["authorization_code", "refresh_token", device])
    assert reply["grant_types"] == ["authorization_code", "refresh_token"]


async def test_registration_works_without_an_identity_provider(local_door: Door) -> None:
    assert (await local_door.register())["client_id"]


async def test_one_bad_address_refuses_the_registration_and_names_it(door: Door) -> None:
    body = {"redirect_uris": [CALLBACK, "http://evil.example/cb"]}
    response = await door.http.post("/oauth/register", json=body)
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_redirect_uri"
    assert "http://evil.example/cb" in response.json()["error_description"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b'{"redirect_uris": "http://localhost/"}',
        b'{"redirect_uris": []}',
        b'{"redirect_uris": [1]}',
        b'{"redirect_uris": [null]}',
        b'{"redirect_uris": ["http://localhost/"], "client_name": 5}',
        b'{"redirect_uris": ["http://localhost/"], "scope": []}',
        b'{"redirect_uris": ["http://localhost/"], "token_endpoint_auth_method": {}}',
        b'{"redirect_uris": ["http://localhost/"], "grant_types": ["client_credentials"]}',
        b'{"redirect_uris": ["http://localhost/"], "grant_types": [[]]}',
        b'{"redirect_uris": ["http://localhost/"], "response_types": ["token"]}',
        b'{"redirect_uris": ["http://localhost/"], "application_type": []}',
        b'{"redirect_uris": ["http://localhost/\\u0000"]}',
        b'{"redirect_uris": ["http://localhost/\\ud800"]}',
    ],
)
async def test_garbage_is_refused_as_rfc_7591_says(door: Door, body: bytes) -> None:
    response = await door.http.post("/oauth/register", content=body)
    assert response.status_code == 400
    assert response.json()["error"] in {"invalid_client_metadata", "invalid_redirect_uri"}
    assert response.json()["error_description"]


async def test_body_over_64_kib_is_refused(door: Door) -> None:
    response = await door.http.post("/oauth/register", content=b'{"x":"' + b"a" * 70_000 + b'"}')
    assert response.status_code == 400


async def test_name_that_turns_text_around_is_flattened(door: Door) -> None:
    reply = await door.register(client_name="\u202eedualC\n\x00 " + "x" * 300)
    assert reply["client_name"].isprintable()
    assert len(reply["client_name"]) <= 100


async def test_flood_of_registrations_is_answered_429(door: Door) -> None:
    door.quota.left = 2
    body: dict[str, Any] = {"redirect_uris": [CALLBACK]}
    statuses = [(await door.http.post("/oauth/register", json=body)).status_code for _ in range(4)]
    assert statuses == [201, 201, 429, 429]
    refused = await door.http.post("/oauth/register", json=body)
    assert refused.headers["retry-after"] == "30"
    assert refused.json()["error_description"]


async def test_registration_is_audited(door: Door) -> None:
    await door.register()
    assert "client:registration:created" in await door.events()
