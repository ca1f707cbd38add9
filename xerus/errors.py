"""Every error that Xerus raises on purpose.

    XerusError                     code, message safe to show, hint, debug for logs only
    +-- InvalidInput               400  the caller sent something that cannot be right
    |   `-- TooLarge               413  more bytes, depth or items than allowed
    +-- NotSignedIn                401  no live session or token
    +-- Forbidden                  403  signed in, but not allowed
    +-- NotFound                   404  not there, or not for this person
    +-- Conflict                   409  somebody else was faster
    +-- LimitReached               429  our own quota; `retry_after` seconds
    +-- NotConfigured              503  an operator's setting is missing
    +-- Unavailable                503  the database or a key provider is away
    `-- UpstreamError              502  Atlassian or the identity provider
        +-- UpstreamRefused             a 4xx answer that a retry does not change
        +-- UpstreamUnavailable         network, 5xx, 429, time-out: try again later
        `-- EgressRefused               the address is not one Xerus may call

Packages derive their own from these, in the file that raises them.
"""


class XerusError(Exception):
    """Base of the tree.

    Attributes:
        code: stable snake_case identifier for scripts.
        hint: what the person can do next; may be empty.
        debug: detail for logs, never shown.
        status: HTTP status when the error reaches an HTTP edge.
    """

    code = "error"
    status = 500

    def __init__(self, message: str, *, code: str = "", hint: str = "", debug: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.hint = hint
        self.debug = debug


class InvalidInput(XerusError):
    """The caller sent something that cannot be right."""

    code = "invalid_input"
    status = 400


class TooLarge(InvalidInput):
    """More bytes, depth or items than allowed."""

    code = "too_large"
    status = 413


class NotSignedIn(XerusError):
    """There is no live session or token."""

    code = "not_signed_in"
    status = 401


class Forbidden(XerusError):
    """The caller is known but not allowed."""

    code = "forbidden"
    status = 403


class NotFound(XerusError):
    """The thing is not there, or not for this person: both look the same on purpose."""

    code = "not_found"
    status = 404


class Conflict(XerusError):
    """Somebody else changed the thing first."""

    code = "conflict"
    status = 409


class LimitReached(XerusError):
    """One of our own quotas; `retry_after` is in seconds."""

    code = "limit_reached"
    status = 429

    def __init__(self, message: str, *, retry_after: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class NotConfigured(XerusError):
    """A setting that this needs is missing; the hint names it."""

    code = "not_configured"
    status = 503


class Unavailable(XerusError):
    """Something Xerus stands on (database, key provider) is away for the moment."""

    code = "unavailable"
    status = 503


class UpstreamError(XerusError):
    """Atlassian or the identity provider answered with a failure, or not at all.

    Attributes:
        upstream_status: HTTP status of the answer, 0 when there was none.
        request_id: the provider's own id of the request, for its support.
        retry_after: seconds to wait, when the provider said so.
    """

    code = "upstream_error"
    status = 502

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        hint: str = "",
        debug: str = "",
        upstream_status: int = 0,
        request_id: str = "",
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint, debug=debug)
        self.upstream_status = upstream_status
        self.request_id = request_id
        self.retry_after = retry_after


class UpstreamRefused(UpstreamError):
    """A definite no: repeating the same request changes nothing."""

    code = "upstream_refused"


class UpstreamUnavailable(UpstreamError):
    """No verdict: network failure, time-out, 5xx or 429. The same request may work later."""

    code = "upstream_unavailable"


class EgressRefused(UpstreamError):
    """The address is not one that Xerus may call."""

    code = "egress_refused"
