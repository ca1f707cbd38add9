"""The two discovery documents and the key set."""

from joserfc import jwt
from joserfc.jwk import KeySet

from tests.flows.front_door.door import Attempt, Door
from tests.support.browser import Browser
from tests.support.journeys import ADA


async def test_both_documents_say_the_same(door: Door) -> None:
    oauth = (await door.http.get("/.well-known/oauth-authorization-server")).json()
    openid = (await door.http.get("/.well-known/openid-configuration")).json()
    assert oauth.items() <= openid.items()


async def test_metadata_names_what_the_server_offers(door: Door) -> None:
    document = (await door.http.get("/.well-known/oauth-authorization-server")).json()
    assert document["issuer"] == door.url
    for name in ("authorization", "token", "registration", "revocation"):
        assert document[f"{name}_endpoint"].startswith(f"{door.url}/oauth/")
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["authorization_response_iss_parameter_supported"] is True
    assert set(document["token_endpoint_auth_methods_supported"]) == {
        "none",
        "client_secret_basic",
        "client_secret_post",
    }
    assert "offline_access" not in document["scopes_supported"]


async def test_access_token_verifies_with_the_published_keys(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    token = (await attempt.tokens(person, ADA))["access_token"]
    keys = KeySet.import_key_set((await door.http.get("/oauth/jwks")).json())
    decoded = jwt.decode(token, keys, algorithms=["ES256"])
    assert decoded.header["typ"] == "at+jwt"
    assert decoded.claims["iss"] == door.url
    assert decoded.claims["aud"] == f"{door.url}/mcp"
    assert decoded.claims["client_id"] == attempt.client_id
    assert 0 < decoded.claims["exp"] - decoded.claims["iat"] <= 900
    assert "d" not in (await door.http.get("/oauth/jwks")).json()["keys"][0]


async def test_browser_based_client_may_read_metadata_and_preflight(door: Door) -> None:
    origin = {"Origin": "https://inspector.example"}
    document = await door.http.get("/.well-known/oauth-authorization-server", headers=origin)
    assert document.headers["access-control-allow-origin"] == "*"
    asked = {**origin, "Access-Control-Request-Method": "POST"}
    preflight = await door.http.options("/oauth/token", headers=asked)
    assert preflight.status_code == 200
    assert "access-control-allow-credentials" not in preflight.headers
