"""What Atlassian's refusals become.

The product's own words are kept apart from ours (`said`): they can repeat text that some other
user wrote, so whoever shows them marks them as data.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from xerus.egress.client import Reply
from xerus.errors import UpstreamRefused, UpstreamUnavailable

_MOST_SAID = 600


class AtlassianRefused(UpstreamRefused):
    """A definite no from Jira or Confluence.

    Attributes:
        said: the product's own explanation, on one line, shortened; may be empty.
        fields: Jira's explanation per field; may be empty.
        body: the whole answer where it is a JSON object, else empty.
    """

    said = ""

    def __init__(self, message: str, *, reply: Reply, code: str = "", hint: str = "") -> None:
        super().__init__(
            message,
            code=code,
            hint=hint,
            upstream_status=reply.status,
            request_id=request_id(reply),
        )
        self.body = body = parsed(reply)
        self.said = " ".join(" ".join(_texts(body)).split())[:_MOST_SAID]
        errors = body.get("errors")
        self.fields: dict[str, str] = (
            {str(name): str(text) for name, text in errors.items()}
            if isinstance(errors, dict)
            else {}
        )


class AnswerUnusable(UpstreamUnavailable):
    """A 2xx answer that is not the answer: of another shape, empty, or HTML."""

    code = "upstream_malformed"


@dataclass(frozen=True, kw_only=True)
class _Meaning:
    code: str
    message: str
    hint: str = ""


_REFUSED = _Meaning(code="refused", message="{} refused the values.")
_MEANINGS = {
    400: _REFUSED,
    422: _REFUSED,
    401: _Meaning(
        code="token_refused",
        message="{} did not accept the configured token.",
        hint="The operator has to renew the shared token.",
    ),
    403: _Meaning(
        code="not_permitted",
        message="{} does not allow this for the connected account.",
        hint="Ask an administrator of the site for the permission.",
    ),
    404: _Meaning(
        code="not_found",
        message="{} knows no such thing, or the connected account may not see it.",
    ),
    409: _Meaning(
        code="conflict",
        message="Somebody else changed it in {} meanwhile. Nothing was changed.",
        hint="Read it again and repeat the change on what is there now.",
    ),
}
_REDIRECT = _Meaning(
    code="redirected",
    message="{} answered with a redirect, which is not followed.",
    hint="The configured URL is probably not the base URL of the product.",
)
_OTHER = _Meaning(code="refused", message="{} refused the request.")
_FIRST_4XX = 400


def refusal(product: str, reply: Reply) -> AtlassianRefused:
    """Return the error for a 4xx answer (or an unexpected 3xx) of `product` ("Jira")."""
    other = _REDIRECT if reply.status < _FIRST_4XX else _OTHER
    meaning = _MEANINGS.get(reply.status, other)
    return AtlassianRefused(
        meaning.message.format(product), reply=reply, code=meaning.code, hint=meaning.hint
    )


def request_id(reply: Reply) -> str:
    """Return Atlassian's id of the request, which its support asks for."""
    headers = reply.headers
    return headers.get("Atl-TraceId") or headers.get("X-AREQUESTID") or ""


def is_scope_miss(reply: Reply) -> bool:
    """Tell a missing scope from an expired token: both are 401, only one can be renewed."""
    if reply.headers.get("X-Failure-Category") == "FAILURE_CLIENT_SCOPE_CHECK":
        return True
    return "scope does not match" in str(parsed(reply).get("message", ""))


def parsed(reply: Reply) -> dict[str, Any]:
    """Return the body when it is a JSON object, else an empty one (gateways answer in HTML)."""
    try:
        body = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _texts(body: dict[str, Any]) -> list[str]:
    """Collect the explanations out of the shapes that Jira and Confluence v1 and v2 use."""
    texts = [str(text) for text in body.get("errorMessages") or []]
    match body.get("errors"):
        case dict() as by_field:
            texts += [f"{name}: {text}" for name, text in by_field.items()]
        case list() as entries:
            texts += [_entry_text(entry) for entry in entries]
        case _:
            pass
    for name in ("message", "errorMessage"):  # the latter of Jira Service Management
        if not texts and isinstance(body.get(name), str):
            texts.append(body[name])
    return texts


def _entry_text(entry: Any) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    return ": ".join(str(entry[name]) for name in ("title", "detail", "message") if entry.get(name))
