import pytest
from hypothesis import given
from hypothesis import strategies as st

from xerus.errors import InvalidInput
from xerus.tools.clauses import Clauses, combined, plain_words, quoted


def test_values_cannot_leave_their_quotes() -> None:
    assert quoted('a" OR project = "HR') == r'"a\" OR project = \"HR"'
    assert quoted("back\\slash") == r'"back\\slash"'
    assert quoted("two\nlines") == '"two lines"'


@given(st.text())
def test_a_quoted_value_is_one_string_whatever_it_holds(value: str) -> None:
    inside = quoted(value)[1:-1]
    assert '"' not in inside.replace("\\\\", "").replace('\\"', "")


def test_words_lose_the_operators_of_the_index() -> None:
    assert plain_words('log-in (fails) AND "now"*') == "log in fails and now"
    with pytest.raises(InvalidInput, match="no word"):
        plain_words("***")


def test_filters_join_a_query_and_its_order_wins() -> None:
    clauses = Clauses()
    clauses.equals("project", "ENG")
    joined = combined('a = "x order by y" OR b = 1 ORDER BY rank', clauses, order="updated DESC")
    assert joined == '(a = "x order by y" OR b = 1) AND project = "ENG" ORDER BY rank'


def test_a_query_alone_stays_as_it_is() -> None:
    assert combined("a = 1", Clauses(), order="updated DESC") == "a = 1 ORDER BY updated DESC"


def test_a_search_without_any_condition_is_refused_before_it_is_sent() -> None:
    with pytest.raises(InvalidInput, match="no condition"):
        combined("order by updated", Clauses(), order="updated DESC")


def test_dates_are_dates_or_spans() -> None:
    clauses = Clauses()
    clauses.since("updated", "-7d")
    clauses.since("updated", "2026-01-31")
    assert clauses.parts == ['updated >= "-7d"', 'updated >= "2026-01-31"']
    with pytest.raises(InvalidInput, match="no date"):
        clauses.since("updated", "yesterday")
