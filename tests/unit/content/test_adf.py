"""ADF in both directions, node by node."""

from typing import Any

import pytest

from xerus.content.adf_to_markdown import adf_to_markdown
from xerus.content.markdown_to_adf import markdown_to_adf


def _text(text: str, *marks: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **({"marks": list(marks)} if marks else {})}


def _p(*inlines: dict[str, Any]) -> dict[str, Any]:
    return {"type": "paragraph", "content": list(inlines)}


def _doc(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "type": "doc", "content": list(blocks)}


def _object(kind: str, **attrs: Any) -> dict[str, Any]:
    return {"type": kind, "attrs": attrs}


STRONG, EM, CODE = {"type": "strong"}, {"type": "em"}, {"type": "code"}


@pytest.mark.parametrize(
    ("markdown", "blocks"),
    [
        ("## Hi", [{"type": "heading", "attrs": {"level": 2}, "content": [_text("Hi")]}]),
        ("a\\\nb", [_p(_text("a"), {"type": "hardBreak"}, _text("b"))]),
        ("**a *b***", [_p(_text("a ", STRONG), _text("b", STRONG, EM))]),
        ("~~a~~ `b`", [_p(_text("a", {"type": "strike"}), _text(" "), _text("b", CODE))]),
        (
            "https://e.com/x",
            [_p(_text("https://e.com/x", {"type": "link", "attrs": {"href": "https://e.com/x"}}))],
        ),
        ("@[Ada](accountid:5:1)", [_p(_object("mention", id="5:1", text="@Ada"))]),
        ("[status: DONE]", [_p(_object("status", text="DONE", color="neutral"))]),
        (
            "```py\nx = 1\n```",
            [{"type": "codeBlock", "attrs": {"language": "py"}, "content": [_text("x = 1")]}],
        ),
        (
            "> [!CAUTION]\n> hot",
            [{"type": "panel", "attrs": {"panelType": "error"}, "content": [_p(_text("hot"))]}],
        ),
        ("> calm", [{"type": "blockquote", "content": [_p(_text("calm"))]}]),
        ("---", [{"type": "rule"}]),
        (
            "3. a",
            [
                {
                    "type": "orderedList",
                    "attrs": {"order": 3},
                    "content": [{"type": "listItem", "content": [_p(_text("a"))]}],
                }
            ],
        ),
        (
            "- [x] a",
            [
                {
                    "type": "taskList",
                    "attrs": {"localId": "1"},
                    "content": [
                        {
                            "type": "taskItem",
                            "attrs": {"localId": "2", "state": "DONE"},
                            "content": [_text("a")],
                        }
                    ],
                }
            ],
        ),
        (
            "| h |\n|---|\n| c |",
            [
                {
                    "type": "table",
                    "content": [
                        {
                            "type": "tableRow",
                            "content": [{"type": "tableHeader", "content": [_p(_text("h"))]}],
                        },
                        {
                            "type": "tableRow",
                            "content": [{"type": "tableCell", "content": [_p(_text("c"))]}],
                        },
                    ],
                }
            ],
        ),
    ],
)
def test_markdown_and_adf_say_the_same(markdown: str, blocks: list[dict[str, Any]]) -> None:
    assert markdown_to_adf(markdown) == _doc(*blocks)
    assert adf_to_markdown(_doc(*blocks), mention_ids=True).markdown == markdown
    assert adf_to_markdown(_doc(*blocks), mention_ids=True).lossy == ()


def test_an_image_becomes_a_link_to_it() -> None:
    link = {"type": "link", "attrs": {"href": "https://e.com/a.png"}}
    assert markdown_to_adf("![cat](https://e.com/a.png)") == _doc(_p(_text("cat", link)))


def test_raw_html_is_text() -> None:
    assert markdown_to_adf("<b>x</b>") == _doc(_p(_text("<b>x</b>")))


def test_a_script_link_is_never_written() -> None:
    assert markdown_to_adf("[a](javascript:alert)") == _doc(_p(_text("[a](javascript:alert)")))
    script = {"type": "link", "attrs": {"href": "javascript:alert"}}
    markdown = adf_to_markdown(_doc(_p(_text("a", script)))).markdown
    assert markdown == "a (javascript:alert)"


@pytest.mark.parametrize(
    ("block", "markdown", "lossy"),
    [
        (_p(_object("mention", id="5", text="@Ada Lovelace")), "@Ada Lovelace", ("mention",)),
        (_p(_object("status", text="DONE", color="green")), "[status: DONE]", ("status",)),
        (_p(_object("date", timestamp="1582152559000")), "2020-02-19", ("date",)),
        (_p(_object("emoji", shortName=":smile:", text="😄")), "😄", ()),
        (_p(_object("emoji", shortName=":corp:")), ":corp:", ("emoji",)),
        (_p(_object("inlineCard", url="https://e.com/")), "https://e.com/", ("inlineCard",)),
        (_p(_object("placeholder", text="Who?")), "[placeholder: Who?]", ("placeholder",)),
        (_p(_text("x", {"type": "underline"})), "x", ("underline",)),
        (
            {
                "type": "mediaSingle",
                "content": [_object("media", type="file", id="1", alt="a.png")],
            },
            "[attachment: a.png]",
            ("media", "mediaSingle"),
        ),
        (
            _object(
                "extension",
                extensionType="com.atlassian.confluence.macro.core",
                extensionKey="toc",
                parameters={"macroParams": {"maxLevel": {"value": "2"}}},
            ),
            "[macro: toc; maxLevel=2]",
            ("extension",),
        ),
        (
            {"type": "expand", "attrs": {"title": "More"}, "content": [_p(_text("x"))]},
            "**More**\n\nx",
            ("expand",),
        ),
        (
            {"type": "futureBlock", "content": [_p(_text("kept"))]},
            "[node: futureBlock]\n\nkept",
            ("futureBlock",),
        ),
    ],
)
def test_what_markdown_cannot_carry_is_shown_and_named(
    block: dict[str, Any], markdown: str, lossy: tuple[str, ...]
) -> None:
    rendered = adf_to_markdown(_doc(block))
    assert rendered.markdown == markdown
    assert rendered.lossy == lossy


def test_blocks_in_a_cell_become_one_line() -> None:
    items = [{"type": "listItem", "content": [_p(_text(word))]} for word in ("a", "b|c")]
    cell = {
        "type": "tableCell",
        "content": [_p(_text("x")), {"type": "bulletList", "content": items}],
    }
    table = {"type": "table", "content": [{"type": "tableRow", "content": [cell]}]}
    rendered = adf_to_markdown(_doc(table))
    assert rendered.markdown == "| |\n|---|\n| x • a • b\\|c |"
    assert rendered.lossy == ("list", "tableCell")


def test_layout_columns_follow_each_other() -> None:
    columns = [
        {"type": "layoutColumn", "attrs": {"width": 50}, "content": [_p(_text(word))]}
        for word in ("left", "right")
    ]
    rendered = adf_to_markdown(_doc({"type": "layoutSection", "content": columns}))
    assert rendered.markdown == "left\n\nright"
    assert rendered.lossy == ("layoutColumn", "layoutSection")


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("snake_case and 2 * 3 [ok] a|b & co.", "snake_case and 2 * 3 [ok] a|b & co."),
        ("*not bold*", "\\*not bold\\*"),
        ("1. no list", "1\\. no list"),
        ("# no heading", "\\# no heading"),
        ("[status: X]", "\\[status: X]"),
        ("C:\\new", "C:\\new"),
    ],
)
def test_only_what_would_mean_something_is_escaped(text: str, markdown: str) -> None:
    assert adf_to_markdown(_doc(_p(_text(text)))).markdown == markdown
