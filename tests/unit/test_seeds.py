"""`docs/seeds.md`: each sentence of the two documents has a test that exists, or says why not."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_TEST = re.compile(r"^(?:async )?def (test_\w+)\(", re.MULTILINE)
_HELD = re.compile(r"`(?P<file>[\w/]+\.py)`: (?P<tests>test_\w+(?:, test_\w+)*)")
_LINK = re.compile(r"\]\((?!https?:)([^)#]*)(#[^)]*)?\)")
_GUIDE = _ROOT / "docs" / "guide"
_PAGES = ("connecting.md", "security.md", "troubles.md", "technical.md", "mcp-clients.md")
_SENTENCES = {
    "Automatic OAuth flow": 13,
    "What gets connected": 11,
    "Security and privacy": 11,
    "Troubleshooting": 20,
    "Technical details": 18,
    "Quick start": 7,
    "Entra ID OAuth DCR setup": 22,
}
"""How many sentences each part has; one that falls out of the table is missed."""


@dataclass(frozen=True, kw_only=True)
class Sentence:
    part: str
    says: str
    differs: str
    held: str

    @property
    def tests(self) -> list[tuple[str, str]]:
        return [
            (found["file"], test)
            for found in _HELD.finditer(self.held)
            for test in found["tests"].split(", ")
        ]


def _sentences() -> list[Sentence]:
    found, part = [], ""
    for line in (_ROOT / "docs" / "seeds.md").read_text().splitlines():
        if line.startswith("#"):
            part = line.lstrip("# ")
        elif line.startswith("| ") and not line.startswith(("| sentence |", "| --- |")):
            says, differs, held = (cell.strip() for cell in line.strip("| ").split(" | "))
            found.append(Sentence(part=part, says=says, differs=differs, held=held))
    return found


SENTENCES = _sentences()


@pytest.mark.parametrize("one", SENTENCES, ids=lambda one: one.says)
def test_a_sentence_is_held_or_says_why_not(one: Sentence) -> None:
    assert one.tests or one.differs != "-"
    assert "; ".join(filter(None, one.held.split("; "))) == one.held
    assert _HELD.sub("", one.held).strip("; ") == "", "something that names no test"
    for file, test in one.tests:
        assert test in _TEST.findall((_ROOT / "tests" / file).read_text())


def test_no_sentence_has_fallen_out() -> None:
    counts: dict[str, int] = {}
    for one in SENTENCES:
        counts[one.part] = counts.get(one.part, 0) + 1
    assert counts == _SENTENCES
    assert len({(one.part, one.says) for one in SENTENCES}) == len(SENTENCES)


@pytest.mark.parametrize("name", _PAGES)
def test_the_guide_for_people_is_there_and_its_links_lead_somewhere(name: str) -> None:
    text = (_GUIDE / name).read_text()
    for target, anchor in _LINK.findall(text):
        page = (_GUIDE / target) if target else (_GUIDE / name)
        assert page.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
            assert anchor[1:] in slugs, anchor
