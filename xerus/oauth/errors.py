"""OAuth errors as they go over the wire; the codes are closed sets per endpoint."""

from typing import Literal, TypeAlias

from xerus.errors import NotSignedIn, UpstreamRefused

# RFC 6749 4.1.2.1, RFC 8707 2
AuthorizeCode: TypeAlias = Literal[
    "invalid_request",
    "unauthorized_client",
    "access_denied",
    "unsupported_response_type",
    "invalid_scope",
    "invalid_target",
    "server_error",
    "temporarily_unavailable",
]
# RFC 6749 5.2, RFC 8707 2, RFC 7009 2.2.1
TokenCode: TypeAlias = Literal[
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_target",
    "server_error",
    "temporarily_unavailable",
]
# RFC 7591 3.2.2, RFC 6750 3.1 for RFC 7592; temporarily_unavailable for the quota
RegisterCode: TypeAlias = Literal[
    "invalid_redirect_uri",
    "invalid_client_metadata",
    "invalid_token",
    "temporarily_unavailable",
]
Code: TypeAlias = AuthorizeCode | TokenCode | RegisterCode


class OAuthError(Exception):
    """An error that the client of an OAuth endpoint is told.

    Attributes:
        code: the `error` member.
        description: the `error_description` member: what is wrong and what to do; ASCII, no quotes.
    """

    def __init__(self, code: Code, description: str) -> None:
        super().__init__(code)
        self.code = code
        self.description = description

    def body(self) -> dict[str, str]:
        """Return the JSON object of RFC 6749 5.2."""
        return {"error": self.code, "error_description": self.description}


class InteractionRequired(UpstreamRefused):
    """The provider wants the person themselves: a rule of Conditional Access, mostly.

    Attributes:
        claims: what to send along to the authorization endpoint (OpenID Connect Core 5.5), as it
            came; '' where the provider named nothing.
    """

    claims: str = ""


class InvalidToken(NotSignedIn):
    """A token that is not accepted; its description says why, in words safe to show."""

    code = "invalid_token"

    @property
    def description(self) -> str:
        """The `error_description` of RFC 6750 3."""
        return self.message
