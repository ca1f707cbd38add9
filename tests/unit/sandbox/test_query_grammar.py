"""Queries that no sane caller writes."""

import pytest

from xerus_sandbox.products.query.grammar import QuerySyntaxError, parse


@pytest.mark.parametrize("opening", ["(", "not "])
def test_a_query_nested_too_deeply_is_a_syntax_error(opening: str) -> None:
    closing = ")" if opening == "(" else ""
    assert parse(opening * 50 + "a = 1" + closing * 50).clauses()
    with pytest.raises(QuerySyntaxError, match="too deeply"):
        parse(opening * 5000 + "a = 1" + closing * 5000)
