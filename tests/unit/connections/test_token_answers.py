"""What answers of token endpoints mean for a grant (observed at Atlassian; RFC 6749, section 5.2)."""

from datetime import UTC, datetime

import orjson
import pytest

from xerus.connections.provider import ClientRejected, GrantRefused
from xerus.connections.token_answers import read_token_answer
from xerus.egress.client import Reply
from xerus.errors import UpstreamError, UpstreamUnavailable

NOW = datetime(2026, 11, 26, tzinfo=UTC)
HTML = b"<h1>Bad gateway</h1>"


def failure(status: int, body: bytes) -> type[UpstreamError]:
    with pytest.raises(UpstreamError) as raised:
        read_token_answer(Reply(status=status, headers={}, body=body), NOW, settings="THE_SECRET")
    return raised.type


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, "unauthorized_client"), (403, "invalid_grant"), (400, "invalid_grant")],
)
def test_dead_grant(status: int, error: str) -> None:
    assert failure(status, orjson.dumps({"error": error})) is GrantRefused


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, "access_denied"), (401, "invalid_client"), (400, "unauthorized_client")],
)
def test_configuration_of_ours(status: int, error: str) -> None:
    assert failure(status, orjson.dumps({"error": error})) is ClientRejected


@pytest.mark.parametrize("status", [404, 408, 418, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("error", ["invalid_grant", "unauthorized_client", "access_denied"])
def test_status_that_is_no_verdict_ends_nothing_whatever_it_says(status: int, error: str) -> None:
    assert failure(status, orjson.dumps({"error": error})) is UpstreamUnavailable


@pytest.mark.parametrize("status", [200, 400, 401, 403, 429, 500, 503])
@pytest.mark.parametrize("body", [HTML, b"", b"[]", b'"invalid_grant"', b'{"error": ["x"]}'])
def test_what_is_no_answer_of_a_token_endpoint_ends_nothing(status: int, body: bytes) -> None:
    assert failure(status, body) is UpstreamUnavailable
