import base64
import re
from typing import Any

import orjson
import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

GRAPH = "00000003-0000-0000-c000-000000000000"


def unverified(token: str, part: int = 1) -> Any:
    text = token.split(".")[part]
    return orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


async def verified(browser: Any, token: str) -> dict[str, Any]:
    document = (await browser.get(f"{browser.tenant}/v2.0/.well-known/openid-configuration")).json
    keys = (await browser.get(document["jwks_uri"])).json
    registry = JWSRegistry(algorithms=["RS256"], strict_check_header=False)
    claims: dict[str, Any] = jwt.decode(
        token, KeySet.import_key_set(keys), registry=registry
    ).claims
    return claims


def api_scope(browser: Any) -> str:
    return f"{browser.credentials['entra']['api_scope']} openid profile offline_access"


async def test_sign_in_gives_an_id_token_that_verifies(browser: Any) -> None:
    back = await browser.entra_sign_in("grace@example.com")
    assert back["state"] == "the state"
    answer = await browser.entra_redeem(back)
    assert answer.status == 200, answer.text
    claims = await verified(browser, answer.json["id_token"])
    known = browser.credentials["entra"]
    assert claims["iss"] == known["issuer"] == f"{browser.tenant}/v2.0"
    assert claims["aud"] == known["client_id"]
    assert claims["oid"] == known["object_ids"]["grace@example.com"]
    assert claims["tid"] == known["tenant_id"]
    assert claims["nonce"] == "the nonce"
    assert claims["email"] == claims["preferred_username"] == "grace@example.com"
    assert claims["ver"] == "2.0"
    assert claims["exp"] - claims["iat"] == 3600
    assert answer.json["scope"] == "openid profile email"


async def test_the_picker_is_always_shown_and_needs_no_script(browser: Any) -> None:
    await browser.entra_sign_in()
    shown = await browser.entra_request()
    assert re.findall(r"<button[^>]*>([^<]*)<", shown.text) == [
        "ada@example.com",
        "grace@example.com",
        "alan@example.com",
        "Cancel",
    ]
    assert "<script" not in shown.text
    silent = await browser.entra_request(prompt="none")
    assert "code" in silent.location


async def test_without_a_session_prompt_none_needs_a_login(browser: Any) -> None:
    back = await browser.entra_request(prompt="none")
    assert back.location["error"] == "login_required"


async def test_cancelling_comes_back_as_access_denied(browser: Any) -> None:
    shown = await browser.entra_request()
    back = await browser.press(browser.entra, shown, "account", "")
    assert back.location["error"] == "access_denied"
    assert "AADSTS65004" in back.location["error_description"]
    assert back.location["state"] == "the state"


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"redirect_uri": "http://localhost:8000/elsewhere"}, "AADSTS50011"),
        ({"redirect_uri": "https://evil.example/oauth/callback"}, "AADSTS50011"),
        ({"client_id": "someone"}, "AADSTS700016"),
    ],
)
async def test_an_untrusted_request_gets_a_page_and_no_redirect(
    browser: Any, change: dict[str, str], number: str
) -> None:
    answer = await browser.entra_request(**change)
    assert answer.status == 400
    assert number in answer.text
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"resource": "http://localhost:8000/mcp"}, "AADSTS9010010"),
        ({"scope": None}, "AADSTS900144"),
        ({"scope": "openid mcp"}, "AADSTS650053"),
        ({"scope": "api://other/mcp"}, "AADSTS500011"),
        ({"response_type": "token"}, "AADSTS700054"),
    ],
)
async def test_a_wrong_request_is_reported_to_the_redirect(
    browser: Any, change: dict[str, Any], number: str
) -> None:
    back = await browser.entra_request(**change)
    assert back.status == 302
    assert number in back.location["error_description"]


async def test_two_resources_at_once_are_refused(browser: Any) -> None:
    back = await browser.entra_request(scope=f"{api_scope(browser)} User.Read")
    assert "AADSTS28000" in back.location["error_description"]


async def test_the_default_scope_gives_a_graph_token_nobody_else_can_verify(browser: Any) -> None:
    answer = await browser.entra_redeem(await browser.entra_sign_in())
    token = answer.json["access_token"]
    assert unverified(token)["aud"] == GRAPH
    assert unverified(token)["iss"].startswith("https://sts.windows.net/")
    assert "nonce" in unverified(token, 0)
    with pytest.raises(BadSignatureError):
        await verified(browser, token)
    info = await browser.get(f"{browser.entra}/oidc/userinfo", bearer=token)
    assert info.json["email"] == "ada@example.com"


@pytest.mark.parametrize("version", [1, 2])
async def test_our_apis_scope_gives_a_verifiable_token(browser: Any, version: int) -> None:
    await browser.config(browser.entra, token_version=version)
    back = await browser.entra_sign_in(scope=api_scope(browser))
    answer = await browser.entra_redeem(back)
    claims = await verified(browser, answer.json["access_token"])
    client_id = browser.credentials["entra"]["client_id"]
    assert claims["scp"] == "mcp"
    assert claims["ver"] == f"{version}.0"
    assert claims["aud"] == (client_id if version == 2 else f"api://{client_id}")
    userinfo = await browser.get(
        f"{browser.entra}/oidc/userinfo", bearer=answer.json["access_token"]
    )
    assert userinfo.status == 401


async def test_a_code_needs_its_verifier_and_works_once(browser: Any) -> None:
    back = await browser.entra_sign_in()
    wrong = await browser.entra_redeem(back, code_verifier="w" * 43)
    assert (wrong.json["error"], wrong.json["error_codes"]) == ("invalid_grant", [50148])
    assert (await browser.entra_redeem(back)).status == 200
    assert (await browser.entra_redeem(back)).json["error_codes"] == [54005]


async def test_a_code_expires(browser: Any) -> None:
    back = await browser.entra_sign_in()
    await browser.advance(browser.entra, 601)
    assert (await browser.entra_redeem(back)).json["error_codes"] == [70008]


async def test_a_wrong_secret_is_invalid_client(browser: Any) -> None:
    answer = await browser.entra_token(
        grant_type="refresh_token", refresh_token="x", client_secret="wrong"
    )
    assert (answer.status, answer.json["error"]) == (401, "invalid_client")
    assert answer.json["error_description"].startswith("AADSTS7000215: ")
    assert set(answer.json) >= {"trace_id", "correlation_id", "timestamp", "error_uri"}


async def test_the_secret_may_come_by_basic(browser: Any) -> None:
    known = browser.credentials["entra"]
    back = await browser.entra_sign_in()
    pair = f"{known['client_id']}:{known['client_secret'].replace('~', '%7E')}"
    answer = await browser.post(
        f"{browser.tenant}/oauth2/v2.0/token",
        data={
            "grant_type": "authorization_code",
            "code": back["code"],
            "code_verifier": back["code_verifier"],
            "redirect_uri": "http://localhost:8000/oauth/callback",
        },
        headers={"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()},
    )
    assert answer.status == 200


async def test_resource_is_refused_at_the_token_endpoint_too(browser: Any) -> None:
    back = await browser.entra_sign_in()
    answer = await browser.entra_redeem(back, resource="http://localhost:8000/mcp")
    assert answer.json["error_codes"] == [9010010]


async def refreshed(browser: Any, token: str, **fields: str) -> Any:
    return await browser.entra_token(grant_type="refresh_token", refresh_token=token, **fields)


async def test_a_refresh_token_is_replaced_and_the_old_one_still_works(browser: Any) -> None:
    first = (await browser.entra_redeem(await browser.entra_sign_in())).json
    second = await refreshed(browser, first["refresh_token"])
    assert second.json["refresh_token"] != first["refresh_token"]
    assert (await refreshed(browser, first["refresh_token"])).status == 200
    await browser.advance(browser.entra, 91 * 86_400)
    assert (await refreshed(browser, first["refresh_token"])).json["error"] == "invalid_grant"


async def test_a_refresh_token_is_not_bound_to_a_resource(browser: Any) -> None:
    first = (await browser.entra_redeem(await browser.entra_sign_in())).json
    scope = browser.credentials["entra"]["api_scope"]
    answer = await refreshed(browser, first["refresh_token"], scope=scope)
    assert (await verified(browser, answer.json["access_token"]))["scp"] == "mcp"
    assert "refresh_token" in answer.json


async def test_without_offline_access_there_is_no_refresh_token(browser: Any) -> None:
    answer = await browser.entra_redeem(await browser.entra_sign_in(scope="openid email"))
    assert "refresh_token" not in answer.json


async def test_revoked_sessions_end_refreshing(browser: Any) -> None:
    first = (await browser.entra_redeem(await browser.entra_sign_in())).json
    url = f"{browser.entra}/_sandbox/grants/revoke"
    assert (await browser.post(url, json={"account": "ada@example.com"})).json["revoked"] == 1
    answer = await refreshed(browser, first["refresh_token"])
    assert (answer.status, answer.json["error"]) == (400, "invalid_grant")
    assert answer.json["error_codes"] == [50173]


async def test_a_disabled_account_can_neither_sign_in_nor_refresh(browser: Any) -> None:
    first = (await browser.entra_redeem(await browser.entra_sign_in())).json
    await browser.config(browser.entra, disabled_accounts=["ada@example.com"])
    answer = await refreshed(browser, first["refresh_token"])
    assert (answer.json["error"], answer.json["error_codes"]) == ("invalid_grant", [50057])
    shown = await browser.press(
        browser.entra, await browser.entra_request(), "account", "ada@example.com"
    )
    assert shown.status == 400
    assert "AADSTS50057" in shown.text


async def test_a_claims_challenge_demands_interaction(browser: Any) -> None:
    first = (await browser.entra_redeem(await browser.entra_sign_in())).json
    await browser.config(browser.entra, claims_challenge=True)
    answer = await refreshed(browser, first["refresh_token"])
    assert answer.json["error"] == "interaction_required"
    assert "access_token" in orjson.loads(answer.json["claims"])


async def test_after_rotation_the_new_key_signs_and_the_old_one_stays_listed(browser: Any) -> None:
    before = (await browser.entra_redeem(await browser.entra_sign_in())).json["id_token"]
    kid = (await browser.post(f"{browser.entra}/_sandbox/keys/rotate")).json["kid"]
    after = (await browser.entra_redeem(await browser.entra_sign_in())).json["id_token"]
    assert unverified(after, 0)["kid"] == kid != unverified(before, 0)["kid"]
    for token in (before, after):
        assert (await verified(browser, token))["nonce"] == "the nonce"


async def test_shared_tenants_name_their_issuer_by_a_template(browser: Any) -> None:
    url = f"{browser.entra}/common/v2.0/.well-known/openid-configuration"
    assert (await browser.get(url)).json["issuer"] == f"{browser.entra}/{{tenantid}}/v2.0"
    unknown = f"{browser.entra}/elsewhere/v2.0/.well-known/openid-configuration"
    assert (await browser.get(unknown)).status == 400


async def test_groups_are_claimed_when_the_app_asks_for_them(browser: Any) -> None:
    await browser.config(browser.entra, groups_claim=True)
    answer = await browser.entra_redeem(await browser.entra_sign_in())
    known = browser.credentials["entra"]["group_ids"]
    assert unverified(answer.json["id_token"])["groups"] == [known["administrators"]]


async def test_signing_out_ends_the_session(browser: Any) -> None:
    await browser.entra_sign_in()
    assert (await browser.get(f"{browser.tenant}/oauth2/v2.0/logout")).status == 200
    assert (await browser.entra_request(prompt="none")).location["error"] == "login_required"
