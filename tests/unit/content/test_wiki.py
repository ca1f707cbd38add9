"""Jira wiki markup in both directions."""

import pytest

from xerus.content.markdown_to_wiki import markdown_to_wiki
from xerus.content.wiki_to_markdown import wiki_to_markdown


@pytest.mark.parametrize(
    ("markdown", "wiki"),
    [
        ("# Hi", "h1. Hi"),
        ("a **b** *c* ~~d~~ `e`", "a *b* _c_ -d- {{e}}"),
        ("a**b**c", "a{*}b{*}c"),
        ("a\\\nb", "a\\\\b"),
        ("[x](https://e.com/)", "[x|https://e.com/]"),
        ("https://e.com/", "[https://e.com/]"),
        ("![a](https://e.com/a.png)", "!https://e.com/a.png|alt=a!"),
        ("- a\n  1. b\n- c", "* a\n*# b\n* c"),
        ("- [x] a\n- [ ] b", "* \\[x] a\n* \\[ ] b"),
        ("| h | i |\n|---|---|\n| c | |", "||h||i||\n|c| |"),
        ("```java\nint a;\n```", "{code:java}\nint a;\n{code}"),
        ("> a", "{quote}\na\n{quote}"),
        ("> [!WARNING]\n> a", "{panel:title=Warning}\na\n{panel}"),
        ("---", "----"),
        ("@[ada](username:ada)", "[~ada]"),
        ("[attachment: a.pdf]", "[^a.pdf]"),
        ("[macro: toc; maxLevel=2]", "{toc:maxLevel=2}"),
        ("2 * 3 - 1 {x}", "2 * 3 - 1 \\{x\\}"),
    ],
)
def test_markdown_and_wiki_say_the_same(markdown: str, wiki: str) -> None:
    assert markdown_to_wiki(markdown) == wiki
    assert wiki_to_markdown(wiki, mention_ids=True).markdown == markdown


@pytest.mark.parametrize(
    ("wiki", "markdown", "lossy"),
    [
        ("one\ntwo", "one\\\ntwo", ()),
        ("bq. a", "> a", ()),
        ("{color:red}a{color} +b+ x^2^", "a b x^2^", ("macro:color", "underline")),
        (
            "[~ada] !a.png|thumbnail!",
            "@ada [image: a.png; options=thumbnail]",
            ("image", "mention"),
        ),
        ("{info:title=T}a{info}", "> [!NOTE]\n> **T**\n>\n> a", ("macro:info",)),
        ("{jira:ENG-1}", "[macro: jira; =ENG-1]", ("macro:jira",)),
        ("{quote}open", "[macro: quote]open", ("macro:quote",)),
        ("|a|[x|https://e.com/]|", "| | |\n|---|---|\n| a | [x](https://e.com/) |", ()),
        ("[not a link] 5 - 3 - 1 a_b_c", "[not a link] 5 - 3 - 1 a_b_c", ()),
    ],
)
def test_wiki_markup_is_shown_and_what_is_lost_is_named(
    wiki: str, markdown: str, lossy: tuple[str, ...]
) -> None:
    rendered = wiki_to_markdown(wiki)
    assert rendered.markdown == markdown
    assert rendered.lossy == lossy
