"""Inputs made to hurt: refused or converted, never a crash."""

from collections.abc import Callable
from typing import Any

import pytest

from xerus.content.adf_to_markdown import adf_to_markdown
from xerus.content.bounds import MAX_BYTES
from xerus.content.errors import ContentInvalid, ContentTooDeep, ContentTooLarge
from xerus.content.markdown_to_adf import markdown_to_adf
from xerus.content.markdown_to_storage import markdown_to_storage
from xerus.content.markdown_to_wiki import markdown_to_wiki
from xerus.content.storage_to_markdown import storage_to_markdown
from xerus.content.wiki_to_markdown import wiki_to_markdown

FROM_TEXT = (
    markdown_to_adf,
    markdown_to_storage,
    markdown_to_wiki,
    storage_to_markdown,
    wiki_to_markdown,
)
FROM_MARKDOWN = FROM_TEXT[:3]


def _deep_adf(levels: int) -> dict[str, Any]:
    node: dict[str, Any] = {"type": "paragraph", "content": [{"type": "text", "text": "x"}]}
    for _ in range(levels):
        node = {"type": "blockquote", "content": [node]}
    return {"type": "doc", "content": [node]}


@pytest.mark.parametrize("convert", FROM_TEXT)
def test_more_than_the_byte_limit_is_refused(convert: Callable[[str], Any]) -> None:
    with pytest.raises(ContentTooLarge, match="512 KiB"):
        convert("ü" * (MAX_BYTES // 2 + 1))


@pytest.mark.parametrize("convert", FROM_TEXT)
def test_half_a_megabyte_of_plain_text_is_converted(convert: Callable[[str], Any]) -> None:
    assert convert("word " * (MAX_BYTES // 5))


@pytest.mark.parametrize("convert", FROM_MARKDOWN)
@pytest.mark.parametrize(
    "markdown",
    ["> " * 10_000 + "x", "[" * 10_000, "![" * 10_000, "- " * 10_000 + "x"],
    ids=["quotes", "brackets", "images", "lists"],
)
def test_deep_markdown_is_refused(convert: Callable[[str], Any], markdown: str) -> None:
    with pytest.raises(ContentTooDeep, match="nested deeper"):
        convert(markdown)


@pytest.mark.parametrize("convert", FROM_MARKDOWN)
@pytest.mark.parametrize("piece", ["*a*", "[a](", "&amp;", "`", "\\", "a\n"])
def test_more_markup_than_the_limit_is_refused(convert: Callable[[str], Any], piece: str) -> None:
    with pytest.raises(ContentTooLarge):
        convert(piece * (MAX_BYTES // len(piece)))


@pytest.mark.parametrize("convert", FROM_TEXT)
def test_control_characters_and_lone_surrogates_are_shown_replaced(
    convert: Callable[[str], Any],
) -> None:
    assert "a\ufffdb\ufffdc\ufffd" in str(convert("a\x00b\ud800c\x1b"))


def test_deep_adf_is_refused() -> None:
    with pytest.raises(ContentTooDeep):
        adf_to_markdown(_deep_adf(10_000))


def test_adf_at_the_depth_limit_is_converted() -> None:
    assert adf_to_markdown(_deep_adf(110)).markdown.endswith("x")


def test_adf_with_too_much_text_is_refused() -> None:
    adf = {"type": "doc", "content": [{"type": "text", "text": "x" * (MAX_BYTES + 1)}]}
    with pytest.raises(ContentTooLarge):
        adf_to_markdown(adf)


@pytest.mark.parametrize("document", [None, "text", [], {}, {"type": "paragraph"}])
def test_what_is_no_adf_document_is_refused(document: Any) -> None:
    with pytest.raises(ContentInvalid, match="not an ADF document"):
        adf_to_markdown(document)


def test_malformed_adf_nodes_do_not_hide_the_sound_ones() -> None:
    broken: list[Any] = [None, 1, {"type": []}, {"content": {}}, {"type": "text", "text": 5}]
    sound = {"type": "paragraph", "content": [{"type": "text", "text": "here"}]}
    assert "here" in adf_to_markdown({"type": "doc", "content": [*broken, sound]}).markdown


def test_deep_storage_is_refused() -> None:
    with pytest.raises(ContentTooDeep):
        storage_to_markdown("<div>" * 10_000)


@pytest.mark.parametrize(
    "storage",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><p>&b;</p>',
        '<p>x</p><!DOCTYPE x SYSTEM "file:///etc/passwd">',
        "<p>a</b>",
        "<p>a",
        "</storage><storage>",
        "a & b",
    ],
)
def test_ill_formed_storage_is_refused_with_the_place(storage: str) -> None:
    with pytest.raises(ContentInvalid, match=r"line \d+|document type"):
        storage_to_markdown(storage)


def test_huge_spans_do_not_multiply_cells() -> None:
    row = '<tr><td colspan="9999" rowspan="9999">x</td></tr>'
    markdown = storage_to_markdown(f"<table>{row * 20}</table>").markdown
    assert len(markdown) < 10_000 * 20


@pytest.mark.parametrize("piece", ["[", "{", "{code:a}", "{quote}", "*a ", "!a", "|", "{{", "\\"])
def test_unclosed_wiki_markup_stays_text_or_is_refused(piece: str) -> None:
    assert wiki_to_markdown(piece * 5_000 + " x").markdown
    with pytest.raises(ContentTooLarge):
        wiki_to_markdown((piece + "*") * 100_000)


def test_deep_wiki_lists_are_refused() -> None:
    with pytest.raises(ContentTooDeep):
        wiki_to_markdown("*" * 5_000 + " x")
