"""Errors as Entra words them: an OAuth `error` with an AADSTS number in the description."""

import datetime as dt
import uuid
from typing import Any

from xerus_sandbox.accounts import fixed_guid


class EntraError(Exception):
    """A refusal of the token endpoint, or one reported to the redirect URI."""

    def __init__(self, error: str, number: int, text: str, *, status: int = 400) -> None:
        super().__init__(error, number)
        self.error = error
        self.number = number
        self.text = f"AADSTS{number}: {text}"
        self.status = status
        self.extra: dict[str, Any] = {}

    def body(self, now: float) -> dict[str, Any]:
        """Return the JSON body with the identifiers that support asks for (facts d5)."""
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        stamp = dt.datetime.fromtimestamp(now, tz=dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        description = (
            f"{self.text}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\n"
            f"Timestamp: {stamp}"
        )
        return {
            "error": self.error,
            "error_description": description,
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
            **self.extra,
        }


class ErrorPage(Exception):
    """An error shown to the person, because the request's redirect cannot be trusted."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(number)
        self.text = f"AADSTS{number}: {text}"


def resource_refused() -> EntraError:
    """Return the refusal of a `resource` parameter (facts d3)."""
    return EntraError(
        "invalid_target",
        9010010,
        "The resource parameter provided in the request doesn't match with the requested scopes.",
    )


def claims_challenge() -> EntraError:
    """Return the demand for an interactive sign-in with given claims (facts d6)."""
    error = EntraError(
        "interaction_required",
        50076,
        "Due to a configuration change made by your administrator, or because you moved to a new "
        "location, you must use multi-factor authentication to access the resource.",
    )
    error.extra = {
        "suberror": "basic_action",
        "claims": '{"access_token":{"capolids":{"essential":true,"values":["'
        + fixed_guid("conditional access policy")
        + '"]}}}',
    }
    return error
