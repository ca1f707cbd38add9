"""How deep a body is told to be."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xerus.mcpserver.body import nested_deeper

VALUES = st.recursive(
    st.none() | st.integers() | st.text(alphabet='ab[]{}"\\ \u20ac'),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet='a[{"\\'), inner, max_size=4)
    ),
    max_leaves=30,
)


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return max((depth(one) for one in inner), default=0) + isinstance(value, list | dict)


@given(st.lists(VALUES), st.sampled_from([json.dumps, partial(json.dumps, ensure_ascii=False)]))
def test_depth_is_that_of_the_parsed_text_whatever_its_strings_hold(
    values: list[Any], dumps: Callable[[Any], str]
) -> None:
    body = dumps(values).encode()
    assert not nested_deeper(body, depth(values))
    assert nested_deeper(body, depth(values) - 1)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 10_000,
        b'{"a":' * 10_000,
        b"[" * 65 + b"]" * 65,
        b'"' + b"[" * 100 + b'",' + b"[" * 65,
    ],
)
def test_deep_text_is_deep_even_where_it_is_no_json(body: bytes) -> None:
    assert nested_deeper(body, 64)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]" * 2_000_000,
        b'"' + b"[" * 4_000_000,
        b'"' + b'\\"[' * 1_000_000,
        b'"' + b"[" * 1_000_000 + b"\\",
        b'"",[]' * 800_000,
    ],
    ids=["empty", "flat", "open string", "quotes in an open string", "open escape", "many strings"],
)
def test_long_flat_text_is_looked_through_once(body: bytes) -> None:
    assert not nested_deeper(body, 64)
