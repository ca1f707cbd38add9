"""Markdown documents for the property tests."""

import hypothesis.strategies as st
import pytest

_WORDS = st.sampled_from(
    [
        "alpha",
        "b",
        "3",
        "x_y",
        "a*b",
        "1.",
        "-",
        "#",
        "[x]",
        "C:\\new",
        "<b>",
        "&amp;",
        "A&B",
        "http://e.com/p",
        "~",
        "!",
        "`",
        "||",
        "|",
        "ünï",
        "f(x)",
        "[a](b",
        "{code}",
        "2 * 3",
        "@me",
        "[status: X]",
        "=",
        "+1",
        ">",
        "**",
        "__init__",
        "https://e.com/a_(b)",
        "😀",
        "a\\",
        "---",
    ]
)
_SAFE = st.sampled_from(["alpha", "beta", "42", "x_y", "end.", "(so)", "ünï"])


def _escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" else c for c in text)


_TEXT = st.lists(_WORDS.map(_escaped), min_size=1, max_size=5).map(" ".join)
_SPAN = st.one_of(
    _TEXT,
    _WORDS,
    _SAFE.map(lambda text: f"**{text}**"),
    _SAFE.map(lambda text: f"*{text}*"),
    _SAFE.map(lambda text: f"~~{text}~~"),
    _SAFE.map(lambda text: f"**a *{text}* b**"),
    _SAFE.map(lambda text: f"*a **{text}***"),
    _WORDS.map(lambda text: f"``{text} ``"),
    _SAFE.map(lambda text: f"[{text}](https://example.com/{text})"),
    _SAFE.map(lambda text: f'[**{text}**](</a b> "t\\"")'),
    st.just("https://example.com/x"),
    st.just("<https://example.com/a_b>"),
    st.just("[status: IN PROGRESS]"),
    st.just("@[Ada Lovelace](accountid:5b10:ac)"),
)
_GAP = st.sampled_from([" ", " ", " ", "\\\n"])


@st.composite
def _inline(draw: st.DrawFn, *, one_line: bool = False) -> str:
    spans: list[str] = draw(st.lists(_SPAN, min_size=1, max_size=5))
    gaps = st.just(" ") if one_line else _GAP
    return "".join(f"{span}{draw(gaps)}" for span in spans[:-1]) + spans[-1]


def _indented(text: str, first: str) -> str:
    rest = " " * len(first)
    return first + text.replace("\n", "\n" + rest)


def _quoted(text: str, head: str = "") -> str:
    return "\n".join(f"> {line}" for line in (head + text).split("\n"))


_LEAF = st.one_of(
    _inline(),
    _inline(one_line=True).map(lambda text: f"## {text}"),
    st.lists(_WORDS, max_size=3).map(lambda lines: "\n".join(["~~~~py", *lines, "~~~~"])),
    st.just("***"),
    st.lists(
        _inline(one_line=True).map(lambda text: text.replace("|", "")), min_size=2, max_size=2
    ).map(lambda cells: f"| h | {cells[0]} |\n|---|---|\n| {cells[1]} | y |\n| | z |"),
)


def _nested(blocks: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(blocks, min_size=1, max_size=3).map("\n\n".join)
    bodies = st.lists(body, min_size=1, max_size=3)
    return st.one_of(
        bodies.map(lambda items: "\n".join(_indented(item, "- ") for item in items)),
        bodies.map(lambda items: "\n".join(_indented(item, "3. ") for item in items)),
        bodies.map(lambda items: "\n".join(_indented(f"[x] {item}", "- ") for item in items)),
        body.map(_quoted),
        body.map(lambda text: _quoted(text, "[!WARNING]\n")),
    )


MARKDOWN = st.lists(st.recursive(_LEAF, _nested, max_leaves=6), max_size=5).map("\n\n".join)


@pytest.fixture(scope="session")
def markdown() -> st.SearchStrategy[str]:
    """Markdown of every kind that ADF and storage can carry, spans apart by white space."""
    return MARKDOWN
