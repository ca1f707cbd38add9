"""`GET /oauth/authorize`: checks the request and shows the consent page.

It is left out where this person chose so for the same client, address and scopes.
"""

from starlette.requests import Request
from starlette.responses import Response

from xerus.accounts.sessions import Session
from xerus.audit.events import Event
from xerus.authserver.answers import destination, error_url, problem, to_client
from xerus.authserver.body import Parameters
from xerus.authserver.consent import after_yes, consent_binding
from xerus.authserver.front import Front, address_of, quota_key
from xerus.errors import XerusError
from xerus.grants.clients import Client
from xerus.grants.consents import may_be_remembered
from xerus.grants.documents import Documents
from xerus.grants.requests import Asked
from xerus.oauth import pkce, scopes
from xerus.oauth.client_document import is_document_id
from xerus.oauth.errors import OAuthError
from xerus.oauth.redirect_uri import is_loopback
from xerus.oauth.scopes import printable

_LONGEST_STATE = 4000


class _NoWayBack(Exception):
    """Client or redirect cannot be trusted, so the person is told and nobody else."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint


class Authorize:
    """Validates in the order of RFC 6749 4.1.2.1: no redirect before client and redirect stand."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def get(self, request: Request) -> Response:
        """Show what a client asks for."""
        parameters = Parameters(request.query_params.multi_items())
        try:
            client = await self._client(request, parameters)
            redirect_uri = _redirect_uri(parameters, client)
        except _NoWayBack as error:
            return problem(
                self._front,
                request,
                heading="This request cannot be answered",
                text=error.text,
                hint=error.hint,
            )
        back = _bare(parameters, redirect_uri)
        try:
            asked = self._asked(parameters, client, back)
        except OAuthError as error:
            await self._front.audit.append(
                Event.AUTHORIZATION_REFUSED,
                client=client.id,
                cause=error.code,
                address=address_of(request),
            )
            return to_client(error_url(self._front, back, error))
        session = await self._front.cookies.session_from(request, self._front.sessions)
        if not self._front.sign_in.configured and session is None:
            return self._nobody_can_sign_in(request)
        if session and await self._is_allowed_already(parameters, session, client, asked):
            return await self._without_page(request, session, client, asked)
        return await self._consent_page(request, session, client, asked)

    async def _is_allowed_already(
        self, parameters: Parameters, session: Session, client: Client, asked: Asked
    ) -> bool:
        if "consent" in (parameters.get("prompt") or "").split():
            return False
        return await self._front.consents.covers(
            session.user.id, client, redirect=asked.redirect_uri, asked=asked.scopes
        )

    async def _without_page(
        self, request: Request, session: Session, client: Client, asked: Asked
    ) -> Response:
        """Go on as after a yes; whoever signs in now has to be the one who said it."""
        browser = self._front.cookies.browser_binding(request)
        pending = await self._front.requests.add(
            client, asked, browser=browser, consented_by=session.user.id
        )
        step = await after_yes(self._front, request, pending, browser)
        response = step if isinstance(step, Response) else to_client(step.url)
        self._front.cookies.keep_browser(response, browser)
        return response

    async def _client(self, request: Request, parameters: Parameters) -> Client:
        client_id = parameters.get("client_id") or ""
        if self._front.documents is not None and is_document_id(client_id):
            return await self._described(request, self._front.documents, client_id)
        client = await self._front.clients.get(client_id)
        if client is None:
            raise _NoWayBack(
                "The program that sent you here is not registered with this server.",
                "Remove the connection in that program and add it again.",
            )
        return client

    async def _described(self, request: Request, documents: Documents, client_id: str) -> Client:
        async def spend() -> None:
            await self._front.registrations.spend(quota_key(request))

        try:
            return await documents.get(client_id, before_reading=spend)
        except XerusError as error:
            raise _NoWayBack(
                f"{error.message} It is at {printable(client_id, 200)}.",
                error.hint or "Tell the maker of the program.",
            ) from error

    def _asked(self, parameters: Parameters, client: Client, back: Asked) -> Asked:
        """Read the rest of the request; from here on errors go back to the client."""
        parameters.check_unique()
        if parameters.get("response_type") != "code":
            raise OAuthError("unsupported_response_type", "response_type must be code.")
        _check_pkce(parameters)
        if not all(self._front.is_our_resource(value) for value in parameters.all("resource")):
            raise OAuthError("invalid_target", f"resource must be {self._front.resource}.")
        asked = parameters.get("scope")
        return Asked(
            redirect_uri=back.redirect_uri,
            redirect_given=back.redirect_given,
            state=back.state,
            code_challenge=parameters.get("code_challenge") or "",
            scopes=scopes.parse(asked) if asked else client.scopes,
            resource=self._front.resource,
        )

    def _nobody_can_sign_in(self, request: Request) -> Response:
        return problem(
            self._front,
            request,
            heading="Nobody can sign in yet",
            text="No identity provider is configured, and you are not signed in as the local "
            "administrator in this browser.",
            hint="Open the sign-in link that Xerus printed in its terminal, then start again. "
            "Or set ENTRA_ID_EXPECTED_ISSUER, ENTRA_ID_CLIENT_ID and ENTRA_ID_CLIENT_SECRET.",
            status=503,
        )

    async def _consent_page(
        self, request: Request, session: Session | None, client: Client, asked: Asked
    ) -> Response:
        front = self._front
        browser = front.cookies.browser_binding(request)
        request_id = (await front.requests.add(client, asked, browser=browser)).id
        response = front.pages.render(
            request,
            "oauth/consent.html",
            viewer=None,
            csrf=front.csrf.token(consent_binding(browser, request_id)),
            client_name=client.name,
            destination=destination(asked),
            loopback=is_loopback(asked.redirect_uri),
            may_be_remembered=may_be_remembered(client.id, asked.redirect_uri),
            described_at=client.id if client.source == "document" else "",
            scopes=[
                scopes.DESCRIPTIONS[name] for name in scopes.ALL_IN_ORDER if name in asked.scopes
            ],
            request_id=request_id,
            local_name=session.user.name if session and not front.sign_in.configured else "",
        )
        front.cookies.keep_browser(response, browser)
        return response


def _redirect_uri(parameters: Parameters, client: Client) -> str:
    given = parameters.all("redirect_uri")
    if not given and len(client.redirect_uris) == 1:
        return client.redirect_uris[0]  # RFC 6749 3.1.2.3
    if len(given) != 1 or not client.allows(given[0]):
        raise _NoWayBack(
            "The address that this request wants the answer sent to is not one that the program "
            "registered.",
            "Nothing was sent there. Remove the connection in that program and add it again.",
        )
    return given[0]


def _bare(parameters: Parameters, redirect_uri: str) -> Asked:
    state = parameters.get("state")
    return Asked(
        redirect_uri=redirect_uri,
        redirect_given=bool(parameters.all("redirect_uri")),
        code_challenge="",
        scopes=frozenset(),
        resource="",
        state=state if state is None or len(state) <= _LONGEST_STATE else None,
    )


def _check_pkce(parameters: Parameters) -> None:
    challenge = parameters.get("code_challenge")
    if challenge is None:
        raise OAuthError("invalid_request", "code_challenge is missing: PKCE is required.")
    if parameters.get("code_challenge_method") != pkce.METHOD:
        raise OAuthError("invalid_request", "code_challenge_method must be S256.")
    if not pkce.is_challenge(challenge):
        raise OAuthError("invalid_request", "code_challenge must be 43 base64url characters.")
    if len(parameters.get("state") or "") > _LONGEST_STATE:
        raise OAuthError("invalid_request", "state is longer than 4000 characters.")
