"""`GET /oauth/callback`: where the identity provider sends people back, for the web and for MCP."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from xerus.accounts.signin import SignedIn, SignInContinues, SignInFailed
from xerus.accounts.users import User
from xerus.authserver.answers import NO_STORE, client_url, error_url, problem, to_client
from xerus.authserver.front import Front, address_of
from xerus.errors import NotConfigured
from xerus.grants.requests import AuthorizationRequest
from xerus.oauth.errors import OAuthError
from xerus.pages.local_path import local_path


class Callback:
    """Ends a sign-in: signs this browser in and leads on."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def get(self, request: Request) -> Response:
        """Complete the sign-in that this browser began; without an answer it signed out there."""
        if not request.query_params:
            return RedirectResponse("/signout", 303, headers=NO_STORE)
        try:
            signed_in = await self._front.sign_in.complete(
                query=request.query_params,
                browser=self._front.cookies.browser_from(request),
                address=address_of(request),
            )
        except SignInContinues as onwards:
            return RedirectResponse(onwards.url, 303, headers=NO_STORE)
        except SignInFailed as failure:
            return await self._failed(request, failure)
        except NotConfigured as error:
            return problem(
                self._front,
                request,
                heading="Nobody can sign in yet",
                text=error.message,
                hint=error.hint,
                status=error.status,
            )
        if signed_in.purpose == "authorize":
            return await self._to_client(request, signed_in)
        response = RedirectResponse(local_path(signed_in.return_to), 303, headers=NO_STORE)
        return await self._with_session(request, response, signed_in.user)

    async def _to_client(self, request: Request, signed_in: SignedIn) -> Response:
        browser = self._front.cookies.browser_from(request)
        pending = await self._front.requests.get(signed_in.request_id, browser=browser)
        if pending and pending.consented_by not in {None, signed_in.user.id}:
            return await self._somebody_else(request, pending, signed_in.user)
        code = await self._front.codes.issue(pending, signed_in.user.id) if pending else None
        if pending is None or code is None:
            return problem(
                self._front,
                request,
                heading="This request is over",
                text="It was answered already, or its ten minutes have passed.",
                hint="Start again in the program that sent you here.",
            )
        url = client_url(self._front, pending.asked, code=code.get_secret_value())
        return await self._with_session(request, to_client(url), signed_in.user)

    async def _somebody_else(
        self, request: Request, pending: AuthorizationRequest, user: User
    ) -> Response:
        """The consent was another person's; this one is asked when they start again."""
        response = problem(
            self._front,
            request,
            heading="You signed in as somebody else",
            text=f"You are {user.email or user.name} now, and have not allowed "
            f"{pending.client_name} anything yet. Nothing was sent to it.",
            hint="Start again in the program that sent you here; you are asked then.",
            status=403,
        )
        return await self._with_session(request, response, user)

    async def _with_session(self, request: Request, response: Response, user: User) -> Response:
        """Sign this browser in; a session of the same person stays, another one's ends."""
        front = self._front
        present = await front.cookies.session_from(request, front.sessions)
        if present is not None and present.user.id == user.id:
            return response
        if present is not None:
            await front.sessions.end(present.id, present.user.id)
        token = await front.sessions.create(
            user.id,
            user_agent=request.headers.get("user-agent", ""),
            address=address_of(request),
        )
        front.cookies.set_session(response, token)
        return response

    async def _failed(self, request: Request, failure: SignInFailed) -> Response:
        browser = self._front.cookies.browser_from(request)
        pending = await self._front.requests.get(failure.request_id, browser=browser)
        if pending is not None and failure.declined:
            denied = OAuthError("access_denied", "The person did not sign in.")
            return to_client(error_url(self._front, pending.asked, denied))
        back_url = ""
        if pending is not None:
            error = OAuthError("server_error", f"Sign-in failed: {failure.code}.")
            back_url = error_url(self._front, pending.asked, error)
        return problem(
            self._front,
            request,
            heading="Sign-in did not work",
            text=failure.message,
            hint=failure.hint,
            status=failure.status,
            correlation_id=failure.correlation_id,
            back_url=back_url or "/signin",
            back_name=pending.client_name if pending else "sign-in",
        )
