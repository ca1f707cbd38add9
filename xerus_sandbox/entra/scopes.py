"""Which resource a set of scopes means; one access token is for one resource (facts d2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from xerus_sandbox.accounts import ENTRA_CLIENT_ID
from xerus_sandbox.entra.errors import EntraError

OIDC_SCOPES = ("openid", "profile", "email", "offline_access")
API_SCOPES = ("mcp",)
_GRAPH_PREFIX = "https://graph.microsoft.com/"
_GRAPH_SCOPES = ("User.Read", "GroupMember.Read.All", ".default")


@dataclass(frozen=True, kw_only=True)
class ScopeSet:
    """Scopes of one token request, checked."""

    asked: tuple[str, ...]
    api: tuple[str, ...]
    """Names without prefix of our own API's scopes; empty for a Graph token."""
    graph: tuple[str, ...]

    @property
    def wants_refresh_token(self) -> bool:
        """Whether offline_access was asked for."""
        return "offline_access" in self.asked

    @property
    def wants_id_token(self) -> bool:
        """Whether openid was asked for."""
        return "openid" in self.asked

    @property
    def granted(self) -> str:
        """The `scope` of the answer, which never shows offline_access."""
        return " ".join(scope for scope in self.asked if scope != "offline_access")


def read_scopes(text: str, allowed: Sequence[str] | None) -> ScopeSet:
    """Check the scopes of a request; `allowed` narrows what is granted.

    Raises:
        EntraError: none at all, an unknown one, or two resources at once.
    """
    asked = tuple(dict.fromkeys(text.split()))
    if not asked:
        message = "The request body must contain the following parameter: 'scope'."
        raise EntraError("invalid_request", 900144, message)
    if allowed is not None:
        asked = tuple(scope for scope in asked if scope in allowed)
    api = tuple(name for scope in asked for name in _api_scope(scope))
    rest = [s for s in asked if s not in OIDC_SCOPES and not s.startswith("api://")]
    graph = tuple(_graph_scope(scope) for scope in rest)
    if api and graph:
        raise EntraError(
            "invalid_request",
            28000,
            "Provided value for the input parameter scope is not valid because it contains more "
            "than one resource.",
        )
    return ScopeSet(asked=asked, api=api, graph=graph)


def _api_scope(scope: str) -> tuple[str, ...]:
    if not scope.startswith("api://"):
        return ()
    resource, _, name = scope.rpartition("/")
    if resource != f"api://{ENTRA_CLIENT_ID}":
        text = f"The resource principal named {resource} was not found in the tenant."
        raise EntraError("invalid_resource", 500011, text)
    if name == ".default":
        return API_SCOPES
    if name not in API_SCOPES:
        raise _no_such_scope(scope, ENTRA_CLIENT_ID)
    return (name,)


def _graph_scope(scope: str) -> str:
    name = scope.removeprefix(_GRAPH_PREFIX)
    if name not in _GRAPH_SCOPES:
        raise _no_such_scope(scope, "00000003-0000-0000-c000-000000000000")
    return name


def _no_such_scope(scope: str, resource: str) -> EntraError:
    text = (
        f"The application asked for scope '{scope}' that doesn't exist on the resource "
        f"'{resource}'. Contact the app vendor."
    )
    return EntraError("invalid_client", 650053, text)
