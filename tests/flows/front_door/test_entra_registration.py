"""The registration at Entra ID: a certificate instead of a secret, sign-out, callers without person."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from pydantic import SecretStr

from tests.flows.front_door.conftest import MakeDoor
from tests.flows.front_door.door import Attempt, Door, Entra, query_of, values_of
from tests.flows.front_door.test_bearer import entra_tokens
from tests.flows.front_door.test_signin import person_of, sign_in
from tests.support.browser import Browser
from tests.support.certificates import private_pem, rsa_key, self_signed
from tests.support.journeys import ADA
from tests.support.plain import NO_TLS
from tests.support.stack import Sandbox
from xerus.oauth.credential import ClientCertificate, certificate_from_pem


def made() -> tuple[str, str]:
    """Return a private key and a certificate, as an operator makes them."""
    key = rsa_key()
    return private_pem(key), self_signed(key)


def read(pem: str) -> ClientCertificate:
    return certificate_from_pem(SecretStr(pem), now=dt.datetime.now(dt.UTC))


# A certificate ----------------------------------------------------------------------------------


async def test_a_certificate_proves_xerus_instead_of_a_secret(
    entra: Entra, make_door: MakeDoor, person: Browser
) -> None:
    key, certificate = made()
    await entra.port.configure(client_certificates=[certificate])
    door = await make_door(entra, credential=read(key + certificate))
    attempt = Attempt(door, (await door.register())["client_id"])
    tokens = await attempt.tokens(person, ADA)
    assert (await attempt.renew(tokens["refresh_token"])).status_code == 200


async def test_a_certificate_that_is_not_registered_is_said_in_words(
    entra: Entra, make_door: MakeDoor, person: Browser
) -> None:
    _, registered = made()
    await entra.port.configure(client_certificates=[registered])
    door = await make_door(entra, credential=read("".join(made())))
    await person.open(f"{door.url}/start")
    page = await person.click(ADA)
    assert page.status == 400
    assert "does not accept the certificate of Xerus. (AADSTS700027)" in page.text
    assert "ENTRA_ID_CLIENT_CERTIFICATE" in page.text


# Sign-out ---------------------------------------------------------------------------------------


async def test_signing_out_leads_to_the_provider_and_back_without_another_redirect(
    entra: Entra, door: Door, person: Browser
) -> None:
    await entra.port.configure(login_hint_claim=True)
    await sign_in(door, person, ADA)
    url = await door.sign_in.sign_out_url((await person_of(door, person))[1])
    sent = values_of(url)
    assert sent["post_logout_redirect_uri"] == [f"{door.url}/oauth/callback"]
    assert sent["logout_hint"][0].startswith("O.")
    assert await silently(entra, door, person) != "login_required"
    ended = await person.http.get(url)
    assert ended.headers["location"] == f"{door.url}/oauth/callback"
    back = await person.http.get(ended.headers["location"])
    assert back.headers["location"] == "/signout"
    assert await silently(entra, door, person) == "login_required"


async def silently(entra: Entra, door: Door, browser: Browser) -> str:
    """Ask the provider whether this browser is signed in there; return its error."""
    base = entra.issuer.removesuffix("/v2.0")
    query = {
        "client_id": entra.client_id,
        "response_type": "code",
        "redirect_uri": f"{door.url}/oauth/callback",
        "scope": "openid",
        "prompt": "none",
    }
    answer = await browser.http.get(f"{base}/oauth2/v2.0/authorize?{urlencode(query)}")
    return query_of(answer.headers["location"]).get("error", "")


async def test_an_outage_of_the_provider_keeps_nobody_from_signing_out(
    entra: Entra, make_door: MakeDoor, person: Browser
) -> None:
    door = await make_door(entra)
    await sign_in(door, person, ADA)
    _, user_id = await person_of(door, person)
    door.clock.ahead += dt.timedelta(hours=13)  # what was known of the provider is too old
    fault = {"method": "GET", "path_regex": "openid-configuration", "times": 5, "fault": "status"}
    await entra.port.faults([{**fault, "status": 503}])
    assert await door.sign_in.sign_out_url(user_id) == ""


# Callers without a person -----------------------------------------------------------------------


@pytest.fixture
async def known(world: Sandbox) -> dict[str, Any]:
    given: dict[str, Any] = (await world.credentials())["entra"]
    return given


async def machine_token(entra: Entra, known: dict[str, Any]) -> str:
    """Ask Entra as the other application of the tenant (client credentials)."""
    form = {
        "grant_type": "client_credentials",
        "client_id": known["machine"]["client_id"],
        "client_secret": known["machine"]["client_secret"],
        "scope": f"api://{entra.client_id}/.default",
    }
    async with httpx2.AsyncClient(verify=NO_TLS, trust_env=False) as http:
        url = f"{entra.issuer.removesuffix('/v2.0')}/oauth2/v2.0/token"
        response = await http.post(url, data=form)
    token: str = response.json()["access_token"]
    return token


async def test_an_application_is_let_in_by_the_role_that_the_operator_named(
    entra: Entra, make_door: MakeDoor, known: dict[str, Any]
) -> None:
    await entra.port.configure(machine_roles=["Xerus.Machine"])
    door = await make_door(entra, machine_role="Xerus.Machine", users=("nobody",))
    response = await door.mcp(await machine_token(entra, known))
    assert response.status_code == 200, response.text
    assert response.json()["client"] == f"Entra application {known['machine']['client_id']}"
    assert len(response.json()["scopes"]) == 4


async def test_an_application_is_held_to_the_scopes_that_its_roles_name(
    entra: Entra, make_door: MakeDoor, known: dict[str, Any]
) -> None:
    await entra.port.configure(machine_roles=["Xerus.Machine", "jira:read"])
    door = await make_door(entra, machine_role="Xerus.Machine")
    response = await door.mcp(await machine_token(entra, known))
    assert response.json()["scopes"] == ["jira:read"]


async def test_no_application_is_let_in_unless_the_operator_says_so(
    entra: Entra, door: Door, make_door: MakeDoor, known: dict[str, Any]
) -> None:
    await entra.port.configure(machine_roles=["Another.Role"])
    token = await machine_token(entra, known)
    refused = await door.mcp(token)
    assert refused.status_code == 401
    assert "XERUS_MACHINE_ROLE is not set" in refused.json()["why"]
    asks = await make_door(entra, machine_role="Xerus.Machine")
    refused = await asks.mcp(token)
    assert refused.status_code == 401
    assert "lacks the app role" in refused.json()["why"]


async def test_an_id_token_with_roles_is_no_token_of_an_application(
    entra: Entra, make_door: MakeDoor
) -> None:
    await entra.port.configure(app_roles=[f"{ADA} Xerus.Machine"])
    door = await make_door(entra, machine_role="Xerus.Machine")
    tokens = await entra_tokens(entra, door, f"openid api://{entra.client_id}/mcp")
    assert (await door.mcp(tokens["id_token"])).status_code == 401
