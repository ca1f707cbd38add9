"""Where the endpoint takes a token from."""

import pytest
from starlette.datastructures import Headers

from xerus.mcpserver.bearer import _token


def given(*values: str) -> str:
    return _token(Headers(raw=[(b"authorization", value.encode()) for value in values]))


def test_token_is_taken_from_one_bearer_header() -> None:
    assert given("Bearer abc") == "abc"
    assert given("bearer abc") == "abc"


@pytest.mark.parametrize(
    "values",
    [(), ("abc",), ("Basic abc",), ("Bearer",), ("Bearer a", "Bearer b"), ("Bearer a", "Bearer a")],
)
def test_missing_or_ambiguous_authorization_is_no_token(values: tuple[str, ...]) -> None:
    assert given(*values) == ""
