"""The shapes of our answers: JSON errors, the way back to a client, pages in words."""

from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from xerus.authserver.front import Front
from xerus.grants.requests import Asked
from xerus.oauth.errors import OAuthError
from xerus.oauth.redirect_uri import shown_host

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 5.1
_STATUS = {
    "invalid_client": 401,
    "invalid_token": 401,
    "server_error": 500,
    "temporarily_unavailable": 503,
}
_RETRY_SECONDS = "5"


def error_response(error: OAuthError, *, basic: bool = False, status: int = 0) -> JSONResponse:
    """Answer with the error object of RFC 6749 5.2.

    Args:
        error: what went wrong.
        basic: the client tried HTTP Basic, so the answer has to name that scheme.
        status: HTTP status, where the code does not decide it.
    """
    headers = dict(NO_STORE)
    if error.code == "invalid_client" and basic:
        headers["WWW-Authenticate"] = 'Basic realm="xerus"'
    if error.code == "temporarily_unavailable":
        headers["Retry-After"] = _RETRY_SECONDS
    return JSONResponse(error.body(), status or _STATUS.get(error.code, 400), headers=headers)


def client_url(front: Front, asked: Asked, **answer: str) -> str:
    """Return the client's redirect address with our answer, `state` and `iss` (RFC 9207)."""
    parameters = dict(answer)
    if asked.state is not None:
        parameters["state"] = asked.state
    parameters["iss"] = front.issuer
    parts = urlsplit(asked.redirect_uri)
    glue = "" if not parts.query else "&"
    base = asked.redirect_uri if parts.query else asked.redirect_uri.rstrip("?") + "?"
    return f"{base}{glue}{urlencode(parameters)}"


def error_url(front: Front, asked: Asked, error: OAuthError) -> str:
    """Return the client's redirect address with an error."""
    return client_url(front, asked, error=error.code, error_description=error.description)


def to_client(url: str) -> Response:
    """Send the browser to the client by a redirect: the request was a GET."""
    return RedirectResponse(url, 302, headers={**NO_STORE, "Referrer-Policy": "no-referrer"})


def onward(front: Front, request: Request, url: str, *, heading: str, text: str) -> Response:
    """Send the browser on from a form: 200 with a Refresh header and a link.

    A redirect would be blocked: Chromium applies `form-action 'self'` to the whole chain.
    """
    return front.pages.render(
        request,
        "oauth/continue.html",
        viewer=None,
        headers={"Refresh": f"0; url={url}", "Referrer-Policy": "no-referrer"},
        heading=heading,
        text=text,
        url=url,
    )


def problem(
    front: Front,
    request: Request,
    *,
    heading: str,
    text: str,
    hint: str,
    status: int = 400,
    correlation_id: str = "",
    back_url: str = "",
    back_name: str = "",
) -> Response:
    """Answer with a page in words, for a failure that no client can be told."""
    return front.pages.render(
        request,
        "oauth/problem.html",
        viewer=None,
        status=status,
        heading=heading,
        text=text,
        hint=hint,
        correlation_id=correlation_id,
        back_url=back_url,
        back_name=back_name,
    )


def destination(asked: Asked) -> str:
    """Return what the consent page says about where the answer goes."""
    return shown_host(asked.redirect_uri)
