"""The seam between the gateway, which admits a call, and the products, which answer it.

The gateway authenticates, checks site and scopes, and then runs the matching `Operation`. A product
operation knows nothing about HTTP servers or tokens: it gets a `Call` and returns an `Answer` or
raises `ApiError`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import orjson
from starlette.datastructures import QueryParams

if TYPE_CHECKING:
    from xerus_sandbox.products.world import World

Product = Literal["jira", "confluence"]
Deployment = Literal["cloud", "dc"]


@dataclass(frozen=True, kw_only=True)
class Account:
    """A person of the simulated world."""

    account_id: str
    email: str
    name: str
    username: str
    """The login name on Data Center, where people have no account id."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A Cloud site, or the one Data Center instance of a product."""

    name: str
    cloud_id: str
    url: str
    """The base as people see it, for example `http://127.0.0.1:8010/site/acme`."""
    products: frozenset[str]


class ApiError(Exception):
    """Raised by an operation to answer with an error status and the product's own body."""

    def __init__(
        self, status: int, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers: Mapping[str, str] = headers or {}


@dataclass(frozen=True, kw_only=True)
class Call:
    """One admitted request, as an operation sees it."""

    account: Account
    site: Site
    deployment: Deployment
    method: str
    path: str
    """Relative to the product's base: `/rest/api/3/issue/ENG-1`, `/wiki/api/v2/pages/1`."""
    params: Mapping[str, str]
    """Path parameters by their names in the operation's template, percent-decoded."""
    query: QueryParams
    headers: Mapping[str, str]
    """Names are lower case."""
    body: bytes
    now: float
    """Epoch seconds on the virtual clock."""

    def json(self) -> Any:
        """Return the parsed body.

        Raises:
            ApiError: 400 in the product's own shape, when the body is not JSON.
        """
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise ApiError(400, _bad_json_body(self.path)) from error


def _bad_json_body(path: str) -> dict[str, Any]:
    text = "The request body is not valid JSON."
    if "/wiki/api/v2/" in path:
        return {"errors": [{"status": 400, "code": "BAD_REQUEST", "title": text, "detail": None}]}
    if path.startswith(("/wiki/", "/rest/api/content")):
        return {"statusCode": 400, "message": text}
    return {"errorMessages": [text], "errors": {}}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an operation gives back; `body` is JSON-able, bytes sent as they are, or None."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One REST operation of one product on one deployment."""

    product: Product
    deployment: Deployment
    method: str
    path: str
    """Template as in the OpenAPI file: `/rest/api/3/issue/{issueIdOrKey}`."""
    spec: str
    """The OpenAPI file that describes it, for example `jira-cloud-platform-v3.openapi.json`."""
    scopes: tuple[frozenset[str], ...]
    """Alternatives: a token passes with all scopes of any one of them. Empty on Data Center."""
    run: Callable[["World", Call], Answer]
    writes: bool
