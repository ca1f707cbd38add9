"""`tests/attacks.md` names tests and stages that exist, and every stage named after a row."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.soak.__main__ import STAGES

_ROOT = Path(__file__).parents[1]
_TEXT = (_ROOT / "attacks.md").read_text()
_PARTS = re.compile(r"row-12-machine-\d+")


@dataclass(frozen=True, kw_only=True)
class Row:
    about: str
    says: str
    file: str
    tests: tuple[str, ...]
    stages: tuple[str, ...]


def _row(line: str) -> Row:
    about, says, file, tests, stages = (cell.strip() for cell in line.strip("| ").split(" | "))
    return Row(
        about=about,
        says=says,
        file=file,
        tests=tuple(tests.split(", ")),
        stages=tuple(stages.split(", ")) if stages != "-" else (),
    )


_HEADS = ("| attack |", "| row |", "| --- |")
ROWS = [
    _row(line)
    for line in _TEXT.splitlines()
    if line.startswith("| ") and not line.startswith(_HEADS)
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.about}: {row.says}")
def test_an_attack_has_its_tests_and_its_stage(row: Row) -> None:
    text = (_ROOT / row.file).read_text()
    for name in row.tests:
        assert re.search(rf"^(async )?def {name}\(", text, re.MULTILINE), name
    assert set(row.stages) <= set(STAGES)


def test_every_stage_of_a_row_stands_in_the_table() -> None:
    named = {stage for row in ROWS for stage in row.stages}
    wanted = {stage for stage in STAGES if stage.startswith("row-") and not _PARTS.fullmatch(stage)}
    assert wanted <= named
