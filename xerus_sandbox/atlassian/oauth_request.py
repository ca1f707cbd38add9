"""Reading and checking an authorization request to the simulated Atlassian."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from xerus_sandbox.accounts import ATLASSIAN_CLIENT_ID
from xerus_sandbox.config import Config
from xerus_sandbox.redirects import is_registered

CALLBACK_PATH = "/connections/atlassian/callback"

_SCOPE_SHAPE = re.compile(
    r"offline_access|(read|write|delete|manage|search|readonly|validate|send|moderate|admin|export)"
    r"(:[a-z][a-z0-9.-]*){1,2}"
)


class NoRedirect(Exception):
    """The request cannot be trusted to name its redirect; the person sees a page instead."""


class RedirectError(Exception):
    """An error to report to the redirect URI: `error` and `error_description`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error, description)
        self.error = error
        self.description = description


@dataclass(frozen=True, kw_only=True)
class AuthorizationRequest:
    """What a caller may ask for at `/authorize`, checked."""

    scopes: tuple[str, ...]
    redirect_uri: str
    state: str | None
    code_challenge: str | None


def checked_redirect(query: Mapping[str, str], config: Config) -> str:
    """Return the redirect URI of a request from the registered client.

    Raises:
        NoRedirect: the client or its redirect is not registered.
    """
    if query.get("client_id") != ATLASSIAN_CLIENT_ID:
        raise NoRedirect("The client_id is not known here.")
    redirect_uri = query.get("redirect_uri", "")
    if not is_registered(redirect_uri, config["redirect_uris"], CALLBACK_PATH):
        raise NoRedirect("The redirect_uri is not the callback URL of this app.")
    return redirect_uri


def read_request(query: Mapping[str, str], config: Config, host: str) -> AuthorizationRequest:
    """Check the rest of a request whose redirect is known to be good.

    Raises:
        NoRedirect: see `checked_redirect`; also an audience that is not this API.
        RedirectError: anything else that is wrong.
    """
    redirect_uri = checked_redirect(query, config)
    if query.get("audience", host) not in ("api.atlassian.com", host, host.partition(":")[0]):
        raise NoRedirect(f"Service not found: {query['audience']}")
    if query.get("response_type") != "code":
        raise RedirectError("unsupported_response_type", "response_type must be code")
    challenge = query.get("code_challenge")
    if challenge and query.get("code_challenge_method") != "S256":
        raise RedirectError("invalid_request", "code_challenge_method must be S256")
    return AuthorizationRequest(
        scopes=_scopes(query.get("scope", ""), config),
        redirect_uri=redirect_uri,
        state=query.get("state"),
        code_challenge=challenge,
    )


def _scopes(wanted: str, config: Config) -> tuple[str, ...]:
    asked = list(dict.fromkeys(wanted.split()))
    known = [scope for scope in asked if _SCOPE_SHAPE.fullmatch(scope)]
    if not known:
        raise RedirectError("invalid_scope", "Ask for at least one scope of this app")
    if len(known) < len(asked) and config["reject_unknown_scopes"]:
        unknown = [scope for scope in asked if scope not in known]
        raise RedirectError("invalid_scope", f"Unknown scopes: {' '.join(unknown)}")
    enabled = config["granted_scopes"]
    return tuple(scope for scope in known if enabled is None or scope in enabled)
