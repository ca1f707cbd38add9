"""Every word of a stored document is in its Markdown, whatever stands around it."""

import re
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings

from xerus.content.adf_to_markdown import adf_to_markdown
from xerus.content.storage_to_markdown import storage_to_markdown

_WORD = st.from_regex(r"\Aq[a-z]{8}\Z")
_TAGS = st.sampled_from(
    [
        "p",
        "div",
        "strong",
        "code",
        "span",
        "h2",
        "blockquote",
        "pre",
        "a",
        "u",
        "sub",
        "time",
        "ac:link",
        "ac:layout",
        "ac:layout-cell",
        "ac:new",
        "ac:placeholder",
        "section",
        "ri:new",
        "ul><li",
        "ol><li",
        "table><tr><td",
        "table><tbody><tr><th",
        "ac:task-list><ac:task><ac:task-body",
        "ac:image><ac:caption",
        "ac:link><ac:link-body",
        "ac:link><ac:plain-text-link-body",
        'ac:structured-macro ac:name="x"><ac:rich-text-body',
        'ac:structured-macro ac:name="info"><ac:rich-text-body',
        'ac:structured-macro ac:name="code"><ac:plain-text-body',
        'ac:structured-macro ac:name="x"><ac:parameter ac:name="y"',
    ]
)
_NODES = st.sampled_from(
    [
        "paragraph",
        "heading",
        "bulletList",
        "listItem",
        "taskList",
        "taskItem",
        "decisionList",
        "decisionItem",
        "panel",
        "blockquote",
        "tableCell",
        "expand",
        "layoutSection",
        "caption",
        "extension",
        "bodiedExtension",
        "status",
        "mediaSingle",
        "newNode",
        "date",
        "inlineCard",
    ]
)


def _element(parts: tuple[str, list[str]]) -> str:
    names = [tag.split(maxsplit=1)[0] for tag in reversed(parts[0].split("><"))]
    return f"<{parts[0]}>{''.join(parts[1])}" + "".join(f"</{name}>" for name in names)


def _node(parts: tuple[str, list[Any]]) -> dict[str, Any]:
    return {"type": parts[0], "content": parts[1]}


_STORAGE = st.recursive(
    _WORD,
    lambda inner: st.tuples(_TAGS, st.lists(inner, max_size=4)).map(_element),
    max_leaves=12,
)
_ADF = st.recursive(
    _WORD.map(lambda word: {"type": "text", "text": word}),
    lambda inner: st.tuples(_NODES, st.lists(inner, max_size=4)).map(_node),
    max_leaves=12,
)


@settings(deadline=None)
@given(storage=_STORAGE)
def test_every_word_of_storage_is_shown(storage: str) -> None:
    markdown = storage_to_markdown(storage).markdown
    for word in re.findall(r"\bq[a-z]{8}", re.sub(r"<[^>]*>", " ", storage)):
        assert word in markdown


@settings(deadline=None)
@given(node=_ADF)
def test_every_word_of_adf_is_shown(node: dict[str, Any]) -> None:
    markdown = adf_to_markdown({"type": "doc", "content": [node]}).markdown
    for word in re.findall(r"'(q[a-z]{8})'", str(node)):
        assert word in markdown
