"""Confluence storage format in both directions."""

import pytest

from xerus.content.markdown_to_storage import markdown_to_storage
from xerus.content.storage_to_markdown import storage_to_markdown


@pytest.mark.parametrize(
    ("markdown", "storage"),
    [
        ("# Hi", "<h1>Hi</h1>"),
        (
            "a **b** *c* ~~d~~ `e`",
            "<p>a <strong>b</strong> <em>c</em> <del>d</del> <code>e</code></p>",
        ),
        ("a\\\nb", "<p>a<br/>b</p>"),
        (
            '[x](https://e.com/?a=1&b "t")',
            '<p><a href="https://e.com/?a=1&amp;b" title="t">x</a></p>',
        ),
        ("- a\n  - b", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
        ("2. a", '<ol start="2"><li>a</li></ol>'),
        ("> a", "<blockquote><p>a</p></blockquote>"),
        ("---", "<hr/>"),
        (
            "| h |\n|---|\n| c |",
            "<table><tbody><tr><th>h</th></tr><tr><td>c</td></tr></tbody></table>",
        ),
        (
            "```py\na]]>b\n```",
            (
                '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">py</ac:parameter>'
                "<ac:plain-text-body><![CDATA[a]]]]><![CDATA[>b]]></ac:plain-text-body>"
                "</ac:structured-macro>"
            ),
        ),
        (
            "> [!TIP]\n> a",
            (
                '<ac:structured-macro ac:name="tip"><ac:rich-text-body><p>a</p></ac:rich-text-body>'
                "</ac:structured-macro>"
            ),
        ),
        (
            "- [x] a",
            (
                "<ac:task-list><ac:task><ac:task-id>1</ac:task-id>"
                "<ac:task-status>complete</ac:task-status><ac:task-body>a</ac:task-body></ac:task>"
                "</ac:task-list>"
            ),
        ),
        (
            "@[5:1](accountid:5:1)",
            '<p><ac:link><ri:user ri:account-id="5:1"/></ac:link></p>',
        ),
        (
            "[macro: toc; maxLevel=2]",
            (
                '<ac:structured-macro ac:name="toc"><ac:parameter ac:name="maxLevel">2</ac:parameter>'
                "</ac:structured-macro>"
            ),
        ),
        (
            "[page: Plan; space=DOCS; text=the \\[plan\\]]",
            (
                '<p><ac:link><ri:page ri:space-key="DOCS" ri:content-title="Plan"/>'
                "<ac:plain-text-link-body><![CDATA[the [plan]]]></ac:plain-text-link-body></ac:link></p>"
            ),
        ),
        ("[image: a.png]", '<p><ac:image><ri:attachment ri:filename="a.png"/></ac:image></p>'),
    ],
)
def test_markdown_and_storage_say_the_same(markdown: str, storage: str) -> None:
    assert markdown_to_storage(markdown) == storage
    assert markdown_to_storage(storage_to_markdown(storage, mention_ids=True).markdown) == storage


def test_raw_html_is_escaped() -> None:
    written = markdown_to_storage('<script>alert(1)</script> <ac:structured-macro ac:name="html"/>')
    assert "<script" not in written
    assert "<ac:" not in written


@pytest.mark.parametrize(
    ("storage", "markdown", "lossy"),
    [
        ("<p>a&nbsp;b &eacute; &unknown; &lt; c</p>", "a\xa0b é &unknown; < c", ()),
        (
            (
                '<ac:structured-macro ac:name="status"><ac:parameter ac:name="colour">Red</ac:parameter>'
                '<ac:parameter ac:name="title">LATE</ac:parameter></ac:structured-macro>'
            ),
            "[status: LATE]",
            ("macro:status",),
        ),
        (
            (
                '<ac:structured-macro ac:name="excerpt"><ac:rich-text-body><p>kept</p>'
                "</ac:rich-text-body></ac:structured-macro>"
            ),
            "[macro: excerpt]\n\nkept",
            ("macro:excerpt",),
        ),
        (
            (
                '<ac:structured-macro ac:name="expand"><ac:parameter ac:name="title">More</ac:parameter>'
                "<ac:rich-text-body><p>kept</p></ac:rich-text-body></ac:structured-macro>"
            ),
            "**More**\n\nkept",
            ("macro:expand",),
        ),
        (
            "<p><ac:future-thing>kept</ac:future-thing></p>",
            "[node: ac:future-thing]kept",
            ("ac:future-thing",),
        ),
        ('<p><time datetime="2026-01-02"/></p>', "2026-01-02", ("time",)),
        (
            (
                '<ac:layout><ac:layout-section ac:type="single"><ac:layout-cell><p>a</p>'
                "</ac:layout-cell></ac:layout-section></ac:layout>"
            ),
            "a",
            ("ac:layout", "ac:layout-cell", "ac:layout-section"),
        ),
        (
            "<table><tr><td><p>a</p><ul><li>b</li><li>c</li></ul></td></tr></table>",
            "| |\n|---|\n| a • b • c |",
            ("list", "tableCell"),
        ),
    ],
)
def test_what_markdown_cannot_carry_is_shown_and_named(
    storage: str, markdown: str, lossy: tuple[str, ...]
) -> None:
    rendered = storage_to_markdown(storage)
    assert rendered.markdown == markdown
    assert rendered.lossy == lossy


def test_a_wide_cell_keeps_the_columns_in_line() -> None:
    rendered = storage_to_markdown(
        '<table><tr><th>a</th><th>b</th></tr><tr><td colspan="2">c</td></tr></table>'
    )
    assert rendered.markdown == "| a | b |\n|---|---|\n| c | |"
    assert rendered.lossy == ("mergedCells",)
