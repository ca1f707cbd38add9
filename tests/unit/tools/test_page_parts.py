import pytest

from xerus.atlassian.confluence.tree import Node
from xerus.tools.choices import ChoiceNeeded
from xerus.tools.confluence.differences import difference
from xerus.tools.confluence.outline import headings, outline, section
from xerus.tools.confluence.tree import in_order

_TEXT = """\
Before.

# One

a

## **Two** parts

b

````python
# code
```
## code too
````

# Two parts

c"""


def test_headings_in_code_are_none() -> None:
    assert [one.title for one in headings(_TEXT)] == ["One", "**Two** parts", "Two parts"]
    assert outline("text only") == "(no headings)"


def test_a_section_ends_where_one_as_high_begins() -> None:
    assert section(_TEXT, "one").startswith("# One")
    assert "## code too" in section(_TEXT, "one")
    assert section(_TEXT, "3") == "# Two parts\n\nc"


def test_a_heading_that_fits_twice_has_to_be_chosen_by_number() -> None:
    with pytest.raises(ChoiceNeeded) as caught:
        section(_TEXT, "Two parts")
    assert "2. **Two** parts; 3. Two parts" in caught.value.said


@pytest.mark.parametrize(
    ("old", "new", "text", "counts"),
    [
        ("a\nb", "a\nb", "", "+0 -0 lines"),
        ("", "a", "@@\n+a", "+1 -0 lines"),
        ("a\nb\nc\nd\ne", "a\nb\nc\nx\ne", "@@\n b\n c\n-d\n+x\n e", "+1 -1 lines"),
        ("a\n-b", "a", "@@\n a\n--b", "+0 -1 lines"),
    ],
)
def test_differences_are_shown_with_little_around_them(
    old: str, new: str, text: str, counts: str
) -> None:
    found = difference(old, new)
    assert (found.text, found.counts) == (text, counts)


def test_long_texts_without_anything_in_common_are_not_compared_line_by_line() -> None:
    found = difference("\n".join("ab" * 5000), "\n".join("ba" * 5000))
    assert found.counts == "+10000 -10000 lines"


def node(node_id: str, parent_id: str, position: int = 0) -> Node:
    return Node(node_id=node_id, title=node_id, parent_id=parent_id, position=position)


def test_nodes_in_any_order_become_a_tree() -> None:
    nodes = [node("c", "b"), node("b", "a", 1), node("a", "top"), node("d", "a", 0)]
    assert [(one.node_id, one.depth) for one in in_order(nodes)] == [
        ("a", 1),
        ("d", 2),
        ("b", 2),
        ("c", 3),
    ]
