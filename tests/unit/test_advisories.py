"""Each published fault of servers like this one has a test here."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.advisories import ADVISORIES, Advisory
from xerus.tools.catalogue import ALL
from xerus.tools.declaration import Tool

_ROOT = Path(__file__).parents[2]
# A folder_id is one of Confluence.
_PLACE = re.compile(
    r"path|file_?path|folder(?!_id$)|director|save|download_to|local", re.IGNORECASE
)


@pytest.mark.parametrize("advisory", ADVISORIES, ids=lambda one: one.ids[0])
def test_an_advisory_has_a_test(advisory: Advisory) -> None:
    assert advisory.lesson
    assert advisory.tests
    for path, names in advisory.tests.items():
        text = (_ROOT / path).read_text()
        for name in names:
            assert re.search(rf"^(async )?def {name}\(", text, re.MULTILINE), name


def test_no_advisory_has_two_rows() -> None:
    counts = Counter(one for advisory in ADVISORIES for one in advisory.ids)
    assert {one for one, count in counts.items() if count > 1} == set()


@pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)
def test_no_tool_takes_a_path_of_this_machine(tool: Tool) -> None:
    assert not [name for name in tool.input_schema["properties"] if _PLACE.search(name)]
