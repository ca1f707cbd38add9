"""The headings of a page's Markdown, and the sections below them."""

import re
from dataclasses import dataclass

from xerus.tools.choices import pick

_HEADING = re.compile(r"(#{1,6})(?:[ \t]+(.*))?$")
_FENCE = re.compile(r"(`{3,})")
_MARKUP = re.compile(r"[\\*_`~]")


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A heading; its section goes from `start` to `end`, in characters, headings below included."""

    number: int
    level: int
    title: str
    start: int
    end: int


def headings(markdown: str) -> list[Heading]:
    """Return the headings outside of code, lists and quotes, in order."""
    found: list[tuple[int, str, int]] = []
    fence, position = "", 0
    for line in markdown.splitlines(keepends=True):
        text = line.rstrip("\n")
        opened = _FENCE.match(text)
        if fence:
            fence = "" if text == fence else fence
        elif opened:
            fence = opened[1]
        elif heading := _HEADING.match(text):
            found.append((len(heading[1]), heading[2] or "", position))
        position += len(line)
    return [
        Heading(
            number=index + 1,
            level=level,
            title=title,
            start=start,
            end=next((at for deep, _, at in found[index + 1 :] if deep <= level), len(markdown)),
        )
        for index, (level, title, start) in enumerate(found)
    ]


def outline(markdown: str) -> str:
    """Return one line for each heading: number, title, and how long its section is."""
    lines = [
        f"{'  ' * (one.level - 1)}{one.number}. {one.title} ({one.end - one.start} characters)"
        for one in headings(markdown)
    ]
    return "\n".join(lines) or "(no headings)"


def section(markdown: str, wanted: str) -> str:
    """Return the section of one heading, named by its text or by its number in the outline.

    Raises:
        ChoiceNeeded: no heading fits, or several do.
    """
    found = pick(
        wanted.lstrip("# "),
        headings(markdown),
        what="heading",
        names=lambda one: {one.title, _MARKUP.sub("", one.title), str(one.number)},
        show=lambda one: f"{one.number}. {one.title}",
    )
    return markdown[found.start : found.end].rstrip()
