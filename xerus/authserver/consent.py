"""`POST /oauth/authorize`: what the person decided on the consent page."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from xerus.authserver.answers import client_url, error_url, onward, problem
from xerus.authserver.body import Parameters, read_form
from xerus.authserver.front import Front
from xerus.errors import NotConfigured, UpstreamError
from xerus.grants.requests import AuthorizationRequest
from xerus.oauth.errors import OAuthError
from xerus.pages import csrf
from xerus.pages.own_request import is_own


@dataclass(frozen=True, kw_only=True)
class Step:
    """Where the browser goes next, and what the page on the way says."""

    url: str
    heading: str
    text: str


class Consent:
    """Answers with a page that leads on: to the identity provider, or back to the client."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def post(self, request: Request) -> Response:
        """Take the decision; the same one twice leads to the same place."""
        try:
            form = await read_form(request)
        except OAuthError as error:
            return self._refuse(request, error.description)
        if not self._is_our_form(request, form):
            return self._refuse(request, "This form was not opened in this browser.")
        pending = await self._front.requests.get(
            form.get("request") or "", browser=self._front.cookies.browser_from(request)
        )
        if pending is None:
            return self._refuse(request, "This request has expired. It was open for ten minutes.")
        if form.get("decision") == "allow":
            return await self._allow(request, pending, remember=form.get("remember") == "on")
        return await self._cancel(request, pending)

    def _is_our_form(self, request: Request, form: Parameters) -> bool:
        browser = self._front.cookies.browser_from(request)
        binding = consent_binding(browser, form.get("request") or "")
        token = form.get(csrf.FIELD) or ""
        own = is_own(request.headers, public_url=self._front.public_url)
        return bool(browser) and own and self._front.csrf.check(binding, token)

    async def _allow(
        self, request: Request, pending: AuthorizationRequest, *, remember: bool
    ) -> Response:
        await self._front.requests.decide(pending, "approved", remember=remember)
        if pending.decision == "denied":
            return await self._cancel(request, pending)
        browser = self._front.cookies.browser_from(request)
        step = await after_yes(self._front, request, pending, browser)
        if isinstance(step, Response):
            return step
        return onward(self._front, request, step.url, heading=step.heading, text=step.text)

    async def _cancel(self, request: Request, pending: AuthorizationRequest) -> Response:
        await self._front.requests.decide(pending, "denied")
        denied = OAuthError("access_denied", "The person did not allow it.")
        return onward(
            self._front,
            request,
            error_url(self._front, pending.asked, denied),
            heading="Nothing was allowed",
            text=f"{pending.client_name} is told that you cancelled.",
        )

    def _refuse(self, request: Request, text: str) -> Response:
        return refused(self._front, request, text)


def consent_binding(browser: str, request_id: str) -> str:
    """Return what the form token of a consent page is bound to."""
    return f"consent:{browser}:{request_id}"


async def after_yes(
    front: Front, request: Request, pending: AuthorizationRequest, browser: str
) -> Step | Response:
    """Return where an allowed request goes on: to sign-in, or back with a code without a provider.

    A page in words where it does not go on.
    """
    if not front.sign_in.configured:
        return await _answer_locally(front, request, pending)
    try:
        url = await front.sign_in.begin(
            browser=browser,
            purpose="authorize",
            request_id=pending.id,
            session_token=front.cookies.session_token(request),
        )
    except (UpstreamError, NotConfigured) as error:
        back = OAuthError("temporarily_unavailable", "The identity provider does not answer.")
        return problem(
            front,
            request,
            heading="Sign-in is not possible at the moment",
            text=error.message,
            hint=error.hint,
            status=503,
            back_url=error_url(front, pending.asked, back),
            back_name=pending.client_name,
        )
    return Step(
        url=url,
        heading="Sign in to finish",
        text=f"Your identity provider confirms who you are; then {pending.client_name} "
        "is connected.",
    )


async def _answer_locally(
    front: Front, request: Request, pending: AuthorizationRequest
) -> Step | Response:
    """Without an identity provider the live session of this browser says who it is."""
    session = await front.cookies.session_from(request, front.sessions)
    if session is None:
        return refused(front, request, "You are not signed in any more.")
    code = await front.codes.issue(pending, session.user.id)
    if code is None:
        return refused(front, request, "This request was answered already.")
    return Step(
        url=client_url(front, pending.asked, code=code.get_secret_value()),
        heading=f"{pending.client_name} is connected",
        text="You go back to it now.",
    )


def refused(front: Front, request: Request, text: str) -> Response:
    """Answer a decision that cannot be taken."""
    return problem(
        front,
        request,
        heading="This answer cannot be used",
        text=text,
        hint="Start again in the program that sent you here, with cookies allowed.",
        status=403,
    )
