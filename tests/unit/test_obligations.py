"""`tests/obligations.md` and the tests agree, in both directions."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_TEST = re.compile(r"^(?:async )?def (test_\w+)\(", re.MULTILINE)
_TEXT = (_ROOT / "obligations.md").read_text()
_WHOLE = [
    f"flows/front_door/test_{name}.py"
    for name in ("authorize", "letter", "metadata", "register", "token")
]


@dataclass(frozen=True, kw_only=True)
class Row:
    source: str
    id: str
    says: str
    file: str
    tests: frozenset[str]


def _row(line: str) -> Row:
    source, id_, says, file, tests = (cell.strip() for cell in line.strip("| ").split(" | "))
    return Row(source=source, id=id_, says=says, file=file, tests=frozenset(tests.split(", ")))


ROWS = [_row(line) for line in _TEXT.splitlines() if line.startswith("| ")][2:]
PROMISES = set(re.findall(r"^- (test_\w+)$", _TEXT, re.MULTILINE))


def names_in(file: str) -> set[str]:
    return set(_TEST.findall((_ROOT / file).read_text()))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.source} {row.id}")
def test_an_obligation_has_a_test(row: Row) -> None:
    assert row.says
    assert row.tests <= names_in(row.file)


@pytest.mark.parametrize("whole", _WHOLE)
def test_a_test_of_the_front_stands_in_the_table(whole: str) -> None:
    in_rows = {name for row in ROWS if row.file == whole for name in row.tests}
    assert names_in(whole) - in_rows - PROMISES == set()


def test_a_promise_is_a_test_and_no_obligation_has_two_rows() -> None:
    assert set().union(*map(names_in, _WHOLE)) >= PROMISES
    counts = Counter((row.source, row.id) for row in ROWS)
    assert {one for one, count in counts.items() if count > 1} == set()
