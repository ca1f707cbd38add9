"""What holds for every document: round trips, validity, bounds."""

from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from xerus.content.adf_to_markdown import adf_to_markdown
from xerus.content.markdown_reader import read_markdown
from xerus.content.markdown_to_adf import markdown_to_adf
from xerus.content.markdown_to_storage import markdown_to_storage
from xerus.content.markdown_to_wiki import markdown_to_wiki
from xerus.content.markdown_writer import write_markdown
from xerus.content.storage_to_markdown import storage_to_markdown
from xerus.content.wiki_to_markdown import wiki_to_markdown

_BLOCKS = {"paragraph", "bulletList", "orderedList", "codeBlock"}
_INLINE = {"text", "hardBreak", "mention", "status"}
# The part of the ADF schema (57.7) that the writer uses: which child may stand in which node.
_CHILDREN = {
    "doc": _BLOCKS | {"heading", "taskList", "rule", "table", "panel", "blockquote"},
    "blockquote": _BLOCKS,
    "panel": _BLOCKS | {"heading", "taskList", "rule"},
    "listItem": _BLOCKS | {"taskList"},
    "bulletList": {"listItem"},
    "orderedList": {"listItem"},
    "taskList": {"taskItem", "taskList"},
    "taskItem": _INLINE,
    "paragraph": _INLINE,
    "heading": _INLINE,
    "codeBlock": {"text"},
    "table": {"tableRow"},
    "tableRow": {"tableHeader", "tableCell"},
    "tableHeader": {"paragraph"},
    "tableCell": {"paragraph"},
}
_NOT_EMPTY = {"blockquote", "panel", "listItem", "bulletList", "orderedList", "taskList", "table"}
_GENERATED = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=40)


def _check_adf(node: dict[str, Any]) -> None:
    kind = node["type"]
    children = node.get("content", [])
    assert children or kind not in _NOT_EMPTY, node
    assert kind != "text" or node["text"], "an empty text node is refused"
    marks = {mark["type"] for mark in node.get("marks", [])}
    assert "code" not in marks or marks <= {"code", "link"}, node
    for child in children:
        assert child["type"] in _CHILDREN[kind], f"{child['type']} in {kind}"
        _check_adf(child)


@_GENERATED
@given(data=st.data())
def test_markdown_survives_its_own_writer(data: st.DataObject, markdown: Any) -> None:
    blocks = read_markdown(data.draw(markdown))
    assert read_markdown(write_markdown(blocks, mention_ids=True)) == blocks


@_GENERATED
@given(data=st.data())
def test_adf_is_valid_and_survives_markdown(data: st.DataObject, markdown: Any) -> None:
    adf = markdown_to_adf(data.draw(markdown))
    _check_adf(adf)
    assert markdown_to_adf(adf_to_markdown(adf, mention_ids=True).markdown) == adf


def test_a_list_that_begins_with_three_stays_a_list_in_an_alert() -> None:
    adf = markdown_to_adf("> [!WARNING]\n>\n> 3. alpha")
    assert adf["content"][0]["content"][0]["type"] == "orderedList"
    assert markdown_to_adf(adf_to_markdown(adf).markdown) == adf


@_GENERATED
@given(data=st.data())
def test_storage_survives_markdown(data: st.DataObject, markdown: Any) -> None:
    storage = markdown_to_storage(data.draw(markdown))
    again = storage_to_markdown(storage, mention_ids=True).markdown
    assert markdown_to_storage(again) == storage


_PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)
_LINE = st.lists(_PLAIN, min_size=1, max_size=4).map(" ".join)


@_GENERATED
@given(text=_LINE)
def test_any_text_in_adf_is_escaped_so_that_it_stays_text(text: str) -> None:
    adf = {
        "version": 1,
        "type": "doc",
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}],
    }
    assert markdown_to_adf(adf_to_markdown(adf).markdown) == adf


@_GENERATED
@given(text=_LINE)
def test_any_text_in_wiki_is_escaped_so_that_it_stays_text(text: str) -> None:
    markdown = "".join(
        f"\\{c}" if c.isascii() and not c.isalnum() and c != " " else c for c in text
    )
    again = wiki_to_markdown(markdown_to_wiki(markdown)).markdown
    if "://" not in text:
        assert read_markdown(again) == read_markdown(markdown)


@_GENERATED
@given(text=st.text())
def test_any_text_converts_from_markdown_and_wiki(text: str) -> None:
    _check_adf(markdown_to_adf(text))
    storage_to_markdown(markdown_to_storage(text))
    markdown_to_wiki(text)
    wiki_to_markdown(text)
